// What every part knows about accounts: name, owner's email address, and whether it is open. Written by the service that creates, closes and
// renames accounts; read wherever an account must be shown or refused.
import type { Ids } from '../base/ids.ts';
import type { Transaction } from '../store/store.ts';
import { type Collection, collection } from './collection.ts';
import { advanceGeneration } from './generation.ts';

export interface AccountProfile {
  readonly account: string;
  readonly name: string;
  readonly email: string;
  readonly createdAtMs: number;
  /** The account is closed: nobody gets in. */
  readonly isClosed?: boolean | undefined;
}

const profiles: Collection<AccountProfile> = collection('account.profile', ({ account }) => [account]);
const emails: Collection<{ readonly email: string; readonly account: string }> = collection('account.email', ({ email }) => [
  email.toLowerCase(),
]);

/** For an account that was never given a name, one that tells its number. */
export async function profileOf(transaction: Transaction, account: string): Promise<AccountProfile> {
  const known = await profiles.get(transaction, account);
  return known ?? { account, name: `Account ${account}`, email: `root+${account}@example.com`, createdAtMs: 0 };
}

export async function accountOfEmail(transaction: Transaction, email: string): Promise<string | undefined> {
  const known = await emails.get(transaction, email.toLowerCase());
  return known?.account ?? /^root\+(\d{12})@example\.com$/i.exec(email)?.[1];
}

/** Keeps a new or changed profile. The caller has made sure that the address is free. */
export async function saveProfile(transaction: Transaction, profile: AccountProfile): Promise<void> {
  const former = await profiles.get(transaction, profile.account);
  if (former !== undefined && former.email.toLowerCase() !== profile.email.toLowerCase()) emails.remove(transaction, former);
  emails.put(transaction, { email: profile.email, account: profile.account });
  profiles.put(transaction, profile);
}

export async function isClosed(transaction: Transaction, account: string): Promise<boolean> {
  return (await profiles.get(transaction, account))?.isClosed === true;
}

/** Shuts everyone out of the account, or lets them in again. `marker` is new each time. */
export async function setClosed(transaction: Transaction, account: string, closed: boolean, marker: string): Promise<void> {
  profiles.put(transaction, { ...(await profileOf(transaction, account)), isClosed: closed });
  advanceGeneration(transaction, account, marker);
}

/** Twelve digits that no account has; AWS's own never begin with zero. */
export async function newAccountId(transaction: Transaction, ids: Ids): Promise<string> {
  for (;;) {
    let number = 0n;
    for (const byte of ids.bytes(8)) number = (number << 8n) | BigInt(byte);
    const account = (100_000_000_000n + (number % 900_000_000_000n)).toString();
    if ((await profiles.get(transaction, account)) === undefined) return account;
  }
}
