// The primary contact and the alternate contacts of an account.
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact.html
import { alternateContacts, contacts } from './records.ts';
import { fault, operation } from './service.ts';
import { onAccount, onAccountWith, targetAccount } from './target.ts';

/** AWS: the state or region is needed in these countries. */
const countriesWithStates = ['US', 'CA', 'GB', 'DE', 'JP', 'IN', 'BR'];

export const GetContactInformation = operation('GetContactInformation', {
  access: onAccount('GetContactInformation'),
  async handle(input, context) {
    const record = await contacts.get(context.transaction, await targetAccount(input, context));
    if (record === undefined) throw fault('ResourceNotFoundException', 'No contact information found.');
    return { ContactInformation: record.contact };
  },
});

export const PutContactInformation = operation('PutContactInformation', {
  access: onAccount('PutContactInformation'),
  async handle(input, context) {
    const account = await targetAccount(input, context);
    const { ContactInformation: contact } = input;
    if (countriesWithStates.includes(contact.CountryCode) && contact.StateOrRegion === undefined) {
      throw fault('ValidationException', 'StateOrRegion is required for the specified CountryCode.', {
        fields: { reason: 'fieldValidationFailed', fieldList: [{ name: 'StateOrRegion', message: 'StateOrRegion is required.' }] },
      });
    }
    contacts.put(context.transaction, { account, contact });
    return {};
  },
});

const contactType = (input: { readonly AlternateContactType: string }) => ({
  'account:AlternateContactTypes': [input.AlternateContactType],
});

export const GetAlternateContact = operation('GetAlternateContact', {
  access: onAccountWith('GetAlternateContact', contactType),
  async handle(input, context) {
    const account = await targetAccount(input, context);
    const record = await alternateContacts.get(context.transaction, account, input.AlternateContactType);
    if (record === undefined) throw noContact();
    const { name, title, email, phone, type } = record;
    return { AlternateContact: { Name: name, Title: title, EmailAddress: email, PhoneNumber: phone, AlternateContactType: type } };
  },
});

export const PutAlternateContact = operation('PutAlternateContact', {
  access: onAccountWith('PutAlternateContact', contactType),
  async handle(input, context) {
    alternateContacts.put(context.transaction, {
      account: await targetAccount(input, context),
      type: input.AlternateContactType,
      name: input.Name,
      title: input.Title,
      email: input.EmailAddress,
      phone: input.PhoneNumber,
    });
    return {};
  },
});

export const DeleteAlternateContact = operation('DeleteAlternateContact', {
  access: onAccountWith('DeleteAlternateContact', contactType),
  async handle(input, context) {
    const account = await targetAccount(input, context);
    const record = await alternateContacts.get(context.transaction, account, input.AlternateContactType);
    if (record === undefined) throw noContact();
    alternateContacts.remove(context.transaction, record);
    return {};
  },
});

function noContact(): Error {
  return fault('ResourceNotFoundException', 'No contact of the inputted alternate contact type found.');
}

export const contactOperations = [
  GetContactInformation,
  PutContactInformation,
  GetAlternateContact,
  PutAlternateContact,
  DeleteAlternateContact,
];
