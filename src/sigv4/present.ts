// Reads the signature that a request presents, in its Authorization header or its query, without judging whether it is right.
import { isoBasic, parseDate } from '../base/clock.ts';
import { decode } from '../base/percent.ts';
import type { SignableRequest } from './canonical.ts';

export const hmacAlgorithm = 'AWS4-HMAC-SHA256';
export const ecdsaAlgorithm = 'AWS4-ECDSA-P256-SHA256';

export type PresentedSignature =
  | SignedRequest
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'malformed'; readonly problem: MalformedSignature };

export interface SignedRequest {
  readonly kind: 'signed';
  readonly place: 'header' | 'query';
  readonly algorithm: typeof hmacAlgorithm | typeof ecdsaAlgorithm;
  readonly accessKeyId: string;
  /** `20261124T153343Z`. */
  readonly date: string;
  readonly scopeDate: string;
  /** For SigV4A the first region of the region set, which may be a pattern. */
  readonly region: string;
  readonly regionSet: readonly string[];
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly sessionToken: string | undefined;
  /** Presigned URLs only. */
  readonly expiresSeconds: number | undefined;
}

export interface MalformedSignature {
  readonly kind: 'incomplete' | 'unsupported' | 'bad-expiry';
  /** AWS's sentence. */
  readonly message: string;
}

export function readSignature(request: SignableRequest): PresentedSignature {
  const authorization = request.headers['authorization'];
  if (authorization !== undefined) return fromHeader(request, authorization);
  if (/(?:^|&)X-Amz-(?:Algorithm|Signature|Credential)=/i.test(request.query)) return fromQuery(request);
  if (/(?:^|&)(?:AWSAccessKeyId|SignatureVersion)=/.test(request.query))
    return malformed('unsupported', 'Signature Version 2 is not supported; sign with Signature Version 4.');
  return { kind: 'unsigned' };
}

function malformed(kind: MalformedSignature['kind'], message: string): PresentedSignature {
  return { kind: 'malformed', problem: { kind, message } };
}

function fromHeader(request: SignableRequest, authorization: string): PresentedSignature {
  const space = authorization.indexOf(' ');
  const algorithm = space < 0 ? authorization : authorization.slice(0, space);
  if (algorithm !== hmacAlgorithm && algorithm !== ecdsaAlgorithm) {
    if (!algorithm.startsWith('AWS')) return { kind: 'unsigned' };
    return malformed(
      'unsupported',
      `Unsupported AWS 'algorithm': '${algorithm.slice(0, 64)}' (must be '${hmacAlgorithm}' or '${ecdsaAlgorithm}').`,
    );
  }
  const fields = new Map<string, string>();
  for (const part of authorization.slice(space + 1).split(',')) {
    const text = part.trim();
    if (text === '') continue;
    const mark = text.indexOf('=');
    if (mark < 0)
      return malformed(
        'incomplete',
        `'${text.slice(0, 256)}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization.slice(0, 1024)}'.`,
      );
    fields.set(text.slice(0, mark), text.slice(mark + 1));
  }
  const date = request.headers['x-amz-date'] ?? basicDate(request.headers['date']);
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => (fields.get(name) ?? '') === '');
  const sentences = missing.map((name) => `Authorization header requires '${name}' parameter.`);
  if (date === undefined) sentences.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (sentences.length > 0 || date === undefined) return malformed('incomplete', `${sentences.join(' ')} Authorization=${algorithm}`);
  return assemble(
    {
      place: 'header',
      algorithm,
      date,
      credential: fields.get('Credential') ?? '',
      signedHeaders: fields.get('SignedHeaders') ?? '',
      signature: fields.get('Signature') ?? '',
      sessionToken: request.headers['x-amz-security-token'],
      regionSet: request.headers['x-amz-region-set'],
      expires: undefined,
    },
    request,
  );
}

function fromQuery(request: SignableRequest): PresentedSignature {
  const parameters = new Map<string, string>();
  for (const part of request.query.split('&')) {
    const mark = part.indexOf('=');
    if (mark > 0) parameters.set(decode(part.slice(0, mark)).toLowerCase(), decode(part.slice(mark + 1)));
  }
  const algorithm = parameters.get('x-amz-algorithm') ?? '';
  const required = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date'];
  const missing = required.filter((name) => (parameters.get(name.toLowerCase()) ?? '') === '');
  if (missing.length > 0)
    return malformed('incomplete', missing.map((name) => `AWS query-string parameters must include '${name}'.`).join(' '));
  if (algorithm !== hmacAlgorithm && algorithm !== ecdsaAlgorithm)
    return malformed('unsupported', `Unsupported AWS 'algorithm': '${algorithm.slice(0, 64)}'.`);
  return assemble(
    {
      place: 'query',
      algorithm,
      date: parameters.get('x-amz-date') ?? '',
      credential: parameters.get('x-amz-credential') ?? '',
      signedHeaders: parameters.get('x-amz-signedheaders') ?? '',
      signature: parameters.get('x-amz-signature') ?? '',
      sessionToken: parameters.get('x-amz-security-token'),
      regionSet: parameters.get('x-amz-region-set'),
      expires: parameters.get('x-amz-expires'),
    },
    request,
  );
}

interface Fields {
  readonly place: 'header' | 'query';
  readonly algorithm: SignedRequest['algorithm'];
  readonly date: string;
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly sessionToken: string | undefined;
  readonly regionSet: string | undefined;
  readonly expires: string | undefined;
}

function assemble(fields: Fields, request: SignableRequest): PresentedSignature {
  const scope = fields.credential.split('/');
  const isAsymmetric = fields.algorithm === ecdsaAlgorithm;
  const terminator = scope.at(-1);
  const expected = isAsymmetric ? 4 : 5;
  if (scope.length < expected || terminator !== 'aws4_request') {
    return malformed(
      'incomplete',
      `Credential must have exactly ${expected} slash-delimited elements, e.g. keyid/date/${isAsymmetric ? '' : 'region/'}service/term, got '${fields.credential.slice(0, 256)}'`,
    );
  }
  if (!/^\d{8}T\d{6}Z$/.test(fields.date)) {
    return malformed(
      'incomplete',
      `Date must be in ISO-8601 'basic format'. Got '${fields.date.slice(0, 64)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  const at = scope.length - expected;
  const accessKeyId = scope.slice(0, at + 1).join('/');
  const [scopeDate = '', regionOrService = '', serviceOrTerm = ''] = scope.slice(at + 1);
  const regionSet = (isAsymmetric ? (fields.regionSet ?? '') : regionOrService).split(',').map((region) => region.trim());
  const signedHeaders = fields.signedHeaders.split(';').map((name) => name.toLowerCase());
  if (!signedHeaders.includes('host') && !signedHeaders.includes(':authority')) {
    return malformed('incomplete', "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const absent = signedHeaders.find((name) => request.headers[name] === undefined);
  if (absent !== undefined) {
    return malformed('incomplete', `'${absent.slice(0, 128)}' is named in SignedHeaders, but the request has no such header.`);
  }
  const expiresSeconds = fields.place === 'query' ? expirySeconds(fields.expires) : undefined;
  if (typeof expiresSeconds === 'string') return malformed('bad-expiry', expiresSeconds);
  return {
    kind: 'signed',
    place: fields.place,
    algorithm: fields.algorithm,
    accessKeyId,
    date: fields.date,
    scopeDate,
    region: regionSet[0] ?? '',
    regionSet,
    service: isAsymmetric ? regionOrService : serviceOrTerm,
    signedHeaders,
    signature: fields.signature,
    sessionToken: fields.sessionToken,
    expiresSeconds,
  };
}

/** Seconds, or AWS's sentence. AWS: S3 requires the parameter, others take 15 minutes when it is absent. */
function expirySeconds(text: string | undefined): number | string {
  if (text === undefined) return 900;
  if (!/^-?\d{1,15}$/.test(text)) return 'X-Amz-Expires should be a number';
  const seconds = Number(text);
  if (seconds < 0) return 'X-Amz-Expires must be non-negative';
  if (seconds > 604_800)
    return 'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds';
  return seconds;
}

function basicDate(httpDate: string | undefined): string | undefined {
  if (httpDate === undefined) return undefined;
  if (/^\d{8}T\d{6}Z$/.test(httpDate)) return httpDate;
  const ms = parseDate(httpDate);
  return ms === undefined ? httpDate : isoBasic(ms);
}
