// The account's name and its owner's address. https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-root-user-email.html
import { accountOfEmail, profileOf, saveProfile } from '../../kit/account-directory.ts';
import type { Context } from '../../kit/context.ts';
import { emailUpdates } from './records.ts';
import { fault, operation } from './service.ts';
import { onAccount, onAccountWith, targetAccount } from './target.ts';

const codeLifeMs = 24 * 60 * 60_000;

export const GetAccountInformation = operation('GetAccountInformation', {
  access: onAccount('GetAccountInformation'),
  async handle(input, context) {
    const { account, name, createdAtMs, isClosed } = await profileOf(context.transaction, await targetAccount(input, context));
    return {
      AccountId: account,
      AccountName: name,
      AccountCreatedDate: createdAtMs,
      AccountState: isClosed === true ? 'CLOSED' : 'ACTIVE',
    };
  },
});

export const PutAccountName = operation('PutAccountName', {
  access: onAccount('PutAccountName'),
  async handle(input, context) {
    const profile = await profileOf(context.transaction, await targetAccount(input, context));
    await saveProfile(context.transaction, { ...profile, name: input.AccountName });
    return {};
  },
});

export const GetGovCloudAccountInformation = operation('GetGovCloudAccountInformation', {
  access: (input, scope) => onAccount('GetGovCloudAccountInformation')({ AccountId: input.StandardAccountId }, scope),
  async handle(input, context) {
    await targetAccount({ AccountId: input.StandardAccountId }, context);
    throw fault('ResourceNotFoundException', 'There is no AWS GovCloud (US) account linked to the specified account.');
  },
});

const domainKey = (input: { readonly PrimaryEmail: string }) => ({
  'account:EmailTargetDomain': input.PrimaryEmail.slice(input.PrimaryEmail.lastIndexOf('@') + 1),
});

export const GetPrimaryEmail = operation('GetPrimaryEmail', {
  access: onAccount('GetPrimaryEmail'),
  async handle(input, context) {
    return { PrimaryEmail: (await profileOf(context.transaction, await targetAccount(input, context))).email };
  },
});

export const StartPrimaryEmailUpdate = operation('StartPrimaryEmailUpdate', {
  access: onAccountWith('StartPrimaryEmailUpdate', domainKey),
  async handle(input, context) {
    const { transaction, now } = context;
    const account = await targetAccount(input, context);
    await requireFree(context, input.PrimaryEmail);
    const code = newCode(context);
    emailUpdates.put(transaction, { account, email: input.PrimaryEmail, code, expiresAtMs: now + codeLifeMs });
    // AWS sends the code to the new address. Here the operator hands it over: it stands in the ledger of the account that asked.
    context.serviceEvent({
      eventName: 'PrimaryEmailUpdateCode',
      readOnly: false,
      serviceEventDetails: { accountId: account, primaryEmail: input.PrimaryEmail, otp: code },
    });
    return { Status: 'PENDING' };
  },
});

/** Six digits. */
function newCode({ ids }: Context): string {
  let number = 0;
  for (const byte of ids.bytes(6)) number = (number * 256 + byte) % 1_000_000;
  return number.toString().padStart(6, '0');
}

/** @throws Fault ConflictException */
async function requireFree({ transaction }: Context, email: string): Promise<void> {
  if ((await accountOfEmail(transaction, email)) !== undefined) {
    throw fault('ConflictException', 'The specified email address is already in use.');
  }
}

export const AcceptPrimaryEmailUpdate = operation('AcceptPrimaryEmailUpdate', {
  access: onAccountWith('AcceptPrimaryEmailUpdate', domainKey),
  async handle(input, context) {
    const { transaction, now } = context;
    const account = await targetAccount(input, context);
    const update = await emailUpdates.get(transaction, account);
    const isAsked = update !== undefined && update.email === input.PrimaryEmail && now < update.expiresAtMs;
    if (!isAsked) throw fault('ResourceNotFoundException', 'There is no pending update of the primary email address.');
    if (update.code !== input.Otp) throw fault('ValidationException', 'The one-time password is not valid.');
    await requireFree(context, update.email);
    await saveProfile(transaction, { ...(await profileOf(transaction, account)), email: update.email });
    emailUpdates.remove(transaction, update);
    return { Status: 'ACCEPTED' };
  },
});

export const informationOperations = [
  GetAccountInformation,
  PutAccountName,
  GetGovCloudAccountInformation,
  GetPrimaryEmail,
  StartPrimaryEmailUpdate,
  AcceptPrimaryEmailUpdate,
];
