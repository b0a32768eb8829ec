// What the plan needs of each kind of thing in a landing zone: what the file wants, what is there, and how to make, change and remove it.
import type { Difference, Found, Wanted } from '../item.ts';
import type { World } from '../world.ts';

export interface Kind {
  /** As in addresses. */
  readonly name: string;
  /** Not removed when the file does not want it; `always`: not by destroy either. */
  readonly isKept?: 'always' | 'until-destroyed';
  /** What cannot be taken back. */
  readonly removalNote?: string;
  wanted(world: World): readonly Wanted[];
  /** What the zone made, and what is in its way. Tells the world the ids that it learns. */
  find(world: World, wanted: readonly Wanted[]): Promise<readonly Found[]>;
  create(world: World, wanted: Wanted): Promise<void>;
  change(world: World, wanted: Wanted, found: Found, differences: readonly Difference[]): Promise<void>;
  remove(world: World, found: Found): Promise<void>;
}

/** The last step of an address. */
export function lastOf(address: string): string {
  return address.slice(address.lastIndexOf('/') + 1);
}

const accountsAtOnce = 4;

/** Asks every account of the zone, a few at once. */
export async function inEveryAccount<Item>(
  world: World,
  ask: (account: { readonly name: string; readonly id: string }) => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  const accounts = [...world.accounts].map(([name, id]) => ({ name, id }));
  const items: Item[] = [];
  for (let at = 0; at < accounts.length; at += accountsAtOnce) {
    items.push(...(await Promise.all(accounts.slice(at, at + accountsAtOnce).map(ask))).flat());
  }
  return items;
}

/** The place of an account in the tree of a plan. */
export function placeOfAccount(world: World, name: string): readonly string[] {
  const unit = world.file.accounts[name]?.unit ?? '/';
  return [...(unit === '/' ? [] : unit.split('/')), name];
}
