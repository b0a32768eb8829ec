// Deleting secrets: marked first, gone after the recovery window, unless they are restored. A job does what has become due.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
import type { Context } from '../../kit/context.ts';
import { dueWork } from '../../kit/jobs.ts';
import { onSecret } from './access.ts';
import type { DeleteSecretRequest } from './api.gen.ts';
import { eraseSecret } from './erasure.ts';
import { secretEvent } from './events.ts';
import { dueDeletions, type SecretRecord, secrets, versions } from './records.ts';
import { scheduled, unscheduled } from './rotations.ts';
import { arnOf, type FoundSecret, findSecret, newSuffix, noteSecret, requireName, requireNoReplica, requireSecret } from './secret-ids.ts';
import { fault, operation } from './service.ts';

const windowDaysDefault = 30;
const dayMs = 24 * 60 * 60 * 1000;
const batchMax = 20;

export const DeleteSecret = operation('DeleteSecret', {
  access: onSecret<DeleteSecretRequest>('secretsmanager:DeleteSecret', ({ RecoveryWindowInDays, ForceDeleteWithoutRecovery }) => ({
    context: {
      'secretsmanager:RecoveryWindowInDays': RecoveryWindowInDays === undefined ? undefined : String(RecoveryWindowInDays),
      'secretsmanager:ForceDeleteWithoutRecovery':
        ForceDeleteWithoutRecovery === undefined ? undefined : String(ForceDeleteWithoutRecovery),
    },
  })),
  async handle(input, context) {
    const windowDays = windowOf(input);
    if (windowDays === 0) return deleteNow(context, input.SecretId);
    const found = await requireSecret(context, input.SecretId);
    const { secret, arn } = found;
    if (secret.deletion !== undefined) {
      throw fault('InvalidRequestException', "You can't perform this operation on the secret because it was marked for deletion.");
    }
    requireNoReplicas(found);
    const dueAtMs = context.now + windowDays * dayMs;
    const marked = { ...unscheduled(context, secret), deletion: { requestedAtMs: context.now, dueAtMs } };
    secrets.put(context.transaction, marked);
    dueDeletions.put(context.transaction, { ...placeOf(secret), dueAtMs });
    await eachVersion(context, secret, 'StartSecretVersionDelete');
    return { ARN: arn, Name: secret.name, DeletionDate: dueAtMs };
  },
});

/** Zero: at once. @throws Fault InvalidParameterException */
function windowOf({ RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: isForced = false }: DeleteSecretRequest): number {
  if (isForced && days !== undefined) {
    throw fault('InvalidParameterException', "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  }
  if (days !== undefined && (days < 7 || days > 30)) {
    throw fault('InvalidParameterException', 'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
  }
  return isForced ? 0 : (days ?? windowDaysDefault);
}

/** AWS: forcing the deletion of a secret that is not there succeeds. */
async function deleteNow(context: Context, secretId: string) {
  const found = await findSecret(context, secretId);
  if (found === undefined) {
    if (secretId.startsWith('arn:')) return { ARN: secretId, Name: secretId.replace(/^.*:secret:/, ''), DeletionDate: context.now };
    requireName(secretId);
    return {
      ARN: arnOf(context, { ...context, name: secretId, suffix: newSuffix(context.ids) }),
      Name: secretId,
      DeletionDate: context.now,
    };
  }
  requireNoReplicas(found);
  noteSecret(context, found.secret.account, found.arn);
  if (found.secret.deletion === undefined) await eachVersion(context, found.secret, 'StartSecretVersionDelete');
  await finish(context, found.secret);
  return { ARN: found.arn, Name: found.secret.name, DeletionDate: context.now };
}

/** @throws Fault InvalidParameterException */
function requireNoReplicas(found: FoundSecret): void {
  const { secret, arn } = requireNoReplica(found);
  if (secret.replicaRegions.length > 0) {
    throw fault(
      'InvalidParameterException',
      `You can't delete secret ${arn} that still has replica regions [${secret.replicaRegions.join(', ')}]`,
    );
  }
}

async function finish(context: Context, secret: SecretRecord): Promise<void> {
  await eachVersion(context, secret, 'EndSecretVersionDelete');
  await eraseSecret(context.transaction, secret);
}

async function eachVersion(context: Context, secret: SecretRecord, eventName: string): Promise<void> {
  const { account, region, name } = secret;
  for (const { versionId } of await versions.all(context.transaction, account, region, name)) {
    secretEvent(context, eventName, secret, { SecretVersionId: versionId });
  }
}

export const RestoreSecret = operation('RestoreSecret', {
  access: onSecret('secretsmanager:RestoreSecret'),
  async handle(input, context) {
    const { secret, arn } = requireNoReplica(await requireSecret(context, input.SecretId));
    if (secret.deletion !== undefined) {
      dueDeletions.remove(context.transaction, { ...placeOf(secret), dueAtMs: secret.deletion.dueAtMs });
      const restored = { ...secret, deletion: undefined };
      secrets.put(context.transaction, await scheduled(context, restored));
      await eachVersion(context, secret, 'CancelSecretVersionDelete');
    }
    return { ARN: arn, Name: secret.name };
  },
});

function placeOf({ account, region, name }: SecretRecord) {
  return { account, region, name };
}

/** Deletes what has waited long enough. */
export const secretDeletion = dueWork({
  name: 'secret-deletion',
  everyMs: 60_000,
  records: dueDeletions,
  dueAtMs: (item) => item.dueAtMs,
  batch: batchMax,
  async perform({ transaction, contextFor }, item) {
    const secret = await secrets.get(transaction, item.account, item.region, item.name);
    if (secret?.deletion?.dueAtMs === item.dueAtMs) await finish(contextFor(item), secret);
  },
});

export const deletionOperations = [DeleteSecret, RestoreSecret];
