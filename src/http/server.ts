// The node:http(s) adapter: reads a request within the limits, hands it to the pipeline, writes the answer. It knows no AWS.
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import { Fault } from '../base/fault.ts';
import { limits } from '../base/limits.ts';
import type { Received } from '../pipeline/stages.ts';
import type { WireResponse } from '../protocol/protocol.ts';

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
}

/** What the adapter serves: the AWS pipeline, and the admin API for paths that are its own. */
export interface Handlers {
  readonly newRequestId: () => string;
  readonly now: () => number;
  readonly serve: (received: Received) => Promise<WireResponse>;
  /** Answers a request that was not read to its end, in the protocol's error shape. */
  readonly refuse: (received: Received, fault: Fault) => WireResponse;
  /** Undefined: not a path of the admin API. */
  readonly admin: (received: Received) => Promise<WireResponse | StreamedResponse> | undefined;
  /** Undefined: not a path that people's browsers, or relying parties, ask for. */
  readonly site: (received: Received) => Promise<WireResponse> | undefined;
}

/** An answer that is written as it is made. */
export interface StreamedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly lines: AsyncIterable<string>;
}

export interface HttpServer {
  readonly port: number;
  /** Stops accepting, lets running requests finish for a bounded time, then closes what is left. */
  close(): Promise<void>;
}

export async function listen(options: HttpOptions, handlers: Handlers): Promise<HttpServer> {
  let inFlight = 0;
  const onRequest: RequestListener = (incoming, outgoing) => {
    inFlight += 1;
    outgoing.once('close', () => {
      inFlight -= 1;
    });
    void respond(handlers, incoming, outgoing, inFlight > limits.inFlightMax);
  };
  const server = createServer(options, onRequest);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : options.port, close: () => close(server) };
}

function createServer(options: HttpOptions, onRequest: RequestListener): Server {
  const settings = {
    maxHeaderSize: 2 * limits.headerBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: 65_000,
    noDelay: true,
  };
  if (options.tls === undefined) return createHttpServer(settings, onRequest);
  return createHttpsServer({ ...settings, cert: options.tls.certificate, key: options.tls.key, minVersion: 'TLSv1.2' }, onRequest);
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 5_000);
  await closed;
  clearTimeout(timer);
}

async function respond(handlers: Handlers, incoming: IncomingMessage, outgoing: ServerResponse, isOverloaded: boolean): Promise<void> {
  const received = receivedHead(handlers, incoming);
  let response: WireResponse | StreamedResponse;
  if (isOverloaded) {
    response = handlers.refuse(received, new Fault('ServiceUnavailable', 'Service is unavailable, please try again.', { status: 503 }));
    incoming.resume();
  } else {
    const fault = headFault(received);
    const body = fault === undefined ? await readBody(incoming) : fault;
    if (body === undefined) return;
    if (body instanceof Fault) {
      response = handlers.refuse(received, body);
      outgoing.shouldKeepAlive = false;
      return refuseUnread(incoming, outgoing, response);
    } else {
      const whole = { ...received, request: { ...received.request, body } };
      response = await (handlers.admin(whole) ?? handlers.site(whole) ?? handlers.serve(whole));
    }
  }
  if ('lines' in response) await stream(outgoing, response);
  else write(incoming, outgoing, response);
}

/** Waits for a slow reader, and stops asking for lines when it has gone. */
async function stream(outgoing: ServerResponse, { status, headers, lines }: StreamedResponse): Promise<void> {
  outgoing.writeHead(status, headers);
  for await (const line of lines) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(line)) await drained(outgoing);
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      outgoing.off('drain', go);
      outgoing.off('close', go);
      resolve();
    };
    outgoing.on('drain', go);
    outgoing.on('close', go);
  });
}

function write(incoming: IncomingMessage, outgoing: ServerResponse, response: WireResponse): void {
  if (outgoing.destroyed) return;
  const { status, headers, body } = response;
  const length = typeof body === 'string' ? Buffer.byteLength(body, 'utf8') : body.byteLength;
  outgoing.writeHead(status, { ...headers, 'content-length': length });
  // A text body leaves in the same write as the headers.
  outgoing.end(incoming.method === 'HEAD' ? undefined : body);
}

/**
 * Answers at once and closes later: a connection that is closed while the client still sends is reset, and the reset takes the answer with it.
 * What the client goes on sending is read and thrown away, within bounds of time and size. RFC 9112, 9.6.
 */
function refuseUnread(incoming: IncomingMessage, outgoing: ServerResponse, response: WireResponse): void {
  if (outgoing.destroyed) return;
  const body = Buffer.from(response.body);
  outgoing.writeHead(response.status, { ...response.headers, connection: 'close', 'content-length': body.byteLength });
  if (incoming.method !== 'HEAD') outgoing.write(body);
  let left = limits.discardedBytesMax;
  const end = (): void => {
    clearTimeout(timer);
    outgoing.end();
  };
  const timer = setTimeout(end, limits.discardMs);
  incoming.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) end();
  });
  incoming.once('end', end);
  incoming.once('close', end);
  incoming.resume();
}

function receivedHead(handlers: Handlers, incoming: IncomingMessage): Received {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const socket = incoming.socket;
  return {
    requestId: handlers.newRequestId(),
    receivedAtMs: handlers.now(),
    sourceIp: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    tls:
      socket instanceof TLSSocket ? { version: socket.getProtocol() ?? '', cipherSuite: socket.getCipher().standardName ?? '' } : undefined,
    request: {
      method: incoming.method ?? 'GET',
      path: mark < 0 ? url : url.slice(0, mark),
      query: mark < 0 ? '' : url.slice(mark + 1),
      headers: joinedHeaders(incoming.rawHeaders),
      body: new Uint8Array(0),
    },
  };
}

/** Names in lower case, repeated headers joined with a comma as signatures want it; values are bytes of UTF-8 that node reads as Latin-1. */
function joinedHeaders(raw: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = Object.create(null);
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    const text = isAscii(value) ? value : Buffer.from(value, 'latin1').toString('utf8');
    const before = headers[name];
    headers[name] = before === undefined ? text : `${before},${text}`;
  }
  return headers;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7e) return false;
  return true;
}

function headFault({ request }: Received): Fault | undefined {
  let bytes = 0;
  let count = 0;
  for (const name in request.headers) {
    bytes += name.length + (request.headers[name]?.length ?? 0);
    count += 1;
  }
  if (bytes > limits.headerBytesMax || count > limits.headersCountMax) {
    return new Fault('RequestHeaderSectionTooLarge', 'Your request header section exceeds the maximum allowed size.', { status: 431 });
  }
  if (request.path.length + request.query.length > limits.urlBytesMax)
    return new Fault('RequestUriTooLong', 'The request URI is too long.', { status: 414 });
  return undefined;
}

/** The whole body, a fault when it is too large, or undefined when the client went away. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array | Fault | undefined> {
  const tooLarge = () =>
    new Fault('RequestEntityTooLargeException', `Request body is larger than ${limits.bodyBytesMax} bytes.`, { status: 413 });
  if (Number(incoming.headers['content-length'] ?? 0) > limits.bodyBytesMax) return tooLarge();
  if (incoming.headers['content-length'] === undefined && incoming.headers['transfer-encoding'] === undefined) return new Uint8Array(0);
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > limits.bodyBytesMax) {
        incoming.removeAllListeners('data');
        incoming.pause();
        resolve(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    incoming.once('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    incoming.once('error', () => resolve(undefined));
    incoming.once('close', () => resolve(undefined));
  });
}
