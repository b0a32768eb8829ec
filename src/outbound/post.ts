// Signed requests to other servers that answer in JSON, over connections that are kept: a proxy of an external key store is asked at every use.
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, type RequestOptions, request as requestPlain } from 'node:http';
import { request as requestSecure, Agent as SecureAgent } from 'node:https';
import { isIP } from 'node:net';
import { systemClock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { OutboundPost, OutboundReply } from '../kit/ports.ts';
import { signHeaders } from '../sigv4/sign.ts';
import { isPublicAddress } from './addresses.ts';
import { type Destination, OutboundRefusal, privateAddress, publicLookup, readReply } from './fetch-once.ts';

type Post = (destination: Destination, post: OutboundPost) => Promise<OutboundReply>;

class TimedOut extends Error {}

/** A post rejects with what went wrong, which `failureKind` names. */
export function createPost(): Post {
  const options = { keepAlive: true, maxSockets: limits.outboundSocketsMax, timeout: limits.outboundIdleMs };
  const agents = { plain: new PlainAgent(options), secure: new SecureAgent({ ...options, minVersion: 'TLSv1.2' }) };
  return async (destination, post) => {
    const { url, isNamed } = destination;
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (!isNamed && isIP(literal) !== 0 && !isPublicAddress(literal)) throw privateAddress(url.host);
    const prepared: RequestOptions = {
      method: 'POST',
      headers: headersOf(destination, post),
      ...(isNamed ? {} : { lookup: publicLookup }),
    };
    const isSecure = url.protocol === 'https:';
    const open = (): ClientRequest =>
      isSecure ? requestSecure(url, { ...prepared, agent: agents.secure }) : requestPlain(url, { ...prepared, agent: agents.plain });
    try {
      return await send(open(), post.body);
    } catch (error) {
      // A kept connection may have been closed by the other side just now; on a new one it is known what is wrong.
      if (!(error instanceof StaleConnection)) throw error;
      return send(open(), post.body);
    }
  };
}

class StaleConnection extends Error {}

function headersOf({ url, meantHost = url.host }: Destination, { body, signing }: OutboundPost): Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey, region, service } = signing;
  const { host = '', ...signed } = signHeaders(
    { method: 'POST', path: url.pathname, query: '', headers: { host: meantHost }, body: Buffer.from(body, 'utf8') },
    // The machine's own time: other servers do not travel with the installation's clock.
    { credentials: { accessKeyId, secretAccessKey }, region, service, now: systemClock().now() },
  );
  return { ...signed, host, 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body, 'utf8')) };
}

function send(request: ClientRequest, body: string): Promise<OutboundReply> {
  return new Promise((settle, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer);
      request.destroy();
      reject(request.reusedSocket && 'code' in error && error.code === 'ECONNRESET' ? new StaleConnection() : error);
    };
    const timer = setTimeout(() => fail(new TimedOut()), limits.externalKeyStoreTimeoutMs);
    request.on('error', fail);
    request.on('response', (incoming: IncomingMessage) => {
      readReply(incoming).then(({ status, body: text }) => {
        clearTimeout(timer);
        settle({ kind: 'answered', status, body: text });
      }, fail);
    });
    request.end(body);
  });
}

/** Codes of node's TLS errors begin so, or are names of what is wrong with a certificate. */
const tlsCodes = /^(?:ERR_(?:TLS|SSL)|EPROTO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/;

export function failureKind(error: unknown): Exclude<OutboundReply['kind'], 'answered'> {
  if (error instanceof OutboundRefusal) return 'refused';
  if (error instanceof TimedOut) return 'timed-out';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return tlsCodes.test(code) ? 'insecure' : 'unreachable';
}
