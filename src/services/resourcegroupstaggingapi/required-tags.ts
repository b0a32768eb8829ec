// ListRequiredTags: which tags the account's effective tag policy reports as required, by type of resource.
import type { Context } from '../../kit/context.ts';
import type { RequiredTag } from './api.gen.ts';
import { operation } from './service.ts';
import { decodeToken, encodeToken, invalidToken } from './tokens.ts';

const perPage = 200;
const query = { operation: 'ListRequiredTags' };

export const ListRequiredTags = operation('ListRequiredTags', {
  access: () => ({ action: 'tag:ListRequiredTags', resource: '*' }),
  async handle(input, context) {
    const after = decodeToken(input.NextToken, context, query)?.['type'];
    if (after !== undefined && typeof after !== 'string') throw invalidToken();
    const all = (await requiredTags(context)).filter(({ ResourceType = '' }) => after === undefined || ResourceType > after);
    const RequiredTags = all.slice(0, input.MaxResults ?? perPage);
    if (all.length === RequiredTags.length) return { RequiredTags };
    return { RequiredTags, NextToken: encodeToken(context, query, { type: RequiredTags.at(-1)?.ResourceType }) };
  },
});

async function requiredTags(context: Context): Promise<readonly RequiredTag[]> {
  const rules = (await context.guardrails.placeOf(context.account, context.transaction))?.tagRules ?? [];
  const known = await context.taggables.all();
  const keysByType = new Map<string, Set<string>>();
  for (const { key, requiredFor } of rules) {
    for (const named of requiredFor) {
      // `kms:ALL_SUPPORTED` and `kms:*` stand for all types of the service.
      const [service = '', kind] = named.split(':');
      const isAll = kind === 'ALL_SUPPORTED' || kind === '*';
      const types = isAll ? known.map(({ type }) => type).filter((type) => type.startsWith(`${service}:`)) : [named];
      for (const type of types) keysByType.set(type, (keysByType.get(type) ?? new Set()).add(key));
    }
  }
  return [...keysByType]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([ResourceType, keys]) => ({
      ResourceType,
      CloudFormationResourceTypes: [
        ...new Set(known.filter(({ type }) => type === ResourceType).flatMap(({ cloudFormationType = [] }) => cloudFormationType)),
      ],
      ReportingTagKeys: [...keys].toSorted(),
    }));
}
