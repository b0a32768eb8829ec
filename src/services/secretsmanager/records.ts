// What Secrets Manager stores: secrets, their versions, the replicas in other regions, and what is due when.
import type { Secret } from '../../base/secret.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { SealedValue } from './envelope.ts';

export type Tags = Readonly<Record<string, string>>;

/** A secret in its primary region. */
export interface SecretRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** Six random characters at the end of the ARN: a later secret of the same name is another secret. */
  readonly suffix: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  /** The day of the last retrieval. */
  readonly accessedAtMs?: number | undefined;
  readonly description?: string | undefined;
  /** Which partner holds a managed external secret. */
  readonly type?: string | undefined;
  /** As it was given. Undefined: the AWS managed key aws/secretsmanager. */
  readonly kmsKeyId?: string | undefined;
  readonly tags: Tags;
  readonly resourcePolicy?: string | undefined;
  /** INVARIANT: a label stands here once, so it is never on two versions. */
  readonly labels: readonly LabelRecord[];
  readonly versionCount: number;
  readonly deletion?: DeletionRecord | undefined;
  readonly rotation?: RotationRecord | undefined;
  /** Regions that have a replica, or should have. */
  readonly replicaRegions: readonly string[];
}

export interface LabelRecord {
  readonly label: string;
  readonly versionId: string;
}

export interface DeletionRecord {
  readonly requestedAtMs: number;
  readonly dueAtMs: number;
}

/** How a secret rotates, when, and how far the rotation that runs has come. */
export interface RotationRecord {
  readonly isEnabled: boolean;
  /** The Lambda function, or a built-in rotator's ARN. Undefined for managed external secrets. */
  readonly functionArn?: string | undefined;
  readonly rules?: RotationRules | undefined;
  /** The secret with which alternating users are changed: whoever configured the rotation could read it. */
  readonly masterArn?: string | undefined;
  readonly externalMetadata?: readonly ExternalMetadata[] | undefined;
  readonly externalRoleArn?: string | undefined;
  readonly lastRotatedAtMs?: number | undefined;
  /** The end of the next window. */
  readonly nextRotationAtMs?: number | undefined;
  /** When the job looks at the secret next; INVARIANT: the due index has the same time. */
  readonly dueAtMs?: number | undefined;
  readonly running?: RunningRotation | undefined;
}

export interface RotationRules {
  readonly AutomaticallyAfterDays?: number | undefined;
  readonly Duration?: string | undefined;
  readonly ScheduleExpression?: string | undefined;
}

export interface RunningRotation {
  readonly versionId: string;
  /** A test tries the function with the current value and changes nothing. */
  readonly kind: 'rotation' | 'test';
  readonly failedAttempts: number;
  /** What the rotation's function proves itself with; undefined until it is first called. */
  readonly token?: Secret | undefined;
  /** A node works at it until then; undefined between attempts. */
  readonly leaseUntilMs?: number | undefined;
}

/** What a partner of managed external secrets needs to know. */
export interface ExternalMetadata {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** A version in one region. Its labels are the secret's. */
export interface VersionRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly versionId: string;
  readonly createdAtMs: number;
  readonly accessedAtMs?: number | undefined;
  /** Undefined while a rotation has announced the version and not yet given it a value. */
  readonly value?: SealedValue | undefined;
}

/** A version's place in time. */
export type VersionAgeRecord = Pick<VersionRecord, 'account' | 'region' | 'name' | 'versionId' | 'createdAtMs'>;

/** A secret's presence in another region: its own key and its own reads. Everything else is the primary's. */
export interface ReplicaRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly primaryRegion: string;
  readonly kmsKeyId?: string | undefined;
  readonly accessedAtMs?: number | undefined;
}

/** A replica that could not be made. */
export interface FailedReplicaRecord {
  readonly account: string;
  readonly primaryRegion: string;
  readonly name: string;
  readonly region: string;
  readonly kmsKeyId?: string | undefined;
  readonly message: string;
}

/** A secret's or replica's place in the list of its region, once for each order. */
export interface ListedRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly order: 'created-date' | 'name';
}

/** A region whose secrets are all in the index of lists. */
export interface IndexedRegion {
  readonly account: string;
  readonly region: string;
}

/** What a job does at a time. */
export interface DueRecord {
  readonly dueAtMs: number;
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

export const secrets: Collection<SecretRecord> = collection('secretsmanager.secret', (secret) => placeOf(secret));
export const versions: Collection<VersionRecord> = collection('secretsmanager.version', (version) => [
  ...placeOf(version),
  version.versionId,
]);
/** Versions of a secret in its primary region, the oldest first. */
export const versionAges: Collection<VersionAgeRecord> = collection('secretsmanager.version-age', (version) => [
  ...placeOf(version),
  sortable(version.createdAtMs),
  version.versionId,
]);
export const replicas: Collection<ReplicaRecord> = collection('secretsmanager.replica', (replica) => placeOf(replica));
export const failedReplicas: Collection<FailedReplicaRecord> = collection(
  'secretsmanager.failed-replica',
  ({ account, primaryRegion, name, region }) => [account, primaryRegion, name, region],
);
export const listed: Collection<ListedRecord> = collection('secretsmanager.listed', ({ account, region, name, createdAtMs, order }) => [
  account,
  region,
  order,
  ...(order === 'created-date' ? [sortable(createdAtMs)] : []),
  name,
]);
export const indexedRegions: Collection<IndexedRegion> = collection('secretsmanager.indexed-region', ({ account, region }) => [
  account,
  region,
]);
export const dueDeletions: Collection<DueRecord> = collection('secretsmanager.due-deletion', dueKey);
export const dueRotations: Collection<DueRecord> = collection('secretsmanager.due-rotation', dueKey);

function placeOf({ account, region, name }: { account: string; region: string; name: string }): readonly string[] {
  return [account, region, name];
}

function dueKey({ dueAtMs, account, region, name }: DueRecord): readonly string[] {
  return [sortable(dueAtMs), account, region, name];
}

/** A time as a key that sorts by it. */
function sortable(ms: number): string {
  return String(ms).padStart(15, '0');
}
