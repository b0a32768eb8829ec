// Multi-Region keys: the same key, with the same material, in several regions. https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
import { allRegions, statusOfRegion } from '../../kit/account-regions.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { keyAccess } from './key-access.ts';
import { keyArn, requireKeyById } from './key-names.ts';
import { defaultKeyPolicy, requireKeyPolicy } from './key-policies.ts';
import { requireEnabled } from './key-states.ts';
import { keyMetadata, noteKey, placeOf } from './keys.ts';
import { expectMaterial, materialsOf } from './materials.ts';
import { due, type KeyRecord, keys, materials } from './records.ts';
import { reschedule } from './rotation.ts';
import { fault, operation } from './service.ts';
import { requireTags, tagList, tagNewKeyAccess, tagRecord } from './tags.ts';

export const ReplicateKey = operation('ReplicateKey', {
  access: async (input, scope) => [
    await keyAccess(scope, input.KeyId, { action: 'kms:ReplicateKey', context: { 'kms:ReplicaRegion': input.ReplicaRegion } }),
    {
      action: 'kms:CreateKey',
      resource: '*',
      requestTags: tagRecord(input.Tags),
      context: { 'kms:CallerAccount': scope.account, 'kms:MultiRegion': 'true', 'kms:MultiRegionKeyType': 'REPLICA' },
    },
    ...tagNewKeyAccess(scope, input.ReplicaRegion, input.Tags),
  ],
  async handle(input, context) {
    const { transaction } = context;
    const primary = await requirePrimary(context, input.KeyId);
    requireEnabled(context, primary);
    const region = input.ReplicaRegion;
    if (region === primary.region)
      throw commonFault('ValidationException', 'The replica Region must be different from the Region of the primary key.');
    await requireRegion(context, region);
    const place = { ...placeOf(primary), region };
    const arn = keyArn(context, place);
    if ((await keys.get(transaction, primary.account, region, primary.keyId)) !== undefined) {
      throw fault(
        'AlreadyExistsException',
        `Unable to replicate key to region ${region}, as a related multi-Region key already exists: ${arn}.`,
      );
    }
    requireTags(input.Tags);
    const policy = input.Policy ?? defaultKeyPolicy(context);
    if (input.Policy !== undefined) await requireKeyPolicy(context, policy, arn, input.BypassPolicyLockoutSafetyCheck ?? false);
    const replicaRegions = [...(primary.multiRegion?.replicaRegions ?? []), region];
    const multiRegion = { primaryRegion: primary.region, replicaRegions };
    const replica: KeyRecord = {
      ...primary,
      ...place,
      description: input.Description ?? '',
      policy: await context.principals.keptPolicy(context, policy),
      tags: tagRecord(input.Tags),
      // AWS: imported material is not copied, it is imported into every replica.
      state: primary.origin === 'EXTERNAL' ? 'PendingImport' : 'Enabled',
      rotation: undefined,
      createdAtMs: context.now,
      multiRegion,
      ...(primary.origin === 'EXTERNAL' ? { expiration: undefined } : {}),
    };
    for (const material of await materialsOf(context, primary)) {
      if (primary.origin === 'EXTERNAL') expectMaterial(context, material, region);
      else materials.put(transaction, { ...material, region });
    }
    keys.put(transaction, replica);
    await shareConfiguration(context, primary, multiRegion);
    noteKey(context, primary);
    return { ReplicaKeyMetadata: keyMetadata(context, replica), ReplicaPolicy: policy, ReplicaTags: tagList(replica.tags) };
  },
});

/** @throws Fault ValidationException for a region that is not there, or that the account does not use */
async function requireRegion({ transaction, account, now }: Context, region: string): Promise<void> {
  const status = allRegions.includes(region) ? await statusOfRegion(transaction, account, region, now) : 'DISABLED';
  if (status === 'ENABLED' || status === 'ENABLED_BY_DEFAULT') return;
  throw commonFault('ValidationException', `Invalid region: ${region}`);
}

export const UpdatePrimaryRegion = operation('UpdatePrimaryRegion', {
  access: async (input, scope) => [
    await keyAccess(scope, input.KeyId, { action: 'kms:UpdatePrimaryRegion', context: { 'kms:PrimaryRegion': input.PrimaryRegion } }),
    ...(await replicaAccess(scope, input.KeyId, input.PrimaryRegion)),
  ],
  async handle(input, context) {
    const primary = await requirePrimary(context, input.KeyId);
    requireEnabled(context, primary);
    const { PrimaryRegion: region } = input;
    const { replicaRegions = [] } = primary.multiRegion ?? {};
    const replica = replicaRegions.includes(region)
      ? await keys.get(context.transaction, primary.account, region, primary.keyId)
      : undefined;
    if (replica === undefined) {
      throw commonFault('ValidationException', `The specified primary Region ${region} has no replica of ${keyArn(context, primary)}.`);
    }
    requireEnabled(context, replica);
    // Rotation belongs to the primary key and moves with it.
    reschedule(context, primary, undefined);
    keys.put(context.transaction, { ...primary, rotation: undefined });
    const promoted = { ...replica, rotation: primary.rotation, onDemandRotations: primary.onDemandRotations };
    if (primary.rotation !== undefined)
      due.put(context.transaction, { ...placeOf(promoted), atMs: primary.rotation.nextAtMs, what: 'rotate' });
    keys.put(context.transaction, promoted);
    const others = replicaRegions.filter((each) => each !== region);
    await shareConfiguration(context, primary, { primaryRegion: region, replicaRegions: [...others, primary.region] });
    noteKey(context, primary);
    return {};
  },
});

/** AWS asks about the replica that is promoted, too. */
async function replicaAccess(scope: Scope, keyId: string, region: string) {
  const id = keyId.slice(keyId.lastIndexOf('/') + 1);
  const replica = await keys.get(scope.transaction, scope.account, region, id);
  if (replica === undefined) return [];
  const access = await keyAccess({ ...scope, region }, id, { action: 'kms:UpdatePrimaryRegion', context: { 'kms:PrimaryRegion': region } });
  return [access];
}

/** Every related key says the same of all of them. */
export async function shareConfiguration(
  { transaction }: Pick<Context, 'transaction'>,
  key: KeyRecord,
  multiRegion: NonNullable<KeyRecord['multiRegion']>,
): Promise<void> {
  for (const region of [multiRegion.primaryRegion, ...multiRegion.replicaRegions]) {
    const related = await keys.get(transaction, key.account, region, key.keyId);
    if (related !== undefined) keys.put(transaction, { ...related, multiRegion });
  }
}

/** @throws Fault UnsupportedOperationException */
async function requirePrimary(context: Context, keyId: string): Promise<KeyRecord> {
  const key = await requireKeyById(context, keyId);
  if (key.multiRegion === undefined) throw fault('UnsupportedOperationException', `${keyArn(context, key)} is not a multi-region key.`);
  if (key.multiRegion.primaryRegion !== key.region) {
    throw fault('UnsupportedOperationException', `${keyArn(context, key)} is not a multi-region primary key.`);
  }
  return key;
}

export const multiRegionOperations = [ReplicateKey, UpdatePrimaryRegion];
