// Runs functions, each run in a process of its own: with the function's credentials and nothing of the server's, with limits on time and memory,
// and under Node's permission model, which leaves it its own code and a folder for temporary files.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { elapsedMs, isoSeconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { FunctionOutcome, FunctionRun, FunctionRuntime } from '../kit/ports.ts';
import { linkModules, unpacked } from './archive.ts';

export interface RuntimeOptions {
  /** Where deployment packages are unpacked. */
  readonly directory: string;
  /** The server's own address, for the function's AWS clients. */
  readonly endpoint: () => string;
  /** A certificate that the function's clients must trust. */
  readonly certificateFile: string | undefined;
  readonly now: () => number;
}

/** A result is JSON in JSON, which can double it. */
const answerBytesMax = 3 * limits.functionPayloadBytesMax;
const bootstrap = join(import.meta.dirname, 'bootstrap.js');
const modules = join(import.meta.dirname, '../../node_modules');

export function createFunctionRuntime(options: RuntimeOptions): FunctionRuntime {
  let running = 0;
  const runningOf = new Map<string, number>();
  const count = (name: string, change: number): void => {
    running += change;
    const left = (runningOf.get(name) ?? 0) + change;
    if (left === 0) runningOf.delete(name);
    else runningOf.set(name, left);
  };
  return {
    async run(run) {
      const { concurrencyMax = limits.functionRunsMax } = run;
      // Versions and aliases share what is reserved for their function.
      const name = run.functionArn.split(':').slice(0, 7).join(':');
      if (running >= limits.functionRunsMax || (runningOf.get(name) ?? 0) >= concurrencyMax) return 'busy';
      count(name, 1);
      const scratch = mkdtempSync(join(tmpdir(), 'castellan-function-'));
      try {
        return await runOnce(options, run, scratch);
      } finally {
        count(name, -1);
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  };
}

async function runOnce(options: RuntimeOptions, run: FunctionRun, scratch: string): Promise<FunctionOutcome> {
  linkModules(options.directory, modules);
  const taskRoot = unpacked(options.directory, run.archiveId, run.archive);
  const began = elapsedMs();
  const ended = await runProcess(options, run, taskRoot, scratch);
  const durationMs = elapsedMs() - began;
  const { outcome, usedMb } = readEnded(ended, run);
  return { ...outcome, billedMs: Math.ceil(durationMs), log: logOf(run, ended.log, durationMs, usedMb) };
}

interface Ended {
  readonly answer: string;
  readonly log: string;
  readonly isTimedOut: boolean;
  readonly exit: string;
}

function runProcess(options: RuntimeOptions, run: FunctionRun, taskRoot: string, scratch: string): Promise<Ended> {
  const permissions = [taskRoot, scratch, bootstrap, modules, join(options.directory, 'node_modules')].map(
    (path) => `--allow-fs-read=${path}`,
  );
  const parameters = [`--max-old-space-size=${run.memoryMb}`, '--permission', ...permissions, `--allow-fs-write=${scratch}`, bootstrap];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, parameters, {
      cwd: taskRoot,
      env: environmentOf(options, run, taskRoot, scratch),
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    const [stdin, stdout, stderr, results] = child.stdio as unknown as [Writable, Readable, Readable, Readable];
    const log = collected([stdout, stderr], limits.functionLogBytesMax);
    const answer = collected([results], answerBytesMax);
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      child.kill('SIGKILL');
    }, run.timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ answer: answer(), log: log(), isTimedOut, exit: signal === null ? `exit status ${code}` : `signal: ${signal}` });
    });
    // A process that ends before it has read its event says so by its exit.
    stdin.on('error', () => undefined);
    stdin.end(JSON.stringify(taskOf(run, taskRoot, options.now())));
  });
}

function taskOf(run: FunctionRun, taskRoot: string, now: number): object {
  const context = {
    functionName: run.functionName,
    functionVersion: run.functionVersion,
    invokedFunctionArn: run.functionArn,
    memoryLimitInMB: String(run.memoryMb),
    awsRequestId: run.requestId,
    logGroupName: `/aws/lambda/${run.functionName}`,
    logStreamName: `${isoSeconds(now).slice(0, 10).replaceAll('-', '/')}/[${run.functionVersion}]${run.archiveId.slice(0, 32)}`,
  };
  return {
    event: JSON.parse(run.event),
    context,
    handler: run.handler,
    taskRoot,
    timeoutMs: run.timeoutMs,
    payloadBytesMax: limits.functionPayloadBytesMax,
  };
}

function environmentOf(options: RuntimeOptions, run: FunctionRun, taskRoot: string, scratch: string): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...run.environment,
    HOME: scratch,
    TMPDIR: scratch,
    _HANDLER: run.handler,
    LAMBDA_TASK_ROOT: taskRoot,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_LAMBDA_FUNCTION_NAME: run.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: run.functionVersion,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(run.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${run.functionName}`,
    AWS_REGION: run.region,
    AWS_DEFAULT_REGION: run.region,
    AWS_ACCESS_KEY_ID: run.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: run.credentials.secretAccessKey.reveal(),
    AWS_SESSION_TOKEN: run.credentials.sessionToken.reveal(),
    AWS_ENDPOINT_URL: options.endpoint(),
    ...(options.certificateFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.certificateFile }),
  };
}

/** Everything that the streams say, up to a limit; what comes after it is lost, and not held against the process. */
function collected(streams: readonly Readable[], bytesMax: number): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  for (const stream of streams) {
    stream.on('data', (chunk: Buffer) => {
      if (size < bytesMax) chunks.push(chunk.subarray(0, bytesMax - size));
      size += chunk.byteLength;
    });
  }
  return () => Buffer.concat(chunks).toString('utf8');
}

interface Read {
  readonly outcome: Omit<FunctionOutcome, 'log'>;
  readonly usedMb: number;
}

function readEnded(ended: Ended, run: FunctionRun): Read {
  if (ended.isTimedOut) {
    const seconds = (run.timeoutMs / 1000).toFixed(2);
    return failure('Sandbox.Timedout', `RequestId: ${run.requestId} Error: Task timed out after ${seconds} seconds`, run.memoryMb);
  }
  const answered = parsed(ended.answer);
  if (answered === undefined) {
    return failure('Runtime.ExitError', `RequestId: ${run.requestId} Error: Runtime exited with error: ${ended.exit}`, run.memoryMb);
  }
  const { result, error, usedMb = 0 } = answered;
  if (error !== undefined) return { outcome: { payload: JSON.stringify(error), isError: true }, usedMb };
  return { outcome: { payload: result ?? 'null', isError: false }, usedMb };
}

function failure(errorType: string, errorMessage: string, usedMb: number): Read {
  return { outcome: { payload: JSON.stringify({ errorType, errorMessage }), isError: true }, usedMb };
}

interface Answered {
  readonly result?: string;
  readonly error?: object;
  readonly usedMb?: number;
}

/** Undefined: the process ended without an answer, or in the middle of one. */
function parsed(text: string): Answered | undefined {
  try {
    // Decoding boundary: bootstrap.js writes it; a function that writes to the descriptor itself deceives only its own caller.
    return JSON.parse(text) as Answered;
  } catch {
    return undefined;
  }
}

function logOf(run: FunctionRun, printed: string, durationMs: number, usedMb: number): string {
  const lines = printed === '' || printed.endsWith('\n') ? printed : `${printed}\n`;
  const duration = `Duration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${Math.ceil(durationMs)} ms`;
  return (
    `START RequestId: ${run.requestId} Version: ${run.functionVersion}\n${lines}END RequestId: ${run.requestId}\n` +
    `REPORT RequestId: ${run.requestId}\t${duration}\tMemory Size: ${run.memoryMb} MB\tMax Memory Used: ${usedMb} MB\t\n`
  );
}
