// Runs functions: at once, with the answer, or from a queue with two more attempts. The code runs after the request's unit of work has committed,
// with the credentials of the function's role. https://docs.aws.amazon.com/lambda/latest/dg/invocation-sync.html
import { Secret } from '../../base/secret.ts';
import type { AfterCommit } from '../../kit/after-commit.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import { type Outside, outsideJob } from '../../kit/jobs.ts';
import type { FunctionOutcome, FunctionRun } from '../../kit/ports.ts';
import type { Operations as StsOperations } from '../sts/api.gen.ts';
import type { InvocationRequest, InvocationResponse } from './api.gen.ts';
import { variablesOf } from './configuration.ts';
import { noteRun } from './metering.ts';
import { functionAccess, functionArn, isAliasName, type Named, namedFunction, requireFunction, requireVersion } from './names.ts';
import { aliases, codes, type FunctionRecord, latest, type QueuedInvocation, queue } from './records.ts';
import { retriesOf } from './retries.ts';
import { byUser, fault, operation } from './service.ts';

const sts = callsTo<StsOperations>('sts');

/** AWS: how long the queue waits before the second and the third attempt. */
const retryDelaysMs = [60_000, 120_000];
/** AWS: an invocation that is throttled is tried again ever later, up to five minutes. */
const throttledDelayMs = { first: 1_000, max: 300_000 };
/** Longer than any function may run. */
const leaseMs = 16 * 60_000;
const logTailBytes = 4_096;
/** AWS: the largest events. */
const eventBytesMax = { RequestResponse: 6_291_456, Event: 1_048_576, DryRun: 6_291_456 };

export const Invoke = operation('Invoke', {
  access: (input, scope) => functionAccess(scope, 'lambda:InvokeFunction', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context): Promise<InvocationResponse | AfterCommit<InvocationResponse>> {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    const event = eventOf(input);
    const record = await chosenVersion(context, named);
    if (input.InvocationType === 'DryRun') return { StatusCode: 204 };
    if (input.InvocationType === 'Event') {
      enqueue(context, named, event);
      return { StatusCode: 202, Payload: new Uint8Array(0) };
    }
    const { requestId } = context;
    const run = await prepare(context, named, record, { event, requestId, clientContext: clientContextOf(input.ClientContext) });
    return { afterCommit: (outside) => answer(outside, record, run, input.LogType === 'Tail') };
  },
});

/** @throws Fault RequestTooLargeException, InvalidRequestContentException */
function eventOf({ Payload: payload = new Uint8Array(0), InvocationType: type = 'RequestResponse' }: InvocationRequest): string {
  const { [type]: bytesMax } = eventBytesMax;
  if (payload.byteLength > bytesMax) {
    const sentence = `${payload.byteLength} byte payload is too large for the ${type} invocation type (limit ${bytesMax} bytes)`;
    throw fault('RequestTooLargeException', sentence, { ...byUser, status: 413 });
  }
  const text = Buffer.from(payload).toString('utf8');
  if (text === '') return '{}';
  try {
    JSON.parse(text);
    return text;
  } catch (cause) {
    throw fault('InvalidRequestContentException', 'Could not parse request body into json: Could not parse payload into json', {
      ...byUser,
      cause,
    });
  }
}

/** @throws Fault InvalidRequestContentException */
function clientContextOf(given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined;
  const text = Buffer.from(given, 'base64').toString('utf8');
  try {
    JSON.parse(text);
    return text;
  } catch (cause) {
    throw fault('InvalidRequestContentException', 'Client context must be a valid Base64-encoded JSON object.', { ...byUser, cause });
  }
}

/** An alias may send a share of its invocations to another version. */
async function chosenVersion(context: Context, named: Named): Promise<FunctionRecord> {
  const { account, region, name, qualifier } = named;
  const alias =
    qualifier !== undefined && isAliasName(qualifier)
      ? await aliases.get(context.transaction, account, region, name, qualifier)
      : undefined;
  const share = ((context.ids.bytes(1)[0] ?? 0) + 0.5) / 256;
  const isOther = alias?.routing !== undefined && share < alias.routing.weight;
  return requireVersion(context, isOther ? { ...named, qualifier: alias?.routing?.version } : named);
}

/** Everything that the run needs, read while the unit of work is open. */
async function prepare(
  context: Context,
  named: Named,
  record: FunctionRecord,
  asked: Pick<FunctionRun, 'event' | 'requestId' | 'clientContext'>,
): Promise<FunctionRun> {
  const { account, region, name, archiveId } = record;
  const { reservedConcurrency } = await requireFunction(context, named);
  const code = await codes.get(context.transaction, account, region, name, archiveId);
  if (code === undefined) throw new Error(`the code of the function \`${name}\` is missing`);
  const session = { RoleArn: record.role, RoleSessionName: name };
  const { Credentials: credentials } = await sts(context, 'AssumeRole', session, { as: 'service' }).catch((cause: unknown) => {
    throw fault('InvalidParameterValueException', 'The role defined for the function cannot be assumed by Lambda.', { ...byUser, cause });
  });
  if (credentials === undefined) throw new Error('AssumeRole gave no credentials');
  return {
    archiveId,
    archive: Buffer.from(code.archive, 'base64'),
    ...asked,
    revision: [account, region, name, record.version, record.revisionId].join(':'),
    runtime: record.runtime,
    handler: record.handler,
    functionArn: functionArn(context, named),
    functionName: name,
    functionVersion: record.version,
    region,
    memoryMb: record.memoryMb,
    timeoutMs: record.timeoutSeconds * 1_000,
    concurrencyMax: reservedConcurrency,
    environment: variablesOf(record),
    credentials: {
      accessKeyId: credentials.AccessKeyId,
      secretAccessKey: new Secret(credentials.SecretAccessKey),
      sessionToken: new Secret(credentials.SessionToken),
    },
  };
}

async function answer(outside: Outside, record: FunctionRecord, run: FunctionRun, wantsLog: boolean): Promise<InvocationResponse> {
  const outcome = await execute(outside, run);
  if (outcome === 'busy') {
    throw tooManyRequests(
      run.concurrencyMax === undefined ? 'ConcurrentInvocationLimitExceeded' : 'ReservedFunctionConcurrentInvocationLimitExceeded',
    );
  }
  await noteRun(outside, run, outcome);
  return {
    StatusCode: 200,
    ExecutedVersion: record.version,
    Payload: Buffer.from(outcome.payload, 'utf8'),
    ...(outcome.isError ? { FunctionError: 'Unhandled' } : {}),
    ...(wantsLog ? { LogResult: Buffer.from(outcome.log, 'utf8').subarray(-logTailBytes).toString('base64') } : {}),
  };
}

async function execute(outside: Outside, run: FunctionRun): Promise<FunctionOutcome | 'busy'> {
  try {
    return await outside.functions.run(run);
  } catch (cause) {
    throw fault('InvalidZipFileException', 'Lambda could not unzip the deployment package.', { ...byUser, status: 502, cause });
  }
}

function tooManyRequests(reason: string) {
  return fault('TooManyRequestsException', 'Rate Exceeded.', { status: 429, fields: { Type: 'User', Reason: reason } });
}

function enqueue(context: Context, named: Named, event: string): void {
  const { account, region, name, qualifier = latest } = named;
  const { now, requestId } = context;
  queue.put(context.transaction, {
    account,
    region,
    name,
    qualifier,
    requestId,
    dueAtMs: now,
    queuedAtMs: now,
    attempts: 0,
    event: new Secret(event),
  });
}

interface Claimed {
  readonly invocation: QueuedInvocation;
  /** Undefined: the function cannot be run any more. */
  readonly run: FunctionRun | undefined;
}

/** Takes the invocations of type Event from the queue. One whose node dies is attempted again when its lease runs out. */
export const queuedInvocations = outsideJob<Claimed, 'done' | 'failed' | 'busy'>({
  name: 'queued-invocations',
  everyMs: 1_000,
  async claim({ transaction, now, contextFor }) {
    const [first] = await queue.list(transaction, [], { limit: 1 });
    if (first === undefined || first.value.dueAtMs > now) return undefined;
    queue.remove(transaction, first.value);
    const invocation = { ...first.value, attempts: first.value.attempts + 1, dueAtMs: now + leaseMs };
    queue.put(transaction, invocation);
    const { account, region, name, qualifier, requestId, event } = invocation;
    const named = { account, region, name, qualifier: qualifier === latest ? undefined : qualifier };
    const context = contextFor({ account, region });
    const run = await chosenVersion(context, named)
      .then((record) => prepare(context, named, record, { event: event.reveal(), requestId }))
      .catch(() => undefined);
    return { invocation, run };
  },
  async perform({ run }, outside) {
    if (run === undefined) return 'failed';
    const outcome = await outside.functions.run(run);
    if (outcome === 'busy') return 'busy';
    await noteRun(outside, run, outcome);
    return outcome.isError ? 'failed' : 'done';
  },
  async settle({ invocation }, outcome, { transaction, now }) {
    queue.remove(transaction, invocation);
    if (outcome === 'done') return;
    const { attempts: attemptsMax, ageSeconds } = await retriesOf(transaction, invocation);
    const { throttled = 0 } = invocation;
    const next =
      outcome === 'busy'
        ? {
            attempts: invocation.attempts - 1,
            throttled: throttled + 1,
            delayMs: Math.min(throttledDelayMs.first * 2 ** throttled, throttledDelayMs.max),
          }
        : { attempts: invocation.attempts, throttled, delayMs: retryDelaysMs[invocation.attempts - 1] };
    // AWS: it is dropped when it has been tried often enough, or has become too old.
    if (next.delayMs === undefined || next.attempts > attemptsMax || now + next.delayMs - invocation.queuedAtMs > ageSeconds * 1_000)
      return;
    queue.put(transaction, { ...invocation, attempts: next.attempts, throttled: next.throttled, dueAtMs: now + next.delayMs });
  },
});
