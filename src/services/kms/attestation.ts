// Attestation documents of Nitro Enclaves and NitroTPM: read, verified up to a root that the operator trusts, and turned into condition keys.
// https://docs.aws.amazon.com/kms/latest/developerguide/cryptographic-attestation.html, https://github.com/aws/aws-nitro-enclaves-nsm-api (format)
import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { CborError, decodeCbor, encodeCbor } from '../../base/cbor.ts';
import { Fault } from '../../base/fault.ts';
import { isRecord } from '../../base/record.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { commonFault } from '../../kit/operation.ts';
import type { RecipientInfo } from './api.gen.ts';
import { fault } from './service.ts';

/** Who receives what is answered, proven. */
export interface Attested {
  /** RSA, of the enclave's own key. */
  readonly publicKey: KeyObject;
  /** What was measured, by number, in lower-case hexadecimal. */
  readonly measurements: Readonly<Record<string, string>>;
  readonly isOfTpm: boolean;
}

/** A root, some intermediates, and the certificate itself. */
const chainMax = 10;
const publicKeyBitsMin = 2_048;
const cborLimits = { depthMax: 8, itemsMax: 500, integerKeys: true };

/** Undefined without a recipient. @throws Fault ValidationException, UnsupportedOperationException */
export function attested(scope: Pick<Scope, 'attestationRoots' | 'now'>, recipient: RecipientInfo | undefined): Attested | undefined {
  if (recipient === undefined) return undefined;
  if (scope.attestationRoots.length === 0) {
    throw fault(
      'UnsupportedOperationException',
      'no root of attestation documents is trusted here: start the server with --attestation-roots',
    );
  }
  const { AttestationDocument: document, KeyEncryptionAlgorithm: algorithm } = recipient;
  if (document === undefined || algorithm === undefined) {
    throw commonFault('ValidationException', 'Recipient needs an AttestationDocument and a KeyEncryptionAlgorithm.');
  }
  try {
    return readDocument(document, scope);
  } catch (cause) {
    // Whatever is wrong with it, in one sentence: node:crypto throws errors of its own for certificates and keys that it cannot read.
    throw new Fault('ValidationException', 'The attestation document is not valid.', { status: 400, cause });
  }
}

/** The condition keys of a request with a recipient. @throws Fault as `attested` */
export function recipientKeys(
  scope: Pick<Scope, 'attestationRoots' | 'now'>,
  recipient: RecipientInfo | undefined,
): NonNullable<Access['context']> {
  const proven = attested(scope, recipient);
  if (proven === undefined) return {};
  const prefix = `kms:RecipientAttestation:${proven.isOfTpm ? 'NitroTPM' : ''}PCR`;
  const keys = Object.entries(proven.measurements).map(([number, value]) => [`${prefix}${number}`, value] as const);
  // AWS: the image of an enclave is its register 0.
  const image = proven.isOfTpm ? undefined : proven.measurements['0'];
  return { ...Object.fromEntries(keys), ...(image === undefined ? {} : { 'kms:RecipientAttestation:ImageSha384': image }) };
}

/** COSE_Sign1: protected header, unprotected header, payload, signature. */
function readDocument(document: Uint8Array, { attestationRoots, now }: Pick<Scope, 'attestationRoots' | 'now'>): Attested {
  const parts = listOf(decodeCbor(document, cborLimits));
  const [protectedHeader, , payload, signature] = [bytesOf(parts[0]), parts[1], bytesOf(parts[2]), bytesOf(parts[3])];
  const header = recordOf(decodeCbor(protectedHeader, cborLimits));
  // ES384 and no other (RFC 9053).
  if (parts.length !== 4 || header['1'] !== -35) throw new CborError('no signature with ES384');
  const claims = recordOf(decodeCbor(payload, cborLimits));
  if (claims['digest'] !== 'SHA384' || typeof claims['module_id'] !== 'string' || typeof claims['timestamp'] !== 'number') {
    throw new CborError('no attestation document');
  }
  const certificate = verifiedCertificate(bytesOf(claims['certificate']), listOf(claims['cabundle']).map(bytesOf), {
    attestationRoots,
    now,
  });
  const signed = encodeCbor(['Signature1', protectedHeader, new Uint8Array(0), payload]);
  if (!verify('sha384', signed, { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' }, signature)) throw new Error('a wrong signature');
  const publicKey = createPublicKey({ key: Buffer.from(bytesOf(claims['public_key'])), format: 'der', type: 'spki' });
  const bits = publicKey.asymmetricKeyType === 'rsa' ? (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) : 0;
  if (bits < publicKeyBitsMin) throw new Error('a key that nothing can be encrypted for');
  const tpm = claims['nitrotpm_pcrs'];
  return { publicKey, measurements: measurementsOf(tpm ?? claims['pcrs']), isOfTpm: tpm !== undefined };
}

/** The bundle begins with the root and ends with the issuer of the certificate. @throws Error */
function verifiedCertificate(
  der: Uint8Array,
  bundle: readonly Uint8Array[],
  { attestationRoots, now }: Pick<Scope, 'attestationRoots' | 'now'>,
): X509Certificate {
  const chain = [der, ...bundle.toReversed()].map((each) => new X509Certificate(each));
  const [certificate, root] = [chain[0], chain.at(-1)];
  if (certificate === undefined || root === undefined || chain.length < 2 || chain.length > chainMax) throw new Error('no chain');
  if (!attestationRoots.some((each) => each.raw.equals(root.raw))) throw new Error('an unknown root');
  for (const [index, each] of chain.entries()) {
    const issuer = chain[index + 1] ?? root;
    if (now < each.validFromDate.getTime() || now > each.validToDate.getTime()) throw new Error('a certificate out of its time');
    if (!issuer.ca || !each.checkIssued(issuer) || !each.verify(issuer.publicKey)) throw new Error('a broken chain');
  }
  if (certificate.publicKey.asymmetricKeyDetails?.namedCurve !== 'secp384r1') throw new Error('no key of P-384');
  return certificate;
}

/** @throws CborError */
function measurementsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(recordOf(value)).map(([number, digest]) => {
    const bytes = bytesOf(digest);
    if (!/^(?:[12]?\d|3[01])$/.test(number) || ![32, 48, 64].includes(bytes.length)) throw new CborError('a bad measurement');
    return [number, Buffer.from(bytes).toString('hex')] as const;
  });
  if (entries.length === 0) throw new CborError('no measurements');
  return Object.fromEntries(entries);
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new CborError('no list');
  return value;
}

function recordOf(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw new CborError('no map');
  return value;
}

function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length === 0) throw new CborError('no bytes');
  return value;
}
