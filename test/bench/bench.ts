// `npm run bench`: side by side in one run, each server on its own, one after the other: bare node:http, Castellan, and moto_server when it
// is installed. Prints requests per second and their ratio to bare node:http; `-- --json` for programs. Nothing here is a gate.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../../src/base/secret.ts';
import { signHeaders } from '../../src/sigv4/sign.ts';
import { createClient } from '../client.ts';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 3);
const connections = 32;
const node = join(projectRoot, 'node_modules/.bin/node');

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Scenario {
  readonly name: string;
  readonly port: number;
  /** Requests of one round; a write needs new names each time. */
  readonly requests: (round: number) => readonly string[];
}

interface Result {
  readonly name: string;
  readonly perSecond: readonly number[];
  readonly failed: number;
}

const rounds = 3;
const facts: Record<string, number | string> = { node: process.version, rounds, 'seconds each': seconds, connections };
const directory = temporaryDirectory('bench');
const echo = spawn(node, [join(projectRoot, 'test/bench/echo-server.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
const echoPort = Number(await firstLine(echo));
const server = await startMeasured();
const moto = await startMoto();
const scenarios = await allScenarios();
const results = await runAll();
facts['resident MB at the end'] = residentMb(server.child);
report();
echo.kill();
await server.stop();
if (moto?.child.pid !== undefined) process.kill(-moto.child.pid);
directory.remove();

async function startMeasured(): Promise<ServerProcess> {
  const first = await startServerProcess({ dataDir: directory.path });
  await first.stop();
  const bare = Array.from({ length: 5 }, () => timed(() => spawnSync(node, ['-e', '0'])));
  facts['bare Node starts in ms'] = median(bare);
  const began = performance.now();
  const started = await startServerProcess({ dataDir: directory.path });
  const client = createClient(started.port, started.credentials);
  await client.query('sts', { Action: 'GetCallerIdentity' });
  facts['from start to the first signed answer, existing data, ms'] = Math.round(performance.now() - began);
  client.close();
  return started;
}

async function allScenarios(): Promise<readonly Scenario[]> {
  const client = createClient(server.port, server.credentials);
  const user = await newUser(client);
  client.close();
  const root = server.credentials;
  const example = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };
  const identity = (port: number, key: Key) => () => identityRequests(port, key);
  const create = (port: number, key: Key, prefix: string) => (round: number) => createUserRequests(port, key, `${prefix}${round}`);
  const own = [
    { name: 'bare node:http echo', port: echoPort, requests: identity(echoPort, example) },
    { name: 'castellan GetCallerIdentity (signed, recorded)', port: server.port, requests: identity(server.port, root) },
    { name: 'castellan CreateUser (signed, durable)', port: server.port, requests: create(server.port, root, 'user') },
    { name: 'castellan CreateUser refused', port: server.port, requests: create(server.port, user, 'refused') },
  ];
  if (moto === undefined) return own;
  return [
    ...own,
    { name: 'moto_server GetCallerIdentity', port: moto.port, requests: identity(moto.port, example) },
    { name: 'moto_server CreateUser', port: moto.port, requests: create(moto.port, example, 'user') },
  ];
}

/** Round by round, every scenario once, so that what the machine does otherwise hits all alike. */
async function runAll(): Promise<readonly Result[]> {
  const measured = new Map<string, { perSecond: number[]; failed: number }>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, port, requests } of scenarios) {
      const { answered, failed, took } = await load(port, requests(round));
      const known = measured.get(name) ?? { perSecond: [], failed: 0 };
      measured.set(name, { perSecond: [...known.perSecond, Math.round(answered / took)], failed: known.failed + failed });
      if (round === 0 && name.includes('GetCallerIdentity') && port === server.port) {
        facts['requests before the next figure'] = answered;
        facts['resident MB after the first reads'] = residentMb(server.child);
      }
    }
  }
  return [...measured].map(([name, { perSecond, failed }]) => ({ name, perSecond, failed }));
}

async function load(
  port: number,
  requests: readonly string[],
): Promise<{ readonly answered: number; readonly failed: number; readonly took: number }> {
  const child = spawn(node, [join(projectRoot, 'test/bench/load.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify({ port, connections, seconds, requests }));
  const { answered, failed, seconds: took } = JSON.parse(await firstLine(child)) as { answered: number; failed: number; seconds: number };
  return { answered, failed, took };
}

async function startMoto(): Promise<{ readonly port: number; readonly child: ChildProcess } | undefined> {
  if (spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status !== 0) return undefined;
  const port = 47_113;
  const child = spawn('moto_server', ['-p', String(port)], { stdio: 'ignore', detached: true });
  const client = createClient(port, { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isUp = await client.query('sts', { Action: 'GetCallerIdentity' }).then(
      () => true,
      () => false,
    );
    if (isUp) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  client.close();
  return { port, child };
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

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

function report(): void {
  const bare = median(results[0]?.perSecond ?? [1]);
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ results, facts })}\n`);
    return;
  }
  for (const { name, perSecond, failed } of results) {
    const share = `${((median(perSecond) / bare) * 100).toFixed(1)} %`;
    const spread = `(${Math.min(...perSecond)} to ${Math.max(...perSecond)})`;
    const problem = failed > 0 ? `  ${failed} failed` : '';
    process.stdout.write(
      `${name.padEnd(50)}${String(median(perSecond)).padStart(8)} requests/s${share.padStart(10)}  ${spread}${problem}\n`,
    );
  }
  for (const [name, value] of Object.entries(facts)) process.stdout.write(`${name.padEnd(58)}${value}\n`);
}
