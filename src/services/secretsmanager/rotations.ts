// The state of a secret's rotation: when it is due, and what a change by hand means for it. Operations and the job share these steps.
import type { Context } from '../../kit/context.ts';
import { secretEvent } from './events.ts';
import { holderOf, pending, withoutLabel } from './labels.ts';
import { dueRotations, type RotationRecord, type SecretRecord } from './records.ts';
import { nextWindow } from './schedule.ts';

type Unit = Pick<Context, 'transaction' | 'now'>;

/** The secret with this rotation, and the due index with it. The caller stores the secret. */
export function withRotation({ transaction }: Pick<Unit, 'transaction'>, secret: SecretRecord, rotation: RotationRecord): SecretRecord {
  const { account, region, name } = secret;
  const before = secret.rotation?.dueAtMs;
  if (before !== undefined) dueRotations.remove(transaction, { account, region, name, dueAtMs: before });
  const { dueAtMs } = rotation;
  if (dueAtMs !== undefined) dueRotations.put(transaction, { account, region, name, dueAtMs });
  return { ...secret, rotation };
}

/** Due at the start of its next window, when rotation is on; nothing runs. */
export async function scheduled(unit: Unit, secret: SecretRecord, changes: Partial<RotationRecord> = {}): Promise<SecretRecord> {
  if (secret.rotation === undefined) return secret;
  const rotation = { ...secret.rotation, ...changes };
  const window = rotation.isEnabled && rotation.rules !== undefined ? await nextWindow(rotation.rules, unit.now) : undefined;
  return withRotation(unit, secret, {
    ...rotation,
    running: undefined,
    dueAtMs: window?.startMs,
    nextRotationAtMs: window?.endMs ?? rotation.nextRotationAtMs,
  });
}

/** Nothing is due, and nothing runs. */
export function unscheduled(unit: Pick<Unit, 'transaction'>, secret: SecretRecord): SecretRecord {
  if (secret.rotation === undefined) return secret;
  return withRotation(unit, secret, { ...secret.rotation, running: undefined, dueAtMs: undefined });
}

/** AWS: a new current value counts as a rotation, and one that runs is abandoned for it. */
export async function changedByHand(context: Context, secret: SecretRecord, versionId: string): Promise<SecretRecord> {
  const { rotation } = secret;
  const running = rotation?.running;
  if (rotation === undefined || running?.versionId === versionId) return secret;
  if (running === undefined) return rotation.isEnabled ? scheduled(context, secret) : secret;
  secretEvent(context, 'RotationAbandoned', secret, { SecretVersionId: running.versionId });
  const isPending = holderOf(secret.labels, pending) === running.versionId;
  return scheduled(context, isPending ? { ...secret, labels: withoutLabel(secret.labels, pending) } : secret);
}
