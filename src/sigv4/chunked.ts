// aws-chunked bodies: each chunk signed in a chain that starts with the request's own signature, and trailers that are checksums.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Secret } from '../base/secret.ts';
import type { SignableRequest } from './canonical.ts';
import { sha256Hex } from './canonical.ts';
import { ecdsaAlgorithm, type SignedRequest } from './present.ts';
import { hmac, type SigningKeyCache } from './signing-keys.ts';
import { verifyEcdsa } from './sigv4a.ts';

export type ChunkProblem = 'malformed' | 'signature' | 'length' | 'trailer' | 'checksum';

export interface ChunkedOptions {
  readonly signed: SignedRequest;
  /** The value of x-amz-content-sha256. */
  readonly payload: string;
  readonly scope: string;
  readonly secret: Secret;
  readonly signingKeys: SigningKeyCache;
}

const kinds = new Map([
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { isSigned: true, hasTrailer: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { isSigned: true, hasTrailer: true }],
  ['STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', { isSigned: true, hasTrailer: false }],
  ['STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER', { isSigned: true, hasTrailer: true }],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { isSigned: false, hasTrailer: true }],
]);

const emptyHash = sha256Hex('');
const lineBytesMax = 4_096;
const trailersMax = 16;

export function decodeChunked(
  request: SignableRequest,
  options: ChunkedOptions,
): { readonly body: Uint8Array } | { readonly problem: ChunkProblem } {
  const kind = kinds.get(options.payload);
  if (kind === undefined) return { problem: 'malformed' };
  const reader = lineReader(request.body);
  const chunks: Uint8Array[] = [];
  let previous = options.signed.signature;
  for (;;) {
    const head = reader.line();
    const match = head === undefined ? null : /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f*]{1,256}))?$/.exec(head);
    if (match === null) return { problem: 'malformed' };
    const size = Number.parseInt(match[1] ?? '', 16);
    const data = reader.take(size);
    if (data === undefined) return { problem: 'malformed' };
    if (kind.isSigned) {
      const signature = (match[2] ?? '').replace(/\*+$/, '');
      const toSign = [`${options.signed.algorithm}-PAYLOAD`, options.signed.date, options.scope, previous, emptyHash, sha256Hex(data)].join(
        '\n',
      );
      if (!isRight(options, toSign, signature)) return { problem: 'signature' };
      previous = signature;
    }
    if (size === 0) break;
    chunks.push(data);
    if (reader.line() !== '') return { problem: 'malformed' };
  }
  const body = Buffer.concat(chunks);
  const declared = request.headers['x-amz-decoded-content-length'];
  if (declared !== undefined && Number(declared) !== body.length) return { problem: 'length' };
  const problem = kind.hasTrailer ? trailerProblem(reader, request, { ...options, previous, isSigned: kind.isSigned, body }) : undefined;
  return problem === undefined ? { body } : { problem };
}

interface TrailerOptions extends ChunkedOptions {
  readonly previous: string;
  readonly isSigned: boolean;
  readonly body: Uint8Array;
}

function trailerProblem(reader: LineReader, request: SignableRequest, options: TrailerOptions): ChunkProblem | undefined {
  const trailers = new Map<string, string>();
  for (;;) {
    const line = reader.line();
    if (line === undefined || line === '') break;
    const mark = line.indexOf(':');
    if (mark < 1 || trailers.size >= trailersMax) return 'malformed';
    trailers.set(line.slice(0, mark).trim().toLowerCase(), line.slice(mark + 1).trim());
  }
  const signature = trailers.get('x-amz-trailer-signature');
  trailers.delete('x-amz-trailer-signature');
  const declared = (request.headers['x-amz-trailer'] ?? '').split(',').map((name) => name.trim().toLowerCase());
  for (const name of trailers.keys()) if (!declared.includes(name)) return 'trailer';
  for (const name of declared) if (name !== '' && !trailers.has(name)) return 'trailer';
  if (options.isSigned) {
    const text = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
    const toSign = [`${options.signed.algorithm}-TRAILER`, options.signed.date, options.scope, options.previous, sha256Hex(text)].join(
      '\n',
    );
    if (signature === undefined || !isRight(options, toSign, signature.replace(/\*+$/, ''))) return 'signature';
  }
  for (const [name, value] of trailers)
    if (checksum(name, options.body) !== undefined && checksum(name, options.body) !== value) return 'checksum';
  return undefined;
}

function isRight({ signed, secret, signingKeys }: ChunkedOptions, toSign: string, signature: string): boolean {
  if (signed.algorithm === ecdsaAlgorithm) return verifyEcdsa(secret, signed.accessKeyId, toSign, signature);
  const expected = hmac(signingKeys.key(secret, signed.accessKeyId, signed.scopeDate, signed.region, signed.service), toSign);
  const presented = Buffer.from(signature, 'hex');
  return presented.length === expected.length && timingSafeEqual(presented, expected);
}

/** Base64 of the checksum that a trailer names; undefined for trailers that are none. */
export function checksum(trailer: string, body: Uint8Array): string | undefined {
  switch (trailer) {
    case 'x-amz-checksum-crc32':
      return wordBase64(crc32(body));
    case 'x-amz-checksum-crc32c':
      return wordBase64(crc32c(body));
    case 'x-amz-checksum-sha1':
      return createHash('sha1').update(body).digest('base64');
    case 'x-amz-checksum-sha256':
      return createHash('sha256').update(body).digest('base64');
    case 'x-amz-checksum-crc64nvme':
      return crc64Nvme(body);
    default:
      return undefined;
  }
}

function wordBase64(word: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(word >>> 0);
  return bytes.toString('base64');
}

/** Castagnoli's polynomial, bit by bit: bodies here are small. */
function crc32c(body: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function crc64Nvme(body: Uint8Array): string {
  let crc = 0xffffffffffffffffn;
  for (const byte of body) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(crc ^ 0xffffffffffffffffn);
  return bytes.toString('base64');
}

interface LineReader {
  /** Up to CRLF, without it; undefined at the end or when a line is too long. */
  line(): string | undefined;
  take(size: number): Uint8Array | undefined;
}

function lineReader(body: Uint8Array): LineReader {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  return {
    line() {
      const end = buffer.indexOf('\r\n', at, 'latin1');
      if (end < 0 || end - at > lineBytesMax) return undefined;
      const text = buffer.toString('latin1', at, end);
      at = end + 2;
      return text;
    },
    take(size) {
      if (at + size > buffer.length) return undefined;
      const data = buffer.subarray(at, at + size);
      at += size;
      return data;
    },
  };
}
