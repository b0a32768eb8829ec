// Key specs: what a key of each kind is for, and the algorithms that it knows.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
import type {
  CustomerMasterKeySpec,
  DataKeyPairSpec,
  EncryptionAlgorithmSpec,
  KeyAgreementAlgorithmSpec,
  KeySpec,
  KeyUsageType,
  MacAlgorithmSpec,
  SigningAlgorithmSpec,
} from './api.gen.ts';

/** How the material is made and kept. */
export type Material =
  | { readonly kind: 'symmetric' }
  | { readonly kind: 'hmac'; readonly bytes: number }
  | { readonly kind: 'rsa'; readonly bits: number }
  | { readonly kind: 'ec'; readonly curve: string; readonly bytes: number }
  | { readonly kind: 'edwards' }
  | { readonly kind: 'ml-dsa'; readonly parameters: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87' };

export interface Spec {
  readonly material: Material;
  readonly usages: readonly KeyUsageType[];
  readonly encryption?: readonly EncryptionAlgorithmSpec[];
  readonly signing?: readonly SigningAlgorithmSpec[];
  readonly agreement?: readonly KeyAgreementAlgorithmSpec[];
  readonly mac?: readonly MacAlgorithmSpec[];
}

const rsaSigning: readonly SigningAlgorithmSpec[] = [
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
];

const rsa = (bits: number): Spec => ({
  material: { kind: 'rsa', bits },
  usages: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  encryption: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
  signing: rsaSigning,
});
const nist = (curve: string, bytes: number, signing: SigningAlgorithmSpec): Spec => ({
  material: { kind: 'ec', curve, bytes },
  usages: ['SIGN_VERIFY', 'KEY_AGREEMENT'],
  signing: [signing],
  agreement: ['ECDH'],
});
const hmac = (bytes: number, algorithm: MacAlgorithmSpec): Spec => ({
  material: { kind: 'hmac', bytes },
  usages: ['GENERATE_VERIFY_MAC'],
  mac: [algorithm],
});
const mlDsa = (parameters: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'): Spec => ({
  material: { kind: 'ml-dsa', parameters },
  usages: ['SIGN_VERIFY'],
  signing: ['ML_DSA_SHAKE_256'],
});

export const specs: Readonly<Record<KeySpec, Spec>> = {
  SYMMETRIC_DEFAULT: { material: { kind: 'symmetric' }, usages: ['ENCRYPT_DECRYPT'], encryption: ['SYMMETRIC_DEFAULT'] },
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  ECC_NIST_P256: nist('prime256v1', 32, 'ECDSA_SHA_256'),
  ECC_NIST_P384: nist('secp384r1', 48, 'ECDSA_SHA_384'),
  ECC_NIST_P521: nist('secp521r1', 66, 'ECDSA_SHA_512'),
  ECC_SECG_P256K1: { material: { kind: 'ec', curve: 'secp256k1', bytes: 32 }, usages: ['SIGN_VERIFY'], signing: ['ECDSA_SHA_256'] },
  ECC_NIST_EDWARDS25519: { material: { kind: 'edwards' }, usages: ['SIGN_VERIFY'], signing: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'] },
  // AWS offers SM2 in the China regions only, as we say.
  SM2: { material: { kind: 'ec', curve: 'SM2', bytes: 32 }, usages: [] },
  HMAC_224: hmac(28, 'HMAC_SHA_224'),
  HMAC_256: hmac(32, 'HMAC_SHA_256'),
  HMAC_384: hmac(48, 'HMAC_SHA_384'),
  HMAC_512: hmac(64, 'HMAC_SHA_512'),
  ML_DSA_44: mlDsa('ml-dsa-44'),
  ML_DSA_65: mlDsa('ml-dsa-65'),
  ML_DSA_87: mlDsa('ml-dsa-87'),
};

/** The old name of KeySpec, which newer specs do not have. */
export function masterKeySpec(spec: KeySpec): { readonly CustomerMasterKeySpec?: CustomerMasterKeySpec } {
  switch (spec) {
    case 'ML_DSA_44':
    case 'ML_DSA_65':
    case 'ML_DSA_87':
    case 'ECC_NIST_EDWARDS25519':
      return {};
    default:
      return { CustomerMasterKeySpec: spec };
  }
}

/** Specs of data key pairs. */
export function isPairSpec(spec: DataKeyPairSpec): boolean {
  return specs[spec].usages.length > 0;
}

/** The longest plaintext that RSA encrypts: the modulus without the padding of OAEP (RFC 8017, 7.1.1). */
export function rsaPlaintextBytesMax(bits: number, algorithm: EncryptionAlgorithmSpec): number {
  const hashBytes = algorithm === 'RSAES_OAEP_SHA_1' ? 20 : 32;
  return bits / 8 - 2 * hashBytes - 2;
}
