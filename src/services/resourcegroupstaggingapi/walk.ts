// Where the operations look for tagged resources, and for which types.
import type { Scope } from '../../kit/context.ts';
import type { Taggable, TagPlace } from '../../kit/taggables.ts';
import { globalRegion } from './service.ts';

export function placeOf({ transaction, partition, account, region }: Scope): TagPlace & { readonly region: string } {
  return { transaction, partition, account, region };
}

/** The types that Get operations show in a region, as far as the filters (`kms`, `kms:key`) name them. */
export async function listedTypes(scope: Scope, region: string, filters: readonly string[] | undefined): Promise<readonly Taggable[]> {
  const all = await scope.taggables.all();
  return all.filter(({ type, isListed, isGlobal }) => isListed && (!isGlobal || region === globalRegion) && matchesType(type, filters));
}

export function matchesType(type: string, filters: readonly string[] | undefined): boolean {
  return filters === undefined || filters.length === 0 || filters.some((filter) => type === filter || type.startsWith(`${filter}:`));
}
