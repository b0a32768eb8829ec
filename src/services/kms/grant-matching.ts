// Whether a grant covers a use of a key: who, which operation, and with which encryption context.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
import type { Scope } from '../../kit/context.ts';
import type { GrantConstraints } from './api.gen.ts';
import type { EncryptionContext } from './ciphertext.ts';
import type { KeyUse } from './key-access.ts';
import { type GrantRecord, grants, type KeyRecord } from './records.ts';

/** AWS: grants per key. */
export const grantsPerKeyMax = 50_000;

/** The first grant that covers the use. New grants count at once, with and without their token. */
export async function matchingGrant(scope: Scope, key: KeyRecord, use: KeyUse): Promise<GrantRecord | undefined> {
  const { grantOperation } = use;
  if (grantOperation === undefined) return undefined;
  let after: string | undefined;
  for (;;) {
    const range = { limit: 500, ...(after === undefined ? {} : { after }) };
    const batch = await grants.list(scope.transaction, [key.account, key.region, key.keyId], range);
    const found = batch.find(
      ({ value }) =>
        value.operations.includes(grantOperation) &&
        isGrantee(scope, value.grantee) &&
        constraintsHold(value.constraints, use.encryptionContext),
    );
    if (found !== undefined) return found.value;
    if (batch.length < 500) return undefined;
    after = batch.at(-1)?.cursor;
  }
}

/** A grant to a role holds for its sessions, one to an account for nobody in particular; services are named by their principal. */
export function isGrantee({ caller, via }: Scope, grantee: string): boolean {
  const { arn, roleArn, kind, account } = caller.principal;
  if (grantee === arn || grantee === roleArn) return true;
  // AWS: services use what their customers granted to them, also while they act for a caller.
  if (via.at(-1) === grantee) return true;
  return kind === 'root' && grantee === account;
}

function constraintsHold(constraints: GrantConstraints | undefined, context: EncryptionContext = {}): boolean {
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = constraints ?? {};
  if (equals !== undefined && !(contains(context, equals) && contains(equals, context))) return false;
  return subset === undefined || contains(context, subset);
}

function contains(whole: EncryptionContext, part: EncryptionContext): boolean {
  return Object.entries(part).every(([key, value]) => Object.hasOwn(whole, key) && whole[key] === value);
}
