// Resource queries: what a group's members have in common. https://docs.aws.amazon.com/ARG/latest/APIReference/API_ResourceQuery.html
import { parseArn } from '../../base/arn.ts';
import { isRecord } from '../../base/record.ts';
import type { Scope } from '../../kit/context.ts';
import type { ResourceQuery } from './api.gen.ts';
import { badRequest } from './service.ts';

export interface TagFilter {
  readonly Key: string;
  readonly Values: readonly string[];
}

export type ParsedQuery =
  | { readonly kind: 'tags'; readonly types: readonly string[] | 'all'; readonly filters: readonly TagFilter[] }
  | { readonly kind: 'stack'; readonly types: readonly string[] | 'all'; readonly stack: string };

const allSupported = 'AWS::AllSupported';
const keysMax = 50;
const valuesMax = 20;

/** @throws Fault BadRequestException */
export function parseQuery(scope: Pick<Scope, 'partition' | 'account' | 'region'>, { Type, Query }: ResourceQuery): ParsedQuery {
  const document = documentOf(Query);
  const known = ['ResourceTypeFilters', Type === 'TAG_FILTERS_1_0' ? 'TagFilters' : 'StackIdentifier'];
  const unknown = Object.keys(document).find((member) => !known.includes(member));
  if (unknown !== undefined) throw invalid(`Query format not valid: ${unknown} is not a member of a query of type ${Type}`);
  const types = typesOf(document['ResourceTypeFilters']);
  if (Type === 'TAG_FILTERS_1_0') return { kind: 'tags', types, filters: filtersOf(document['TagFilters'] ?? []) };
  return { kind: 'stack', types, stack: stackOf(scope, document['StackIdentifier']) };
}

function documentOf(text: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalid('Query format not valid: check JSON syntax');
  }
  if (!isRecord(document)) throw invalid('Query format not valid: check JSON syntax');
  return document;
}

function typesOf(given: unknown): readonly string[] | 'all' {
  if (!isTexts(given) || given.length === 0) throw invalid('ResourceTypeFilters must be a list of at least one resource type');
  if (given.includes(allSupported)) {
    if (given.length > 1) throw invalid(`${allSupported} cannot be combined with other resource types`);
    return 'all';
  }
  const wrong = given.find((type) => !/^AWS::[A-Za-z0-9]+::\w+$/.test(type));
  if (wrong !== undefined) throw invalid(`The resource type ${wrong} is not valid`);
  return given;
}

function filtersOf(given: unknown): readonly TagFilter[] {
  if (!Array.isArray(given)) throw invalid('TagFilters must be a list');
  if (given.length > keysMax) throw invalid(`TagFilters can have up to ${keysMax} keys`);
  const filters = given.map((filter: unknown) => {
    if (!isRecord(filter) || Object.keys(filter).some((member) => member !== 'Key' && member !== 'Values')) {
      throw invalid('Each of TagFilters must have a Key and Values');
    }
    const { Key, Values = [] } = filter;
    if (typeof Key !== 'string' || Key.length === 0 || Key.length > 128) throw invalid('The Key of a tag filter has 1 to 128 characters');
    if (!isTexts(Values) || Values.length > valuesMax || Values.some(({ length }) => length > 256)) {
      throw invalid(`The Values of a tag filter are a list of up to ${valuesMax} strings of up to 256 characters`);
    }
    return { Key, Values };
  });
  if (new Set(filters.map(({ Key }) => Key)).size < filters.length) throw invalid('A tag key can be in one of TagFilters only');
  return filters;
}

function stackOf({ partition, account, region }: Pick<Scope, 'partition' | 'account' | 'region'>, given: unknown): string {
  const arn = typeof given === 'string' ? parseArn(given) : undefined;
  if (typeof given !== 'string' || arn?.service !== 'cloudformation' || !arn.resource.startsWith('stack/')) {
    throw invalid('StackIdentifier must be the ARN of a CloudFormation stack');
  }
  if (arn.partition !== partition || arn.account !== account || arn.region !== region) {
    throw invalid('The stack must be in the account and Region of the group');
  }
  return given;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function invalid(problem: string) {
  return badRequest(`Query not valid: ${problem}`);
}
