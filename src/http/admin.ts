// The admin API under /_castellan/: what an operator may do that is not an AWS operation. Behind its own bearer token; only health is open.
import { timingSafeEqual } from 'node:crypto';
import type { Received } from '../pipeline/stages.ts';
import type { WireResponse } from '../protocol/protocol.ts';
import type { StreamedResponse } from './server.ts';

/** What the server offers to its operator; main.ts implements it. */
export interface AdminBackend {
  readonly token: string;
  readonly allowReset: boolean;
  readonly allowTimeTravel: boolean;
  info(): object;
  /** Undefined: no such request, or no decision was kept of it. */
  explain(requestId: string): Promise<object | undefined>;
  coverage(): Promise<object>;
  /** How the token vending machine is set up. */
  tvm(): Promise<object>;
  /** @throws Error about what is wrong in the request. */
  setUpTvm(request: unknown): Promise<object>;
  advanceClock(ms: number): Promise<void>;
  clock(): { readonly now: string; readonly offsetMs: number };
  /** The whole state, one JSON document per line; secrets are sealed under the passphrase. */
  exportState(passphrase: string): Promise<string>;
  /** @throws Error when the text is no export or the passphrase is wrong. */
  importState(text: string, passphrase: string): Promise<{ readonly documents: number }>;
  /** Documents of AWS managed policies, one JSON object per line. @throws Error that names the line which is none. */
  importManagedPolicies(text: string): Promise<{ readonly policies: number }>;
  /** Lines of JSON. @throws Error about what is wrong in the request, or about a change that cannot be made. */
  whatIf(request: unknown): Promise<AsyncIterable<string>>;
  /** What AWS would have sent by mail. */
  mail(): Promise<object>;
  rotateRootKey(): Promise<{ readonly documents: number }>;
  reset(): Promise<void>;
}

const root = '/_castellan/';
/** One answer to a time request: at most ten years at once. */
const advanceMsMax = 10 * 366 * 24 * 3_600_000;

export function createAdmin(backend: AdminBackend): (received: Received) => Promise<WireResponse | StreamedResponse> | undefined {
  return (received) => {
    const { path } = received.request;
    return path.startsWith(root) ? respond(backend, received, path.slice(root.length)) : undefined;
  };
}

async function respond(backend: AdminBackend, received: Received, name: string): Promise<WireResponse | StreamedResponse> {
  const { method } = received.request;
  try {
    if (isFromPage(received)) return problem(403, 'requests from web pages are refused');
    if (method === 'GET' && name === 'health') return json(200, { status: 'ok' });
    const isOpenReset = method === 'POST' && name === 'reset' && backend.allowReset;
    if (!isOpenReset && !hasToken(backend, received))
      return problem(401, 'the admin token is missing or wrong; it is in the file `admin-token` of the data directory');
    return await answer(backend, received, `${method} ${name}`);
  } catch (error) {
    return problem(400, error instanceof Error ? error.message : 'the request failed');
  }
}

async function answer(backend: AdminBackend, { request }: Received, route: string): Promise<WireResponse | StreamedResponse> {
  if (route.startsWith('GET explain/')) {
    const explained = await backend.explain(decodeURIComponent(route.slice('GET explain/'.length)));
    return explained === undefined ? problem(404, 'no decision is kept for this request id') : json(200, explained);
  }
  switch (route) {
    case 'GET info':
      return json(200, backend.info());
    case 'GET coverage':
      return json(200, await backend.coverage());
    case 'GET tvm':
      return json(200, await backend.tvm());
    case 'POST tvm':
      return json(200, await backend.setUpTvm(JSON.parse(Buffer.from(request.body).toString('utf8'))));
    case 'GET time':
      return json(200, backend.clock());
    case 'POST time/advance': {
      if (!backend.allowTimeTravel) return problem(403, 'the server was started without --allow-time-travel');
      await backend.advanceClock(readMs(request.body));
      return json(200, backend.clock());
    }
    case 'GET export':
      return {
        status: 200,
        headers: { 'content-type': 'application/x-ndjson' },
        body: await backend.exportState(passphraseOf(request.headers)),
      };
    case 'POST import':
      return json(200, await backend.importState(Buffer.from(request.body).toString('utf8'), passphraseOf(request.headers)));
    case 'POST managed-policies':
      return json(200, await backend.importManagedPolicies(Buffer.from(request.body).toString('utf8')));
    case 'POST what-if': {
      const lines = await backend.whatIf(JSON.parse(Buffer.from(request.body).toString('utf8')));
      return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, lines };
    }
    case 'GET mail':
      return json(200, await backend.mail());
    case 'POST root-key/rotate':
      return json(200, await backend.rotateRootKey());
    case 'POST reset':
      await backend.reset();
      return json(200, { status: 'reset' });
    default:
      return problem(404, 'there is no such admin operation');
  }
}

/** A browser names the page that it acts for; nothing here is meant for pages, also not for ones that rebound their DNS name to us. */
function isFromPage({ request }: Received): boolean {
  return request.headers['origin'] !== undefined || request.headers['sec-fetch-site'] !== undefined;
}

function hasToken({ token }: AdminBackend, { request }: Received): boolean {
  const given = Buffer.from(request.headers['authorization'] ?? '', 'utf8');
  const wanted = Buffer.from(`Bearer ${token}`, 'utf8');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function readMs(body: Uint8Array): number {
  const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
  const ms = parsed !== null && typeof parsed === 'object' && 'ms' in parsed ? parsed.ms : undefined;
  if (typeof ms !== 'number' || !Number.isSafeInteger(ms) || ms < 0 || ms > advanceMsMax)
    throw new Error('`ms` must be a whole number of milliseconds, at most ten years');
  return ms;
}

function passphraseOf(headers: Readonly<Record<string, string>>): string {
  const passphrase = headers['x-castellan-passphrase'] ?? '';
  if (passphrase.length < 12) throw new Error('give a passphrase of at least 12 characters; it seals the secrets in the export');
  return passphrase;
}

function json(status: number, value: object): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(value)}\n` };
}

function problem(status: number, message: string): WireResponse {
  return json(status, { error: message });
}
