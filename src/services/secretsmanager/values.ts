// Values of secrets: reading and writing a version.
import { Secret } from '../../base/secret.ts';
import type { Context } from '../../kit/context.ts';
import { onSecret } from './access.ts';
import type { GetSecretValueRequest, GetSecretValueResponse, PutSecretValueRequest } from './api.gen.ts';
import { open, type SecretValue } from './envelope.ts';
import { current, holderOf, labelsOf } from './labels.ts';
import { replicas, type SecretRecord, secrets, type VersionRecord, versions } from './records.ts';
import { replicaOwner } from './replicas.ts';
import { type FoundSecret, requireActive, requirePrimary } from './secret-ids.ts';
import { fault, operation } from './service.ts';
import { newVersionOf, ownerOf, putVersion, versionAt } from './versions.ts';

const dayMs = 24 * 60 * 60 * 1000;

export const GetSecretValue = operation('GetSecretValue', {
  access: onSecret<GetSecretValueRequest>('secretsmanager:GetSecretValue', ({ VersionId, VersionStage }, found) => ({
    context: { 'secretsmanager:VersionId': VersionId, 'secretsmanager:VersionStage': stagesMeant(found, VersionId, VersionStage) },
  })),
  async handle(input, context): Promise<GetSecretValueResponse> {
    const found = await requireActive(context, input.SecretId);
    const { secret, arn } = found;
    const version = await requestedVersion(context, found, input);
    const { kind, content } = await openValue(context, found, version);
    noteAccess(context, found, version);
    return {
      ARN: arn,
      Name: secret.name,
      VersionId: version.versionId,
      ...(kind === 'text' ? { SecretString: content.reveal() } : { SecretBinary: content.revealBytes() }),
      VersionStages: labelsOf(secret.labels, version.versionId),
      CreatedDate: version.createdAtMs,
    };
  },
});

/** secretsmanager:VersionStage: what the request names, or what the version that it means is labelled with. */
function stagesMeant(found: FoundSecret | undefined, versionId: string | undefined, stage: string | undefined): readonly string[] {
  if (stage !== undefined) return [stage];
  return versionId === undefined ? [current] : labelsOf(found?.secret.labels ?? [], versionId);
}

/** @throws Fault ResourceNotFoundException, InvalidRequestException */
async function requestedVersion(
  context: Context,
  found: FoundSecret,
  { VersionId, VersionStage }: GetSecretValueRequest,
): Promise<VersionRecord & { readonly value: NonNullable<VersionRecord['value']> }> {
  const { labels } = found.secret;
  if (VersionId !== undefined && VersionStage !== undefined && holderOf(labels, VersionStage) !== VersionId) {
    throw fault('InvalidRequestException', 'You provided a VersionStage that is not associated to the provided VersionId.');
  }
  const versionId = VersionId ?? holderOf(labels, VersionStage ?? current);
  const version = versionId === undefined ? undefined : await versionAt(context, found, versionId);
  if (version?.value !== undefined) return { ...version, value: version.value };
  const searched = VersionId === undefined ? `staging label: ${VersionStage ?? current}` : `VersionId: ${VersionId}`;
  throw fault('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${searched}`);
}

async function openValue(
  context: Context,
  { secret, replica }: FoundSecret,
  { versionId, value }: { readonly versionId: string; readonly value: NonNullable<VersionRecord['value']> },
): Promise<SecretValue> {
  const owner = replica === undefined ? ownerOf(context, secret, versionId) : replicaOwner(context, secret, replica, versionId);
  return open(context, owner, value);
}

/** AWS: the day of the last retrieval. It is written once a day, so that reading stays reading. */
function noteAccess({ transaction, now }: Context, { secret, replica }: FoundSecret, version: VersionRecord): void {
  const accessedAtMs = now - (now % dayMs);
  if (version.accessedAtMs !== accessedAtMs) versions.put(transaction, { ...version, accessedAtMs });
  if (replica !== undefined) {
    if (replica.accessedAtMs !== accessedAtMs) replicas.put(transaction, { ...replica, accessedAtMs });
  } else if (secret.accessedAtMs !== accessedAtMs) secrets.put(transaction, { ...secret, accessedAtMs });
}

export const PutSecretValue = operation('PutSecretValue', {
  access: onSecret('secretsmanager:PutSecretValue'),
  async handle(input, context) {
    const version = newVersionOf(input);
    if (version === undefined) throw fault('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
    const { secret, arn } = await requirePrimary(context, input.SecretId);
    requireRotationToken(secret, input);
    // AWS: the first version is current, whatever else it is.
    const isFirst = holderOf(secret.labels, current) === undefined;
    const labels = [...(input.VersionStages ?? [current]), ...(isFirst && secret.labels.length === 0 ? [current] : [])];
    const { labels: now } = await putVersion(context, secret, version, labels);
    return { ARN: arn, Name: secret.name, VersionId: version.versionId, VersionStages: labelsOf(now, version.versionId) };
  },
});

/**
 * AWS: a function in another role or account than the secret's proves with the token of its event that it acts for the rotation that runs. It is good
 * for that rotation's version alone. @throws Fault InvalidParameterException
 */
function requireRotationToken({ rotation }: SecretRecord, { RotationToken, ClientRequestToken }: PutSecretValueRequest): void {
  if (RotationToken === undefined) return;
  const running = rotation?.running;
  if (running?.versionId === ClientRequestToken && running?.token?.equals(new Secret(RotationToken)) === true) return;
  throw fault('InvalidParameterException', 'The RotationToken is not the token of a rotation of this version that is in progress.');
}

export const valueOperations = [GetSecretValue, PutSecretValue];
