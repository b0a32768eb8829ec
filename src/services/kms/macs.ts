// Message authentication codes, the public halves of key pairs, and shared secrets.
// https://docs.aws.amazon.com/kms/latest/developerguide/hmac.html
import { createHmac, createPublicKey, diffieHellman, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import type { MacAlgorithmSpec } from './api.gen.ts';
import { recipientKeys } from './attestation.ts';
import { noteCryptography } from './encryption.ts';
import { useAccess } from './key-access.ts';
import { privateKeyOf, secretKeyOf } from './key-material.ts';
import { keyArn, requireKey } from './key-names.ts';
import { requireEnabled, requireUsable } from './key-states.ts';
import { currentMaterial } from './materials.ts';
import { answeredTo } from './recipients.ts';
import type { KeyRecord } from './records.ts';
import { refuseDryRun } from './requests.ts';
import { fault, operation } from './service.ts';
import { masterKeySpec, specs } from './specs.ts';

const hashes: Readonly<Record<MacAlgorithmSpec, string>> = {
  HMAC_SHA_224: 'sha224',
  HMAC_SHA_256: 'sha256',
  HMAC_SHA_384: 'sha384',
  HMAC_SHA_512: 'sha512',
};

interface MacInput {
  readonly KeyId: string;
  readonly Message: Uint8Array;
  readonly MacAlgorithm: MacAlgorithmSpec;
  readonly GrantTokens?: readonly string[] | undefined;
  readonly DryRun?: boolean | undefined;
}

function access(scope: Scope, input: MacInput, name: 'GenerateMac' | 'VerifyMac'): Promise<Access> {
  return useAccess(scope, input, name, { context: { 'kms:MacAlgorithm': input.MacAlgorithm } });
}

export const GenerateMac = operation('GenerateMac', {
  readOnly: true,
  access: (input, scope) => access(scope, input, 'GenerateMac'),
  async handle(input, context) {
    const key = await requireKey(context, input.KeyId);
    const Mac = await macOf(context, key, input, 'GenerateMac');
    return { Mac, MacAlgorithm: input.MacAlgorithm, KeyId: keyArn(context, key) };
  },
});

export const VerifyMac = operation('VerifyMac', {
  readOnly: true,
  access: (input, scope) => access(scope, input, 'VerifyMac'),
  async handle(input, context) {
    const key = await requireKey(context, input.KeyId);
    const mac = await macOf(context, key, input, 'VerifyMac');
    if (mac.byteLength !== input.Mac.byteLength || !timingSafeEqual(mac, input.Mac)) throw fault('KMSInvalidMacException', '');
    return { KeyId: keyArn(context, key), MacValid: true, MacAlgorithm: input.MacAlgorithm };
  },
});

async function macOf(context: Context, key: KeyRecord, input: MacInput, name: string): Promise<Uint8Array> {
  noteCryptography(context, key, { message: undefined, mac: undefined });
  requireUsable(context, key, 'GENERATE_VERIFY_MAC', name);
  if (!specs[key.spec].mac?.includes(input.MacAlgorithm)) {
    throw fault('InvalidKeyUsageException', `Algorithm ${input.MacAlgorithm} and key spec ${key.spec} are incompatible with each other.`);
  }
  refuseDryRun(input);
  const { secret } = await currentMaterial(context, key);
  return createHmac(hashes[input.MacAlgorithm], secretKeyOf(secret)).update(input.Message).digest();
}

export const GetPublicKey = operation('GetPublicKey', {
  access: (input, scope) => useAccess(scope, input, 'GetPublicKey'),
  async handle(input, context) {
    const key = await requireKey(context, input.KeyId);
    noteCryptography(context, key, {});
    const { encryption, signing, agreement } = specs[key.spec];
    if (specs[key.spec].material.kind === 'symmetric' || specs[key.spec].material.kind === 'hmac') {
      throw fault('UnsupportedOperationException', `${keyArn(context, key)} key spec is ${key.spec} which is not valid for GetPublicKey.`);
    }
    requireEnabled(context, key);
    const { record } = await currentMaterial(context, key);
    return {
      KeyId: keyArn(context, key),
      PublicKey: Buffer.from(record.publicKey ?? '', 'base64'),
      ...masterKeySpec(key.spec),
      KeySpec: key.spec,
      KeyUsage: key.usage,
      ...(key.usage === 'ENCRYPT_DECRYPT' ? { EncryptionAlgorithms: encryption } : {}),
      ...(key.usage === 'SIGN_VERIFY' ? { SigningAlgorithms: signing } : {}),
      ...(key.usage === 'KEY_AGREEMENT' ? { KeyAgreementAlgorithms: agreement } : {}),
    };
  },
});

export const DeriveSharedSecret = operation('DeriveSharedSecret', {
  readOnly: true,
  access: (input, scope) =>
    useAccess(scope, input, 'DeriveSharedSecret', {
      context: { 'kms:KeyAgreementAlgorithm': input.KeyAgreementAlgorithm, ...recipientKeys(scope, input.Recipient) },
    }),
  async handle(input, context) {
    const key = await requireKey(context, input.KeyId);
    noteCryptography(context, key, {});
    requireUsable(context, key, 'KEY_AGREEMENT', 'DeriveSharedSecret');
    const publicKey = peerKey(input.PublicKey, key);
    refuseDryRun(input);
    const { secret } = await currentMaterial(context, key);
    return {
      KeyId: keyArn(context, key),
      ...answeredTo(context, input.Recipient, diffieHellman({ privateKey: privateKeyOf(secret), publicKey }), 'SharedSecret'),
      KeyAgreementAlgorithm: input.KeyAgreementAlgorithm,
      KeyOrigin: key.origin,
    };
  },
});

/** A key on the same curve; points that are not on it do not parse. @throws Fault ValidationException */
function peerKey(der: Uint8Array, { spec }: KeyRecord): KeyObject {
  const { material } = specs[spec];
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
    const isOnCurve = material.kind === 'ec' && key.asymmetricKeyDetails?.namedCurve === material.curve;
    // OpenSSL also reads spelt out parameters, bytes that follow, and the point at infinity, which has no coordinates: written anew they differ.
    const anew = createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
    if (isOnCurve && anew.export({ format: 'der', type: 'spki' }).equals(der)) return anew;
  } catch {
    // Answered below, like a key on another curve.
  }
  throw commonFault('ValidationException', `The public key is not a valid DER-encoded X.509 public key on the curve of ${spec}.`);
}

export const macOperations = [GenerateMac, VerifyMac, GetPublicKey, DeriveSharedSecret];
