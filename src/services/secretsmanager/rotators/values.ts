// Reading and writing a secret's values while it rotates, each in a unit of work of its own, as Secrets Manager itself.
import type { Context } from '../../../kit/context.ts';
import type { Outside } from '../../../kit/jobs.ts';
import { open, type SecretValue } from '../envelope.ts';
import { holderOf, pending } from '../labels.ts';
import { type SecretRecord, versions } from '../records.ts';
import { findSecret } from '../secret-ids.ts';
import { ownerOf, putVersion } from '../versions.ts';
import { RotationFailure, type RotationItem } from './rotator.ts';

/** The secret as it is now. @throws RotationFailure when this rotation was cancelled or abandoned */
export async function rotatingSecret(context: Context, item: RotationItem): Promise<SecretRecord> {
  const secret = (await findSecret(context, item.arn))?.secret;
  const running = secret?.rotation?.running;
  if (
    secret === undefined ||
    secret.deletion !== undefined ||
    running?.versionId !== item.versionId ||
    running.leaseUntilMs !== item.leaseUntilMs
  ) {
    throw new RotationFailure('The rotation was cancelled.');
  }
  return secret;
}

/** In a unit of work, with the secret. */
export function inSecret<Result>(
  outside: Outside,
  item: RotationItem,
  work: (context: Context, secret: SecretRecord) => Promise<Result>,
): Promise<Result> {
  return outside.transact(async ({ contextFor }) => {
    const context = contextFor(item);
    return work(context, await rotatingSecret(context, item));
  });
}

/** Undefined when no version has the label, or it has no value yet. */
export async function valueWith(context: Context, secret: SecretRecord, label: string): Promise<SecretValue | undefined> {
  const versionId = holderOf(secret.labels, label);
  if (versionId === undefined) return undefined;
  const version = await versions.get(context.transaction, secret.account, secret.region, secret.name, versionId);
  return version?.value && open(context, ownerOf(context, secret, versionId), version.value);
}

export async function putPending(context: Context, secret: SecretRecord, versionId: string, value: SecretValue): Promise<void> {
  await putVersion(context, secret, { versionId, value }, [pending]);
}
