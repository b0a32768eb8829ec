// What account management stores beside the account's name and address (kit/account-directory.ts).
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

/** A region that the account has opted into or out of; others are as AWS has them from the start. */
export interface RegionRecord {
  readonly account: string;
  readonly region: string;
  readonly status: 'ENABLING' | 'DISABLING';
  /** When the change is complete: the state is read by the clock. */
  readonly doneAtMs: number;
}

export interface EmailUpdateRecord {
  readonly account: string;
  readonly email: string;
  readonly code: string;
  readonly expiresAtMs: number;
}

export const contacts: Collection<ContactRecord> = collection('account.contact', ({ account }) => [account]);
export const alternateContacts: Collection<AlternateContactRecord> = collection('account.alternate-contact', ({ account, type }) => [
  account,
  type,
]);
export const regions: Collection<RegionRecord> = collection('account.region', ({ account, region }) => [account, region]);
export const emailUpdates: Collection<EmailUpdateRecord> = collection('account.email-update', ({ account }) => [account]);
