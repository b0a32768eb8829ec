// A secret's value at rest: AES-256-GCM under a data key of its own, bound to the secret's ARN and the version.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { Fault } from '../../base/fault.ts';
import { Secret } from '../../base/secret.ts';
import { type CallOptions, callsTo } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import type { Operations as KmsOperations } from '../kms/api.gen.ts';
import { fault } from './service.ts';

const kms = callsTo<KmsOperations>('kms');

/** What is stored of a value. */
export interface SealedValue {
  readonly kind: 'text' | 'binary';
  /** ARN of the key that encrypts the data key; undefined for aws/secretsmanager. */
  readonly keyArn: string | undefined;
  /** The data key under that key, base64. */
  readonly dataKey: string;
  readonly nonce: string;
  /** Ciphertext and tag, base64. */
  readonly ciphertext: string;
}

/** A value as the client gave it. */
export interface SecretValue {
  readonly kind: 'text' | 'binary';
  readonly content: Secret;
}

/** Whose value it is: KMS's encryption context, and what the ciphertext is bound to. */
export interface ValueOwner {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly versionId: string;
  /** As the secret names its key; undefined for aws/secretsmanager. */
  readonly kmsKeyId: string | undefined;
}

/** @throws Fault AccessDeniedException, EncryptionFailure, InvalidParameterException, InvalidRequestException */
export async function seal(context: Context, owner: ValueOwner, { kind, content }: SecretValue): Promise<SealedValue> {
  requireOwnAccount(context, owner);
  const input = { KeyId: keyOf(context, owner), KeySpec: 'AES_256', EncryptionContext: encryptionContext(owner) } as const;
  const made = await kms(context, 'GenerateDataKey', input, callFor(context, owner)).catch((error: unknown) => {
    throw kmsFault(error, 'EncryptionFailure', "Secrets Manager can't encrypt the protected secret text using the provided KMS key.");
  });
  const nonce = context.ids.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(made.Plaintext ?? noKey), nonce).setAAD(boundTo(owner));
  const ciphertext = Buffer.concat([cipher.update(content.revealBytes()), cipher.final(), cipher.getAuthTag()]);
  return {
    kind,
    keyArn: owner.kmsKeyId === undefined ? undefined : made.KeyId,
    dataKey: base64(made.CiphertextBlob ?? noKey),
    nonce: base64(nonce),
    ciphertext: base64(ciphertext),
  };
}

/** @throws Fault AccessDeniedException, DecryptionFailure, InvalidRequestException */
export async function open(context: Context, owner: ValueOwner, sealed: SealedValue): Promise<SecretValue> {
  requireOwnAccount(context, { ...owner, kmsKeyId: sealed.keyArn });
  const input = { CiphertextBlob: Buffer.from(sealed.dataKey, 'base64'), EncryptionContext: encryptionContext(owner) };
  const { Plaintext = noKey } = await kms(context, 'Decrypt', input, callFor(context, owner)).catch((error: unknown) => {
    throw kmsFault(error, 'DecryptionFailure', "Secrets Manager can't decrypt the protected secret text using the provided KMS key.");
  });
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(Plaintext), Buffer.from(sealed.nonce, 'base64'))
    .setAAD(boundTo(owner))
    .setAuthTag(bytes.subarray(-tagLength));
  const content = Buffer.concat([decipher.update(bytes.subarray(0, -tagLength)), decipher.final()]);
  return { kind: sealed.kind, content: new Secret(content) };
}

/** Not a key: no cipher takes it. */
const noKey = new Uint8Array(0);
const tagLength = 16;

function boundTo({ arn, versionId }: ValueOwner): Uint8Array {
  return Buffer.from(JSON.stringify([arn, versionId]), 'utf8');
}

/** AWS: the managed key serves its own account only. */
function requireOwnAccount({ caller }: Context, { account, kmsKeyId }: ValueOwner): void {
  const callerAccount = caller.principal.account;
  if (kmsKeyId !== undefined || callerAccount === undefined || callerAccount === account) return;
  throw fault(
    'InvalidRequestException',
    "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
  );
}

/** AWS: the conditions kms:EncryptionContext:SecretARN and SecretVersionId in key policies and grants. */
function encryptionContext({ arn, versionId }: ValueOwner): Readonly<Record<string, string>> {
  return { SecretARN: arn, SecretVersionId: versionId };
}

/** The caller's own right to the key is asked; rotations by the service itself use the service's. */
function callFor({ caller }: Context, { arn, region }: ValueOwner): CallOptions {
  return caller.principal.kind === 'service' ? { as: 'service', sourceArn: arn, region } : { region };
}

/** A key that is not named by ARN is one of the secret's account, whoever asks. */
function keyOf({ partition }: Context, { account, region, kmsKeyId }: ValueOwner): string {
  if (kmsKeyId === undefined) return managedKey;
  if (kmsKeyId.startsWith('arn:')) return kmsKeyId;
  return `arn:${partition}:kms:${region}:${account}:${kmsKeyId.startsWith('alias/') ? '' : 'key/'}${kmsKeyId}`;
}

const managedKey = 'alias/aws/secretsmanager';

/** How a secret names its key: not at all when it is the managed one. */
export function givenKey(kmsKeyId: string | undefined): string | undefined {
  return kmsKeyId === '' || kmsKeyId === managedKey ? undefined : kmsKeyId;
}

/** What a failure of KMS is to the caller of Secrets Manager. The reasons are in the ledger's entry of the KMS call, and in `explain`. */
function kmsFault(error: unknown, code: 'EncryptionFailure' | 'DecryptionFailure', message: string): unknown {
  if (!(error instanceof Fault)) return error;
  if (error.code === 'AccessDeniedException') {
    return new Fault('AccessDeniedException', 'Access to KMS is not allowed', { status: 400, cause: error });
  }
  if (code === 'EncryptionFailure' && error.code === 'NotFoundException') {
    return fault('InvalidParameterException', `The operation failed because of an invalid KMS key: ${error.message}`, { cause: error });
  }
  return fault(code, message, { cause: error });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
