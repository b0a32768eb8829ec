// Reading SSH public keys in the two encodings that AWS takes, and printing them in either. Nothing here is stored.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { fault } from './service.ts';

const modulusBitsMin = 2_048;

export interface PublicKey {
  /** `ssh-rsa AAAA…`, without a comment. */
  readonly ssh: string;
  readonly pem: string;
  /** MD5 of the key in SSH's encoding, as `ssh-keygen -l -E md5` prints it. */
  readonly fingerprint: string;
}

/** @throws Fault UnrecognizedPublicKeyEncoding, InvalidPublicKey */
export function readPublicKey(text: string): PublicKey {
  const key = text.trim().startsWith('-----BEGIN') ? fromPem(text) : fromSsh(text.trim());
  const { n, e } = key.export({ format: 'jwk' });
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || n === undefined || e === undefined || bits < modulusBitsMin)
    throw fault('InvalidPublicKey', 'The public key must be an RSA key of at least 2048 bits.');
  const blob = Buffer.concat([field(Buffer.from('ssh-rsa')), field(integer(e)), field(integer(n))]);
  const digest = createHash('md5').update(blob).digest('hex');
  return {
    ssh: `ssh-rsa ${blob.toString('base64')}`,
    pem: key.export({ format: 'pem', type: 'spki' }).toString(),
    fingerprint: digest.match(/../g)?.join(':') ?? '',
  };
}

function fromPem(text: string): KeyObject {
  if (!/^-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(text.trim())) throw unrecognized();
  try {
    return createPublicKey(text);
  } catch (cause) {
    throw fault('InvalidPublicKey', 'The public key is malformed or otherwise invalid.', { cause });
  }
}

function fromSsh(text: string): KeyObject {
  const [type, body] = text.split(/\s+/);
  if (type === undefined || !/^(?:ssh|ecdsa|sk)-/.test(type)) throw unrecognized();
  const fields = fieldsOf(Buffer.from(body ?? '', 'base64'));
  const [name, e, n] = fields;
  if (type !== 'ssh-rsa' || name?.toString('latin1') !== type || e === undefined || n === undefined || fields.length !== 3)
    throw fault('InvalidPublicKey', 'The public key is malformed or otherwise invalid.');
  try {
    return createPublicKey({ key: { kty: 'RSA', e: e.toString('base64url'), n: stripped(n).toString('base64url') }, format: 'jwk' });
  } catch (cause) {
    throw fault('InvalidPublicKey', 'The public key is malformed or otherwise invalid.', { cause });
  }
}

function unrecognized(): Error {
  return fault('UnrecognizedPublicKeyEncoding', 'The public key encoding format is unsupported or unrecognized.');
}

/** The length-prefixed fields of SSH's wire format (RFC 4251); none when the lengths do not add up. */
function fieldsOf(blob: Buffer): readonly Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length) return [];
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return [];
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** SSH's integers are signed, so a leading one bit needs a zero before it. */
function integer(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
}

function stripped(bytes: Buffer): Buffer {
  return bytes[0] === 0 ? bytes.subarray(1) : bytes;
}
