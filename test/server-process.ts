// Starts the real server as a process of its own on a free port, for tests and benchmarks that need one; kills it when asked.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../', import.meta.url));

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly endpoint: string;
  readonly port: number;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly adminToken: string;
  readonly dataDir: string;
  /** Milliseconds from spawn to the banner. */
  readonly startedInMs: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface StartOptions {
  readonly dataDir: string;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export async function startServerProcess(options: StartOptions): Promise<ServerProcess> {
  const began = performance.now();
  const node = join(projectRoot, 'node_modules/.bin/node');
  // As `npm start` does it.
  const parameters = [
    '--max-semi-space-size=4',
    'bin/castellan.js',
    'start',
    '--port',
    '0',
    '--data-dir',
    options.dataDir,
    '--json',
    ...(options.arguments ?? []),
  ];
  const child = spawn(node, parameters, {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
  });
  const banner = await firstLine(child, options.timeoutMs ?? 30_000);
  const startedInMs = performance.now() - began;
  const { address } = JSON.parse(banner) as { address: string };
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const root = JSON.parse(readFileSync(join(options.dataDir, 'root-credentials.json'), 'utf8')) as ServerProcess['credentials'];
  return {
    child,
    endpoint: address,
    port: Number(new URL(address).port),
    credentials: { accessKeyId: root.accessKeyId, secretAccessKey: root.secretAccessKey },
    adminToken: readFileSync(join(options.dataDir, 'admin-token'), 'utf8').trim(),
    dataDir: options.dataDir,
    startedInMs,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}

function firstLine(child: ChildProcess, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let errors = '';
    const timer = setTimeout(() => reject(new Error(`the server did not start within ${timeoutMs} ms: ${errors}`)), timeoutMs);
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4000);
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf('\n');
      if (end < 0) return;
      clearTimeout(timer);
      resolve(text.slice(0, end));
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the server stopped (${code ?? signal}) before it served: ${errors}`));
    });
  });
}
