// Signing and verifying are mirror images: what was signed verifies, and nothing else does.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secret } from '../base/secret.ts';
import type { SignableRequest } from './canonical.ts';
import { sha256Hex } from './canonical.ts';
import { checksum } from './chunked.ts';
import { authenticationFault } from './faults.ts';
import { readSignature } from './present.ts';
import { presignQuery, signHeaders } from './sign.ts';
import { createSigningKeyCache, hmac } from './signing-keys.ts';
import { type Verdict, type VerifyOptions, verify } from './verify.ts';

const now = Date.UTC(2026, 10, 24, 15, 33, 43);
const secretAccessKey = new Secret('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY');
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey };

function options(more: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    secret: secretAccessKey,
    now,
    fromClient: (ms) => [ms],
    service: 'iam',
    isS3: false,
    allowsUnsignedPayload: false,
    signingKeys: createSigningKeyCache(),
    ...more,
  };
}

function judge(request: SignableRequest, more: Partial<VerifyOptions> = {}): Verdict | 'unread' {
  const presented = readSignature(request);
  return presented.kind === 'signed' ? verify(request, presented, options(more)) : 'unread';
}

const segment = fc.string({
  unit: fc.constantFrom('a', 'B', '0', '-', '.', '_', '~', '%20', '%2F', '%C3%A9', '+', '=', '*', "'", '('),
  maxLength: 6,
});
const anyRequest: fc.Arbitrary<SignableRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  path: fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
  query: fc
    .array(
      fc.tuple(
        segment.filter((name) => name !== ''),
        segment,
      ),
      { maxLength: 4 },
    )
    .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&')),
  headers: fc.record({
    host: fc.constant('iam.example.com'),
    'x-amz-meta': fc.string({ unit: fc.constantFrom('a', ' ', 'b', ','), maxLength: 8 }),
  }),
  body: fc.uint8Array({ maxLength: 40 }),
});

describe.each([false, true])('asymmetric: %s', (isAsymmetric) => {
  const numRuns = isAsymmetric ? 40 : 500;

  test('what was signed in headers verifies, and breaks with any change', () => {
    fc.assert(
      fc.property(anyRequest, fc.nat(4), (request, what) => {
        const headers = signHeaders(request, { credentials, region: 'us-east-1', service: 'iam', now, isAsymmetric });
        const signed = { ...request, headers };
        expect(judge(signed)).toMatchObject({ kind: 'valid' });
        const changed = [
          { ...signed, method: 'DELETE' },
          { ...signed, path: `${signed.path}/x` },
          { ...signed, query: `${signed.query}&added=1` },
          { ...signed, headers: { ...headers, 'x-amz-meta': `${headers['x-amz-meta']}x` } },
          { ...signed, body: Buffer.concat([signed.body, Buffer.from('x')]) },
        ][what];
        if (changed !== undefined) expect(judge(changed)).toMatchObject({ kind: 'refused', problem: { kind: 'mismatch' } });
        expect(judge(signed, { secret: new Secret('other') })).toMatchObject({ kind: 'refused' });
      }),
      { numRuns },
    );
  });

  test('presigned URLs verify until they expire', () => {
    const request = { method: 'GET', path: '/a b', query: 'x=1', headers: { host: 'h' }, body: new Uint8Array(0) };
    const query = presignQuery(request, { credentials, region: 'us-east-1', service: 'iam', now, expiresSeconds: 60, isAsymmetric });
    expect(judge({ ...request, query })).toMatchObject({ kind: 'valid' });
    expect(judge({ ...request, query }, { now: now + 61_000 })).toMatchObject({ problem: { kind: 'presigned-expired' } });
    expect(judge({ ...request, query: query.replace('Expires=60', 'Expires=600') })).toMatchObject({ problem: { kind: 'mismatch' } });
  });
});

describe('time and scope', () => {
  const request = { method: 'POST', path: '/', query: '', headers: { host: 'h' }, body: Buffer.from('x') };
  const signed = { ...request, headers: signHeaders(request, { credentials, region: 'us-east-1', service: 'iam', now }) };

  test.each([
    ['sixteen minutes later', now + 16 * 60_000, 'expired'],
    ['sixteen minutes earlier', now - 16 * 60_000, 'not-yet'],
  ])('is refused %s', (_name, at, kind) => {
    expect(judge(signed, { now: at })).toMatchObject({ kind: 'refused', problem: { kind } });
  });

  test('is refused for another service, and for another body hash', () => {
    expect(judge(signed, { service: 'sts' })).toMatchObject({ problem: { kind: 'scope' } });
    const hashed = { ...signed, headers: { ...signed.headers, 'x-amz-content-sha256': sha256Hex('y') } };
    expect(judge(hashed)).toMatchObject({ problem: { kind: 'body-hash' } });
    const unsigned = {
      ...request,
      headers: signHeaders(request, { credentials, region: 'us-east-1', service: 'iam', now, payload: 'UNSIGNED-PAYLOAD' }),
    };
    expect(judge(unsigned)).toMatchObject({ kind: 'refused' });
    expect(judge(unsigned, { allowsUnsignedPayload: true })).toMatchObject({ kind: 'valid' });
  });
});

/** aws-chunked, written by hand from AWS's page, independently of the verifier. */
function chunked(body: Buffer, kind: 'signed' | 'trailer' | 'unsigned-trailer', tamper = false): SignableRequest {
  const payload = {
    signed: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    trailer: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'unsigned-trailer': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  }[kind];
  const trailerHeader = kind === 'signed' ? {} : { 'x-amz-trailer': 'x-amz-checksum-crc32c' };
  const request = {
    method: 'PUT',
    path: '/b/k',
    query: '',
    headers: { host: 'h', 'x-amz-decoded-content-length': String(body.length), ...trailerHeader },
    body: new Uint8Array(0),
  };
  const headers = signHeaders(request, { credentials, region: 'us-east-1', service: 's3', now, payload });
  const scope = '20261124/us-east-1/s3/aws4_request';
  const date = headers['x-amz-date'] ?? '';
  const key = createSigningKeyCache().key(secretAccessKey, 'AKIDEXAMPLE', '20261124', 'us-east-1', 's3');
  let previous = /Signature=([0-9a-f]+)/.exec(headers['authorization'] ?? '')?.[1] ?? '';
  const parts: Buffer[] = [];
  for (const chunk of [body.subarray(0, 5), body.subarray(5), Buffer.alloc(0)]) {
    if (kind === 'unsigned-trailer') parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`));
    else {
      previous = hmac(key, ['AWS4-HMAC-SHA256-PAYLOAD', date, scope, previous, sha256Hex(''), sha256Hex(chunk)].join('\n')).toString('hex');
      parts.push(Buffer.from(`${chunk.length.toString(16)};chunk-signature=${previous}\r\n`));
    }
    if (chunk.length > 0) parts.push(tamper ? Buffer.alloc(chunk.length, 0x21) : chunk, Buffer.from('\r\n'));
  }
  if (kind !== 'signed') {
    const trailer = `x-amz-checksum-crc32c:${checksum('x-amz-checksum-crc32c', body)}`;
    const signature = hmac(key, ['AWS4-HMAC-SHA256-TRAILER', date, scope, previous, sha256Hex(`${trailer}\n`)].join('\n')).toString('hex');
    parts.push(Buffer.from(kind === 'trailer' ? `${trailer}\r\nx-amz-trailer-signature:${signature}\r\n\r\n` : `${trailer}\r\n\r\n`));
  } else parts.push(Buffer.from('\r\n'));
  return { ...request, headers, body: Buffer.concat(parts) };
}

describe.each(['signed', 'trailer', 'unsigned-trailer'] as const)('aws-chunked %s', (kind) => {
  const body = Buffer.from('the quick brown fox');

  test('gives back the body', () => {
    const verdict = judge(chunked(body, kind), { service: 's3', isS3: true });
    expect(verdict !== 'unread' && verdict.kind === 'valid' && Buffer.from(verdict.body).toString()).toBe('the quick brown fox');
  });

  test('refuses changed chunks and truncated bodies', () => {
    expect(judge(chunked(body, kind, true), { service: 's3', isS3: true })).toMatchObject({ kind: 'refused', problem: { kind: 'chunks' } });
    const whole = chunked(body, kind);
    expect(judge({ ...whole, body: whole.body.subarray(0, 20) }, { service: 's3', isS3: true })).toMatchObject({ kind: 'refused' });
  });
});

test('knows the checksums of trailers by their published check values', () => {
  const digits = Buffer.from('123456789');
  const hex = (name: string) => Buffer.from(checksum(`x-amz-checksum-${name}`, digits) ?? '', 'base64').toString('hex');
  expect([hex('crc32'), hex('crc32c'), hex('crc64nvme')]).toEqual(['cbf43926', 'e3069283', 'ae8b14860a799888']);
});

test('hostile headers are read without an error', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 200 }), (authorization, query) => {
      const request = { method: 'GET', path: '/', query: `X-Amz-Signature=${query}`, headers: { host: 'h' }, body: new Uint8Array(0) };
      expect(readSignature(request)).toHaveProperty('kind');
      expect(readSignature({ ...request, headers: { host: 'h', authorization: `AWS4-HMAC-SHA256 ${authorization}` } })).toHaveProperty(
        'kind',
      );
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['query', 'missing', 'MissingAuthenticationToken', 403],
  ['json', 'missing', 'MissingAuthenticationTokenException', 400],
  ['query', 'unknown-key', 'InvalidClientTokenId', 403],
  ['json', 'unknown-key', 'UnrecognizedClientException', 400],
  ['rest-json', 'unknown-key', 'UnrecognizedClientException', 403],
  ['ec2', 'unknown-key', 'AuthFailure', 401],
  ['s3', 'unknown-key', 'InvalidAccessKeyId', 403],
  ['query', 'expired-token', 'ExpiredToken', 403],
  ['json', 'expired-token', 'ExpiredTokenException', 400],
] as const)('%s answers %s with %s', (family, kind, code, status) => {
  const problem = kind === 'unknown-key' ? { kind, accessKeyId: 'AKIA' } : { kind };
  expect(authenticationFault(problem, family)).toMatchObject({ code, status });
});
