// Whether a grant covers a use of a key: who, which operation, and with which encryption context.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
import type { Caller, Scope } from '../../kit/context.ts';
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
        isGrantee(scope, value.grantee, value.granteeId) &&
        constraintsHold(value.constraints, use.encryptionContext),
    );
    if (found !== undefined) return found.value;
    if (batch.length < 500) return undefined;
    after = batch.at(-1)?.cursor;
  }
}

/** A grant to a role holds for its sessions, one to an account for nobody in particular; services are named by their principal. */
function isGrantee({ caller, via }: Scope, grantee: string, granteeId: string | undefined): boolean {
  const { arn, roleArn, kind, account } = caller.principal;
  if (granteeId !== undefined) return isNamed(caller, grantee, granteeId);
  if (grantee === arn || grantee === roleArn) return true;
  // AWS: services use what their customers granted to them, also while they act for a caller.
  if (via.at(-1) === grantee) return true;
  return kind === 'root' && grantee === account;
}

/** Whether the caller is who a grant names, or a session of the role that it names. */
export function isNamed({ principal }: Caller, name: string | undefined, id: string | undefined): boolean {
  const { arn, roleArn, kind, uniqueId } = principal;
  if (id !== undefined) return uniqueId === id && (kind === 'user' || roleArn !== undefined);
  return name !== undefined && (name === arn || name === roleArn);
}

function constraintsHold(constraints: GrantConstraints | undefined, context: EncryptionContext = {}): boolean {
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = constraints ?? {};
  if (equals !== undefined && !(contains(context, equals) && contains(equals, context))) return false;
  return subset === undefined || contains(context, subset);
}

function contains(whole: EncryptionContext, part: EncryptionContext): boolean {
  return Object.entries(part).every(([key, value]) => Object.hasOwn(whole, key) && whole[key] === value);
}
