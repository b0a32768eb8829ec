// Whether a grant covers a use of a key: who, which operation, and with which encryption context.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
import type { Caller, Scope } from '../../kit/context.ts';
import type { GrantConstraints, GrantOperation } from './api.gen.ts';
import type { EncryptionContext } from './ciphertext.ts';
import type { KeyUse } from './key-access.ts';
import { type GrantRecord, grantCounts, grants, grantsOfGrantee, type KeyRecord } from './records.ts';

/** AWS: grants per key. */
export const grantsPerKeyMax = 50_000;

/** How many grants of a key are looked at one by one; where there are more, the caller's are looked up. */
const scannedMax = 100;

/** The first grant that covers the use. New grants count at once, with and without their token. */
export async function matchingGrant(scope: Scope, key: KeyRecord, use: KeyUse): Promise<GrantRecord | undefined> {
  const { grantOperation } = use;
  if (grantOperation === undefined) return undefined;
  const covers = (value: GrantRecord): boolean =>
    value.operations.includes(grantOperation) && isGrantee(scope, value.grantee, value.granteeId) && isWithin(value, use);
  const place = [key.account, key.region, key.keyId] as const;
  const few = await grants.list(scope.transaction, place, { limit: scannedMax });
  if (few.length < scannedMax) return few.find(({ value }) => covers(value))?.value;
  // Builds before the count have written none of what is looked up below.
  if ((await grantCounts.get(scope.transaction, ...place)) === undefined)
    return (await grants.all(scope.transaction, ...place)).find(covers);
  for (const name of namesOf(scope)) {
    const found = (await grantsOfGrantee.all(scope.transaction, ...place, name)).find(covers);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Under which a grant to the caller can stand. */
function namesOf({ caller: { principal }, via }: Scope): ReadonlySet<string> {
  const { arn, roleArn, uniqueId, kind, account } = principal;
  const service = via.at(-1);
  const names = [arn, roleArn, uniqueId, service, kind === 'root' ? account : undefined];
  return new Set(names.flatMap((name) => (name === undefined ? [] : [name])));
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
