// What IAM is asked about a key: the key's policy decides first, then what it delegates to; grants stand beside it.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html, .../policy-conditions.html
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import type { ConditionValue } from '../../policy/policy.ts';
import type { GrantOperation } from './api.gen.ts';
import type { EncryptionContext } from './ciphertext.ts';
import { matchingGrant, type NewGrant } from './grant-matching.ts';
import { requireGrantTokens } from './grant-tokens.ts';
import { type ResolvedKey, resolveKey } from './key-names.ts';
import { aliasesOfKey, type KeyRecord } from './records.ts';

export interface KeyUse {
  /** With its prefix: `kms:Decrypt`. */
  readonly action: Access['action'];
  readonly encryptionContext?: EncryptionContext | undefined;
  /** Of symmetric keys alone grants can restrict the encryption context. */
  readonly grantOperation?: GrantOperation;
  /** What CreateGrant is about. */
  readonly newGrant?: NewGrant;
  /** They change nothing, since grants count at once, but must be tokens. */
  readonly grantTokens?: readonly string[] | undefined;
  readonly requestTags?: Readonly<Record<string, string>>;
  readonly shownAs?: string;
  /** Keys of the operation itself, in any case. */
  readonly context?: Access['context'];
}

export async function keyAccess(scope: Scope, keyId: string, use: KeyUse): Promise<Access> {
  return resolvedAccess(scope, await resolveKey(scope, keyId), use);
}

/** Of an operation that policies and grants know by one name. */
export function useAccess(
  scope: Scope,
  input: { readonly KeyId: string; readonly GrantTokens?: readonly string[] | undefined },
  name: GrantOperation,
  use: Pick<KeyUse, 'encryptionContext' | 'newGrant' | 'context'> = {},
): Promise<Access> {
  return keyAccess(scope, input.KeyId, { ...use, action: `kms:${name}`, grantOperation: name, grantTokens: input.GrantTokens });
}

export async function resolvedAccess(scope: Scope, resolved: ResolvedKey, use: KeyUse): Promise<Access> {
  const { key, account, arn } = resolved;
  requireGrantTokens(scope, use.grantTokens);
  const common = {
    action: use.action,
    resource: arn,
    resourceAccount: account,
    ...(use.requestTags === undefined ? {} : { requestTags: use.requestTags }),
    ...(use.shownAs === undefined ? {} : { shownAs: use.shownAs }),
  };
  const isForeign = account !== scope.account;
  // A key that is not there has no policy: within the account the caller's own permissions decide whether it is told so.
  if (key === undefined || (isForeign && !crossAccount.has(use.action))) {
    return {
      ...common,
      context: { ...callerKeys(scope), ...use.context },
      ...(isForeign ? { resourcePolicy: { mode: 'key', source: undefined } } : {}),
    };
  }
  const context = {
    ...callerKeys(scope),
    ...keyKeys(key),
    'kms:ResourceAliases': await aliasNames(scope, key),
    'kms:RequestAlias': resolved.alias,
    ...contextKeys(use.encryptionContext),
    ...use.context,
  };
  const granted = await matchingGrant(scope, key, use);
  return {
    ...common,
    resourceTags: key.tags,
    resourcePolicy: { mode: 'key', source: { name: `key policy of ${key.keyId}`, policy: scope.compile(key.policy) } },
    context,
    ...(granted === undefined ? {} : { granted: { name: `grant ${granted.grantId}` } }),
    ...(key.manager === 'AWS' ? { isServiceOwned: true } : {}),
  };
}

/** AWS: what else a key's policy gives to another account has no effect. */
const crossAccount: ReadonlySet<string> = new Set([
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DeriveSharedSecret',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:GenerateMac',
  'kms:GetKeyRotationStatus',
  'kms:GetPublicKey',
  'kms:ListGrants',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:RetireGrant',
  'kms:RevokeGrant',
  'kms:Sign',
  'kms:Verify',
  'kms:VerifyMac',
]);

function callerKeys(scope: Scope): Record<string, ConditionValue | undefined> {
  return { 'kms:CallerAccount': scope.account, 'kms:ViaService': viaService(scope) };
}

/** `secretsmanager.eu-west-1.amazonaws.com`: the service through which the caller comes, in its region. */
export function viaService({ via, region }: Scope): string | undefined {
  return via.at(-1)?.replace('.', `.${region}.`);
}

/** AWS: under their old names, too. */
export function kindKeys(spec: KeyRecord['spec'], usage: KeyRecord['usage']): Record<string, ConditionValue> {
  return { 'kms:KeySpec': spec, 'kms:KeyUsage': usage, 'kms:CustomerMasterKeySpec': spec, 'kms:CustomerMasterKeyUsage': usage };
}

function keyKeys({ spec, usage, origin, multiRegion, region }: KeyRecord): Record<string, ConditionValue | undefined> {
  return {
    ...kindKeys(spec, usage),
    'kms:KeyOrigin': origin,
    'kms:MultiRegion': String(multiRegion !== undefined),
    'kms:MultiRegionKeyType': multiRegion === undefined ? undefined : multiRegion.primaryRegion === region ? 'PRIMARY' : 'REPLICA',
    'kms:PrimaryRegion': undefined,
  };
}

async function aliasNames({ transaction }: Scope, { account, region, keyId }: KeyRecord): Promise<readonly string[] | undefined> {
  const found = await aliasesOfKey.list(transaction, [account, region, keyId], { limit: aliasesMax });
  return found.length === 0 ? undefined : found.map(({ value }) => value.aliasName);
}

/** AWS: aliases of a key. */
const aliasesMax = 256;

function contextKeys(context: EncryptionContext | undefined): Record<string, ConditionValue | undefined> {
  const names = Object.keys(context ?? {});
  if (context === undefined || names.length === 0) return {};
  return {
    ...Object.fromEntries(names.map((name) => [`kms:EncryptionContext:${name}`, context[name]])),
    'kms:EncryptionContextKeys': names,
  };
}
