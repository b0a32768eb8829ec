// The material of a key: which one encrypts now, and which one made a given ciphertext. A key keeps all of them until it is deleted.
import type { Secret } from '../../base/secret.ts';
import type { Scope } from '../../kit/context.ts';
import { keyArn } from './key-names.ts';
import { type KeyRecord, type MaterialRecord, materials } from './records.ts';
import { fault } from './service.ts';

export interface OpenMaterial {
  readonly materialId: string;
  readonly secret: Secret;
  readonly record: MaterialRecord;
}

/** @throws Fault KMSInvalidStateException when the key has none */
export async function currentMaterial(scope: Scope, key: KeyRecord): Promise<OpenMaterial> {
  const material = key.currentMaterialId === undefined ? undefined : await materialNamed(scope, key, key.currentMaterialId);
  if (material === undefined) throw fault('KMSInvalidStateException', `${keyArn(scope, key)} is pending import.`);
  return material;
}

/** Undefined: not this key's, or imported and gone. */
export async function materialNamed({ transaction }: Scope, key: KeyRecord, materialId: string): Promise<OpenMaterial | undefined> {
  const record = await materials.get(transaction, key.account, key.region, key.keyId, materialId);
  return record?.material === undefined ? undefined : { materialId, secret: record.material, record };
}

/** Whether a key of imported material can be used again: all that it ever encrypted with is there. */
export async function isWhole(scope: Pick<Scope, 'transaction'>, key: KeyRecord): Promise<boolean> {
  const all = await materialsOf(scope, key);
  return all.length > 0 && all.every(({ material, isPending }) => material !== undefined || isPending);
}

/** A replica key takes the material of its primary key and no other. */
export function isReplica({ region, multiRegion }: KeyRecord): boolean {
  return multiRegion !== undefined && multiRegion.primaryRegion !== region;
}

/** Whether every replica of a primary key has the material, which is imported into each. */
export async function isEverywhere({ transaction }: Pick<Scope, 'transaction'>, key: KeyRecord, materialId: string): Promise<boolean> {
  for (const region of key.multiRegion?.replicaRegions ?? []) {
    const copy = await materials.get(transaction, key.account, region, key.keyId, materialId);
    if (copy?.material === undefined) return false;
  }
  return true;
}

/** AWS: what a replica knows of imported material until that is imported into it, too. */
export function expectMaterial({ transaction }: Pick<Scope, 'transaction'>, record: MaterialRecord, region: string): void {
  materials.put(transaction, { ...record, region, material: undefined, validToMs: undefined });
}

/** In the order in which the key had them. */
export async function materialsOf({ transaction }: Pick<Scope, 'transaction'>, key: KeyRecord): Promise<readonly MaterialRecord[]> {
  const all = await materials.all(transaction, key.account, key.region, key.keyId);
  return all.toSorted((left, right) => left.number - right.number);
}
