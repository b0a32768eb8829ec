// What account management stores beside the account's name and address (kit/account-directory.ts).
import type { Secret } from '../../base/secret.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { AlternateContactType, ContactInformation } from './api.gen.ts';

export interface ContactRecord {
  readonly account: string;
  readonly contact: ContactInformation;
}

export interface AlternateContactRecord {
  readonly account: string;
  readonly type: AlternateContactType;
  readonly name: string;
  readonly title: string;
  readonly email: string;
  readonly phone: string;
}

export interface EmailUpdateRecord {
  readonly account: string;
  readonly email: string;
  readonly code: Secret;
  readonly expiresAtMs: number;
}

export const contacts: Collection<ContactRecord> = collection('account.contact', ({ account }) => [account]);
export const alternateContacts: Collection<AlternateContactRecord> = collection('account.alternate-contact', ({ account, type }) => [
  account,
  type,
]);
export const emailUpdates: Collection<EmailUpdateRecord> = collection('account.email-update', ({ account }) => [account]);
