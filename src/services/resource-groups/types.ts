// Types of resources: queries name them as CloudFormation does, the tagging API as they stand in ARNs.
import type { Scope } from '../../kit/context.ts';

/** Of GetResources. */
const filtersMax = 100;

/** Filters for the tagging API; undefined: it need not filter. An empty list: nothing in this installation is of these types. */
export async function typeFilters(scope: Scope, types: readonly string[] | 'all'): Promise<readonly string[] | undefined> {
  if (types === 'all') return undefined;
  const known = await scope.taggables.all();
  const named = known.filter(({ cloudFormationType: type }) => type !== undefined && types.includes(type));
  const filters = [...new Set(named.map(({ type }) => type))];
  return filters.length > filtersMax ? undefined : filters;
}
