// Grants: permission to use a key, given to one principal for chosen operations, and taken back.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
import { parseArn } from '../../base/arn.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import type { CreateGrantRequest, GrantListEntry, GrantOperation } from './api.gen.ts';
import { grantsPerKeyMax, isNamed } from './grant-matching.ts';
import { grantOfToken, tokenOf } from './grant-tokens.ts';
import { keyAccess, useAccess } from './key-access.ts';
import { keyArn, requireKeyById, resolveKey } from './key-names.ts';
import { requireEnabled } from './key-states.ts';
import { type GrantRecord, grantCounts, grants, grantsOfGrantee, type KeyRecord, keys, retirableGrants } from './records.ts';
import { pageFor, refuseDryRun } from './requests.ts';
import { fault, operation } from './service.ts';
import { specs } from './specs.ts';

const limits = { limit: 50, limitMax: 100 };
/** AWS: pairs of a grant constraint, and characters of each value. */
const constraintPairsMax = 8;
const constraintValueMax = 384;

/** Which operations make sense for keys of a usage. */
const operationsOf: Readonly<Record<KeyRecord['usage'], readonly GrantOperation[]>> = {
  ENCRYPT_DECRYPT: ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GetPublicKey'],
  SIGN_VERIFY: ['Sign', 'Verify', 'GetPublicKey'],
  GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
  KEY_AGREEMENT: ['DeriveSharedSecret', 'GetPublicKey'],
};
const symmetricOperations: readonly GrantOperation[] = [
  'Encrypt',
  'Decrypt',
  'ReEncryptFrom',
  'ReEncryptTo',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
];
const everyKey: readonly GrantOperation[] = ['CreateGrant', 'RetireGrant', 'DescribeKey'];

export const CreateGrant = operation('CreateGrant', {
  access: (input, scope) =>
    useAccess(scope, input, 'CreateGrant', {
      newGrant: { operations: input.Operations, constraints: input.Constraints },
      encryptionContext: { ...input.Constraints?.EncryptionContextSubset, ...input.Constraints?.EncryptionContextEquals },
      context: {
        'kms:GrantOperations': input.Operations,
        'kms:GranteePrincipal': input.GranteePrincipal,
        'kms:GranteeServicePrincipal': isServiceName(input.GranteePrincipal) ? input.GranteePrincipal : undefined,
        'kms:RetiringPrincipal': input.RetiringPrincipal,
        'kms:GrantConstraintType': constraintTypes(input),
        'kms:GrantIsForAWSResource': String(scope.via.length > 0 || scope.caller.principal.kind === 'service'),
      },
    }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    requireEnabled(context, key, 'Unavailable');
    await requireGrant(context, key, input);
    refuseDryRun(input);
    const count = await countedGrants(context, key);
    const known = input.Name === undefined ? undefined : await sameGrant(context, key, input);
    if (known !== undefined) return { GrantId: known.grantId, GrantToken: tokenOf(context, known) };
    if (count >= grantsPerKeyMax) throw fault('LimitExceededException', `The key has its maximum of ${grantsPerKeyMax} grants.`);
    const grant: GrantRecord = {
      account: key.account,
      region: key.region,
      keyId: key.keyId,
      grantId: Buffer.from(context.ids.bytes(32)).toString('hex'),
      name: input.Name,
      grantee: input.GranteePrincipal,
      granteeId: await idOf(context, input.GranteePrincipal),
      retiring: input.RetiringPrincipal,
      retiringId: await idOf(context, input.RetiringPrincipal),
      issuingAccount: `arn:${context.partition}:iam::${context.account}:root`,
      operations: input.Operations,
      constraints: input.Constraints,
      createdAtMs: context.now,
    };
    addGrant(context, grant, count + 1);
    note(context, key);
    return { GrantId: grant.grantId, GrantToken: tokenOf(context, grant) };
  },
});

async function idOf({ transaction, principals }: Context, name: string | undefined): Promise<string | undefined> {
  return name === undefined ? undefined : principals.principalId(transaction, name);
}

function constraintTypes({ Constraints: constraints }: CreateGrantRequest): string | undefined {
  if (constraints?.EncryptionContextEquals !== undefined) return 'EncryptionContextEquals';
  return constraints?.EncryptionContextSubset === undefined ? undefined : 'EncryptionContextSubset';
}

/** @throws Fault ValidationException, InvalidArnException */
async function requireGrant(context: Context, key: KeyRecord, input: CreateGrantRequest): Promise<void> {
  const allowed = key.spec === 'SYMMETRIC_DEFAULT' ? symmetricOperations : operationsOf[key.usage];
  const wrong = input.Operations.filter((name) => !allowed.includes(name) && !everyKey.includes(name));
  if (wrong.length > 0) {
    throw commonFault(
      'ValidationException',
      `Grant operations [${wrong.join(', ')}] are not valid for a key with the key usage ${key.usage}.`,
    );
  }
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = input.Constraints ?? {};
  if ((equals !== undefined || subset !== undefined) && specs[key.spec].material.kind !== 'symmetric') {
    throw commonFault('ValidationException', 'Grant constraints are supported for symmetric encryption keys only.');
  }
  requireConstraintSize('EncryptionContextEquals', equals);
  requireConstraintSize('EncryptionContextSubset', subset);
  for (const principal of [input.GranteePrincipal, input.RetiringPrincipal]) {
    if (principal !== undefined && !(await isPrincipal(context, principal))) {
      throw fault('InvalidArnException', `ARN does not refer to a valid principal: ${principal}`);
    }
  }
}

/** @throws Fault ValidationException */
function requireConstraintSize(name: string, pairs: Readonly<Record<string, string>> = {}): void {
  const all = Object.entries(pairs);
  if (all.length > constraintPairsMax) {
    throw commonFault('ValidationException', `${name} must have at most ${constraintPairsMax} encryption context pairs.`);
  }
  if (all.some(([, value]) => value.length > constraintValueMax)) {
    throw commonFault('ValidationException', `Values of ${name} must have at most ${constraintValueMax} characters.`);
  }
}

function isServiceName(text: string): boolean {
  return /^[a-z0-9.-]+\.amazonaws\.com$/.test(text);
}

async function isPrincipal({ transaction, principals }: Context, text: string): Promise<boolean> {
  if (isServiceName(text)) return true;
  const arn = parseArn(text);
  if (arn === undefined || !/^\d{12}$/.test(arn.account)) return false;
  if (arn.service === 'sts') return /^(?:assumed-role|federated-user)\/./.test(arn.resource);
  if (arn.service !== 'iam') return false;
  return arn.resource === 'root' || (await principals.principalId(transaction, text)) !== undefined;
}

/** AWS: a retry with the same name and content finds the grant that was made. */
async function sameGrant(context: Context, key: KeyRecord, input: CreateGrantRequest): Promise<GrantRecord | undefined> {
  const content = (grantee: string, retiring: string | undefined, operations: readonly string[], constraints: unknown) =>
    JSON.stringify([grantee, retiring ?? '', operations.toSorted(), constraints ?? {}]);
  const wanted = content(input.GranteePrincipal, input.RetiringPrincipal, input.Operations, input.Constraints);
  const granteeId = (await idOf(context, input.GranteePrincipal)) ?? input.GranteePrincipal;
  const all = await grantsOfGrantee.all(context.transaction, key.account, key.region, key.keyId, granteeId);
  return all.find(
    (grant) => grant.name === input.Name && content(grant.grantee, grant.retiring, grant.operations, grant.constraints) === wanted,
  );
}

/** How many there are. What builds before the count have written is counted, and found by its grantee, from now on. */
async function countedGrants({ transaction }: Context, { account, region, keyId }: KeyRecord): Promise<number> {
  const counted = await grantCounts.get(transaction, account, region, keyId);
  if (counted !== undefined) return counted.count;
  const uncounted = await grants.all(transaction, account, region, keyId);
  for (const grant of uncounted) grantsOfGrantee.put(transaction, grant);
  return uncounted.length;
}

function addGrant({ transaction }: Context, grant: GrantRecord, count: number): void {
  const { account, region, keyId } = grant;
  grantCounts.put(transaction, { account, region, keyId, count });
  grants.put(transaction, grant);
  grantsOfGrantee.put(transaction, grant);
  if (grant.retiring !== undefined) retirableGrants.put(transaction, grant);
}

export const RevokeGrant = operation('RevokeGrant', {
  access: (input, scope) =>
    keyAccess(scope, input.KeyId, { action: 'kms:RevokeGrant', context: { 'kms:GrantIsForAWSResource': String(scope.via.length > 0) } }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    const grant = await grants.get(context.transaction, key.account, key.region, key.keyId, input.GrantId);
    if (grant === undefined) throw fault('NotFoundException', `Grant ID ${input.GrantId} not found`);
    refuseDryRun(input);
    await removeGrant(context, grant);
    note(context, key);
    return {};
  },
});

export const RetireGrant = operation('RetireGrant', {
  async access(input, scope): Promise<Access> {
    const grant = await retiredGrant(input, scope);
    const key = grant === undefined ? undefined : await keys.get(scope.transaction, grant.account, grant.region, grant.keyId);
    const named = input.KeyId ?? (key === undefined ? '*' : keyArn(scope, key));
    const { EncryptionContextSubset, EncryptionContextEquals } = grant?.constraints ?? {};
    const encryptionContext = { ...EncryptionContextSubset, ...EncryptionContextEquals };
    const access = await keyAccess(scope, named, { action: 'kms:RetireGrant', encryptionContext });
    // AWS: the retiring principal may, and so may the grantee whom the grant lets retire it.
    const mayRetire = grant !== undefined && key !== undefined && isRetirer(scope, grant);
    return mayRetire ? { ...access, granted: { name: `grant ${grant.grantId}` } } : access;
  },
  async handle(input, context) {
    if ((input.GrantToken === undefined) === (input.KeyId === undefined || input.GrantId === undefined)) {
      throw commonFault('ValidationException', 'Specify either a grant token or a combination of a key ID and a grant ID.');
    }
    const grant = await retiredGrant(input, context);
    if (grant === undefined) {
      if (input.GrantToken !== undefined) throw fault('InvalidGrantTokenException', 'The grant token is not valid.');
      throw fault('NotFoundException', `Grant ID ${input.GrantId} not found`);
    }
    refuseDryRun(input);
    await removeGrant(context, grant);
    return {};
  },
});

async function retiredGrant(
  input: { readonly GrantToken?: string | undefined; readonly KeyId?: string | undefined; readonly GrantId?: string | undefined },
  scope: Scope,
): Promise<GrantRecord | undefined> {
  if (input.GrantToken !== undefined) return grantOfToken(scope, input.GrantToken);
  if (input.KeyId === undefined || input.GrantId === undefined) return undefined;
  const { account, region, key } = await resolveKey(scope, input.KeyId);
  return key === undefined ? undefined : grants.get(scope.transaction, account, region, key.keyId, input.GrantId);
}

function isRetirer({ caller }: Scope, { retiring, retiringId, grantee, granteeId, operations }: GrantRecord): boolean {
  return isNamed(caller, retiring, retiringId) || (operations.includes('RetireGrant') && isNamed(caller, grantee, granteeId));
}

async function removeGrant({ transaction }: Context, grant: GrantRecord): Promise<void> {
  const counted = await grantCounts.get(transaction, grant.account, grant.region, grant.keyId);
  if (counted !== undefined) grantCounts.put(transaction, { ...counted, count: counted.count - 1 });
  grants.remove(transaction, grant);
  grantsOfGrantee.remove(transaction, grant);
  if (grant.retiring !== undefined) retirableGrants.remove(transaction, grant);
}

export const ListGrants = operation('ListGrants', {
  access: (input, scope) =>
    keyAccess(scope, input.KeyId, { action: 'kms:ListGrants', context: { 'kms:GrantIsForAWSResource': String(scope.via.length > 0) } }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    const matches = ({ grantId, grantee }: GrantRecord): boolean =>
      (input.GrantId === undefined || grantId === input.GrantId) &&
      (input.GranteePrincipal === undefined || grantee === input.GranteePrincipal);
    const { items, page } = await pageFor(context, grants, [key.account, key.region, key.keyId], input, { ...limits, matches });
    return { Grants: await Promise.all(items.map((grant) => grantEntry(context, grant))), ...page };
  },
});

export const ListRetirableGrants = operation('ListRetirableGrants', {
  access: () => ({ action: 'kms:ListRetirableGrants', resource: '*' }),
  async handle(input, context) {
    if (!(await isPrincipal(context, input.RetiringPrincipal)))
      throw fault('InvalidArnException', `Invalid ARN: ${input.RetiringPrincipal}`);
    const matches = ({ account }: GrantRecord): boolean => account === context.account;
    const { items, page } = await pageFor(context, retirableGrants, [context.region, input.RetiringPrincipal], input, {
      ...limits,
      matches,
    });
    return { Grants: await Promise.all(items.map((grant) => grantEntry(context, grant))), ...page };
  },
});

async function grantEntry(scope: Scope, grant: GrantRecord): Promise<GrantListEntry> {
  return {
    KeyId: keyArn(scope, grant),
    GrantId: grant.grantId,
    Name: grant.name ?? '',
    CreationDate: grant.createdAtMs,
    GranteePrincipal: await shownName(scope, grant.grantee, grant.granteeId),
    ...(grant.retiring === undefined ? {} : { RetiringPrincipal: await shownName(scope, grant.retiring, grant.retiringId) }),
    IssuingAccount: grant.issuingAccount,
    Operations: grant.operations,
    ...(grant.constraints === undefined ? {} : { Constraints: grant.constraints }),
  };
}

/** AWS: whoever is gone is shown by the unique id. */
async function shownName(scope: Scope, name: string, id: string | undefined): Promise<string> {
  return id === undefined ? name : ((await scope.principals.principalArn(scope, id)) ?? id);
}

function note(context: Context, key: KeyRecord): void {
  context.note({ resources: [{ type: 'AWS::KMS::Key', name: keyArn(context, key) }] });
}

export const grantOperations = [CreateGrant, RevokeGrant, RetireGrant, ListGrants, ListRetirableGrants];
