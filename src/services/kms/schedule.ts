// What happens to keys by the clock: deletion, rotation, and the expiry of imported material.
import { dueWork, type JobContext } from '../../kit/jobs.ts';
import { destroyInHardware } from './hardware-keys.ts';
import { loseMaterial } from './imports.ts';
import { keyArn } from './key-names.ts';
import { placeOf } from './keys.ts';
import { shareConfiguration } from './multi-region.ts';
import {
  aliases,
  aliasesOfKey,
  type DueRecord,
  due,
  grantCounts,
  grants,
  grantsOfGrantee,
  type KeyRecord,
  keys,
  materials,
  retirableGrants,
  storedKeys,
} from './records.ts';
import { rotate } from './rotation.ts';

const dayMs = 86_400_000;

export const dueKeys = dueWork({
  name: 'due-keys',
  // Looked at often, since a key's time is known to the second; with nothing due it costs one read.
  everyMs: 10_000,
  records: due,
  dueAtMs: ({ atMs }) => atMs,
  batch: 20,
  perform,
});

async function perform(context: JobContext, entry: DueRecord): Promise<void> {
  const key = await keys.get(context.transaction, entry.account, entry.region, entry.keyId);
  if (key === undefined) return;
  switch (entry.what) {
    case 'delete':
      if (key.state === 'PendingDeletion') await destroy(context, key);
      return;
    case 'rotate':
      await rotateDue(context, key, entry.atMs);
      return;
    case 'expire': {
      const { transaction } = context;
      const record = await materials.get(transaction, key.account, key.region, key.keyId, entry.materialId ?? '');
      if (record === undefined) return;
      loseMaterial(context, key, record);
      event(context, key, 'DeleteExpiredKeyMaterial');
      return;
    }
  }
}

/** AWS: a key that is not enabled is rotated when it is again; its date stays behind until then. */
async function rotateDue(context: JobContext, key: KeyRecord, atMs: number): Promise<void> {
  if (key.rotation === undefined || key.rotation.nextAtMs !== atMs) return;
  if (key.state === 'PendingDeletion' || key.state === 'PendingReplicaDeletion') return;
  const isReady = key.state === 'Enabled';
  const rotated = isReady ? await rotate(context, key, 'AUTOMATIC') : key;
  const nextAtMs = isReady ? context.now + key.rotation.periodDays * dayMs : context.now + dayMs;
  const rotation = { ...key.rotation, nextAtMs };
  keys.put(context.transaction, { ...rotated, rotation });
  due.put(context.transaction, { ...placeOf(key), atMs: nextAtMs, what: 'rotate' });
  if (isReady) event(context, key, 'RotateKey');
}

/** INVARIANT: afterwards the material is nowhere, and what it encrypted is lost for good. */
async function destroy(context: JobContext, key: KeyRecord): Promise<void> {
  const { transaction } = context;
  const place = [key.account, key.region, key.keyId] as const;
  for (const material of await materials.all(transaction, ...place)) materials.remove(transaction, material);
  transaction.scrub();
  for (const alias of await aliasesOfKey.all(transaction, ...place)) {
    aliases.remove(transaction, alias);
    aliasesOfKey.remove(transaction, alias);
  }
  for (const grant of await grants.all(transaction, ...place)) {
    grants.remove(transaction, grant);
    grantsOfGrantee.remove(transaction, grant);
    if (grant.retiring !== undefined) retirableGrants.remove(transaction, grant);
  }
  grantCounts.remove(transaction, { ...placeOf(key), count: 0 });
  if (key.rotation !== undefined) due.remove(transaction, { ...placeOf(key), atMs: key.rotation.nextAtMs, what: 'rotate' });
  keys.remove(transaction, key);
  const { account, region, keyId, customKeyStoreId: keyStoreId, xksKeyId: backingKeyId = keyId } = key;
  if (keyStoreId !== undefined) storedKeys.remove(transaction, { account, region, keyStoreId, backingKeyId, keyId });
  if (key.hsmClusterId !== undefined) await destroyInHardware(context.contextFor(key), key);
  event(context, key, 'DeleteKey');
  if (key.multiRegion !== undefined) await leaveRelated(context, key, key.multiRegion);
}

/** The other regions' keys forget this one; a primary key that has waited for its last replica begins its own waiting time. */
async function leaveRelated(
  context: JobContext,
  key: KeyRecord,
  { primaryRegion, replicaRegions }: NonNullable<KeyRecord['multiRegion']>,
): Promise<void> {
  const left = replicaRegions.filter((region) => region !== key.region);
  await shareConfiguration(context, key, { primaryRegion, replicaRegions: left });
  const primary = await keys.get(context.transaction, key.account, primaryRegion, key.keyId);
  if (left.length > 0 || primary?.state !== 'PendingReplicaDeletion') return;
  const days = primary.deletion?.days ?? 30;
  const deletion = { days, atMs: context.now + days * dayMs };
  keys.put(context.transaction, { ...primary, state: 'PendingDeletion', deletion });
  due.put(context.transaction, { ...placeOf(primary), atMs: deletion.atMs, what: 'delete' });
}

function event(context: JobContext, key: KeyRecord, eventName: string): void {
  context.contextFor(key).serviceEvent({
    eventName,
    resources: [{ type: 'AWS::KMS::Key', name: keyArn(context, key) }],
    serviceEventDetails: { keyId: key.keyId },
  });
}
