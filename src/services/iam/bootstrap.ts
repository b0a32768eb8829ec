// The first start: an account and its root access key. A later start finds them, or replaces a root key that was given by hand.
import { base64Id, type Ids } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import { accessKeyIdFor } from '../../kit/account-ids.ts';
import { advanceGeneration } from '../../kit/generation.ts';
import type { Transaction } from '../../store/store.ts';
import { type AccountRecord, accessKeys, accounts, keysOfUser } from './records.ts';

export interface EnsureAccount {
  readonly transaction: Transaction;
  readonly account: string;
  readonly ids: Ids;
  readonly now: number;
  /** A root key of any form, for test suites with fixed credentials. */
  readonly givenRootKey: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

export interface RootKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
}

/** The account's root key. It is made at the first start, and again when it was deleted. */
export async function ensureAccount({ transaction, account, ids, now, givenRootKey }: EnsureAccount): Promise<RootKey> {
  const record: AccountRecord = (await accounts.get(transaction, account)) ?? { account, createdAtMs: now, rootKeyId: '' };
  if (givenRootKey !== undefined) return installGiven(transaction, record, givenRootKey, { ids, now });
  const known = record.rootKeyId === '' ? undefined : await accessKeys.get(transaction, record.rootKeyId);
  if (known !== undefined) return { accessKeyId: known.accessKeyId, secretAccessKey: known.secret };
  const key = { accessKeyId: accessKeyIdFor(ids, 'AKIA', account), secretAccessKey: new Secret(base64Id(ids, 40)) };
  install(transaction, record, key, now);
  accounts.put(transaction, { ...record, rootKeyId: key.accessKeyId });
  return key;
}

async function installGiven(
  transaction: Transaction,
  record: AccountRecord,
  given: NonNullable<EnsureAccount['givenRootKey']>,
  { ids, now }: Pick<EnsureAccount, 'ids' | 'now'>,
): Promise<RootKey> {
  const former = record.givenRootKeyId === undefined ? undefined : await accessKeys.get(transaction, record.givenRootKeyId);
  const key = { accessKeyId: given.accessKeyId, secretAccessKey: new Secret(given.secretAccessKey) };
  if (former?.accessKeyId === key.accessKeyId && former.secret.equals(key.secretAccessKey)) return key;
  if (former !== undefined) {
    accessKeys.remove(transaction, former);
    keysOfUser.remove(transaction, { account: record.account, userName: '<root>', accessKeyId: former.accessKeyId });
  }
  install(transaction, record, key, now);
  accounts.put(transaction, { ...record, givenRootKeyId: key.accessKeyId });
  advanceGeneration(transaction, record.account, ids.uuid());
  return key;
}

function install(transaction: Transaction, { account }: AccountRecord, key: RootKey, now: number): void {
  accessKeys.put(transaction, { accessKeyId: key.accessKeyId, secret: key.secretAccessKey, account, status: 'Active', createdAtMs: now });
  keysOfUser.put(transaction, { account, userName: '<root>', accessKeyId: key.accessKeyId });
}
