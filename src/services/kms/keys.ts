// Keys: made, shown, enabled and disabled, and waiting to be deleted. https://docs.aws.amazon.com/kms/latest/developerguide/overview.html
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import type { CreateKeyRequest, KeyMetadata, KeySpec, KeyUsageType } from './api.gen.ts';
import { generateInHardware } from './hardware-keys.ts';
import { keyAccess, kindKeys, resolvedAccess } from './key-access.ts';
import { generateMaterial, materialIdOf } from './key-material.ts';
import { keyArn, requireKey, requireKeyById, resolveKey } from './key-names.ts';
import { bypassKey, defaultKeyPolicy, requireKeyPolicy } from './key-policies.ts';
import { requireState } from './key-states.ts';
import { isWhole } from './materials.ts';
import { due, type KeyRecord, keys, materials, storedKeys } from './records.ts';
import { pageFor } from './requests.ts';
import { fault, operation } from './service.ts';
import { masterKeySpec, specs } from './specs.ts';
import { withState } from './store-connections.ts';
import { keyMembers, storedAs, storePlaceOf } from './stored-keys.ts';
import { requireTags, tagNewKeyAccess, tagRecord } from './tags.ts';
import { lastUse } from './usage.ts';

const dayMs = 86_400_000;
const listLimit = 100;

export const CreateKey = operation('CreateKey', {
  access: (input, scope) => [
    {
      action: 'kms:CreateKey',
      resource: '*',
      requestTags: tagRecord(input.Tags),
      context: {
        'kms:CallerAccount': scope.account,
        ...kindKeys(specOf(input), input.KeyUsage ?? 'ENCRYPT_DECRYPT'),
        'kms:KeyOrigin': input.Origin ?? 'AWS_KMS',
        'kms:MultiRegion': String(input.MultiRegion ?? false),
        'kms:BypassPolicyLockoutSafetyCheck': bypassKey(input),
      },
    },
    ...tagNewKeyAccess(scope, scope.region, input.Tags),
  ],
  async handle(input, context) {
    const { account, region, ids, now } = context;
    const spec = specOf(input);
    const usage = usageOf(input, spec);
    requireImportable(input, spec);
    requireTags(input.Tags);
    const place = await storePlaceOf(context, input);
    const keyId = input.MultiRegion ? `mrk-${ids.uuid().replaceAll('-', '')}` : ids.uuid();
    const policy = input.Policy ?? defaultKeyPolicy(context);
    if (input.Policy !== undefined) {
      await requireKeyPolicy(context, policy, keyArn(context, { account, region, keyId }), input.BypassPolicyLockoutSafetyCheck ?? false);
    }
    const origin = input.Origin ?? 'AWS_KMS';
    const key: KeyRecord = {
      account,
      region,
      keyId,
      spec,
      usage,
      origin,
      manager: 'CUSTOMER',
      description: input.Description ?? '',
      state: origin === 'EXTERNAL' ? 'PendingImport' : 'Enabled',
      createdAtMs: now,
      policy: await context.principals.keptPolicy(context, policy),
      tags: tagRecord(input.Tags),
      onDemandRotations: 0,
      ...(input.MultiRegion ? { multiRegion: { primaryRegion: region, replicaRegions: [] } } : {}),
      ...(place === undefined ? {} : keyMembers(place)),
    };
    if (origin === 'AWS_CLOUDHSM') await generateInHardware(context, key);
    const whole = origin === 'EXTERNAL' || origin === 'AWS_CLOUDHSM' ? key : await withNewMaterial(context, key);
    keys.put(context.transaction, whole);
    if (place !== undefined) storedKeys.put(context.transaction, { account, region, keyId, ...storedAs(place, keyId) });
    noteKey(context, whole);
    return { KeyMetadata: keyMetadata(context, whole) };
  },
});

function specOf(input: CreateKeyRequest): KeySpec {
  return input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
}

/** @throws Fault ValidationException, UnsupportedOperationException */
function usageOf(input: CreateKeyRequest, spec: KeySpec): KeyUsageType {
  if (input.KeySpec !== undefined && input.CustomerMasterKeySpec !== undefined) {
    throw commonFault(
      'ValidationException',
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    );
  }
  const { usages } = specs[spec];
  if (usages.length === 0) throw fault('UnsupportedOperationException', `KeySpec ${spec} is not supported in this region.`);
  const { KeyUsage: usage } = input;
  if (usage === undefined && spec !== 'SYMMETRIC_DEFAULT') {
    throw commonFault('ValidationException', 'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.');
  }
  if (usage !== undefined && !usages.includes(usage)) {
    throw commonFault('ValidationException', `KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
  }
  return usage ?? 'ENCRYPT_DECRYPT';
}

/** @throws Fault UnsupportedOperationException */
function requireImportable({ Origin }: CreateKeyRequest, spec: KeySpec): void {
  if (Origin === 'EXTERNAL' && specs[spec].material.kind === 'ml-dsa') {
    throw fault('UnsupportedOperationException', `Key material of ${spec} cannot be imported.`);
  }
}

/** The key with fresh material, which encrypts from now on. Material of multi-Region keys is written to their replicas by the caller. */
export async function withNewMaterial(context: Pick<Context, 'ids' | 'transaction' | 'now'>, key: KeyRecord): Promise<KeyRecord> {
  const { account, region, keyId } = key;
  const made = await generateMaterial(context.ids, key.spec);
  const materialId = materialIdOf(keyId, made.material);
  materials.put(context.transaction, { account, region, keyId, materialId, ...made, number: 0, sinceMs: context.now, isImported: false });
  return { ...key, currentMaterialId: materialId };
}

export function keyMetadata(scope: Pick<Scope, 'partition'>, key: KeyRecord): KeyMetadata {
  const { encryption, signing, agreement, mac } = specs[key.spec];
  const { multiRegion, deletion } = key;
  return {
    AWSAccountId: key.account,
    KeyId: key.keyId,
    Arn: keyArn(scope, key),
    CreationDate: key.createdAtMs,
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: key.state,
    Origin: key.origin,
    KeyManager: key.manager,
    ...masterKeySpec(key.spec),
    KeySpec: key.spec,
    ...(key.usage === 'ENCRYPT_DECRYPT' ? { EncryptionAlgorithms: encryption } : {}),
    ...(key.usage === 'SIGN_VERIFY' ? { SigningAlgorithms: signing } : {}),
    ...(key.usage === 'KEY_AGREEMENT' ? { KeyAgreementAlgorithms: agreement } : {}),
    ...(key.usage === 'GENERATE_VERIFY_MAC' ? { MacAlgorithms: mac } : {}),
    MultiRegion: multiRegion !== undefined,
    ...(multiRegion === undefined ? {} : { MultiRegionConfiguration: multiRegionShape(scope, key, multiRegion) }),
    ...(deletion === undefined || key.state !== 'PendingDeletion' ? {} : { DeletionDate: deletion.atMs }),
    ...(deletion !== undefined && key.state === 'PendingReplicaDeletion' ? { PendingDeletionWindowInDays: deletion.days } : {}),
    ...(key.currentMaterialId === undefined || key.spec !== 'SYMMETRIC_DEFAULT' ? {} : { CurrentKeyMaterialId: key.currentMaterialId }),
    ...(key.expiration === undefined ? {} : expirationShape(key.expiration)),
    ...(key.customKeyStoreId === undefined ? {} : { CustomKeyStoreId: key.customKeyStoreId }),
    ...(key.hsmClusterId === undefined ? {} : { CloudHsmClusterId: key.hsmClusterId }),
    ...(key.xksKeyId === undefined ? {} : { XksKeyConfiguration: { Id: key.xksKeyId } }),
  };
}

function expirationShape({ validToMs }: NonNullable<KeyRecord['expiration']>): Pick<KeyMetadata, 'ExpirationModel' | 'ValidTo'> {
  return validToMs === undefined
    ? { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
    : { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: validToMs };
}

function multiRegionShape(
  scope: Pick<Scope, 'partition'>,
  key: KeyRecord,
  { primaryRegion, replicaRegions }: NonNullable<KeyRecord['multiRegion']>,
) {
  const member = (region: string) => ({ Arn: keyArn(scope, { ...key, region }), Region: region });
  return {
    MultiRegionKeyType: primaryRegion === key.region ? ('PRIMARY' as const) : ('REPLICA' as const),
    PrimaryKey: member(primaryRegion),
    ReplicaKeys: replicaRegions.map(member),
  };
}

export function noteKey(context: Context, key: KeyRecord): void {
  context.note({ resources: [{ type: 'AWS::KMS::Key', name: keyArn(context, key) }] });
}

export const DescribeKey = operation('DescribeKey', {
  async access(input, scope) {
    const use = { action: 'kms:DescribeKey', grantOperation: 'DescribeKey', grantTokens: input.GrantTokens } as const;
    return resolvedAccess(scope, await resolveKey(scope, input.KeyId, { isDescribed: true }), use);
  },
  async handle(input, context) {
    const key = await requireKey(context, input.KeyId);
    noteKey(context, key);
    return { KeyMetadata: keyMetadata(context, key) };
  },
});

export const ListKeys = operation('ListKeys', {
  access: () => ({ action: 'kms:ListKeys', resource: '*' }),
  async handle(input, context) {
    const { items, page } = await pageFor(context, keys, [context.account, context.region], input, { limit: listLimit });
    return { Keys: items.map((key) => ({ KeyId: key.keyId, KeyArn: keyArn(context, key) })), ...page };
  },
});

export const UpdateKeyDescription = operation('UpdateKeyDescription', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:UpdateKeyDescription' }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    requireState(context, key, 'Enabled', 'Disabled', 'PendingImport', 'Unavailable');
    noteKey(context, key);
    keys.put(context.transaction, { ...key, description: input.Description });
    return {};
  },
});

export const EnableKey = operation('EnableKey', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:EnableKey' }),
  handle: (input, context) => setState(context, input.KeyId, 'Enabled'),
});

export const DisableKey = operation('DisableKey', {
  access: async (input, scope) =>
    keyAccess(scope, input.KeyId, { action: 'kms:DisableKey', context: await unusedKeys(scope, input.KeyId) }),
  handle: (input, context) => setState(context, input.KeyId, 'Disabled'),
});

/** AWS: for how many days a key was not used, since it was made if never. */
async function unusedKeys(scope: Scope, keyId: string): Promise<NonNullable<Access['context']>> {
  const { key } = await resolveKey(scope, keyId);
  if (key === undefined) return {};
  const sinceMs = (await lastUse(scope, key))?.atMs ?? key.createdAtMs;
  return { 'kms:TrailingDaysWithoutKeyUsage': String(Math.floor((scope.now - sinceMs) / dayMs)) };
}

async function setState(context: Context, keyId: string, state: 'Enabled' | 'Disabled') {
  const key = await requireKeyById(context, keyId);
  requireState(context, key, 'Enabled', 'Disabled', 'Unavailable');
  noteKey(context, key);
  // AWS: of a key that is unavailable the state changes when it is available again.
  keys.put(context.transaction, await withState(context, key, state));
  return {};
}

export const ScheduleKeyDeletion = operation('ScheduleKeyDeletion', {
  access: async (input, scope) =>
    keyAccess(scope, input.KeyId, {
      action: 'kms:ScheduleKeyDeletion',
      context: {
        'kms:ScheduleKeyDeletionPendingWindowInDays': String(input.PendingWindowInDays ?? 30),
        ...(await unusedKeys(scope, input.KeyId)),
      },
    }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    const days = input.PendingWindowInDays ?? 30;
    if (days < 7 || days > 30) throw commonFault('ValidationException', 'PendingWindowInDays must be between 7 and 30.');
    requireState(context, key, 'Enabled', 'Disabled', 'PendingImport', 'Unavailable');
    noteKey(context, key);
    // AWS: a primary key waits for its replicas; its own waiting time begins when the last one is gone.
    const waitsForReplicas = (key.multiRegion?.replicaRegions.length ?? 0) > 0 && key.multiRegion?.primaryRegion === key.region;
    const deletion = { atMs: context.now + days * dayMs, days };
    const state = waitsForReplicas ? ('PendingReplicaDeletion' as const) : ('PendingDeletion' as const);
    keys.put(context.transaction, { ...key, state, deletion });
    if (!waitsForReplicas) due.put(context.transaction, { ...placeOf(key), atMs: deletion.atMs, what: 'delete' });
    return {
      KeyId: keyArn(context, key),
      ...(waitsForReplicas ? {} : { DeletionDate: deletion.atMs }),
      KeyState: state,
      PendingWindowInDays: days,
    };
  },
});

export const CancelKeyDeletion = operation('CancelKeyDeletion', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:CancelKeyDeletion' }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    if (key.state !== 'PendingDeletion' && key.state !== 'PendingReplicaDeletion') {
      throw fault('KMSInvalidStateException', `${keyArn(context, key)} is not pending deletion.`);
    }
    noteKey(context, key);
    if (key.deletion !== undefined) due.remove(context.transaction, { ...placeOf(key), atMs: key.deletion.atMs, what: 'delete' });
    // AWS: the key comes back disabled, without its material if that was never imported or is gone, and not before its store is connected.
    const back = { ...key, deletion: undefined };
    const isWaiting = key.origin === 'EXTERNAL' && !(await isWhole(context, key));
    keys.put(context.transaction, isWaiting ? { ...back, state: 'PendingImport' } : await withState(context, back, 'Disabled'));
    return { KeyId: keyArn(context, key) };
  },
});

export function placeOf({ account, region, keyId }: KeyRecord): Pick<KeyRecord, 'account' | 'region' | 'keyId'> {
  return { account, region, keyId };
}

export const keyOperations = [
  CreateKey,
  DescribeKey,
  ListKeys,
  UpdateKeyDescription,
  EnableKey,
  DisableKey,
  ScheduleKeyDeletion,
  CancelKeyDeletion,
];
