// GetResources: all tagged resources of a region that the filters let through, in pages.
import { parseArn } from '../../base/arn.ts';
import type { Context } from '../../kit/context.ts';
import { type Position, walk } from '../../kit/taggable-walk.ts';
import { type TaggedResource, type Tags, taggablesOf } from '../../kit/taggables.ts';
import type { GetResourcesInput, ResourceTagMapping, TagFilter } from './api.gen.ts';
import { requireArn } from './arns.ts';
import { complianceOf } from './compliance.ts';
import { formerlyTagged } from './records.ts';
import { invalidParameter, operation } from './service.ts';
import { decodeToken, encodeToken, invalidToken } from './tokens.ts';
import { listedTypes, placeOf } from './walk.ts';

const defaultPerPage = 50;
const perPageMax = 100;
const tagsPerPage = { min: 100, max: 500 };
/** Records that one request looks at before it answers with what it has found. */
const scannedMax = 10_000;
const typeFiltersMax = 100;

export const GetResources = operation('GetResources', {
  access: () => ({ action: 'tag:GetResources', resource: '*' }),
  async handle(input, context) {
    requireSense(input);
    const shown = await mapping(input, context);
    if (input.ResourceARNList !== undefined) {
      const found = await Promise.all([...new Set(input.ResourceARNList)].map((arn) => resourceAt(context, arn)));
      const mappings = await Promise.all(found.map((resource) => resource && shown(resource)));
      return { PaginationToken: '', ResourceTagMappingList: mappings.filter((each) => each !== undefined) };
    }
    const { ResourcesPerPage: _perPage, TagsPerPage: _tags, PaginationToken, ...filters } = input;
    const query = { operation: 'GetResources', filters };
    const from = positionIn(decodeToken(PaginationToken, context, query));
    const { mappings, position } = await pageOfMappings(input, context, { shown, from });
    return { PaginationToken: encodeToken(context, query, position), ResourceTagMappingList: mappings };
  },
});

/** @throws Fault InvalidParameterException */
function requireSense(input: GetResourcesInput): void {
  const { ResourcesPerPage: perPage, TagsPerPage: tags, ResourceARNList, ResourceTypeFilters, TagFilters, PaginationToken } = input;
  if (ResourceARNList !== undefined) {
    const beside = { ResourceTypeFilters, TagFilters, ResourcesPerPage: perPage, TagsPerPage: tags, PaginationToken };
    const given = Object.entries(beside).find(([, value]) => value !== undefined && value !== '');
    if (given !== undefined) throw invalidParameter(`You can't specify both ResourceARNList and ${given[0]} in the same request.`);
  }
  if (perPage !== undefined && (perPage < 1 || perPage > perPageMax)) {
    throw invalidParameter(`ResourcesPerPage must be between 1 and ${perPageMax}.`);
  }
  if (tags !== undefined && (tags < tagsPerPage.min || tags > tagsPerPage.max)) {
    throw invalidParameter(`TagsPerPage must be between ${tagsPerPage.min} and ${tagsPerPage.max}.`);
  }
  if (input.ExcludeCompliantResources === true && input.IncludeComplianceDetails !== true) {
    throw invalidParameter('ExcludeCompliantResources can be true only if IncludeComplianceDetails is also true.');
  }
  requireTypeFilters(ResourceTypeFilters);
  const keys = (TagFilters ?? []).map(({ Key }) => Key);
  if (keys.includes(undefined)) throw invalidParameter('Each TagFilter must contain a key.');
  if (new Set(keys).size < keys.length) throw invalidParameter('A tag key can be specified in one TagFilter only.');
}

/** @throws Fault InvalidParameterException */
export function requireTypeFilters(filters: readonly string[] | undefined): void {
  if (filters === undefined) return;
  if (filters.length > typeFiltersMax) throw invalidParameter(`ResourceTypeFilters can include up to ${typeFiltersMax} items.`);
  const wrong = filters.find((filter) => !/^[a-z0-9-]+(?::[A-Za-z0-9/_.-]+)?$/.test(filter));
  if (wrong !== undefined) throw invalidParameter(`${wrong} is not a valid resource type: the format is service[:resourceType].`);
}

type Mapping = (resource: TaggedResource) => Promise<ResourceTagMapping | undefined>;

/** From a resource to what the answer says of it; undefined: the answer leaves it out. */
async function mapping(input: GetResourcesInput, context: Context): Promise<Mapping> {
  const matches = matcherOf(input.TagFilters);
  const isCompliance = input.IncludeComplianceDetails === true;
  const rules = isCompliance ? ((await context.guardrails.placeOf(context.account, context.transaction))?.tagRules ?? []) : [];
  return async ({ arn, tags }) => {
    if (!matches(tags)) return undefined;
    if (Object.keys(tags).length === 0 && (await formerlyTagged.get(context.transaction, context.account, arn)) === undefined)
      return undefined;
    const shown = { ResourceARN: arn, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    if (!isCompliance) return shown;
    const ComplianceDetails = complianceOf(rules, tags);
    if (input.ExcludeCompliantResources === true && ComplianceDetails.ComplianceStatus) return undefined;
    return { ...shown, ComplianceDetails };
  };
}

/** All filters must match; of a filter's values one must. A filter without values asks for the key only. */
function matcherOf(filters: readonly TagFilter[] = []): (tags: Tags) => boolean {
  const wanted = filters.map(({ Key = '', Values = [] }) => ({ key: Key, values: new Set(Values) }));
  return (tags) =>
    wanted.every(({ key, values }) => {
      const value = Object.hasOwn(tags, key) ? tags[key] : undefined;
      return value !== undefined && (values.size === 0 || values.has(value));
    });
}

async function resourceAt(context: Context, text: string): Promise<TaggedResource | undefined> {
  requireArn(context, text);
  const arn = parseArn(text);
  if (arn === undefined || arn.account !== context.account) return undefined;
  const types = taggablesOf(await listedTypes(context, context.region, undefined), arn);
  for (const type of types) {
    if (!type.isGlobal && arn.region !== context.region) continue;
    const found = await type.find(placeOf(context), arn);
    if (found?.arn === text) return found;
  }
  return undefined;
}

interface MappingPage {
  readonly mappings: readonly ResourceTagMapping[];
  /** Undefined on the last page. */
  readonly position: Position | undefined;
}

interface PageStart {
  readonly shown: Mapping;
  readonly from: Position | undefined;
}

async function pageOfMappings(input: GetResourcesInput, context: Context, { shown, from }: PageStart): Promise<MappingPage> {
  const { ResourcesPerPage: perPage = defaultPerPage, TagsPerPage: tagsMax = Number.POSITIVE_INFINITY } = input;
  const types = await listedTypes(context, context.region, input.ResourceTypeFilters);
  const mappings: ResourceTagMapping[] = [];
  let position = from;
  let tags = 0;
  let scanned = 0;
  for await (const { taggable, items } of walk(types, placeOf(context), position)) {
    for (const { cursor, resource } of items) {
      if (scanned >= scannedMax) return { mappings, position };
      const found = resource && (await shown(resource));
      if (found !== undefined) {
        // AWS: a resource without tags counts as one tag.
        tags += Math.max(found.Tags?.length ?? 0, 1);
        if (mappings.length === perPage || tags > tagsMax) return { mappings, position };
        mappings.push(found);
      }
      position = { key: taggable.key, cursor };
      scanned += 1;
    }
  }
  return { mappings, position: undefined };
}

function positionIn(decoded: ReturnType<typeof decodeToken>): Position | undefined {
  if (decoded === undefined) return undefined;
  const { key, cursor } = decoded;
  if (typeof key !== 'string' || typeof cursor !== 'string') throw invalidToken();
  return { key, cursor };
}
