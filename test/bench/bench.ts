// `npm run bench`: side by side in one run, each server on its own, one after the other: bare node:http, Castellan, and moto_server when it
// is installed. Prints requests per second and their ratio to bare node:http; `-- --json` for programs. Nothing here is a gate.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../../src/base/secret.ts';
import { signHeaders } from '../../src/sigv4/sign.ts';
import { createClient } from '../client.ts';
import { projectRoot, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 4);
const connections = 32;
const node = join(projectRoot, 'node_modules/.bin/node');

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Result {
  readonly name: string;
  readonly perSecond: number;
  readonly failed: number;
}

const results: Result[] = [];
const facts: Record<string, number | string> = { node: process.version, seconds, connections };

await measureBare();
await measureCastellan();
await measureMoto();
report();

async function measureBare(): Promise<void> {
  const server = spawn(node, [join(projectRoot, 'test/bench/echo-server.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await firstLine(server));
  await run('bare node:http echo', port, identityRequests(port, { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' }));
  server.kill();
}

async function measureCastellan(): Promise<void> {
  const directory = temporaryDirectory('bench');
  const first = await startServerProcess({ dataDir: directory.path });
  await first.stop();
  facts['bare Node starts in ms'] = timed(() => spawnSync(node, ['-e', '0']));
  const began = performance.now();
  const server = await startServerProcess({ dataDir: directory.path });
  const client = createClient(server.port, server.credentials);
  await client.query('sts', { Action: 'GetCallerIdentity' });
  facts['from start to the first signed answer, existing data, ms'] = Math.round(performance.now() - began);
  const user = await newUser(client);
  await run('castellan GetCallerIdentity (signed, recorded)', server.port, identityRequests(server.port, server.credentials));
  facts['resident MB after the reads'] = residentMb(server.child);
  await run('castellan CreateUser (signed, durable)', server.port, createUserRequests(server.port, server.credentials, 'user'));
  await run('castellan CreateUser refused', server.port, createUserRequests(server.port, user, 'refused'));
  facts['resident MB at the end'] = residentMb(server.child);
  client.close();
  await server.stop();
  directory.remove();
}

async function measureMoto(): Promise<void> {
  if (spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status !== 0) return;
  const port = 47_113;
  const server = spawn('moto_server', ['-p', String(port)], { stdio: 'ignore', detached: true });
  const client = createClient(port, { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isUp = await client.query('sts', { Action: 'GetCallerIdentity' }).then(
      () => true,
      () => false,
    );
    if (isUp) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const key = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };
  await run('moto_server GetCallerIdentity', port, identityRequests(port, key));
  await run('moto_server CreateUser', port, createUserRequests(port, key, 'user'));
  client.close();
  if (server.pid !== undefined) process.kill(-server.pid);
}

async function newUser(client: ReturnType<typeof createClient>): Promise<Key> {
  await client.query('iam', { Action: 'CreateUser', UserName: 'nobody' });
  const { body } = await client.query('iam', { Action: 'CreateAccessKey', UserName: 'nobody' });
  const member = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(body)?.[1] ?? '';
  return { accessKeyId: member('AccessKeyId'), secretAccessKey: member('SecretAccessKey') };
}

function identityRequests(port: number, key: Key): readonly string[] {
  return [wire(port, key, 'sts', 'Action=GetCallerIdentity&Version=2011-06-15')];
}

function createUserRequests(port: number, key: Key, prefix: string): readonly string[] {
  const count = 8_000 * seconds;
  return Array.from({ length: count }, (_each, index) =>
    wire(port, key, 'iam', `Action=CreateUser&Version=2010-05-08&UserName=${prefix}-${index}`),
  );
}

function wire(port: number, { accessKeyId, secretAccessKey }: Key, service: string, body: string): string {
  const headers = { host: `127.0.0.1:${port}`, 'content-type': 'application/x-www-form-urlencoded' };
  const signed = signHeaders(
    { method: 'POST', path: '/', query: '', headers, body: Buffer.from(body) },
    { credentials: { accessKeyId, secretAccessKey: new Secret(secretAccessKey) }, region: 'us-east-1', service, now: Date.now() },
  );
  const lines = Object.entries({ ...signed, 'content-length': String(body.length) }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

async function run(name: string, port: number, requests: readonly string[]): Promise<void> {
  const measure = async (length: number): Promise<Result> => {
    const child = spawn(node, [join(projectRoot, 'test/bench/load.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(JSON.stringify({ port, connections, seconds: length, requests }));
    const { answered, failed, seconds: took } = JSON.parse(await firstLine(child)) as { answered: number; failed: number; seconds: number };
    return { name, perSecond: Math.round(answered / took), failed };
  };
  if (requests.length === 1) await measure(1);
  results.push(await measure(seconds));
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error('the process ended before it answered')));
  });
}

function residentMb({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return Math.round(performance.now() - began);
}

function report(): void {
  const bare = results[0]?.perSecond ?? 1;
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ results, facts })}\n`);
    return;
  }
  for (const { name, perSecond, failed } of results) {
    const share = `${((perSecond / bare) * 100).toFixed(1)} %`;
    process.stdout.write(
      `${name.padEnd(50)}${String(perSecond).padStart(8)} requests/s${share.padStart(10)}${failed > 0 ? `  ${failed} failed` : ''}\n`,
    );
  }
  for (const [name, value] of Object.entries(facts)) process.stdout.write(`${name.padEnd(58)}${value}\n`);
}
