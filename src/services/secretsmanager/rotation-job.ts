// Runs rotations when they are due: claims one, takes it through its steps outside of any unit of work, and notes what came of it.
// A node that dies leaves a lease behind; when it runs out, the steps are repeated.
import { Fault } from '../../base/fault.ts';
import { Secret } from '../../base/secret.ts';
import { type JobContext, type Outside, outsideJob } from '../../kit/jobs.ts';
import { secretEvent } from './events.ts';
import { current, holderOf, pending, withoutLabel } from './labels.ts';
import { dueRotations, type RunningRotation, type SecretRecord, secrets, versions } from './records.ts';
import { scheduled, withRotation } from './rotations.ts';
import { builtInRotator, builtInStep } from './rotators/built-in.ts';
import { runLambdaStep } from './rotators/lambda.ts';
import { RotationFailure, type RotationItem, type RotationStep, type RunStep } from './rotators/rotator.ts';
import { arnOf } from './secret-ids.ts';
import { putEmptyVersion, removeVersion } from './versions.ts';

const minuteMs = 60_000;
/** Longer than all steps may take: Lambda functions stop after 15 minutes each, rotators much sooner. */
const leaseMs = 60 * minuteMs;
/** AWS: a failed rotation is tried again several times, in whole. */
const retryAfterMs = [minuteMs, 5 * minuteMs, 15 * minuteMs, 60 * minuteMs] as const;
const stale = 20;

/** Why the rotation failed; undefined when it succeeded. */
type Outcome = string | undefined;

export const secretRotation = outsideJob<RotationItem, Outcome>({ name: 'secret-rotation', everyMs: 1_000, claim, perform, settle });

async function claim(job: JobContext): Promise<RotationItem | undefined> {
  const { transaction, now } = job;
  for (const { value: due } of await dueRotations.list(transaction, [], { limit: stale })) {
    if (due.dueAtMs > now) return undefined;
    const secret = await secrets.get(transaction, due.account, due.region, due.name);
    const { rotation, deletion } = secret ?? {};
    const isDue = rotation?.dueAtMs === due.dueAtMs && rotation.functionArn !== undefined && deletion === undefined;
    if (secret !== undefined && isDue) return begin(job, secret);
    dueRotations.remove(transaction, due);
  }
  return undefined;
}

/** Takes the lease. A pending version of a rotation that failed is used again. */
async function begin({ contextFor, now, ids }: JobContext, secret: SecretRecord): Promise<RotationItem | undefined> {
  const context = contextFor(secret);
  const { rotation } = secret;
  if (rotation?.functionArn === undefined) return undefined;
  const waiting = holderOf(secret.labels, pending);
  const left = waiting === holderOf(secret.labels, current) ? undefined : waiting;
  const running: RunningRotation = rotation.running ?? { versionId: left ?? ids.uuid(), kind: 'rotation', failedAttempts: 0 };
  const leaseUntilMs = now + leaseMs;
  const token = running.token ?? new Secret(ids.uuid());
  const leased = withRotation(context, secret, { ...rotation, running: { ...running, token, leaseUntilMs }, dueAtMs: leaseUntilMs });
  const isAnnounced =
    (await versions.get(context.transaction, secret.account, secret.region, secret.name, running.versionId)) !== undefined;
  if (isAnnounced) secrets.put(context.transaction, leased);
  else await putEmptyVersion(context, leased, running.versionId, pending);
  secretEvent(context, running.kind === 'test' ? 'TestRotationStarted' : 'RotationStarted', secret, { SecretVersionId: running.versionId });
  const { account, region, name } = secret;
  const { versionId, kind } = running;
  const { functionArn, masterArn } = rotation;
  return { account, region, name, arn: arnOf(context, secret), versionId, token, kind, functionArn, masterArn, leaseUntilMs };
}

async function perform(item: RotationItem, outside: Outside): Promise<Outcome> {
  const steps: readonly RotationStep[] =
    item.kind === 'test' ? ['testSecret'] : ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
  const rotator = builtInRotator(item.functionArn);
  const run: RunStep = rotator === undefined ? runLambdaStep : builtInStep(rotator);
  for (const step of steps) {
    try {
      await run(step, item, outside);
    } catch (error) {
      if (error instanceof RotationFailure || error instanceof Fault) return `${step}: ${error.message}`;
      throw error;
    }
  }
  return undefined;
}

async function settle(item: RotationItem, outcome: Outcome, job: JobContext): Promise<void> {
  const context = job.contextFor(item);
  const secret = await secrets.get(job.transaction, item.account, item.region, item.name);
  const running = secret?.rotation?.running;
  // Cancelled, abandoned, or done by another node meanwhile.
  if (secret === undefined || running?.versionId !== item.versionId || running.leaseUntilMs !== item.leaseUntilMs) return;
  const kind = item.kind === 'test' ? 'TestRotation' : 'Rotation';
  const isCurrent = holderOf(secret.labels, current) === item.versionId;
  const failure = outcome ?? (item.kind === 'rotation' && !isCurrent ? 'finishSecret: the new version is not current.' : undefined);
  secretEvent(context, `${kind}${failure === undefined ? 'Succeeded' : 'Failed'}`, secret, {
    SecretVersionId: item.versionId,
    ErrorMessage: failure,
  });
  secrets.put(job.transaction, await settled(job, secret, running, failure));
}

async function settled(job: JobContext, secret: SecretRecord, running: RunningRotation, failure: Outcome): Promise<SecretRecord> {
  if (running.kind === 'test') return withoutTest(job, await scheduled(job, secret), running.versionId);
  if (failure === undefined) return scheduled(job, secret, { lastRotatedAtMs: job.now });
  const delayMs = retryAfterMs[running.failedAttempts];
  if (secret.rotation === undefined) return secret;
  if (delayMs !== undefined) {
    const again = { ...running, failedAttempts: running.failedAttempts + 1, leaseUntilMs: undefined };
    return withRotation(job, secret, { ...secret.rotation, running: again, dueAtMs: job.now + delayMs });
  }
  // AWS: NextRotationDate stays in the past until a rotation succeeds.
  const { nextRotationAtMs } = secret.rotation;
  const next = await scheduled(job, secret);
  return next.rotation === undefined ? next : { ...next, rotation: { ...next.rotation, nextRotationAtMs } };
}

async function withoutTest({ transaction }: JobContext, secret: SecretRecord, versionId: string): Promise<SecretRecord> {
  const { account, region, name } = secret;
  const version = await versions.get(transaction, account, region, name, versionId);
  if (version === undefined) return secret;
  removeVersion({ transaction }, secret, version);
  const labels = holderOf(secret.labels, pending) === versionId ? withoutLabel(secret.labels, pending) : secret.labels;
  return { ...secret, labels, versionCount: secret.versionCount - 1 };
}
