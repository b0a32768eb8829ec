// What AWS would send by mail. Nothing is sent from here: the operator reads it (`castellan mail`) and passes it on to whom it is addressed. It is
// not in the ledger, which the principals of an account can read. See docs/adr/0028-mail.md.
import { isoSeconds } from '../base/clock.ts';
import type { Secret } from '../base/secret.ts';
import type { Transaction } from '../store/store.ts';
import { type Collection, collection } from './collection.ts';

export interface Mail {
  /** Whose account it is about. */
  readonly account: string;
  /** What it is about: later mail about the same takes its place, so that nobody can fill the store with it. */
  readonly topic: string;
  readonly to: string;
  readonly subject: string;
  readonly text: Secret;
  readonly sentAtMs: number;
  readonly expiresAtMs: number;
}

const mailbox: Collection<Mail> = collection('mail', ({ account, topic }) => [account, topic]);

/** How many are shown at once. */
const shownMax = 1_000;

export function sendMail(transaction: Transaction, mail: Mail): void {
  mailbox.put(transaction, mail);
}

/** When it has served its purpose. */
export async function withdrawMail(transaction: Transaction, { account, topic }: Pick<Mail, 'account' | 'topic'>): Promise<void> {
  const mail = await mailbox.get(transaction, account, topic);
  if (mail !== undefined) mailbox.remove(transaction, mail);
}

/** What has not expired, as the operator reads it: newest first. What has expired is forgotten. */
export async function mailToPassOn(transaction: Transaction, now: number) {
  const all = await mailbox.all(transaction);
  for (const mail of all) if (mail.expiresAtMs <= now) mailbox.remove(transaction, mail);
  const waiting = all.filter(({ expiresAtMs }) => expiresAtMs > now).toSorted((one, other) => other.sentAtMs - one.sentAtMs);
  return waiting.slice(0, shownMax).map(({ account, to, subject, text, sentAtMs, expiresAtMs }) => ({
    account,
    to,
    subject,
    text: text.reveal(),
    sentAt: isoSeconds(sentAtMs),
    expiresAt: isoSeconds(expiresAtMs),
  }));
}
