// The ways from the identity account into the others, as profiles of AWS's own clients: directly, or by a role on the way.

import { trustedAccounts } from './kinds/roles.ts';
import { accountsOf } from './references.ts';
import type { World } from './world.ts';

export interface Profile {
  readonly name: string;
  readonly roleArn: string;
  /** The profile whose credentials assume the role. */
  readonly source: string;
}

/** People's own credentials are in the profile of this name. */
const people = 'identity';

export function profilesOf(world: World): readonly Profile[] {
  const { file } = world;
  const of = (role: string, account: string) => `${account}-${role}`;
  return Object.entries(file.roles).flatMap(([role, definition]) =>
    accountsOf(file, definition).flatMap((account) => {
      const trusted = trustedAccounts(file, definition);
      const isDirect = file.identity !== undefined && trusted.includes(file.identity.account);
      const source = isDirect ? people : stepBefore(world, role, trusted);
      const id = world.accounts.get(account);
      if (source === undefined || id === undefined) return [];
      return [{ name: of(role, account), roleArn: `arn:aws:iam::${id}:role/${file.zone}/${role}`, source }];
    }),
  );
}

/** A role of a trusted account that may assume this one. */
function stepBefore({ file }: World, role: string, trusted: readonly string[]): string | undefined {
  for (const [name, { assumes = [], ...targets }] of Object.entries(file.roles)) {
    const account = assumes.includes(role) ? accountsOf(file, targets).find((each) => trusted.includes(each)) : undefined;
    if (account !== undefined) return `${account}-${name}`;
  }
  return undefined;
}
