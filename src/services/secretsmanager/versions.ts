// Versions of a secret: making one, reading its value, and letting go of those without labels.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_version
import { Secret } from '../../base/secret.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { open, type SecretValue, seal, type ValueOwner } from './envelope.ts';
import { secretEvent } from './events.ts';
import { current, holderOf, labelsOf, withLabels } from './labels.ts';
import { quotas } from './quotas.ts';
import { type SecretRecord, secrets, type VersionAgeRecord, type VersionRecord, versionAges, versions } from './records.ts';
import { copyToReplicas } from './replicas.ts';
import { changedByHand } from './rotations.ts';
import { arnOf, type FoundSecret } from './secret-ids.ts';
import { fault } from './service.ts';

interface ValueInput {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
  readonly ClientRequestToken?: string | undefined;
}

/** A value and the id of the version that is to hold it. */
export interface NewVersion {
  readonly versionId: string;
  readonly value: SecretValue;
}

/** Undefined when the request gives no value. @throws Fault InvalidParameterException, InvalidRequestException */
export function newVersionOf({ SecretString, SecretBinary, ClientRequestToken }: ValueInput): NewVersion | undefined {
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw fault('InvalidParameterException', "You can't specify both a binary secret value and a string secret value in the same secret.");
  }
  const content = SecretString ?? SecretBinary;
  if (content === undefined) return undefined;
  if (Buffer.byteLength(content) > quotas.valueBytesMax) {
    throw fault('InvalidParameterException', `The secret value can't be longer than ${quotas.valueBytesMax} bytes.`);
  }
  if (ClientRequestToken === undefined) {
    throw fault('InvalidRequestException', 'You must provide a ClientRequestToken value. We recommend a UUID-type value.');
  }
  return { versionId: ClientRequestToken, value: { kind: SecretString === undefined ? 'binary' : 'text', content: new Secret(content) } };
}

/**
 * Stores a version and moves labels to it. The same token with the same value changes nothing, so that a client may repeat its request.
 * @throws Fault ResourceExistsException for the same token with another value
 */
export async function putVersion(
  context: Context,
  secret: SecretRecord,
  { versionId, value }: NewVersion,
  labels: readonly string[],
): Promise<SecretRecord> {
  const { transaction, now } = context;
  const { account, region, name } = secret;
  const existing = await versions.get(transaction, account, region, name, versionId);
  if (existing?.value !== undefined) {
    if (await hasValue(context, secret, existing, value)) return secret;
    throw fault(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${versionId} because that value is already in use for a version of secret ${arnOf(context, secret)}.`,
    );
  }
  const sealed = await seal(context, ownerOf(context, secret, versionId), value);
  const version = { account, region, name, versionId, createdAtMs: existing?.createdAtMs ?? now, value: sealed };
  versions.put(transaction, version);
  await copyToReplicas(context, secret, { versionId, value });
  const labelled = { ...secret, labels: withLabels(secret.labels, versionId, labels), changedAtMs: now };
  const isNewCurrent = holderOf(secret.labels, current) !== holderOf(labelled.labels, current);
  const next = isNewCurrent ? await changedByHand(context, labelled, versionId) : labelled;
  return existing === undefined ? addVersion(context, next, version) : kept(context, next);
}

/** Announces a version that a rotation will give a value. */
export async function putEmptyVersion(context: Context, secret: SecretRecord, versionId: string, label: string): Promise<SecretRecord> {
  const { account, region, name } = secret;
  const version = { account, region, name, versionId, createdAtMs: context.now };
  versions.put(context.transaction, version);
  return addVersion(context, { ...secret, labels: withLabels(secret.labels, versionId, [label]) }, version);
}

function kept(context: Context, secret: SecretRecord): SecretRecord {
  secrets.put(context.transaction, secret);
  return secret;
}

export function ownerOf(scope: Scope, secret: SecretRecord, versionId: string): ValueOwner {
  const { account, region, kmsKeyId } = secret;
  return { arn: arnOf(scope, secret), account, region, versionId, kmsKeyId };
}

/** Whether the version holds this value; the caller must be allowed to decrypt it, so nobody can guess values. */
export async function hasValue(context: Context, secret: SecretRecord, version: VersionRecord, value: SecretValue): Promise<boolean> {
  if (version.value === undefined) return false;
  const stored = await open(context, ownerOf(context, secret, version.versionId), version.value);
  return stored.kind === value.kind && stored.content.equals(value.content);
}

/** The version as it is stored in the region where it is asked for. */
export async function versionAt(scope: Scope, { secret, region }: FoundSecret, versionId: string): Promise<VersionRecord | undefined> {
  return versions.get(scope.transaction, secret.account, region, secret.name, versionId);
}

/**
 * Counts a new version, and lets go of the oldest versions without labels when there are too many.
 * @throws Fault LimitExceededException
 */
async function addVersion(context: Context, secret: SecretRecord, { versionId, createdAtMs }: VersionRecord): Promise<SecretRecord> {
  const { account, region, name } = secret;
  versionAges.put(context.transaction, { account, region, name, versionId, createdAtMs });
  const versionCount = secret.versionCount + 1;
  if (versionCount > quotas.versionsMax) {
    throw fault('LimitExceededException', `The secret can't have more than ${quotas.versionsMax} versions created in the last 24 hours.`);
  }
  const removed = versionCount > quotas.versionsKept ? await removeOutdated(context, secret, versionCount - quotas.versionsKept) : 0;
  return kept(context, { ...secret, versionCount: versionCount - removed });
}

async function removeOutdated(context: Context, secret: SecretRecord, countMax: number): Promise<number> {
  const { transaction, now } = context;
  const { account, region, name } = secret;
  // As many as may have labels, and a few more: what is left goes with the next version.
  const oldest = await versionAges.list(transaction, [account, region, name], { limit: quotas.labelsMax + 10 });
  const outdated = oldest
    .map(({ value }) => value)
    .filter(({ versionId, createdAtMs }) => createdAtMs < now - quotas.versionKeptMs && labelsOf(secret.labels, versionId).length === 0)
    .slice(0, countMax);
  for (const version of outdated) {
    removeVersion(context, secret, version);
    secretEvent(context, 'SecretVersionDeletion', secret, { SecretVersionId: version.versionId });
  }
  return outdated.length;
}

/** The version in every region. */
export function removeVersion({ transaction }: Pick<Context, 'transaction'>, secret: SecretRecord, version: VersionAgeRecord): void {
  versionAges.remove(transaction, version);
  for (const region of [secret.region, ...secret.replicaRegions]) versions.remove(transaction, { ...version, region });
}
