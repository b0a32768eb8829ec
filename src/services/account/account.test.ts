// Account management through the whole pipeline: contacts, regions, name and address, for one's own account and for those of the organisation.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';
import { mailToPassOn } from '../../kit/mail.ts';
import type { Structure } from '../../protocol/protocol.ts';

let castellan: InProcess;
let member = '';
let memberRoot: ClientCredentials;
beforeAll(async () => {
  castellan = await startInProcess('account');
  const organizations = castellan.organizations();
  await organizations.createOrganization({});
  const created = await organizations.createAccount({ AccountName: 'member', Email: 'member@example.org' });
  member = created.CreateAccountStatus?.AccountId ?? '';
  memberRoot = await castellan.addAccount(member);
});
afterAll(async () => {
  await castellan.stop();
});

const call = (operation: string, input: Structure = {}, credentials?: ClientCredentials) =>
  castellan.call('account', operation, input, credentials);

const contact = {
  FullName: 'Ada Lovelace',
  AddressLine1: '12 St James Square',
  City: 'London',
  PostalCode: 'SW1Y 4JH',
  CountryCode: 'GB',
  StateOrRegion: 'London',
  PhoneNumber: '+44 20 7946 0000',
};

test('keeps the primary contact, whole', async () => {
  expect(await call('GetContactInformation')).toMatchObject({ status: 404, error: 'ResourceNotFoundException' });
  const { StateOrRegion: _, ...half } = contact;
  expect(await call('PutContactInformation', { ContactInformation: half })).toMatchObject({ status: 400, error: 'ValidationException' });
  expect(await call('PutContactInformation', { ContactInformation: contact })).toMatchObject({ status: 200 });
  expect((await call('GetContactInformation')).output).toEqual({ ContactInformation: contact });
});

test('keeps an alternate contact of each type, until it is deleted', async () => {
  const AlternateContact = { Name: 'Grace', Title: 'Officer', EmailAddress: 'grace@example.org', PhoneNumber: '+1 555 0100' };
  const AlternateContactType = 'SECURITY';
  expect(await call('GetAlternateContact', { AlternateContactType })).toMatchObject({ error: 'ResourceNotFoundException' });
  await call('PutAlternateContact', { ...AlternateContact, AlternateContactType });
  expect((await call('GetAlternateContact', { AlternateContactType })).output).toEqual({
    AlternateContact: { ...AlternateContact, AlternateContactType },
  });
  expect(await call('GetAlternateContact', { AlternateContactType: 'BILLING' })).toMatchObject({ error: 'ResourceNotFoundException' });
  expect(await call('DeleteAlternateContact', { AlternateContactType })).toMatchObject({ status: 200 });
  expect(await call('DeleteAlternateContact', { AlternateContactType })).toMatchObject({ error: 'ResourceNotFoundException' });
});

test('regions are opted into and out of in their time', async () => {
  const status = async (RegionName: string) => (await call('GetRegionOptStatus', { RegionName })).output['RegionOptStatus'];
  expect(await status('us-east-1')).toBe('ENABLED_BY_DEFAULT');
  expect(await status('af-south-1')).toBe('DISABLED');
  expect(await call('EnableRegion', { RegionName: 'us-east-1' })).toMatchObject({ error: 'ValidationException' });
  expect(await call('EnableRegion', { RegionName: 'xx-nowhere-1' })).toMatchObject({ error: 'ValidationException' });
  await call('EnableRegion', { RegionName: 'af-south-1' });
  expect(await status('af-south-1')).toBe('ENABLING');
  expect(await call('DisableRegion', { RegionName: 'af-south-1' })).toMatchObject({ status: 409, error: 'ConflictException' });
  castellan.clock.advance(10 * 60_000);
  expect(await status('af-south-1')).toBe('ENABLED');
  const { output } = await call('ListRegions', { RegionOptStatusContains: ['ENABLED'] });
  expect(output).toEqual({ Regions: [{ RegionName: 'af-south-1', RegionOptStatus: 'ENABLED' }] });
  await call('DisableRegion', { RegionName: 'af-south-1' });
  expect(await status('af-south-1')).toBe('DISABLING');
  castellan.clock.advance(10 * 60_000);
  expect(await status('af-south-1')).toBe('DISABLED');
  const names: unknown[] = [];
  let NextToken: unknown;
  do {
    const page = (await call('ListRegions', { MaxResults: 10, ...(NextToken === undefined ? {} : { NextToken }) })).output;
    names.push(...(page['Regions'] as { readonly RegionName: string }[]).map(({ RegionName }) => RegionName));
    NextToken = page['NextToken'];
  } while (NextToken !== undefined);
  expect(names.length).toBe(34);
  expect(new Set(names).size).toBe(names.length);
});

test('the management account reaches a member once access is trusted, a member reaches only itself', async () => {
  const about = { AccountId: member };
  expect(await call('GetAccountInformation', about)).toMatchObject({ status: 403, error: 'AccessDeniedException' });
  await castellan.organizations().enableAWSServiceAccess({ ServicePrincipal: 'account.amazonaws.com' });
  expect((await call('GetAccountInformation', about)).output).toMatchObject({
    AccountId: member,
    AccountName: 'member',
    AccountState: 'ACTIVE',
  });
  expect(await call('GetAccountInformation', { AccountId: castellan.account })).toMatchObject({ error: 'AccessDeniedException' });
  expect(await call('GetAccountInformation', { AccountId: '999999999999' })).toMatchObject({ error: 'AccessDeniedException' });
  expect(await call('GetAccountInformation', about, memberRoot)).toMatchObject({ error: 'AccessDeniedException' });
  await call('PutAccountName', { AccountName: 'renamed', AccountId: member });
  expect((await call('GetAccountInformation', {}, memberRoot)).output).toMatchObject({ AccountName: 'renamed' });
  expect((await castellan.organizations().describeAccount({ AccountId: member })).Account?.Name).toBe('renamed');
  expect(await call('GetGovCloudAccountInformation', { StandardAccountId: member })).toMatchObject({ error: 'ResourceNotFoundException' });
});

test('who may manage which accounts can be told by their tags in the organisation', async () => {
  await castellan.organizations().tagResource({ ResourceId: member, Tags: [{ Key: 'team', Value: 'blue' }] });
  const statement = (value: string) => [
    { Effect: 'Allow', Action: 'account:*', Resource: '*', Condition: { StringEquals: { 'account:AccountResourceOrgTags/team': value } } },
  ];
  const [blue, red] = await Promise.all(['blue', 'red'].map((value) => testUser(castellan, value, statement(value))));
  expect(await call('GetAccountInformation', { AccountId: member }, blue)).toMatchObject({ status: 200 });
  expect(await call('GetAccountInformation', { AccountId: member }, red)).toMatchObject({ status: 403, error: 'AccessDeniedException' });
});

test('a new primary address is taken with the code that was made for it', async () => {
  expect((await call('GetPrimaryEmail', { AccountId: member })).output).toEqual({ PrimaryEmail: 'member@example.org' });
  const PrimaryEmail = 'new@example.org';
  const update = { AccountId: member, PrimaryEmail };
  expect(await call('StartPrimaryEmailUpdate', { AccountId: member, PrimaryEmail: 'MEMBER@example.org' })).toMatchObject({
    status: 409,
    error: 'ConflictException',
  });
  expect((await call('StartPrimaryEmailUpdate', update)).output).toEqual({ Status: 'PENDING' });
  const first = await mailedCode(PrimaryEmail);
  expect((await call('StartPrimaryEmailUpdate', update)).output).toEqual({ Status: 'PENDING' });
  const code = await mailedCode(PrimaryEmail);
  expect(await call('AcceptPrimaryEmailUpdate', { ...update, Otp: first })).toMatchObject({ error: 'ValidationException' });
  expect((await call('AcceptPrimaryEmailUpdate', { ...update, Otp: code })).output).toEqual({ Status: 'ACCEPTED' });
  expect((await castellan.organizations().describeAccount({ AccountId: member })).Account?.Email).toBe(PrimaryEmail);
  expect(await call('AcceptPrimaryEmailUpdate', { ...update, Otp: code })).toMatchObject({ error: 'ResourceNotFoundException' });
  expect(await mail()).toEqual([]);
  // Neither who asks nor who reads the files learns a code.
  const events = await castellan.store.transact((transaction) => transaction.events({ limit: 1_000 }));
  expect(events.map(({ eventName }) => eventName)).toContain('AcceptPrimaryEmailUpdate');
  for (const known of [first, code]) expect(JSON.stringify(events)).not.toContain(known);
});

test('the code of an address change is sealed in the store, and good for a day', async () => {
  const PrimaryEmail = 'later@example.org';
  await call('StartPrimaryEmailUpdate', { AccountId: member, PrimaryEmail });
  const code = await mailedCode(PrimaryEmail);
  for (const file of readdirSync(castellan.dataDir)) {
    expect(readFileSync(join(castellan.dataDir, file)).includes(code)).toBe(false);
  }
  castellan.clock.advance(25 * 3_600_000);
  expect(await mail()).toEqual([]);
  expect(await call('AcceptPrimaryEmailUpdate', { AccountId: member, PrimaryEmail, Otp: code })).toMatchObject({
    error: 'ResourceNotFoundException',
  });
});

/** As the operator reads it. */
const mail = () => castellan.store.transact((transaction) => mailToPassOn(transaction, castellan.clock.now()));
async function mailedCode(address: string): Promise<string> {
  const { text } = (await mail()).find(({ to }) => to === address) ?? { text: '' };
  const code = /: ([A-Za-z0-9]{6})$/.exec(text)?.[1];
  if (code === undefined) throw new Error(`there is no mail to ${address}`);
  return code;
}
