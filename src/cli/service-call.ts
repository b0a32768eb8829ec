// One signed call of a JSON service through the public API: as whoever the AWS variables name, or else as root of the data directory's server.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Secret } from '../base/secret.ts';
import { type SigningCredentials, signHeaders } from '../sigv4/sign.ts';
import { readRootCredentials, readServerFile } from './client.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';

export interface ServiceCall {
  readonly service: string;
  readonly target: string;
  readonly input: object;
}

interface Endpoint {
  readonly url: URL;
  readonly region: string;
  readonly credentials: SigningCredentials;
  /** The server's own certificate, on this machine, may be one that nobody vouches for. */
  readonly isOwn: boolean;
}

/** @throws CommandError with AWS's sentence when the call is refused */
export async function callService(context: CommandContext, call: ServiceCall): Promise<Readonly<Record<string, unknown>>> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': call.target };
  const { status, text } = await sendSigned(context, { service: call.service, headers, body: JSON.stringify(call.input) });
  const answer: Readonly<Record<string, unknown>> = JSON.parse(text);
  if (status < 400) return answer;
  const message: unknown = answer['message'] ?? answer['Message'];
  throw new CommandError(`${String(answer['__type'] ?? status)}: ${typeof message === 'string' ? message : 'the server refused'}`);
}

/** One signed call of a query service; the XML of its answer. @throws CommandError with AWS's sentence when the call is refused */
export async function queryService(
  context: CommandContext,
  service: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const { status, text } = await sendSigned(context, { service, headers, body: new URLSearchParams(parameters).toString() });
  if (status < 400) return text;
  throw new CommandError(/<Message>([^<]*)</.exec(text)?.[1] ?? `the server answered ${status}`);
}

export interface SignedRequest {
  /** As in a credential scope. */
  readonly service: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly region?: string | undefined;
  /** By default whoever the AWS variables name, or else root. */
  readonly credentials?: SigningCredentials | undefined;
}

/** Signs and sends, and gives what was answered, a refusal too. */
export async function sendSigned(
  context: CommandContext,
  request: SignedRequest,
): Promise<{ readonly status: number; readonly text: string }> {
  const endpoint = endpointOf(context);
  const body = Buffer.from(request.body, 'utf8');
  const { credentials = endpoint.credentials, region = endpoint.region, service } = request;
  const headers = { host: endpoint.url.host, ...request.headers };
  const signed = signHeaders({ method: 'POST', path: '/', query: '', headers, body }, { credentials, region, service, now: Date.now() });
  return send(endpoint, { ...signed, 'content-length': String(body.length) }, body);
}

function endpointOf({ environment, dataDir }: CommandContext): Endpoint {
  const { AWS_ENDPOINT_URL: address, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'];
  const given =
    accessKeyId && secretAccessKey
      ? { accessKeyId, secretAccessKey: new Secret(secretAccessKey), sessionToken: environment['AWS_SESSION_TOKEN'] || undefined }
      : undefined;
  if (address && given !== undefined) return { url: new URL(address), region: region ?? 'us-east-1', credentials: given, isOwn: false };
  const server = readServerFile(dataDir);
  const root = readRootCredentials(dataDir);
  const credentials = given ?? { accessKeyId: root.accessKeyId, secretAccessKey: new Secret(root.secretAccessKey) };
  return { url: new URL(server.address), region: region ?? server.region, credentials, isOwn: true };
}

function send(
  { url, isOwn }: Endpoint,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<{ readonly status: number; readonly text: string }> {
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = open(url, { method: 'POST', headers, rejectUnauthorized: !isOwn }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('end', () => resolve({ status: incoming.statusCode ?? 500, text: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.once('error', (error) => reject(new CommandError(`no server answers at ${url.origin} (${error.message})`)));
    outgoing.end(body);
  });
}
