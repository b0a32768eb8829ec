// `npm run bench`: side by side in one run, each server on its own, one after the other: bare node:http, Castellan, and moto_server when it
// is installed. Prints requests per second and their ratio to bare node:http; `-- --json` for programs. `-- secrets` measures other groups of
// scenarios than the first. Nothing here is a gate.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '../client.ts';
import { startInProcess } from '../in-process.ts';
import { freePort } from '../postgres.ts';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { core } from './core.ts';
import { kms } from './kms.ts';
import type { Load } from './load.ts';
import { exampleKey, queryRequest, type Scenario, type ScenarioGroup } from './scenario.ts';
import { secrets } from './secrets.ts';

const groups: Readonly<Record<string, ScenarioGroup>> = { core, kms, secrets };

const seconds = Number(process.env['BENCH_SECONDS'] ?? 3);
const connections = 32;
const node = join(projectRoot, 'node_modules/.bin/node');

interface Result {
  readonly name: string;
  /** CPU time of Castellan's process for one request. */
  readonly cpuMicros: number | undefined;
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
  const castellan = { name: 'castellan', port: server.port, key: server.credentials } as const;
  const targets = [castellan, ...(moto === undefined ? [] : [{ name: 'moto_server', port: moto.port, key: exampleKey } as const])];
  const echo = [queryRequest(echoPort, exampleKey, 'sts', 'Action=GetCallerIdentity&Version=2011-06-15')];
  const scenarios: Scenario[] = [{ name: 'bare node:http echo', port: echoPort, requests: () => echo }];
  for (const group of wantedGroups()) {
    for (const target of targets) scenarios.push(...(await group.scenarios(target)));
    for (const [name, micros] of Object.entries(await inProcessCosts(group))) facts[`${name} in one process, to disk, µs CPU`] = micros;
    for (const [name, perSecond] of Object.entries(group.bare?.() ?? {})) facts[`${name}, per second`] = perSecond;
  }
  return scenarios;
}

/** What one request costs this process, from the pipeline's door until its entry is on disk: no network, no clients, no services' own work. */
async function inProcessCosts(group: ScenarioGroup): Promise<Readonly<Record<string, number>>> {
  const castellan = await startInProcess('bench-in-process');
  const costs: Record<string, number> = {};
  for (const [name, form] of Object.entries((await group.inProcess?.(castellan)) ?? {})) {
    const send = castellan.prepared(form);
    const measured: number[] = [];
    // The best of the rounds: the first ones are compiled meanwhile, and the machine does other things too.
    for (let round = 0; round < 12; round += 1) measured.push(await cpuMicrosEach(send, 4_000));
    costs[name] = Math.round(Math.min(...measured));
  }
  await castellan.stop();
  return costs;
}

async function cpuMicrosEach(send: () => Promise<{ readonly status: number }>, count: number): Promise<number> {
  let left = count;
  const before = process.cpuUsage();
  const sender = async (): Promise<void> => {
    for (; left > 0; left -= 1) if ((await send()).status !== 200) throw new Error('a request of the benchmark was refused');
  };
  await Promise.all(Array.from({ length: connections }, sender));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function wantedGroups(): readonly ScenarioGroup[] {
  const names = process.argv.slice(2).filter((name) => !name.startsWith('-'));
  return (names.length === 0 ? ['core'] : names).map((name) => {
    const group = groups[name];
    if (group === undefined) throw new Error(`\`${name}\` is none of ${Object.keys(groups).join(', ')}`);
    return group;
  });
}

/** Round by round, every scenario once, so that what the machine does otherwise hits all alike. */
async function runAll(): Promise<readonly Result[]> {
  const measured = new Map<string, { perSecond: number[]; cpuMicros: number | undefined; failed: number }>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, port, requests, once = false, refused } of scenarios) {
      const prepared = requests(round);
      const cpuBefore = cpuMicrosOf(server.child);
      const { answered, failed, took } = await load({ port, requests: prepared, once, expected: refused ? 4 : 2 });
      const cpuMicros = port === server.port ? Math.round((cpuMicrosOf(server.child) - cpuBefore) / Math.max(answered, 1)) : undefined;
      const known = measured.get(name) ?? { perSecond: [], failed: 0 };
      measured.set(name, { perSecond: [...known.perSecond, Math.round(answered / took)], cpuMicros, failed: known.failed + failed });
      if (round === 0 && name.includes('GetCallerIdentity') && port === server.port) {
        facts['requests before the next figure'] = answered;
        facts['resident MB after the first reads'] = residentMb(server.child);
      }
    }
  }
  return [...measured].map(([name, result]) => ({ name, ...result }));
}

async function load(
  what: Pick<Load, 'port' | 'requests' | 'once' | 'expected'>,
): Promise<{ readonly answered: number; readonly failed: number; readonly took: number }> {
  const child = spawn(node, [join(projectRoot, 'test/bench/load.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify({ ...what, connections, seconds } satisfies Load));
  const { answered, failed, seconds: took } = JSON.parse(await firstLine(child)) as { answered: number; failed: number; seconds: number };
  return { answered, failed, took };
}

async function startMoto(): Promise<{ readonly port: number; readonly child: ChildProcess } | undefined> {
  if (spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status !== 0) return undefined;
  const port = await freePort();
  const child = spawn('moto_server', ['-p', String(port)], { stdio: 'ignore', detached: true });
  const client = createClient(port, exampleKey);
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

/** User and system time, in the kernel's hundredths of a second. */
function cpuMicrosOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
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
  for (const { name, perSecond, cpuMicros, failed } of results) {
    const share = `${((median(perSecond) / bare) * 100).toFixed(1)} %`;
    const spread = `(${Math.min(...perSecond)} to ${Math.max(...perSecond)})`;
    const cpu = cpuMicros === undefined ? '' : `  ${cpuMicros} µs CPU each`;
    const problem = failed > 0 ? `  ${failed} failed` : '';
    process.stdout.write(
      `${name.padEnd(50)}${String(median(perSecond)).padStart(8)} requests/s${share.padStart(10)}  ${spread}${cpu}${problem}\n`,
    );
  }
  for (const [name, value] of Object.entries(facts)) process.stdout.write(`${name.padEnd(58)}${value}\n`);
}
