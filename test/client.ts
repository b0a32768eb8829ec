// A small signing client on node:http with kept-alive connections: fast enough to measure the server and not itself.
import { Agent, request as httpRequest } from 'node:http';
import { Secret } from '../src/base/secret.ts';
import { type SigningCredentials, signHeaders } from '../src/sigv4/sign.ts';

export interface Client {
  /** A query call (`Action=…`): status, request id and body. */
  query(service: string, parameters: Readonly<Record<string, string>>, credentials?: SigningCredentials): Promise<Answer>;
  json(target: string, service: string, input: object): Promise<Answer>;
  close(): void;
}

export interface Answer {
  readonly status: number;
  readonly requestId: string;
  readonly body: string;
}

const versions: Readonly<Record<string, string>> = { iam: '2010-05-08', sts: '2011-06-15' };

export function createClient(
  port: number,
  root: { readonly accessKeyId: string; readonly secretAccessKey: string },
  connections = 32,
): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const rootCredentials = { accessKeyId: root.accessKeyId, secretAccessKey: new Secret(root.secretAccessKey) };
  const call = (
    service: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    credentials: SigningCredentials,
  ): Promise<Answer> => {
    const unsigned = { method: 'POST', path: '/', query: '', headers: { host: `127.0.0.1:${port}`, ...headers }, body };
    const signed = signHeaders(unsigned, { credentials, region: 'us-east-1', service, now: Date.now() });
    return send(agent, port, signed, body);
  };
  return {
    query(service, parameters, credentials = rootCredentials) {
      const body = Buffer.from(new URLSearchParams({ Version: versions[service] ?? '', ...parameters }).toString());
      return call(service, { 'content-type': 'application/x-www-form-urlencoded' }, body, credentials);
    },
    json(target, service, input) {
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
      return call(service, headers, Buffer.from(JSON.stringify(input)), rootCredentials);
    },
    close: () => agent.destroy(),
  };
}

export function send(agent: Agent, port: number, headers: Readonly<Record<string, string>>, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { agent, port, host: '127.0.0.1', method: 'POST', path: '/', headers: { ...headers, 'content-length': body.length } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('aborted', () => reject(new Error('the connection ended in the middle of an answer')));
        incoming.once('end', () => {
          const requestId = String(incoming.headers['x-amzn-requestid'] ?? '');
          resolve({ status: incoming.statusCode ?? 0, requestId, body: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
