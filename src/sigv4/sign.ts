// Signs requests: for the CLI and for tests. The mirror image of verify.ts.
import { isoBasic } from '../base/clock.ts';
import { encode } from '../base/percent.ts';
import type { Secret } from '../base/secret.ts';
import { canonicalRequest, type SignableRequest, sha256Hex, stringToSign } from './canonical.ts';
import { ecdsaAlgorithm, hmacAlgorithm } from './present.ts';
import { hmac, signingKey } from './signing-keys.ts';
import { signEcdsa } from './sigv4a.ts';

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: string | undefined;
}

export interface SignOptions {
  readonly credentials: SigningCredentials;
  readonly region: string;
  readonly service: string;
  readonly now: number;
  /** Sets x-amz-content-sha256 to this (`UNSIGNED-PAYLOAD`, `STREAMING-…`) in place of the body's hash. */
  readonly payload?: string;
  readonly isAsymmetric?: boolean;
}

/** The request's headers with the signature among them. `host` must be there. */
export function signHeaders(request: SignableRequest, options: SignOptions): Readonly<Record<string, string>> {
  const { credentials, service } = options;
  const date = isoBasic(options.now);
  const algorithm = options.isAsymmetric ? ecdsaAlgorithm : hmacAlgorithm;
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': date };
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
  if (options.payload !== undefined || service === 's3') headers['x-amz-content-sha256'] = options.payload ?? sha256Hex(request.body);
  if (options.isAsymmetric) headers['x-amz-region-set'] = options.region;
  const signedHeaders = Object.keys(headers).sort();
  const scope = scopeOf(options, date);
  const canonical = canonicalRequest(
    { ...request, headers },
    { signedHeaders, payloadHash: options.payload ?? sha256Hex(request.body), isPathVerbatim: service === 's3' },
  );
  const signature = signatureOf(options, date, stringToSign(algorithm, date, scope, canonical));
  const authorization = `${algorithm} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** The query of a presigned URL. */
export function presignQuery(request: SignableRequest, options: SignOptions & { readonly expiresSeconds: number }): string {
  const { credentials } = options;
  const date = isoBasic(options.now);
  const algorithm = options.isAsymmetric ? ecdsaAlgorithm : hmacAlgorithm;
  const scope = scopeOf(options, date);
  const parameters: (readonly [string, string])[] = [
    ['X-Amz-Algorithm', algorithm],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scope}`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', String(options.expiresSeconds)],
    ['X-Amz-SignedHeaders', 'host'],
    ...(options.isAsymmetric ? [['X-Amz-Region-Set', options.region] as const] : []),
    ...(credentials.sessionToken === undefined ? [] : [['X-Amz-Security-Token', credentials.sessionToken] as const]),
  ];
  const added = parameters.map(([name, value]) => `${name}=${encode(value)}`).join('&');
  const query = request.query === '' ? added : `${request.query}&${added}`;
  const payloadHash = options.service === 's3' ? 'UNSIGNED-PAYLOAD' : sha256Hex(request.body);
  const canonical = canonicalRequest(
    { ...request, query },
    { signedHeaders: ['host'], payloadHash, isPathVerbatim: options.service === 's3' },
  );
  return `${query}&X-Amz-Signature=${signatureOf(options, date, stringToSign(algorithm, date, scope, canonical))}`;
}

function scopeOf({ isAsymmetric, region, service }: SignOptions, date: string): string {
  return isAsymmetric ? `${date.slice(0, 8)}/${service}/aws4_request` : `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
}

function signatureOf({ credentials, region, service, isAsymmetric }: SignOptions, date: string, toSign: string): string {
  if (isAsymmetric) return signEcdsa(credentials.secretAccessKey, credentials.accessKeyId, toSign);
  return hmac(signingKey(credentials.secretAccessKey, date.slice(0, 8), region, service), toSign).toString('hex');
}
