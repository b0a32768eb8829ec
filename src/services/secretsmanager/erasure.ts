// The end of a secret: everything that is stored of it goes, with all versions.
import type { Transaction } from '../../store/store.ts';
import { removeListed } from './listing.ts';
import { dueDeletions, dueRotations, secrets, versionAges, versions } from './records.ts';

/** Removes the secret that stands at this place, if there is one. Replicas are another's. */
export async function eraseSecret(
  transaction: Transaction,
  { account, region, name }: { readonly account: string; readonly region: string; readonly name: string },
): Promise<void> {
  const secret = await secrets.get(transaction, account, region, name);
  if (secret === undefined) return;
  for (const version of await versions.all(transaction, account, region, name)) versions.remove(transaction, version);
  for (const age of await versionAges.all(transaction, account, region, name)) versionAges.remove(transaction, age);
  const { deletion, rotation } = secret;
  if (deletion !== undefined) dueDeletions.remove(transaction, { account, region, name, dueAtMs: deletion.dueAtMs });
  if (rotation?.dueAtMs !== undefined) dueRotations.remove(transaction, { account, region, name, dueAtMs: rotation.dueAtMs });
  removeListed(transaction, secret, region);
  secrets.remove(transaction, secret);
}
