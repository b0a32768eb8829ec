// Whether a grant covers a use of a key: who, which operation, and with which encryption context.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
import type { Caller, Scope } from '../../kit/context.ts';
import type { GrantConstraints, GrantOperation } from './api.gen.ts';
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
      ({ value }) => value.operations.includes(grantOperation) && isGrantee(scope, value.grantee, value.granteeId) && isWithin(value, use),
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

/** What a grant is asked to let somebody pass on. */
export interface NewGrant {
  readonly operations: readonly GrantOperation[];
  readonly constraints?: GrantConstraints | undefined;
}

function isWithin(grant: GrantRecord, { grantOperation, encryptionContext, newGrant }: KeyUse): boolean {
  if (newGrant !== undefined) return isNoWider(newGrant, grant);
  // AWS: constraints are about cryptographic operations alone.
  return grantOperation === 'DescribeKey' || constraintsHold(grant.constraints, encryptionContext);
}

/** AWS: who may grant only because of a grant passes on some of it, as strictly or more so. */
function isNoWider(child: NewGrant, parent: GrantRecord): boolean {
  if (!child.operations.every((name) => parent.operations.includes(name))) return false;
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = parent.constraints ?? {};
  const { EncryptionContextEquals: itsEquals, EncryptionContextSubset: itsSubset } = child.constraints ?? {};
  if (equals !== undefined && !(itsEquals !== undefined && contains(itsEquals, equals) && contains(equals, itsEquals))) return false;
  return subset === undefined || [itsEquals, itsSubset].some((each) => each !== undefined && contains(each, subset));
}

function constraintsHold(constraints: GrantConstraints | undefined, context: EncryptionContext = {}): boolean {
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = constraints ?? {};
  if (equals !== undefined && !(contains(context, equals) && contains(equals, context))) return false;
  return subset === undefined || contains(context, subset);
}

function contains(whole: EncryptionContext, part: EncryptionContext): boolean {
  return Object.entries(part).every(([key, value]) => Object.hasOwn(whole, key) && whole[key] === value);
}
