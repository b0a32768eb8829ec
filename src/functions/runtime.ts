// Runs functions: finds a process that has the function's code loaded, or starts one, and tells what came of the run in Lambda's words.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elapsedMs, isoSeconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { FunctionOutcome, FunctionRun, FunctionRuntime } from '../kit/ports.ts';
import { offeredModules, unpacked } from './archive.ts';
import { type Ended, type Environment, startEnvironment } from './environment.ts';

export interface RuntimeOptions {
  /** Where deployment packages are unpacked. */
  readonly directory: string;
  /** The server's own address, for the function's AWS clients. */
  readonly endpoint: () => string;
  /** A certificate that the function's clients must trust. */
  readonly certificateFile: string | undefined;
  readonly now: () => number;
}

/** A process and its folder for temporary files, kept for the next run of the same function. */
interface Kept {
  readonly environment: Environment;
  readonly revision: string;
  readonly scratch: string;
  restedMs: number;
}

const modules = join(import.meta.dirname, '../../node_modules');
/** AWS does not say for how long a process is kept; this is within what is observed. */
const idleMsMax = 5 * 60_000;
/** Shorter than the credentials with which a process starts are good for. */
const ageMsMax = 45 * 60_000;

export function createFunctionRuntime(options: RuntimeOptions): FunctionRuntime & { stop(): void } {
  const idle: Kept[] = [];
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
      try {
        dropOutdated(idle, limits.functionRunsMax - running);
        const kept = taken(idle, run.revision) ?? started(options, run);
        const ended = await kept.environment.run(run, taskOf(options, run)).finally(() => rest(idle, kept));
        return outcomeOf(options, ended, run);
      } finally {
        count(name, -1);
      }
    },
    stop() {
      for (const kept of idle.splice(0)) discard(kept);
    },
  };
}

/** The one that ran last, as it is the least likely to be dropped soon. */
function taken(idle: Kept[], revision: string): Kept | undefined {
  const index = idle.findLastIndex((kept) => kept.revision === revision);
  return index === -1 ? undefined : idle.splice(index, 1)[0];
}

/** Those that are old, ended or too many, the longest idle first. */
function dropOutdated(idle: Kept[], countMax: number): void {
  const now = elapsedMs();
  const isGood = ({ environment, restedMs }: Kept): boolean =>
    environment.isUsable() && now - restedMs < idleMsMax && now - environment.startedMs < ageMsMax;
  const good = idle.filter(isGood).slice(-Math.max(1, countMax));
  for (const kept of idle.splice(0)) if (!good.includes(kept)) discard(kept);
  idle.push(...good);
}

function rest(idle: Kept[], kept: Kept): void {
  if (!kept.environment.isUsable()) return discard(kept);
  kept.environment.rest();
  kept.restedMs = elapsedMs();
  idle.push(kept);
}

function discard({ environment, scratch }: Kept): void {
  environment.end();
  rmSync(scratch, { recursive: true, force: true });
}

function started(options: RuntimeOptions, run: FunctionRun): Kept {
  const offered = offeredModules(options.directory, modules);
  const taskRoot = unpacked(options.directory, run.archiveId, run.archive);
  const scratch = mkdtempSync(join(tmpdir(), 'castellan-function-'));
  const environment = startEnvironment(run, { taskRoot, scratch, modules: offered }, variablesOf(options, run, { taskRoot, scratch }));
  return { environment, revision: run.revision, scratch, restedMs: elapsedMs() };
}

function taskOf(options: RuntimeOptions, run: FunctionRun): object {
  return {
    event: JSON.parse(run.event),
    context: {
      functionName: run.functionName,
      functionVersion: run.functionVersion,
      invokedFunctionArn: run.functionArn,
      memoryLimitInMB: String(run.memoryMb),
      awsRequestId: run.requestId,
      logGroupName: `/aws/lambda/${run.functionName}`,
      logStreamName: logStreamOf(options, run),
      ...(run.clientContext === undefined ? {} : { clientContext: JSON.parse(run.clientContext) }),
    },
    timeoutMs: run.timeoutMs,
    payloadBytesMax: limits.functionPayloadBytesMax,
    credentials: credentialsOf(run),
  };
}

function logStreamOf(options: RuntimeOptions, { functionVersion, archiveId }: FunctionRun): string {
  return `${isoSeconds(options.now()).slice(0, 10).replaceAll('-', '/')}/[${functionVersion}]${archiveId.slice(0, 32)}`;
}

function credentialsOf({ credentials }: FunctionRun): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey.reveal(),
    AWS_SESSION_TOKEN: credentials.sessionToken.reveal(),
  };
}

/** AWS's own service, where a function that was written for AWS names it: it is here. */
const awsSecretsManager = /^https:\/\/secretsmanager(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/?$/;

function variablesOf(
  options: RuntimeOptions,
  run: FunctionRun,
  { taskRoot, scratch }: { readonly taskRoot: string; readonly scratch: string },
): Record<string, string> {
  const endpoint = options.endpoint();
  const { SECRETS_MANAGER_ENDPOINT: secretsManager = endpoint } = run.environment;
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...run.environment,
    // AWS's templates of rotation functions read it.
    SECRETS_MANAGER_ENDPOINT: awsSecretsManager.test(secretsManager) ? endpoint : secretsManager,
    HOME: scratch,
    TMPDIR: scratch,
    _HANDLER: run.handler,
    LAMBDA_TASK_ROOT: taskRoot,
    AWS_EXECUTION_ENV: `AWS_Lambda_${run.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: run.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: run.functionVersion,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(run.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${run.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamOf(options, run),
    AWS_REGION: run.region,
    AWS_DEFAULT_REGION: run.region,
    ...credentialsOf(run),
    AWS_ENDPOINT_URL: endpoint,
    ...(options.certificateFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.certificateFile }),
  };
}

function outcomeOf(options: RuntimeOptions, ended: Ended, run: FunctionRun): FunctionOutcome {
  const { answer, isTimedOut, durationMs, initMs = 0 } = ended;
  const seconds = `Task timed out after ${(run.timeoutMs / 1000).toFixed(2)} seconds`;
  const failed =
    answer !== undefined
      ? answer.error
      : isTimedOut
        ? { errorType: 'Sandbox.Timedout', errorMessage: `RequestId: ${run.requestId} Error: ${seconds}` }
        : { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${run.requestId} Error: Runtime exited with error: ${ended.exit}` };
  const note = isTimedOut ? `${isoSeconds(options.now())} ${run.requestId} ${seconds}\n\n` : '';
  return {
    payload: failed === undefined ? (answer?.result ?? 'null') : JSON.stringify(failed),
    isError: failed !== undefined,
    // AWS: since August 2025 the time in which the code loads is billed too.
    billedMs: Math.ceil(durationMs + initMs),
    log: logOf(run, ended, note),
  };
}

function logOf(run: FunctionRun, { log, durationMs, initMs, answer }: Ended, note: string): string {
  const lines = log === '' || log.endsWith('\n') ? log : `${log}\n`;
  const billed = `Duration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms`;
  const usedMb = Math.min(answer?.usedMb ?? run.memoryMb, run.memoryMb);
  const init = initMs === undefined ? '' : `Init Duration: ${initMs.toFixed(2)} ms\t`;
  return (
    `START RequestId: ${run.requestId} Version: ${run.functionVersion}\n${lines}${note}END RequestId: ${run.requestId}\n` +
    `REPORT RequestId: ${run.requestId}\t${billed}\tMemory Size: ${run.memoryMb} MB\tMax Memory Used: ${usedMb} MB\t${init}\n`
  );
}
