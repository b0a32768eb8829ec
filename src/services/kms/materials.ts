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

/** In the order in which the key had them. */
export async function materialsOf({ transaction }: Pick<Scope, 'transaction'>, key: KeyRecord): Promise<readonly MaterialRecord[]> {
  const all = await materials.all(transaction, key.account, key.region, key.keyId);
  return all.toSorted((left, right) => left.number - right.number);
}
