// STS through the whole pipeline: the policies of both sides, the sessions that come out, and what those may do.
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type Credentials,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
} from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

const other = '444455556666';
let castellan: InProcess;
let alice: ClientCredentials;
let otherRoot: ClientCredentials;

beforeAll(async () => {
  castellan = await startInProcess('sts');
  otherRoot = await castellan.addAccount(other);
  alice = await user('alice', [allow('*')]);
});
afterAll(() => castellan?.stop());

const allow = (Action: string | string[], more = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more });
const policy = (statements: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const trusting = (AWS: string, Action: string | string[] = 'sts:AssumeRole', more = {}) => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action,
  ...more,
});
const aliceArn = 'arn:aws:iam::111122223333:user/alice';

async function user(UserName: string, statements: readonly object[]): Promise<ClientCredentials> {
  const iam = castellan.iam();
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: policy(statements) }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

async function role(RoleName: string, trust: readonly object[], statements = [allow('*')], owner = castellan.root): Promise<string> {
  const iam = castellan.iam(owner);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy(trust) }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: policy(statements) }));
  return Role?.Arn ?? '';
}

const credentialsOf = (credentials: Credentials | undefined): ClientCredentials => ({
  accessKeyId: credentials?.AccessKeyId ?? '',
  secretAccessKey: credentials?.SecretAccessKey ?? '',
  sessionToken: credentials?.SessionToken ?? '',
});

async function assume(RoleArn: string, by = alice, more: Partial<AssumeRoleCommandInput> = {}): Promise<ClientCredentials> {
  const output = await castellan.sts(by).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'visit', ...more }));
  return credentialsOf(output.Credentials);
}

const whoIs = async (credentials: ClientCredentials) => (await castellan.sts(credentials).send(new GetCallerIdentityCommand({}))).Arn;

test('a role of another account is assumed when both accounts allow it', async () => {
  const arn = await role('shared', [trusting(aliceArn)], [allow('*')], otherRoot);
  const session = await assume(arn);
  expect(await whoIs(session)).toBe(`arn:aws:sts::${other}:assumed-role/shared/visit`);
  const { Account } = await castellan.sts().send(new GetAccessKeyInfoCommand({ AccessKeyId: session.accessKeyId }));
  expect(Account).toBe(other);
});

test('a role that does not exist is refused in the words in which one that does not trust the caller is', async () => {
  const distrusting = await role('distrusting', [trusting(`arn:aws:iam::${other}:root`)], [allow('*')], otherRoot);
  const denying = await role(
    'denying',
    [trusting('*'), { Effect: 'Deny', Principal: { AWS: aliceArn }, Action: 'sts:AssumeRole' }],
    [allow('*')],
    otherRoot,
  );
  for (const arn of [distrusting, denying, `arn:aws:iam::${other}:role/nothing`]) {
    await expect(assume(arn)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `User: ${aliceArn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
    });
  }
});

test('tags need sts:TagSession and a source identity sts:SetSourceIdentity of the trust policy', async () => {
  const plain = await role('plain', [trusting(aliceArn)]);
  const open = await role('open', [trusting(aliceArn, ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'])]);
  const Tags = [{ Key: 'Dept', Value: 'x' }];
  await expect(assume(plain, alice, { Tags })).rejects.toThrow('is not authorized to perform: sts:TagSession on resource');
  await expect(assume(plain, alice, { SourceIdentity: 'alice' })).rejects.toThrow('is not authorized to perform: sts:SetSourceIdentity');
  expect(await whoIs(await assume(open, alice, { Tags, SourceIdentity: 'alice' }))).toContain('assumed-role/open/visit');
});

test('a chain of roles keeps its source identity and transitive tags, and asks every role for them', async () => {
  const full = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
  const first = await role('first', [trusting(aliceArn, full)]);
  const firstArn = 'arn:aws:iam::111122223333:role/first';
  const tagged = { Condition: { StringEquals: { 'aws:PrincipalTag/dept': 'x', 'aws:SourceIdentity': 'alice' } } };
  const second = await role('second', [trusting(firstArn, full)], [allow('sts:*', tagged)]);
  const closed = await role('closed', [trusting(firstArn)]);
  const session = await assume(first, alice, { Tags: [{ Key: 'Dept', Value: 'x' }], TransitiveTagKeys: ['dept'], SourceIdentity: 'alice' });
  await expect(assume(closed, session)).rejects.toThrow('sts:TagSession');
  const chained = await assume(second, session);
  await castellan.sts(chained).send(new GetAccessKeyInfoCommand({ AccessKeyId: chained.accessKeyId }));
  await expect(assume(second, session, { DurationSeconds: 3_601 })).rejects.toMatchObject({ name: 'ValidationError' });
});

test('the external id of the trust policy must be given', async () => {
  const arn = await role('guarded', [
    trusting(aliceArn, 'sts:AssumeRole', { Condition: { StringEquals: { 'sts:ExternalId': 'handshake' } } }),
  ]);
  await expect(assume(arn)).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(assume(arn, alice, { ExternalId: 'Handshake' })).rejects.toMatchObject({ name: 'AccessDenied' });
  await assume(arn, alice, { ExternalId: 'handshake' });
});

test('root assumes no role', async () => {
  const arn = await role('everybody', [trusting('*')]);
  await expect(assume(arn, castellan.root)).rejects.toThrow('Roles may not be assumed by root accounts.');
});

test('a session policy restricts the session and a malformed one is refused', async () => {
  const arn = await role('restricted', [trusting(aliceArn)]);
  const session = await assume(arn, alice, { Policy: policy([allow('cloudtrail:LookupEvents')]) });
  await castellan.cloudtrail(session).send(new LookupEventsCommand({}));
  await expect(castellan.sts(session).send(new GetAccessKeyInfoCommand({ AccessKeyId: session.accessKeyId }))).rejects.toThrow(
    'because no session policy allows the sts:GetAccessKeyInfo action',
  );
  await expect(assume(arn, alice, { Policy: '{}' })).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' });
});

test('a token of one session is refused with the key of another', async () => {
  const arn = await role('twice', [trusting(aliceArn)]);
  const [one, two] = [await assume(arn), await assume(arn)];
  const swapped = [
    { ...one, sessionToken: two.sessionToken ?? '' },
    { ...one, accessKeyId: two.accessKeyId },
    { ...alice, sessionToken: one.sessionToken ?? '' },
    { accessKeyId: one.accessKeyId, secretAccessKey: one.secretAccessKey },
  ];
  for (const credentials of swapped) await expect(whoIs(credentials)).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  await expect(whoIs({ ...one, secretAccessKey: two.secretAccessKey })).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
});

test('a session of GetSessionToken is the user itself, and cannot get another', async () => {
  const { Credentials: credentials } = await castellan.sts(alice).send(new GetSessionTokenCommand({}));
  const session = credentialsOf(credentials);
  expect(await whoIs(session)).toBe(aliceArn);
  await expect(castellan.sts(session).send(new GetSessionTokenCommand({}))).rejects.toThrow(
    'Cannot call GetSessionToken with session credentials',
  );
});

test('a federated user may do what both its issuer and its policy allow, and nothing without a policy', async () => {
  const federate = async (Policy?: string) => {
    const command = new GetFederationTokenCommand({ Name: 'bob', ...(Policy === undefined ? {} : { Policy }) });
    return credentialsOf((await castellan.sts(alice).send(command)).Credentials);
  };
  const lookup = new LookupEventsCommand({ MaxResults: 1 });
  const allowed = await federate(policy([allow('cloudtrail:*')]));
  expect(await whoIs(allowed)).toBe('arn:aws:sts::111122223333:federated-user/bob');
  await castellan.cloudtrail(allowed).send(lookup);
  await expect(castellan.cloudtrail(await federate()).send(lookup)).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test('the ledger shows AssumeRole with its response, without secrets, and finds it by role', async () => {
  const arn = await role('recorded', [trusting(aliceArn)]);
  const session = await assume(arn);
  const { Events } = await castellan
    .cloudtrail()
    .send(new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: arn }] }));
  const event = Events?.find(({ EventName }) => EventName === 'AssumeRole');
  expect(event).toMatchObject({ EventName: 'AssumeRole', ReadOnly: 'true', Username: 'alice', AccessKeyId: alice.accessKeyId });
  const record = JSON.parse(event?.CloudTrailEvent ?? '');
  expect(record.requestParameters).toEqual({ roleArn: arn, roleSessionName: 'visit' });
  expect(record.responseElements.credentials.accessKeyId).toBe(session.accessKeyId);
  expect(record.resources).toEqual([{ accountId: '111122223333', type: 'AWS::IAM::Role', ARN: arn }]);
  expect(event?.CloudTrailEvent).not.toContain(session.secretAccessKey);
});

test('a role that was deleted and made again under its name does not inherit the trust that others had in it', async () => {
  const iam = castellan.iam();
  const first = await role('reborn', [trusting(aliceArn)]);
  const target = await role('trusting', [trusting(first)]);
  expect(await whoIs(await assume(target, await assume(first)))).toContain('assumed-role/trusting/');
  const before = await assume(first);
  await iam.send(new DeleteRolePolicyCommand({ RoleName: 'reborn', PolicyName: 'p' }));
  await iam.send(new DeleteRoleCommand({ RoleName: 'reborn' }));
  await role('reborn', [trusting(aliceArn)]);
  await expect(assume(target, await assume(first))).rejects.toMatchObject({ name: 'AccessDenied' });
  // Nor do the sessions of the old role become sessions of the new one.
  await expect(whoIs(before)).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
});

test('a trust policy that names the account only leaves the decision to the user’s own policies', async () => {
  const arn = await role('delegated', [trusting('111122223333')]);
  const powerless = await user('powerless', [allow('s3:*')]);
  await expect(assume(arn, powerless)).rejects.toMatchObject({
    name: 'AccessDenied',
    message: `User: arn:aws:iam::111122223333:user/powerless is not authorized to perform: sts:AssumeRole on resource: ${arn} because no identity-based policy allows the sts:AssumeRole action`,
  });
  const able = await user('able', [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: arn }]);
  expect(await whoIs(await assume(arn, able))).toContain('assumed-role/delegated/');
});

test('sessions are revoked by denying what was issued before a moment', async () => {
  const arn = await role('revocable', [trusting(aliceArn)]);
  const before = await assume(arn);
  await castellan.iam(before).send(new ListUsersCommand({}));
  castellan.clock.advance(2_000);
  const moment = new Date(castellan.clock.now()).toISOString();
  const revoke = { Effect: 'Deny', Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': moment } } };
  await castellan.iam().send(new PutRolePolicyCommand({ RoleName: 'revocable', PolicyName: 'revoke', PolicyDocument: policy([revoke]) }));
  await expect(castellan.iam(before).send(new ListUsersCommand({}))).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('with an explicit deny in an identity-based policy'),
  });
  castellan.clock.advance(2_000);
  expect((await castellan.iam(await assume(arn)).send(new ListUsersCommand({}))).Users?.length).toBeGreaterThan(0);
});

test('a role does not trust itself by being itself', async () => {
  const arn = await role('itself', [trusting(aliceArn)]);
  const session = await assume(arn);
  await expect(assume(arn, session)).rejects.toMatchObject({ name: 'AccessDenied' });
});
