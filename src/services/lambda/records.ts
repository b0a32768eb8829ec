// What Lambda keeps: every version of a function with its configuration, the code that versions share, aliases, permissions, and the queue of
// asynchronous invocations.
import type { Secret } from '../../base/secret.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { Architecture, LoggingConfig, Runtime, TracingMode, VpcConfig } from './api.gen.ts';

/** The version that changes; the others are numbered and never do. */
export const latest = '$LATEST';

export interface FunctionRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly version: string;
  readonly role: string;
  readonly runtime: Runtime;
  readonly handler: string;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly architecture: Architecture;
  readonly scratchMb: number;
  readonly tracingMode: TracingMode;
  /** Kept and shown; the network of a function is the server's. */
  readonly vpc?: VpcConfig | undefined;
  readonly logging?: LoggingConfig | undefined;
  /** JSON object of names and values; sealed, as Lambda encrypts it at rest. */
  readonly environment?: Secret | undefined;
  readonly kmsKeyArn?: string | undefined;
  readonly archiveId: string;
  readonly codeBytes: number;
  readonly modifiedAtMs: number;
  readonly revisionId: string;
  /** Of `$LATEST` alone: the highest version that was published, what is reserved for all versions, and tags. */
  readonly lastVersion: number;
  readonly reservedConcurrency?: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface CodeRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** SHA-256 in hexadecimal. */
  readonly archiveId: string;
  /** Zip in base64. */
  readonly archive: string;
}

export interface AliasRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly alias: string;
  readonly version: string;
  readonly description: string;
  /** Another version and the share of invocations that it gets. */
  readonly routing?: { readonly version: string; readonly weight: number } | undefined;
  readonly revisionId: string;
}

export interface PermissionsRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** `$LATEST` stands for the function without a qualifier. */
  readonly qualifier: string;
  readonly statements: readonly Readonly<Record<string, unknown>>[];
  readonly revisionId: string;
}

/** How asynchronous invocations are tried again; undefined: as AWS does by default. */
export interface RetryRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly qualifier: string;
  readonly attempts?: number | undefined;
  readonly ageSeconds?: number | undefined;
  readonly modifiedAtMs: number;
}

export interface QueuedInvocation {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly qualifier: string;
  readonly requestId: string;
  readonly dueAtMs: number;
  readonly queuedAtMs: number;
  readonly attempts: number;
  /** How often there was no room for it. */
  readonly throttled?: number | undefined;
  readonly event: Secret;
}

export const functions: Collection<FunctionRecord> = collection('lambda.function', ({ account, region, name, version }) => [
  account,
  region,
  name,
  version,
]);
export const codes: Collection<CodeRecord> = collection('lambda.code', ({ account, region, name, archiveId }) => [
  account,
  region,
  name,
  archiveId,
]);
export const aliases: Collection<AliasRecord> = collection('lambda.alias', ({ account, region, name, alias }) => [
  account,
  region,
  name,
  alias,
]);
export const permissions: Collection<PermissionsRecord> = collection('lambda.permission', ({ account, region, name, qualifier }) => [
  account,
  region,
  name,
  qualifier,
]);
export const retries: Collection<RetryRecord> = collection('lambda.retry', ({ account, region, name, qualifier }) => [
  account,
  region,
  name,
  qualifier,
]);
/** By the time at which each is due, so that the first one is next. */
export const queue: Collection<QueuedInvocation> = collection('lambda.queue', ({ dueAtMs, requestId }) => [
  String(dueAtMs).padStart(15, '0'),
  requestId,
]);
