// Which states let a key do what. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
import type { Scope } from '../../kit/context.ts';
import type { KeyUsageType } from './api.gen.ts';
import { keyArn } from './key-names.ts';
import type { KeyRecord } from './records.ts';
import { fault } from './service.ts';

const states: Readonly<Record<string, string>> = {
  PendingDeletion: 'is pending deletion.',
  PendingReplicaDeletion: 'is pending replica deletion.',
  PendingImport: 'is pending import.',
  Unavailable: 'is unavailable.',
  Creating: 'is creating.',
  Updating: 'is updating.',
};

/** For cryptographic operations. @throws Fault DisabledException, KMSInvalidStateException, InvalidKeyUsageException */
export function requireUsable(scope: Scope, key: KeyRecord, usage: KeyUsageType, operationName: string): void {
  requireEnabled(scope, key);
  if (key.usage === usage) return;
  throw fault('InvalidKeyUsageException', `${keyArn(scope, key)} key usage is ${key.usage} which is not valid for ${operationName}.`);
}

/** Enabled, or in one of the states that do as well. @throws Fault DisabledException, KMSInvalidStateException */
export function requireEnabled(scope: Scope, key: KeyRecord, ...also: readonly KeyRecord['state'][]): void {
  if (key.state === 'Disabled') throw fault('DisabledException', `${keyArn(scope, key)} is disabled.`);
  requireState(scope, key, 'Enabled', ...also);
}

/** For management: the key may be in any of these. @throws Fault KMSInvalidStateException */
export function requireState(scope: Scope, key: KeyRecord, ...allowed: readonly KeyRecord['state'][]): void {
  if (allowed.includes(key.state)) return;
  throw fault('KMSInvalidStateException', `${keyArn(scope, key)} ${states[key.state] ?? `is ${key.state.toLowerCase()}.`}`);
}
