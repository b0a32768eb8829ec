// Ten thousand malformed requests per protocol against the real server, rightly signed so that they get past the gate: always an answer of
// the client's kind within two seconds, in the protocol's error shape, and a server that is alive and no larger than before.
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { signHeaders } from '../../src/sigv4/sign.ts';
import { createClient } from '../client.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';

const runs = Number(process.env['HOSTILE_RUNS'] ?? 10_000);
const seed = 20_261_124;
const slowestMs = 2_000;
const residentMbMax = 600;
const concurrency = 24;

interface Protocol {
  readonly name: string;
  readonly service: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly valid: string;
  readonly isError: (body: string, headers: Readonly<Record<string, unknown>>) => boolean;
}

const isXmlError = (body: string) => /<Code>[^<]+<\/Code>/.test(body);
const isJsonError = (body: string, headers: Readonly<Record<string, unknown>>) =>
  /"__type":"/.test(body) || headers['x-amzn-errortype'] !== undefined;

const protocols: readonly Protocol[] = [
  {
    name: 'query',
    service: 'iam',
    path: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    valid: 'Action=CreateUser&Version=2010-05-08&UserName=a%20b&Tags.member.1.Key=k&Tags.member.1.Value=v',
    isError: isXmlError,
  },
  {
    name: 'json',
    service: 'cloudtrail',
    path: '/',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents',
    },
    valid: '{"LookupAttributes":[{"AttributeKey":"Nope","AttributeValue":"x"}],"MaxResults":7e3,"StartTime":1e400}',
    isError: isJsonError,
  },
  {
    name: 'ec2',
    service: 'ec2',
    path: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    valid: 'Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1',
    isError: isXmlError,
  },
  {
    name: 'rest-json',
    service: 'lambda',
    path: '/2015-03-31/functions/',
    headers: { 'content-type': 'application/json' },
    valid: '{"FunctionName":"f","Code":{"ZipFile":"AAAA"}}',
    isError: isJsonError,
  },
  {
    name: 'rest-xml',
    service: 's3',
    path: '/bucket/key',
    headers: { 'content-type': 'application/xml' },
    valid: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
    isError: isXmlError,
  },
  {
    name: 'rpc-v2-cbor',
    service: 'monitoring',
    path: '/service/GraniteServiceVersion20100801/operation/ListMetrics',
    headers: { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' },
    valid: '\u00a1fMetricgNothing',
    isError: (body) => body.includes('__type'),
  },
];

let server: ServerProcess;
let directory: TemporaryDirectory;
const agent = new Agent({ keepAlive: true, maxSockets: concurrency });

beforeAll(async () => {
  directory = temporaryDirectory('hostile');
  server = await startServerProcess({ dataDir: directory.path });
});
afterAll(async () => {
  agent.destroy();
  await server?.stop();
  directory?.remove();
});

/** A valid body, damaged. */
function damaged(valid: string): fc.Arbitrary<Buffer> {
  const bytes = Buffer.from(valid, 'latin1');
  const cut = fc.nat(bytes.length).map((at) => bytes.subarray(0, at));
  const flipped = fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.nat(255)).map(([at, byte]) => {
    const copy = Buffer.from(bytes);
    copy[at] = byte;
    return copy;
  });
  const nested = fc
    .tuple(fc.constantFrom('[', '{"a":', '<a>', '\u0081', '\u00a1aa', 'a.'), fc.integer({ min: 1, max: 20_000 }))
    .map(([piece, times]) => Buffer.from(piece.repeat(times), 'latin1'));
  const twice = fc.constant(Buffer.concat([bytes, bytes]));
  const numbers = fc
    .constantFrom('1e999999', '-0', '9'.repeat(400), 'NaN', '{"MaxResults":99999999999999999999}')
    .map((text) => Buffer.from(text));
  const entities = fc
    .constantFrom('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', '<a>&#x0;</a>', '<?xml version="1.1"?><a/>')
    .map((text) => Buffer.from(text));
  const proto = fc
    .constantFrom('{"__proto__":{"a":1}}', 'Action=CreateUser&__proto__.a=1&constructor.prototype.a=1')
    .map((text) => Buffer.from(text));
  const noise = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value));
  return fc.oneof(cut, flipped, nested, twice, numbers, entities, proto, noise);
}

test.each(protocols)(
  '$name',
  async (protocol) => {
    const bodies = fc.sample(damaged(protocol.valid), { numRuns: runs, seed });
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next; index < bodies.length; index = next) {
        next += 1;
        const body = bodies[index] ?? Buffer.alloc(0);
        const began = performance.now();
        const answer = await post(protocol, body);
        expect(performance.now() - began).toBeLessThan(slowestMs);
        // A damaged request may still be a right one.
        if (answer.status === 200) continue;
        expect(answer.status, answer.body).toBeGreaterThanOrEqual(400);
        expect(
          answer.status === 501 || answer.status < 500,
          `${answer.status} ${answer.body} for ${body.toString('latin1').slice(0, 200)}`,
        ).toBe(true);
        if (answer.status !== 304 && answer.body !== '')
          expect(protocol.isError(answer.body, answer.headers), answer.body.slice(0, 300)).toBe(true);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    await isAlive();
  },
  300_000,
);

test('bodies of fifty megabytes, floods of headers and broken HTTP are refused, and the server lives on', async () => {
  const big = await rawAnswer(
    `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-target: a.b\r\ncontent-length: 52428800\r\n\r\n`,
    52_428_800,
  );
  expect(big).toMatch(/^HTTP\/1\.1 413 [\s\S]*__type/);
  const chunked = await rawAnswer(
    'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\n1000000\r\n',
    16_777_216,
  );
  expect(chunked).toMatch(/^HTTP\/1\.1 4\d\d /);
  const many = Array.from({ length: 1_000 }, (_each, index) => `x-${index}: 1\r\n`).join('');
  expect(await rawAnswer(`POST / HTTP/1.1\r\nhost: x\r\n${many}\r\n`, 0)).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(await rawAnswer(`POST / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`, 0)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await rawAnswer('NONSENSE\r\n\r\n', 0)).toMatch(/^HTTP\/1\.1 400 /);
  expect(await rawAnswer(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 0)).toMatch(/^HTTP\/1\.1 414 /);
  await isAlive();
});

async function isAlive(): Promise<void> {
  const client = createClient(server.port, server.credentials);
  expect((await client.query('sts', { Action: 'GetCallerIdentity' })).status).toBe(200);
  client.close();
  expect(server.child.exitCode).toBe(null);
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
  expect(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024).toBeLessThan(residentMbMax);
}

interface Posted {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function post(protocol: Protocol, body: Buffer): Promise<Posted> {
  const { accessKeyId, secretAccessKey } = server.credentials;
  const unsigned = {
    method: 'POST',
    path: protocol.path,
    query: '',
    headers: { host: `127.0.0.1:${server.port}`, ...protocol.headers },
    body,
  };
  const headers = signHeaders(unsigned, {
    credentials: { accessKeyId, secretAccessKey: new Secret(secretAccessKey) },
    region: 'us-east-1',
    service: protocol.service,
    now: Date.now(),
  });
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        agent,
        port: server.port,
        host: '127.0.0.1',
        method: 'POST',
        path: protocol.path,
        headers: { ...headers, 'content-length': body.length },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString('latin1') }),
        );
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Sends a head and so many bytes of body, and gives the first bytes of what comes back before the connection ends. */
function rawAnswer(head: string, bodyBytes: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1');
    let answer = '';
    const piece = Buffer.alloc(65_536, 0x61);
    let left = bodyBytes;
    const pump = (): void => {
      while (left > 0 && !socket.destroyed) {
        left -= piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on('connect', () => {
      socket.write(head);
      pump();
    });
    socket.on('drain', pump);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      left = 0;
      setTimeout(() => socket.destroy(), 50);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.setTimeout(5_000, () => socket.destroy());
  });
}
