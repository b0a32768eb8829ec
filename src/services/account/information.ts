// The account's name and its owner's address. https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-root-user-email.html
import { randomText } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import { accountOfEmail, profileOf, saveProfile } from '../../kit/account-directory.ts';
import type { Context } from '../../kit/context.ts';
import { sendMail, withdrawMail } from '../../kit/mail.ts';
import { emailUpdates } from './records.ts';
import { fault, operation } from './service.ts';
import { onAccount, onAccountWith, targetAccount } from './target.ts';

const codeLifeMs = 24 * 60 * 60_000;
const codeAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const mailTopic = 'primary-email-update';

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
    const code = new Secret(randomText(context.ids, codeAlphabet, 6));
    const expiresAtMs = now + codeLifeMs;
    emailUpdates.put(transaction, { account, email: input.PrimaryEmail, code, expiresAtMs });
    sendMail(transaction, {
      account,
      topic: mailTopic,
      to: input.PrimaryEmail,
      subject: 'your code for the new primary email address',
      text: new Secret(`The code that makes ${input.PrimaryEmail} the primary email address of account ${account}: ${code.reveal()}`),
      sentAtMs: now,
      expiresAtMs,
    });
    return { Status: 'PENDING' };
  },
});

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
    if (!update.code.equals(new Secret(input.Otp))) throw fault('ValidationException', 'The one-time password is not valid.');
    await requireFree(context, update.email);
    await saveProfile(transaction, { ...(await profileOf(transaction, account)), email: update.email });
    emailUpdates.remove(transaction, update);
    await withdrawMail(transaction, { account, topic: mailTopic });
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
