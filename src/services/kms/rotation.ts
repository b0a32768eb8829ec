// Rotation: new material that encrypts from now on, while the old one still decrypts. By the clock, or on demand.
// https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
import type { Context } from '../../kit/context.ts';
import type { KeyMaterialState, RotationsListEntry, RotationType } from './api.gen.ts';
import { keyAccess } from './key-access.ts';
import { generateMaterial, materialIdOf } from './key-material.ts';
import { keyArn, requireKeyById } from './key-names.ts';
import { requireEnabled } from './key-states.ts';
import { noteKey, placeOf } from './keys.ts';
import { isEverywhere, isReplica, materialsOf } from './materials.ts';
import { due, type KeyRecord, keys, type MaterialRecord, materials } from './records.ts';
import { fault, operation } from './service.ts';

const dayMs = 86_400_000;
const defaultPeriodDays = 365;
/** AWS: on-demand rotations of one key. */
const onDemandMax = 25;
const listLimit = 100;

export const EnableKeyRotation = operation('EnableKeyRotation', {
  access: (input, scope) =>
    keyAccess(scope, input.KeyId, {
      action: 'kms:EnableKeyRotation',
      context: { 'kms:RotationPeriodInDays': String(input.RotationPeriodInDays ?? defaultPeriodDays) },
    }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    requireRotatable(context, key);
    requireEnabled(context, key);
    noteKey(context, key);
    const periodDays = input.RotationPeriodInDays ?? key.rotation?.periodDays ?? defaultPeriodDays;
    const rotation = { periodDays, nextAtMs: context.now + periodDays * dayMs };
    reschedule(context, key, rotation);
    keys.put(context.transaction, { ...key, rotation });
    return {};
  },
});

export const DisableKeyRotation = operation('DisableKeyRotation', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:DisableKeyRotation' }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    requireRotatable(context, key);
    requireEnabled(context, key);
    noteKey(context, key);
    reschedule(context, key, undefined);
    keys.put(context.transaction, { ...key, rotation: undefined });
    return {};
  },
});

export const GetKeyRotationStatus = operation('GetKeyRotationStatus', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:GetKeyRotationStatus' }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    requireOwnMaterial(context, key);
    const { rotation } = await primaryOf(context, key);
    const isWaiting = key.state === 'PendingDeletion' || key.state === 'PendingReplicaDeletion';
    // AWS: false for asymmetric and HMAC keys, too.
    if (rotation === undefined || isWaiting) return { KeyId: keyArn(context, key), KeyRotationEnabled: false };
    const { periodDays, nextAtMs } = rotation;
    return { KeyId: keyArn(context, key), KeyRotationEnabled: true, RotationPeriodInDays: periodDays, NextRotationDate: nextAtMs };
  },
});

export const RotateKeyOnDemand = operation('RotateKeyOnDemand', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:RotateKeyOnDemand' }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    requireSymmetric(key);
    if (key.customKeyStoreId !== undefined) requireOwnMaterial(context, key);
    requirePrimarySide(context, key);
    requireEnabled(context, key);
    noteKey(context, key);
    if (key.onDemandRotations >= onDemandMax) {
      throw fault(
        'LimitExceededException',
        `The maximum of ${onDemandMax} on-demand rotations for ${keyArn(context, key)} has been reached.`,
      );
    }
    const counted = { ...key, onDemandRotations: key.onDemandRotations + 1 };
    if (key.origin === 'EXTERNAL') await takePending(context, counted);
    else await rotate(context, counted, 'ON_DEMAND');
    return { KeyId: keyArn(context, key) };
  },
});

/** Imported material is rotated to what was imported as new and waits. @throws Fault KMSInvalidStateException */
async function takePending(context: Context, key: KeyRecord): Promise<void> {
  const all = await materialsOf(context, key);
  const pending = all.find(({ isPending }) => isPending);
  if (pending === undefined) throw fault('KMSInvalidStateException', `${keyArn(context, key)} has no key material pending rotation.`);
  const { materialId } = pending;
  if (!(await isEverywhere(context, key, materialId))) {
    throw fault('KMSInvalidStateException', `${keyArn(context, key)} has key material that is not imported into all of its replica keys.`);
  }
  for (const region of [key.region, ...(key.multiRegion?.replicaRegions ?? [])]) {
    const related = region === key.region ? key : await keys.get(context.transaction, key.account, region, key.keyId);
    const copy = await materials.get(context.transaction, key.account, region, key.keyId, materialId);
    if (related === undefined || copy === undefined) continue;
    materials.put(context.transaction, { ...copy, isPending: undefined, sinceMs: context.now, rotation: 'ON_DEMAND' });
    keys.put(context.transaction, { ...related, currentMaterialId: materialId, expiration: { validToMs: copy.validToMs } });
  }
}

/** New material for the key and, with it, for its replicas: they share material. */
export async function rotate(
  context: Pick<Context, 'transaction' | 'ids' | 'now'>,
  key: KeyRecord,
  rotation: RotationType,
): Promise<KeyRecord> {
  const { transaction, ids, now } = context;
  const { material } = await generateMaterial(ids, key.spec);
  const materialId = materialIdOf(key.keyId, material);
  const number = Math.max(-1, ...(await materialsOf(context, key)).map((each) => each.number)) + 1;
  for (const region of [key.region, ...(key.multiRegion?.replicaRegions ?? [])]) {
    const copy = region === key.region ? key : await keys.get(transaction, key.account, region, key.keyId);
    if (copy === undefined) continue;
    materials.put(transaction, { ...placeOf(copy), materialId, material, number, sinceMs: now, rotation, isImported: false });
    keys.put(transaction, { ...copy, currentMaterialId: materialId });
  }
  return { ...key, currentMaterialId: materialId };
}

export const ListKeyRotations = operation('ListKeyRotations', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:ListKeyRotations' }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    requireSymmetric(key);
    if (key.customKeyStoreId !== undefined) requireOwnMaterial(context, key);
    const all = await materialsOf(context, key);
    const wanted = input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL' ? all : all.filter(({ rotation }) => rotation !== undefined);
    const from = input.Marker === undefined ? 0 : wanted.findIndex(({ materialId }) => materialId === input.Marker) + 1;
    if (input.Marker !== undefined && from === 0) throw fault('InvalidMarkerException', 'Invalid marker.');
    const shown = wanted.slice(from, from + (input.Limit ?? listLimit));
    const isTruncated = from + shown.length < wanted.length;
    return {
      Rotations: await Promise.all(shown.map((material) => rotationEntry(context, key, material))),
      Truncated: isTruncated,
      ...(isTruncated ? { NextMarker: shown.at(-1)?.materialId } : {}),
    };
  },
});

async function stateOf(context: Context, key: KeyRecord, { materialId, isPending }: MaterialRecord): Promise<KeyMaterialState> {
  if (!isPending) return materialId === key.currentMaterialId ? 'CURRENT' : 'NON_CURRENT';
  const isReady = isReplica(key) || (await isEverywhere(context, key, materialId));
  return isReady ? 'PENDING_ROTATION' : 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION';
}

async function rotationEntry(context: Context, key: KeyRecord, record: MaterialRecord): Promise<RotationsListEntry> {
  const { materialId, rotation, isImported, validToMs } = record;
  return {
    KeyId: keyArn(context, key),
    KeyMaterialId: materialId,
    KeyMaterialState: await stateOf(context, key, record),
    ...(record.description === undefined ? {} : { KeyMaterialDescription: record.description }),
    ...(isImported ? { ImportState: record.material === undefined ? ('PENDING_IMPORT' as const) : ('IMPORTED' as const) } : {}),
    ...(isImported && record.material !== undefined
      ? validToMs === undefined
        ? { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' as const }
        : { ExpirationModel: 'KEY_MATERIAL_EXPIRES' as const, ValidTo: validToMs }
      : {}),
    ...(rotation === undefined ? {} : { RotationDate: record.sinceMs, RotationType: rotation }),
  };
}

/** @throws Fault UnsupportedOperationException */
function requireRotatable(context: Context, key: KeyRecord): void {
  requireSymmetric(key);
  requireOwnMaterial(context, key);
  requirePrimarySide(context, key);
}

/** AWS: without a sentence. */
function requireSymmetric({ spec }: KeyRecord): void {
  if (spec !== 'SYMMETRIC_DEFAULT') throw fault('UnsupportedOperationException', '');
}

/** Made here, neither imported nor in a custom key store. */
function requireOwnMaterial(context: Context, { origin, ...key }: KeyRecord): void {
  if (origin === 'AWS_KMS') return;
  throw fault('UnsupportedOperationException', `${keyArn(context, key)} origin is ${origin} which is not valid for this operation.`);
}

/** Rotation of related keys is the primary key's, and all of them tell of it. */
async function primaryOf({ transaction }: Context, key: KeyRecord): Promise<KeyRecord> {
  const { primaryRegion = key.region } = key.multiRegion ?? {};
  if (primaryRegion === key.region) return key;
  return (await keys.get(transaction, key.account, primaryRegion, key.keyId)) ?? key;
}

/** Rotation is the primary key's. */
function requirePrimarySide(context: Context, key: KeyRecord): void {
  if (!isReplica(key)) return;
  throw fault('UnsupportedOperationException', `${keyArn(context, key)} is not a multi-region primary key.`);
}

/** Replaces what is due for the key. */
export function reschedule({ transaction }: Pick<Context, 'transaction'>, key: KeyRecord, next: KeyRecord['rotation']): void {
  if (key.rotation !== undefined) due.remove(transaction, { ...placeOf(key), atMs: key.rotation.nextAtMs, what: 'rotate' });
  if (next !== undefined) due.put(transaction, { ...placeOf(key), atMs: next.nextAtMs, what: 'rotate' });
}

export const rotationOperations = [EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations];
