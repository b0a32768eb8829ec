// Replicas of a secret in other regions: copies of its values under keys of those regions. All else they read from the primary.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/create-manage-multi-region-secrets.html
import { Fault } from '../../base/fault.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Transaction } from '../../store/store.ts';
import type { ReplicaRegionType, ReplicationStatusType } from './api.gen.ts';
import { givenKey, open, type SecretValue, seal, type ValueOwner } from './envelope.ts';
import { eraseSecret } from './erasure.ts';
import { secretEvent } from './events.ts';
import { putListed, removeListed } from './listing.ts';
import { quotas } from './quotas.ts';
import { failedReplicas, type ReplicaRecord, replicas, type SecretRecord, type VersionRecord, versions } from './records.ts';
import { arnOf, secretAt } from './secret-ids.ts';
import { fault } from './service.ts';

interface WantedReplica {
  readonly Region: string;
  readonly KmsKeyId?: string | undefined;
}

/** @throws Fault InvalidParameterException */
export function requireRegions(primary: string, wanted: readonly ReplicaRegionType[]): readonly WantedReplica[] {
  const seen = new Set<string>();
  if (wanted.length > quotas.replicaRegionsMax) throw fault('InvalidParameterException', 'Too many replica regions.');
  return wanted.map(({ Region, KmsKeyId }) => {
    if (Region === undefined || Region === primary || seen.has(Region)) throw fault('InvalidParameterException', 'Invalid replica region.');
    seen.add(Region);
    return { Region, KmsKeyId };
  });
}

/** Who owns a value in a replica's region. */
export function replicaOwner(scope: Scope, secret: SecretRecord, replica: ReplicaRecord, versionId: string): ValueOwner {
  const { region, kmsKeyId } = replica;
  return { arn: arnOf(scope, { ...secret, region }), account: secret.account, region, versionId, kmsKeyId };
}

/** Copies a new value to every replica. */
export async function copyToReplicas(
  context: Context,
  secret: SecretRecord,
  { versionId, value }: { readonly versionId: string; readonly value: SecretValue },
): Promise<void> {
  for (const region of secret.replicaRegions) {
    const replica = await replicaIn(context, secret, region);
    if (replica === undefined) continue;
    const sealed = await seal(context, replicaOwner(context, secret, replica, versionId), value);
    versions.put(context.transaction, { ...placeOf(replica), versionId, createdAtMs: context.now, value: sealed });
  }
}

/** Another secret of the same name may have overwritten it. */
async function replicaIn(
  { transaction }: Pick<Scope, 'transaction'>,
  secret: SecretRecord,
  region: string,
): Promise<ReplicaRecord | undefined> {
  const replica = await replicas.get(transaction, secret.account, region, secret.name);
  return replica?.primaryRegion === secret.region ? replica : undefined;
}

function placeOf({ account, region, name }: ReplicaRecord) {
  return { account, region, name };
}

/** Makes replicas, or notes why one could not be made; what a region had before is tried anew. Returns the secret's new regions. */
export async function addReplicas(
  context: Context,
  secret: SecretRecord,
  wanted: readonly WantedReplica[],
  overwrites: boolean,
): Promise<readonly string[]> {
  const regions = new Set(secret.replicaRegions);
  for (const { Region: region, KmsKeyId: kmsKeyId } of wanted) {
    const { account, name } = secret;
    const replica = { account, region, name, primaryRegion: secret.region, kmsKeyId: givenKey(kmsKeyId) };
    regions.add(region);
    const message = await replicate(context, secret, replica, overwrites);
    const failure = { ...replica, message: message ?? '' };
    if (message === undefined) failedReplicas.remove(context.transaction, failure);
    else failedReplicas.put(context.transaction, failure);
    secretEvent(context, message === undefined ? 'ReplicationSucceeded' : 'ReplicationFailed', secret, {
      ReplicaRegion: region,
      StatusMessage: message,
    });
  }
  return [...regions];
}

/** Returns what went wrong. */
async function replicate(context: Context, secret: SecretRecord, replica: ReplicaRecord, overwrites: boolean): Promise<string | undefined> {
  const { transaction } = context;
  const there = await secretAt(context, replica);
  const hasReplicas = there !== undefined && there.replica === undefined && there.secret.replicaRegions.length > 0;
  if (there !== undefined && (!overwrites || hasReplicas)) return 'Secret with this name already exists in this region.';
  secretEvent(context, 'ReplicationStarted', secret, { ReplicaRegion: replica.region });
  const copies = await copiesFor(context, secret, replica).catch((error: unknown) => {
    if (error instanceof Fault) return error.message;
    throw error;
  });
  if (typeof copies === 'string') return copies;
  if (there?.replica === undefined) await eraseSecret(transaction, replica);
  else await eraseReplica(transaction, there.secret, there.replica);
  for (const copy of copies) versions.put(transaction, copy);
  replicas.put(transaction, replica);
  putListed(transaction, secret, replica.region);
  return undefined;
}

/** The versions with labels, under the replica's key. */
async function copiesFor(context: Context, secret: SecretRecord, replica: ReplicaRecord): Promise<readonly VersionRecord[]> {
  const { account, region, name, kmsKeyId } = secret;
  const copies: VersionRecord[] = [];
  for (const versionId of new Set(secret.labels.map((each) => each.versionId))) {
    const version = await versions.get(context.transaction, account, region, name, versionId);
    if (version?.value === undefined) continue;
    const value = await open(context, { arn: arnOf(context, secret), account, region, versionId, kmsKeyId }, version.value);
    const sealed = await seal(context, replicaOwner(context, secret, replica, versionId), value);
    copies.push({ ...placeOf(replica), versionId, createdAtMs: version.createdAtMs, value: sealed });
  }
  return copies;
}

/** AWS: the one thing of a replica that changes by itself is its key. */
export async function rekeyReplica(context: Context, secret: SecretRecord, replica: ReplicaRecord, keyId: string): Promise<void> {
  const next = { ...replica, kmsKeyId: givenKey(keyId) };
  for (const { value: sealed, ...version } of await versions.all(context.transaction, replica.account, replica.region, replica.name)) {
    if (sealed === undefined) continue;
    const value = await open(context, replicaOwner(context, secret, replica, version.versionId), sealed);
    const again = await seal(context, replicaOwner(context, secret, next, version.versionId), value);
    versions.put(context.transaction, { ...version, value: again });
  }
  replicas.put(context.transaction, next);
}

/** A replica goes at once, and its copies with it. */
export async function removeReplica({ transaction }: Context, secret: SecretRecord, region: string): Promise<void> {
  const { account, name } = secret;
  failedReplicas.remove(transaction, { account, region, name, primaryRegion: secret.region, message: '' });
  const replica = await replicaIn({ transaction }, secret, region);
  if (replica !== undefined) await eraseReplica(transaction, secret, replica);
}

async function eraseReplica(transaction: Transaction, secret: SecretRecord, replica: ReplicaRecord): Promise<void> {
  const { account, region, name } = replica;
  replicas.remove(transaction, replica);
  removeListed(transaction, secret, region);
  for (const version of await versions.all(transaction, account, region, name)) versions.remove(transaction, version);
}

export async function replicationStatus({ transaction }: Scope, secret: SecretRecord): Promise<readonly ReplicationStatusType[]> {
  return Promise.all(
    secret.replicaRegions.map(async (region): Promise<ReplicationStatusType> => {
      const failure = await failedReplicas.get(transaction, secret.account, secret.region, secret.name, region);
      if (failure !== undefined) {
        return { Region: region, KmsKeyId: shownKey(failure.kmsKeyId), Status: 'Failed', StatusMessage: failure.message };
      }
      const replica = await replicaIn({ transaction }, secret, region);
      if (replica === undefined)
        return { Region: region, Status: 'Failed', StatusMessage: 'The replica was overwritten by another secret.' };
      const how = { Status: 'InSync', StatusMessage: 'Replication succeeded' } as const;
      return { Region: region, KmsKeyId: shownKey(replica.kmsKeyId), ...how, LastAccessedDate: replica.accessedAtMs };
    }),
  );
}

/** AWS: of a replica the managed key is shown. */
function shownKey(kmsKeyId: string | undefined): string {
  return kmsKeyId ?? 'alias/aws/secretsmanager';
}
