// Judges a presented signature: time, scope, body and the signature itself. The answer is data; faults.ts puts it into AWS's words.
import { timingSafeEqual } from 'node:crypto';
import { isoBasic } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { Secret } from '../base/secret.ts';
import { canonicalRequest, type SignableRequest, sha256Hex, stringToSign } from './canonical.ts';
import { type ChunkProblem, decodeChunked } from './chunked.ts';
import { ecdsaAlgorithm, type SignedRequest } from './present.ts';
import { hmac, type SigningKeyCache } from './signing-keys.ts';
import { verifyEcdsa } from './sigv4a.ts';

export interface VerifyOptions {
  readonly secret: Secret;
  /** Epoch milliseconds. */
  readonly now: number;
  /** The moments on the server's clock that a client's date may stand for. */
  readonly fromClient: (ms: number) => readonly number[];
  /** The signing name of the service that is called. */
  readonly service: string;
  /** S3 signs the path as it is, and lets the payload be unsigned. */
  readonly isS3: boolean;
  /** The operation's model lets the payload be unsigned. */
  readonly allowsUnsignedPayload: boolean;
  readonly signingKeys: SigningKeyCache;
}

export type Verdict =
  /** The body without its chunk framing. */
  { readonly kind: 'valid'; readonly body: Uint8Array } | { readonly kind: 'refused'; readonly problem: SignatureProblem };

export type SignatureProblem =
  | { readonly kind: 'mismatch'; readonly canonicalRequest: string; readonly stringToSign: string; readonly signature: string }
  | { readonly kind: 'expired'; readonly date: string; readonly now: string; readonly limit: string }
  | { readonly kind: 'not-yet'; readonly date: string; readonly now: string; readonly limit: string }
  | { readonly kind: 'presigned-expired'; readonly expiresSeconds: number; readonly expiredAt: number; readonly now: number }
  | { readonly kind: 'scope'; readonly message: string }
  | { readonly kind: 'body-hash'; readonly claimed: string; readonly computed: string }
  | { readonly kind: 'chunks'; readonly problem: ChunkProblem };

export function verify(request: SignableRequest, signed: SignedRequest, options: VerifyOptions): Verdict {
  const problem = scopeProblem(signed, options) ?? timeProblem(signed, options);
  if (problem !== undefined) return { kind: 'refused', problem };
  const payload = payloadHash(request, signed, options);
  if (typeof payload !== 'string') return { kind: 'refused', problem: payload };
  const canonical = canonicalRequest(request, {
    signedHeaders: signed.signedHeaders,
    payloadHash: payload,
    isPathVerbatim: options.isS3,
    withoutParameters: signed.place === 'query' ? ['X-Amz-Signature'] : [],
  });
  const scope = credentialScope(signed);
  const toSign = stringToSign(signed.algorithm, signed.date, scope, canonical);
  if (!isSignatureRight(signed, toSign, options)) {
    return {
      kind: 'refused',
      problem: { kind: 'mismatch', canonicalRequest: canonical, stringToSign: toSign, signature: signed.signature },
    };
  }
  if (!payload.startsWith('STREAMING-')) return { kind: 'valid', body: request.body };
  const chunked = decodeChunked(request, { signed, payload, scope, secret: options.secret, signingKeys: options.signingKeys });
  return 'problem' in chunked
    ? { kind: 'refused', problem: { kind: 'chunks', problem: chunked.problem } }
    : { kind: 'valid', body: chunked.body };
}

export function credentialScope(signed: SignedRequest): string {
  if (signed.algorithm === ecdsaAlgorithm) return `${signed.scopeDate}/${signed.service}/aws4_request`;
  return `${signed.scopeDate}/${signed.region}/${signed.service}/aws4_request`;
}

function isSignatureRight(signed: SignedRequest, toSign: string, { secret, signingKeys }: VerifyOptions): boolean {
  if (signed.algorithm === ecdsaAlgorithm) return verifyEcdsa(secret, signed.accessKeyId, toSign, signed.signature);
  const expected = hmac(signingKeys.key(secret, signed.accessKeyId, signed.scopeDate, signed.region, signed.service), toSign);
  const presented = /^[0-9a-f]{64}$/.test(signed.signature) ? Buffer.from(signed.signature, 'hex') : Buffer.alloc(0);
  return presented.length === expected.length && timingSafeEqual(presented, expected);
}

function scopeProblem(signed: SignedRequest, { service }: VerifyOptions): SignatureProblem | undefined {
  if (signed.service !== service) return { kind: 'scope', message: `Credential should be scoped to correct service: '${service}'. ` };
  if (signed.regionSet.some((region) => !/^[a-z0-9*-]{1,64}$/.test(region)))
    return { kind: 'scope', message: 'Credential should be scoped to a valid region. ' };
  if (!signed.date.startsWith(signed.scopeDate)) {
    const dateInCredential = `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${signed.scopeDate.slice(0, 16)}' != '${signed.date.slice(0, 8)}', from '${signed.date}'.`;
    return { kind: 'scope', message: dateInCredential };
  }
  return undefined;
}

function timeProblem(signed: SignedRequest, { now, fromClient }: VerifyOptions): SignatureProblem | undefined {
  const ms = basicDateMs(signed.date);
  if (Number.isNaN(ms)) return { kind: 'scope', message: `Date must be in ISO-8601 'basic format'. Got '${signed.date}'.` };
  const problems = fromClient(ms).map((signedAt) => momentProblem(signed, signedAt, now));
  // A request may be fresh in either reading of its date; a presigned URL must not outlive the stricter one.
  return signed.expiresSeconds === undefined && problems.includes(undefined)
    ? undefined
    : problems.find((problem) => problem !== undefined);
}

function momentProblem(signed: SignedRequest, signedAt: number, now: number): SignatureProblem | undefined {
  const skew = limits.clockSkewMsMax;
  if (signedAt > now + skew) return { kind: 'not-yet', date: signed.date, now: isoBasic(now), limit: isoBasic(now + skew) };
  if (signed.expiresSeconds !== undefined) {
    const expiredAt = signedAt + signed.expiresSeconds * 1000;
    return expiredAt < now ? { kind: 'presigned-expired', expiresSeconds: signed.expiresSeconds, expiredAt, now } : undefined;
  }
  return signedAt < now - skew ? { kind: 'expired', date: signed.date, now: isoBasic(now), limit: isoBasic(now - skew) } : undefined;
}

function basicDateMs(date: string): number {
  const part = (start: number, end: number): number => Number(date.slice(start, end));
  const month = part(4, 6);
  const day = part(6, 8);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN;
  return Date.UTC(part(0, 4), month - 1, day, part(9, 11), part(11, 13), part(13, 15));
}

/** The hash that stands in the canonical request; a claimed hash must be the body's own. */
function payloadHash(request: SignableRequest, signed: SignedRequest, options: VerifyOptions): string | SignatureProblem {
  const claimed = request.headers['x-amz-content-sha256'];
  if (signed.place === 'query' && options.isS3) return claimed ?? 'UNSIGNED-PAYLOAD';
  const mayBeUnsigned = options.isS3 || options.allowsUnsignedPayload;
  if (claimed === 'UNSIGNED-PAYLOAD' && mayBeUnsigned) return claimed;
  if (claimed?.startsWith('STREAMING-')) return claimed;
  const computed = sha256Hex(request.body);
  if (claimed !== undefined && claimed !== computed) return { kind: 'body-hash', claimed: claimed.slice(0, 128), computed };
  return computed;
}
