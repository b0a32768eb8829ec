// A stand-in for the proxy of an external key store, with a key manager behind it: speaks AWS's External Key Store Proxy API, checks signatures by
// itself, and can be told to fail in every way that the specification knows. https://github.com/aws/aws-kms-xksproxy-api-spec
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';

export const xksCredential = { AccessKeyId: 'HGIE2BUAFNDMBCMSQVWLGC', RawSecretAccessKey: 'VU6W2byoiBrhDqNGbx703oL0syCAmhlQgwNUT1234567' };
export const xksPath = '/castle/kms/xks/v1';

export interface ExternalKey {
  readonly keySpec: string;
  readonly keyUsage: readonly string[];
  readonly keyStatus: 'ENABLED' | 'DISABLED';
}

/** A wrong answer in place of the right one. */
export type Misbehaviour =
  | { readonly status: number; readonly body: string }
  | { readonly errorName: string; readonly status: number }
  | 'hang'
  | 'reset'
  | ((answer: Record<string, unknown>) => Record<string, unknown>);

export interface StandInProxy {
  readonly url: string;
  readonly keys: Map<string, ExternalKey>;
  /** What the key manager keeps to itself, by the key's id; made on first use. */
  readonly secrets: Map<string, Buffer>;
  readonly requests: { readonly path: string; readonly body: Record<string, unknown> }[];
  readonly health: string[];
  misbehave(path: 'health' | 'metadata' | 'encrypt' | 'decrypt', how: Misbehaviour | undefined): void;
  stop(): Promise<void>;
}

export async function startStandInProxy(): Promise<StandInProxy> {
  const keys = new Map<string, ExternalKey>();
  const secrets = new Map<string, Buffer>();
  const wrong = new Map<string, Misbehaviour>();
  const requests: StandInProxy['requests'] = [];
  const health = ['ACTIVE'];
  const answer = (path: string, body: Record<string, unknown>): { status: number; output: Record<string, unknown> } => {
    if (path === '/health') return { status: 200, output: healthOf(health) };
    const [, id = '', what = ''] = /^\/keys\/([A-Za-z0-9._-]{1,128})\/(metadata|encrypt|decrypt)$/.exec(path) ?? [];
    if (what === '') return refusal(404, 'InvalidUriPathException');
    const key = keys.get(id);
    if (key === undefined) return refusal(404, 'KeyNotFoundException');
    if (what === 'metadata') return { status: 200, output: { ...key } };
    if (key.keyStatus !== 'ENABLED') return refusal(400, 'InvalidStateException');
    if (!key.keyUsage.includes(what.toUpperCase())) return refusal(400, 'InvalidKeyUsageException');
    const secret = secrets.get(id) ?? randomBytes(32);
    secrets.set(id, secret);
    const output = what === 'encrypt' ? encrypt(secret, body) : decrypt(secret, body);
    return output === undefined ? refusal(400, 'InvalidCiphertextException') : { status: 200, output };
  };
  const server = createServer(async (request, response) => {
    const text = await textOf(request);
    const url = request.url ?? '';
    const reply = (status: number, body: string) => void response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    if (request.method !== 'POST') return reply(405, '');
    if (!isSigned(request, text)) return reply(401, JSON.stringify({ errorName: 'AuthenticationFailedException' }));
    if (!url.startsWith(`${xksPath}/`)) return reply(404, JSON.stringify({ errorName: 'InvalidUriPathException' }));
    const path = url.slice(xksPath.length);
    const body = JSON.parse(text) as Record<string, unknown>;
    requests.push({ path, body });
    const how = wrong.get(path.split('/').at(-1) ?? '');
    if (how === 'hang') return;
    if (how === 'reset') return void request.socket.destroy();
    if (typeof how === 'object')
      return reply(how.status, 'body' in how ? how.body : JSON.stringify({ errorName: how.errorName, errorMessage: 'as told' }));
    const { status, output } = answer(path, body);
    return reply(status, JSON.stringify(how === undefined ? output : how(output)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    keys,
    secrets,
    requests,
    health,
    misbehave: (path, how) => void (how === undefined ? wrong.delete(path) : wrong.set(path, how)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const refusal = (status: number, errorName: string) => ({ status, output: { errorName, errorMessage: 'The request was rejected.' } });

function healthOf(statuses: readonly string[]): Record<string, unknown> {
  const ekmFleetDetails = statuses.map((healthStatus, index) => ({ id: `hsm-${index}`, model: 'Stand-in 1.0', healthStatus }));
  return { xksProxyFleetSize: 1, xksProxyVendor: 'Test', xksProxyModel: 'Test 1.0', ekmVendor: 'Test', ekmFleetDetails };
}

/** Signature Version 4 as the specification's appendix A describes it, written without the product's own code. */
function isSigned(request: IncomingMessage, body: string): boolean {
  const { authorization = '', host = '' } = request.headers;
  const date = String(request.headers['x-amz-date'] ?? '');
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([A-Z2-7]+)\/(\d{8})\/([a-z0-9-]+)\/kms-xks-proxy\/aws4_request, ?SignedHeaders=host;x-amz-date, ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (parts === null) return false;
  const [, accessKeyId, day = '', region = '', signature] = parts;
  if (accessKeyId !== xksCredential.AccessKeyId || !date.startsWith(day)) return false;
  const sent = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(sent - Date.now()) < 300_000)) return false;
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = ['POST', request.url, '', `host:${host}`, `x-amz-date:${date}`, '', 'host;x-amz-date', hash(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, `${day}/${region}/kms-xks-proxy/aws4_request`, hash(canonical)].join('\n');
  let key: Buffer = Buffer.from(`AWS4${xksCredential.RawSecretAccessKey}`);
  for (const part of [day, region, 'kms-xks-proxy', 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(toSign).digest('hex') === signature;
}

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : '', 'base64');

/** The specification's own form: both parts with their lengths. */
function authenticated(aad: Buffer, metadata: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(aad.length);
  return Buffer.concat([length, aad, Buffer.from([metadata.length]), metadata]);
}

function encrypt(key: Buffer, body: Record<string, unknown>): Record<string, unknown> {
  const aad = bytes(body['additionalAuthenticatedData']);
  const metadata = Buffer.from('key_version=1');
  const vector = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, vector).setAAD(authenticated(aad, metadata));
  const ciphertext = Buffer.concat([cipher.update(bytes(body['plaintext'])), cipher.final()]);
  const tag = cipher.getAuthTag();
  const integrity = createHash('sha256')
    .update(Buffer.concat([aad, metadata, vector, ciphertext, tag]))
    .digest('base64');
  return {
    ciphertext: ciphertext.toString('base64'),
    ciphertextMetadata: metadata.toString('base64'),
    initializationVector: vector.toString('base64'),
    authenticationTag: tag.toString('base64'),
    ciphertextDataIntegrityValue: integrity,
  };
}

function decrypt(key: Buffer, body: Record<string, unknown>): Record<string, unknown> | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes(body['initializationVector']), { authTagLength: 16 })
    .setAAD(authenticated(bytes(body['additionalAuthenticatedData']), bytes(body['ciphertextMetadata'])))
    .setAuthTag(bytes(body['authenticationTag']));
  try {
    return { plaintext: Buffer.concat([decipher.update(bytes(body['ciphertext'])), decipher.final()]).toString('base64') };
  } catch {
    return undefined;
  }
}
