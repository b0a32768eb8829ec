// One GET request, without following where it leads: a bounded body in bounded time, over a connection to an address that was checked.
import type { X509Certificate } from 'node:crypto';
import { lookup as resolve } from 'node:dns';
import { get as getPlain, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as getSecure } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { checkServerIdentity, type TLSSocket } from 'node:tls';
import { systemClock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { isPublicAddress } from './addresses.ts';

export interface Destination {
  readonly url: URL;
  /** The operator named the host, so it may be a private one. */
  readonly isNamed: boolean;
  /** The host that was meant, where the operator routes it to another: the server there is told. */
  readonly meantHost?: string;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Where a redirect leads. */
  readonly location: string | undefined;
}

/** What may not be asked, or not be taken for an answer; anything else that goes wrong is the network's. */
export class OutboundRefusal extends Error {}

/** @throws OutboundRefusal, or the network's error */
export function fetchOnce({ url, isNamed, meantHost }: Destination, thumbprints: readonly string[]): Promise<Reply> {
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (!isNamed && isIP(literal) !== 0 && !isPublicAddress(literal)) return Promise.reject(privateAddress(url.host));
  const forwarded = meantHost === undefined ? {} : { host: meantHost, 'x-forwarded-host': meantHost, 'x-forwarded-proto': 'https' };
  return new Promise((settle, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer);
      request.destroy();
      reject(error);
    };
    const options: RequestOptions = {
      agent: false,
      headers: { accept: 'application/json', 'user-agent': 'castellan', connection: 'close', ...forwarded },
      ...(isNamed ? {} : { lookup: publicLookup }),
    };
    const isSecure = url.protocol === 'https:';
    const onReply = (incoming: IncomingMessage): void => {
      if (isSecure && thumbprints.length > 0 && !isTrusted(incoming, url.hostname, thumbprints)) {
        fail(new OutboundRefusal(`the certificate of \`${url.host}\` is not trusted`));
        return;
      }
      readReply(incoming).then((reply) => {
        clearTimeout(timer);
        settle(reply);
      }, fail);
    };
    // With thumbprints the certificate is judged in onReply: by an authority, or else by them.
    const request = isSecure
      ? getSecure(url, { ...options, rejectUnauthorized: thumbprints.length === 0 }, onReply)
      : getPlain(url, options, onReply);
    const timer = setTimeout(() => fail(new Error(`\`${url.host}\` did not answer in time`)), limits.outboundTimeoutMs);
    request.on('error', fail);
  });
}

export function privateAddress(host: string): Error {
  return new OutboundRefusal(`\`${host}\` has no public address; name it in --outbound-allow to reach it`);
}

/** Checks the very address that is connected to, so that a name cannot resolve to another one in between. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    const found = addresses?.filter(({ address }) => isPublicAddress(address)) ?? [];
    const [first] = found;
    if (error !== null || first === undefined) {
      callback(error ?? privateAddress(hostname), '', 4);
      return;
    }
    if (options.all) callback(null, found);
    else callback(null, first.address, first.family);
  });
};

export async function readReply(incoming: IncomingMessage): Promise<Reply> {
  const status = incoming.statusCode ?? 0;
  const { location } = incoming.headers;
  if (status >= 300 && status < 400 && location !== undefined) {
    incoming.destroy();
    return { status, body: '', location };
  }
  const chunks: Buffer[] = [];
  let size = 0;
  // Decoding boundary: an incoming message without an encoding yields buffers.
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > limits.outboundBytesMax) throw new OutboundRefusal(`the answer is larger than ${limits.outboundBytesMax} bytes`);
    chunks.push(chunk);
  }
  return { status, body: Buffer.concat(chunks).toString('utf8'), location: undefined };
}

const chainMax = 10;

/** An authority that this machine knows vouches for the server, or one of its certificates has a given thumbprint and leads to the server's own. */
function isTrusted(incoming: IncomingMessage, hostname: string, thumbprints: readonly string[]): boolean {
  // Decoding boundary: the answer came over TLS.
  const socket = incoming.socket as TLSSocket;
  if (socket.authorized) return true;
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined || checkServerIdentity(hostname, leaf.toLegacyObject()) !== undefined) return false;
  let certificate = leaf;
  for (let depth = 0; depth < chainMax; depth += 1) {
    if (thumbprints.includes(certificate.fingerprint.replaceAll(':', '').toLowerCase())) return isCurrent(leaf);
    const issuer: X509Certificate | undefined = certificate.issuerCertificate;
    if (issuer === undefined || issuer.fingerprint256 === certificate.fingerprint256) return false;
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false;
    certificate = issuer;
  }
  return false;
}

function isCurrent(certificate: X509Certificate): boolean {
  // The machine's own time: other servers do not travel with the installation's clock.
  const now = systemClock().now();
  return Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
}
