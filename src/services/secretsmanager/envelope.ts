// A secret's value at rest: AES-256-GCM under a data key of its own, bound to the secret's ARN and the version.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Secret } from '../../base/secret.ts';
import type { Context } from '../../kit/context.ts';
import { fault } from './service.ts';

/** What is stored of a value. */
export interface SealedValue {
  readonly kind: 'text' | 'binary';
  /** ARN of the key that encrypts the data key; undefined for aws/secretsmanager. */
  readonly keyArn: string | undefined;
  readonly dataKey: Secret;
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

/** @throws Fault AccessDeniedException, EncryptionFailure, InvalidRequestException */
export async function seal(context: Context, owner: ValueOwner, { kind, content }: SecretValue): Promise<SealedValue> {
  requireOwnAccount(context, owner);
  const dataKey = new Secret(context.ids.bytes(32));
  const nonce = context.ids.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', dataKey.revealBytes(), nonce).setAAD(boundTo(owner));
  const ciphertext = Buffer.concat([cipher.update(content.revealBytes()), cipher.final(), cipher.getAuthTag()]);
  return { kind, keyArn: undefined, dataKey, nonce: base64(nonce), ciphertext: base64(ciphertext) };
}

/** @throws Fault AccessDeniedException, DecryptionFailure, InvalidRequestException */
export async function open(context: Context, owner: ValueOwner, sealed: SealedValue): Promise<SecretValue> {
  requireOwnAccount(context, { ...owner, kmsKeyId: sealed.keyArn });
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', sealed.dataKey.revealBytes(), Buffer.from(sealed.nonce, 'base64'))
    .setAAD(boundTo(owner))
    .setAuthTag(bytes.subarray(-tagLength));
  const content = Buffer.concat([decipher.update(bytes.subarray(0, -tagLength)), decipher.final()]);
  return { kind: sealed.kind, content: new Secret(content) };
}

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

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
