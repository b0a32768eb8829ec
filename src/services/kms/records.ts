// What KMS keeps: keys, their material (sealed, one record each, so that it can be destroyed alone), aliases, grants, and what is due when.
import type { Secret } from '../../base/secret.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type {
  ConnectionErrorCodeType,
  GrantConstraints,
  GrantOperation,
  KeySpec,
  KeyState,
  KeyUsageType,
  OriginType,
  RotationType,
  XksProxyConnectivityType,
} from './api.gen.ts';

export interface KeyRecord {
  readonly account: string;
  readonly region: string;
  /** A UUID, or `mrk-` and 32 hexadecimal digits. */
  readonly keyId: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsageType;
  readonly origin: OriginType;
  readonly manager: 'AWS' | 'CUSTOMER';
  readonly description: string;
  readonly state: KeyState;
  readonly createdAtMs: number;
  readonly policy: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The material that encrypts now. Undefined: none yet (external origin). */
  readonly currentMaterialId?: string | undefined;
  /** Of imported material; without a time it does not expire. */
  readonly expiration?: { readonly validToMs?: number | undefined } | undefined;
  readonly deletion?: { readonly atMs: number; readonly days: number } | undefined;
  readonly rotation?: { readonly periodDays: number; readonly nextAtMs: number } | undefined;
  readonly onDemandRotations: number;
  readonly multiRegion?: { readonly primaryRegion: string; readonly replicaRegions: readonly string[] } | undefined;
  readonly customKeyStoreId?: string | undefined;
  readonly xksKeyId?: string | undefined;
  /** Of a key in hardware modules, where its label is the key's id. */
  readonly hsmClusterId?: string | undefined;
  /** Of a key whose store is not connected: what it is when the store is again. */
  readonly stateWhenConnected?: 'Enabled' | 'Disabled' | undefined;
}

export interface MaterialRecord {
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly materialId: string;
  /** Raw bytes of symmetric and HMAC keys, PKCS #8 of private keys. Undefined: imported material that expired or was deleted. */
  readonly material?: Secret | undefined;
  /** SubjectPublicKeyInfo in base64, of asymmetric keys. */
  readonly publicKey?: string | undefined;
  /** Grows with every material of a key: the newest is last. */
  readonly number: number;
  readonly sinceMs: number;
  readonly rotation?: RotationType | undefined;
  readonly isImported: boolean;
  /** Imported and waiting for RotateKeyOnDemand. */
  readonly isPending?: boolean | undefined;
  readonly description?: string | undefined;
  readonly validToMs?: number | undefined;
}

export interface AliasRecord {
  readonly account: string;
  readonly region: string;
  readonly aliasName: string;
  readonly keyId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface GrantRecord {
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly grantId: string;
  readonly name?: string | undefined;
  readonly grantee: string;
  /** Of a user or role: who takes its name later gets nothing of the grant. */
  readonly granteeId?: string | undefined;
  readonly retiringId?: string | undefined;
  readonly retiring?: string | undefined;
  readonly issuingAccount: string;
  readonly operations: readonly GrantOperation[];
  readonly constraints?: GrantConstraints | undefined;
  readonly createdAtMs: number;
}

interface GrantCountRecord {
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly count: number;
}

interface AnyKeyStore {
  readonly account: string;
  readonly region: string;
  readonly keyStoreId: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly connection: 'CONNECTED' | 'CONNECTING' | 'DISCONNECTED' | 'FAILED';
  /** While `FAILED`. */
  readonly connectionError?: ConnectionErrorCodeType | undefined;
}

/** Behind a proxy that speaks the external key store protocol. */
export interface ExternalStoreRecord extends AnyKeyStore {
  readonly type: 'EXTERNAL_KEY_STORE';
  readonly endpoint: string;
  readonly path: string;
  readonly connectivity: XksProxyConnectivityType;
  readonly vpcServiceName?: string | undefined;
  readonly vpcServiceOwner?: string | undefined;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
}

/** A cluster of hardware security modules. */
export interface HardwareStoreRecord extends AnyKeyStore {
  readonly type: 'AWS_CLOUDHSM';
  readonly clusterId: string;
  readonly trustAnchor: string;
  readonly password: Secret;
}

export type KeyStoreRecord = ExternalStoreRecord | HardwareStoreRecord;

/** A key of a store, by the key behind it: the external key, or the label in the modules. */
export interface StoredKeyRecord {
  readonly account: string;
  readonly region: string;
  readonly keyStoreId: string;
  readonly backingKeyId: string;
  readonly keyId: string;
}

/** One thing that happens by the clock. */
export interface DueRecord {
  readonly atMs: number;
  readonly what: 'delete' | 'rotate' | 'expire';
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly materialId?: string | undefined;
}

export const keys: Collection<KeyRecord> = collection('kms.key', ({ account, region, keyId }) => [account, region, keyId]);
export const materials: Collection<MaterialRecord> = collection('kms.material', ({ account, region, keyId, materialId }) => [
  account,
  region,
  keyId,
  materialId,
]);
export const keyStores: Collection<KeyStoreRecord> = collection('kms.key-store', ({ account, region, keyStoreId }) => [
  account,
  region,
  keyStoreId,
]);
/** Stores that a job connects. */
export const connectingStores: Collection<Pick<KeyStoreRecord, 'account' | 'region' | 'keyStoreId'>> = collection(
  'kms.connecting-store',
  ({ account, region, keyStoreId }) => [account, region, keyStoreId],
);
export const storedKeys: Collection<StoredKeyRecord> = collection('kms.stored-key', ({ account, region, keyStoreId, backingKeyId }) => [
  account,
  region,
  keyStoreId,
  backingKeyId,
]);
export const aliases: Collection<AliasRecord> = collection('kms.alias', ({ account, region, aliasName }) => [account, region, aliasName]);
export const aliasesOfKey: Collection<AliasRecord> = collection('kms.alias-of-key', ({ account, region, keyId, aliasName }) => [
  account,
  region,
  keyId,
  aliasName,
]);
export const grants: Collection<GrantRecord> = collection('kms.grant', ({ account, region, keyId, grantId }) => [
  account,
  region,
  keyId,
  grantId,
]);
/** The same grants by who has them: one principal has few of a key's many. */
export const grantsOfGrantee: Collection<GrantRecord> = collection(
  'kms.grant-of-grantee',
  ({ account, region, keyId, grantee, granteeId = grantee, grantId }) => [account, region, keyId, granteeId, grantId],
);
/** How many grants a key has. */
export const grantCounts: Collection<GrantCountRecord> = collection('kms.grant-count', ({ account, region, keyId }) => [
  account,
  region,
  keyId,
]);
/** The same grants by who may retire them. */
export const retirableGrants: Collection<GrantRecord> = collection('kms.retirable-grant', ({ region, retiring = '', keyId, grantId }) => [
  region,
  retiring,
  keyId,
  grantId,
]);
/** By time, so that the next one is first. */
export const due: Collection<DueRecord> = collection('kms.due', ({ atMs, what, account, region, keyId, materialId = '' }) => [
  String(atMs).padStart(15, '0'),
  what,
  account,
  region,
  keyId,
  materialId,
]);
