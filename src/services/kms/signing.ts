// Signatures and their verification. https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
import { constants, type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { Ids } from '../../base/ids.ts';
import type { Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import type { MessageType, SigningAlgorithmSpec } from './api.gen.ts';
import { signDigest, verifyDigest } from './digests.ts';
import { noteCryptography } from './encryption.ts';
import { useAccess } from './key-access.ts';
import { privateKeyOf, verifyingKeyOf } from './key-material.ts';
import { keyArn, requireKey } from './key-names.ts';
import { requireUsable } from './key-states.ts';
import { currentMaterial } from './materials.ts';
import type { KeyRecord } from './records.ts';
import { refuseDryRun } from './requests.ts';
import { fault, operation } from './service.ts';
import { specs } from './specs.ts';

const signOffLoop = promisify(sign);

interface Algorithm {
  /** Undefined: the scheme hashes by itself. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | undefined;
  readonly scheme: 'pss' | 'pkcs1' | 'ecdsa' | 'ed25519' | 'ed25519ph' | 'ml-dsa' | 'none';
}

const algorithms: Readonly<Record<SigningAlgorithmSpec, Algorithm>> = {
  RSASSA_PSS_SHA_256: { hash: 'sha256', scheme: 'pss' },
  RSASSA_PSS_SHA_384: { hash: 'sha384', scheme: 'pss' },
  RSASSA_PSS_SHA_512: { hash: 'sha512', scheme: 'pss' },
  RSASSA_PKCS1_V1_5_SHA_256: { hash: 'sha256', scheme: 'pkcs1' },
  RSASSA_PKCS1_V1_5_SHA_384: { hash: 'sha384', scheme: 'pkcs1' },
  RSASSA_PKCS1_V1_5_SHA_512: { hash: 'sha512', scheme: 'pkcs1' },
  ECDSA_SHA_256: { hash: 'sha256', scheme: 'ecdsa' },
  ECDSA_SHA_384: { hash: 'sha384', scheme: 'ecdsa' },
  ECDSA_SHA_512: { hash: 'sha512', scheme: 'ecdsa' },
  ED25519_SHA_512: { hash: undefined, scheme: 'ed25519' },
  ED25519_PH_SHA_512: { hash: 'sha512', scheme: 'ed25519ph' },
  ML_DSA_SHAKE_256: { hash: undefined, scheme: 'ml-dsa' },
  SM2DSA: { hash: undefined, scheme: 'none' },
};

const digestBytes = { sha256: 32, sha384: 48, sha512: 64 } as const;
/** AWS: the longest message that is signed raw. */
const rawBytesMax = 4_096;

interface SigningInput {
  readonly KeyId: string;
  readonly Message: Uint8Array;
  readonly MessageType?: MessageType | undefined;
  readonly SigningAlgorithm: SigningAlgorithmSpec;
  readonly GrantTokens?: readonly string[] | undefined;
  readonly DryRun?: boolean | undefined;
}

function access(scope: Scope, input: SigningInput, name: 'Sign' | 'Verify'): Promise<Access> {
  return useAccess(scope, input, name, {
    context: { 'kms:SigningAlgorithm': input.SigningAlgorithm, 'kms:MessageType': input.MessageType ?? 'RAW' },
  });
}

export const Sign = operation('Sign', {
  readOnly: true,
  access: (input, scope) => access(scope, input, 'Sign'),
  async handle(input, context) {
    const key = await requireKey(context, input.KeyId);
    noteCryptography(context, key, { message: undefined });
    requireSigning(context, key, input, 'Sign');
    refuseDryRun(input);
    const { secret } = await currentMaterial(context, key);
    const Signature = await signatureOf(context.ids, privateKeyOf(secret), key, input);
    return { KeyId: keyArn(context, key), Signature, SigningAlgorithm: input.SigningAlgorithm };
  },
});

export const Verify = operation('Verify', {
  readOnly: true,
  access: (input, scope) => access(scope, input, 'Verify'),
  async handle(input, context) {
    const key = await requireKey(context, input.KeyId);
    noteCryptography(context, key, { message: undefined, signature: undefined });
    requireSigning(context, key, input, 'Verify');
    refuseDryRun(input);
    const { record } = await currentMaterial(context, key);
    if (!(await isValid(verifyingKeyOf(record), key, input))) throw fault('KMSInvalidSignatureException', '');
    return { KeyId: keyArn(context, key), SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm };
  },
});

/** @throws Fault InvalidKeyUsageException, ValidationException */
function requireSigning(scope: Scope, key: KeyRecord, input: SigningInput, name: string): void {
  requireUsable(scope, key, 'SIGN_VERIFY', name);
  const { SigningAlgorithm: algorithm, MessageType: messageType = 'RAW', Message: message } = input;
  if (!specs[key.spec].signing?.includes(algorithm)) {
    throw fault('InvalidKeyUsageException', `Algorithm ${algorithm} and key spec ${key.spec} are incompatible with each other.`);
  }
  const { hash, scheme } = algorithms[algorithm];
  if (messageType === 'RAW') {
    if (scheme === 'ed25519ph') throw commonFault('ValidationException', `MessageType RAW is not supported with ${algorithm}.`);
    if (message.byteLength > rawBytesMax) {
      throw commonFault(
        'ValidationException',
        `1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have length less than or equal to ${rawBytesMax}`,
      );
    }
    return;
  }
  if (messageType === 'EXTERNAL_MU') {
    if (scheme !== 'ml-dsa') throw commonFault('ValidationException', `MessageType EXTERNAL_MU is not supported with ${algorithm}.`);
    if (message.byteLength !== 64) throw commonFault('ValidationException', 'Mu must be 64 bytes long.');
    return;
  }
  if (hash === undefined) throw commonFault('ValidationException', `MessageType DIGEST is not supported with ${algorithm}.`);
  if (message.byteLength !== digestBytes[hash]) {
    throw commonFault('ValidationException', `Digest is invalid length for algorithm ${algorithm}.`);
  }
}

async function signatureOf(ids: Ids, privateKey: KeyObject, key: KeyRecord, input: SigningInput): Promise<Uint8Array> {
  const { hash, scheme } = algorithms[input.SigningAlgorithm];
  if (input.MessageType === 'DIGEST' || input.MessageType === 'EXTERNAL_MU')
    return signDigest(privateKey, key.spec, scheme, hash, input.Message, ids);
  const signer = { key: privateKey, ...paddingOf(scheme) };
  return isSlow(key) ? signOffLoop(hash ?? null, input.Message, signer) : sign(hash ?? null, input.Message, signer);
}

async function isValid(publicKey: KeyObject, key: KeyRecord, input: SigningInput & { readonly Signature: Uint8Array }): Promise<boolean> {
  const { hash, scheme } = algorithms[input.SigningAlgorithm];
  try {
    if (input.MessageType === 'DIGEST' || input.MessageType === 'EXTERNAL_MU') {
      return await verifyDigest(publicKey, key.spec, scheme, hash, input.Message, input.Signature);
    }
    return verify(hash ?? null, input.Message, { key: publicKey, ...paddingOf(scheme) }, input.Signature);
  } catch {
    // A signature that cannot even be read is not valid.
    return false;
  }
}

/** Signatures of about a millisecond leave the event loop to others; handing over shorter ones costs more than it spares. */
function isSlow({ spec }: KeyRecord): boolean {
  const { material } = specs[spec];
  return material.kind === 'rsa' || material.kind === 'ml-dsa' || (material.kind === 'ec' && material.bytes > 32);
}

function paddingOf(scheme: Algorithm['scheme']): object {
  if (scheme === 'pss') return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return scheme === 'pkcs1' ? { padding: constants.RSA_PKCS1_PADDING } : {};
}

export const signingOperations = [Sign, Verify];
