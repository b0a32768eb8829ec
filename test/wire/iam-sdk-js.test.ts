// The whole life of each IAM resource through the AWS SDK for JavaScript over HTTP, with its paginators and waiters, its typed exceptions, and
// its credential providers for federation.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  IAM,
  paginateGetAccountAuthorizationDetails,
  paginateGetGroup,
  paginateListAccessKeys,
  paginateListAttachedUserPolicies,
  paginateListEntitiesForPolicy,
  paginateListGroupPolicies,
  paginateListGroups,
  paginateListGroupsForUser,
  paginateListInstanceProfiles,
  paginateListInstanceProfilesForRole,
  paginateListMFADevices,
  paginateListPolicies,
  paginateListPolicyVersions,
  paginateListRolePolicies,
  paginateListRoles,
  paginateListRoleTags,
  paginateListServerCertificates,
  paginateListSigningCertificates,
  paginateListSSHPublicKeys,
  paginateListUserPolicies,
  paginateListUsers,
  paginateListUserTags,
  paginateListVirtualMFADevices,
  waitUntilInstanceProfileExists,
  waitUntilPolicyExists,
  waitUntilRoleExists,
  waitUntilUserExists,
} from '@aws-sdk/client-iam';
import { STS } from '@aws-sdk/client-sts';
import { fromTemporaryCredentials, fromTokenFile, fromWebToken } from '@aws-sdk/credential-providers';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenIdProvider, startOpenIdProvider } from '../open-id-provider.ts';
import { awsAttributes, startSamlIdentityProvider } from '../saml-identity-provider.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { credentials } from './credentials-of-test.ts';

const directory = temporaryDirectory('iam-sdk-js');
let server: ServerProcess;
let openId: OpenIdProvider;
let iam: IAM;
let account = '';

beforeAll(async () => {
  openId = await startOpenIdProvider('https://login.example.com');
  server = await startServerProcess({
    dataDir: join(directory.path, 'data'),
    arguments: ['--outbound-route', `login.example.com=${openId.url}`, '--outbound-allow', 'login.example.com'],
  });
  iam = new IAM(settings());
  account = (await new STS(settings()).getCallerIdentity({})).Account ?? '';
});
afterAll(async () => {
  await server?.stop();
  await openId?.stop();
  directory.remove();
});

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const region = 'us-east-1';
const endpointOf = () => ({ region, endpoint: server.endpoint });
const settings = (given: Keys = server.credentials) => ({ ...endpointOf(), credentials: given });
const document = (Action: string, more: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, ...more }] });
const trustOf = (Principal: object, Action = 'sts:AssumeRole', more: object = {}) => document(Action, { Principal, ...more });
const anything = document('s3:*', { Resource: '*' });
const ec2 = trustOf({ Service: 'ec2.amazonaws.com' });
const conflict = { name: 'DeleteConflictException', $metadata: { httpStatusCode: 409 } };
const absent = { name: 'NoSuchEntityException', $metadata: { httpStatusCode: 404 } };
const waiting = () => ({ client: iam, maxWaitTime: 5, minDelay: 1, maxDelay: 1 });
const paging = () => ({ client: iam, pageSize: 2 });

/** What all pages have under one member, and how many pages there were. */
async function all<Page, Item>(pages: AsyncIterable<Page>, of: (page: Page) => readonly Item[] | undefined) {
  const items: Item[] = [];
  let count = 0;
  for await (const page of pages) {
    items.push(...(of(page) ?? []));
    count += 1;
  }
  return { items, count };
}

describe('lives', () => {
  test('of users, with tags, keys and inline policies', async () => {
    for (const UserName of ['ann', 'bob', 'cat', 'Dan', 'eve'])
      await iam.createUser({ UserName, Path: '/js/', Tags: [{ Key: 'k', Value: 'v' }] });
    await waitUntilUserExists(waiting(), { UserName: 'eve' });
    const listed = await all(paginateListUsers(paging(), { PathPrefix: '/js/' }), (page) => page.Users);
    expect(listed).toMatchObject({ items: ['ann', 'bob', 'cat', 'Dan', 'eve'].map((UserName) => ({ UserName })), count: 3 });
    await iam.tagUser({ UserName: 'ann', Tags: ['a', 'b', 'c'].map((Key) => ({ Key, Value: '' })) });
    await iam.untagUser({ UserName: 'ann', TagKeys: ['b'] });
    expect((await all(paginateListUserTags(paging(), { UserName: 'ann' }), (page) => page.Tags)).items.map(({ Key }) => Key)).toEqual([
      'a',
      'c',
      'k',
    ]);
    const keys = [await iam.createAccessKey({ UserName: 'ann' }), await iam.createAccessKey({ UserName: 'ann' })];
    await expect(iam.createAccessKey({ UserName: 'ann' })).rejects.toMatchObject({ name: 'LimitExceededException' });
    expect((await all(paginateListAccessKeys(paging(), { UserName: 'ann' }), (page) => page.AccessKeyMetadata)).items.length).toBe(2);
    for (const PolicyName of ['p1', 'p2', 'p3']) await iam.putUserPolicy({ UserName: 'ann', PolicyName, PolicyDocument: anything });
    expect((await all(paginateListUserPolicies(paging(), { UserName: 'ann' }), (page) => page.PolicyNames)).items).toEqual([
      'p1',
      'p2',
      'p3',
    ]);
    await iam.updateUser({ UserName: 'ann', NewUserName: 'anna' });
    await expect(iam.getUser({ UserName: 'ann' })).rejects.toMatchObject(absent);
    await expect(iam.deleteUser({ UserName: 'anna' })).rejects.toMatchObject(conflict);
    for (const PolicyName of ['p1', 'p2', 'p3']) await iam.deleteUserPolicy({ UserName: 'anna', PolicyName });
    for (const { AccessKey: key } of keys) await iam.deleteAccessKey({ UserName: 'anna', AccessKeyId: key?.AccessKeyId });
    for (const UserName of ['anna', 'bob', 'cat', 'Dan', 'eve']) await iam.deleteUser({ UserName });
    await expect(waitUntilUserExists({ ...waiting(), maxWaitTime: 2 }, { UserName: 'eve' })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  test('of groups and memberships', async () => {
    for (const GroupName of ['g1', 'g2', 'g3']) await iam.createGroup({ GroupName, Path: '/js/' });
    for (const UserName of ['m1', 'm2', 'm3']) {
      await iam.createUser({ UserName });
      await iam.addUserToGroup({ GroupName: 'g1', UserName });
    }
    const members = await all(paginateGetGroup(paging(), { GroupName: 'g1' }), (page) => page.Users);
    expect(members).toMatchObject({ items: [{ UserName: 'm1' }, { UserName: 'm2' }, { UserName: 'm3' }], count: 2 });
    expect((await all(paginateListGroups(paging(), { PathPrefix: '/js/' }), (page) => page.Groups)).items.length).toBe(3);
    expect((await all(paginateListGroupsForUser(paging(), { UserName: 'm1' }), (page) => page.Groups)).items.length).toBe(1);
    await iam.putGroupPolicy({ GroupName: 'g1', PolicyName: 'p', PolicyDocument: anything });
    expect((await all(paginateListGroupPolicies(paging(), { GroupName: 'g1' }), (page) => page.PolicyNames)).items).toEqual(['p']);
    await expect(iam.deleteGroup({ GroupName: 'g1' })).rejects.toMatchObject(conflict);
    await iam.deleteGroupPolicy({ GroupName: 'g1', PolicyName: 'p' });
    for (const UserName of ['m1', 'm2', 'm3']) {
      await iam.removeUserFromGroup({ GroupName: 'g1', UserName });
      await iam.deleteUser({ UserName });
    }
    for (const GroupName of ['g1', 'g2', 'g3']) await iam.deleteGroup({ GroupName });
  });

  test('of managed policies and their versions', async () => {
    const { Policy: policy } = await iam.createPolicy({ PolicyName: 'js', PolicyDocument: anything, Description: 'd' });
    const PolicyArn = policy?.Arn ?? '';
    await waitUntilPolicyExists(waiting(), { PolicyArn });
    for (let version = 2; version <= 5; version += 1)
      await iam.createPolicyVersion({ PolicyArn, PolicyDocument: anything, SetAsDefault: version === 5 });
    await expect(iam.createPolicyVersion({ PolicyArn, PolicyDocument: anything })).rejects.toMatchObject({
      name: 'LimitExceededException',
    });
    const versions = await all(paginateListPolicyVersions(paging(), { PolicyArn }), (page) => page.Versions);
    expect(versions.items.map(({ VersionId }) => VersionId)).toEqual(['v5', 'v4', 'v3', 'v2', 'v1']);
    await iam.createUser({ UserName: 'holder' });
    await iam.attachUserPolicy({ UserName: 'holder', PolicyArn });
    const attached = await all(paginateListAttachedUserPolicies(paging(), { UserName: 'holder' }), (page) => page.AttachedPolicies);
    expect(attached.items).toEqual([{ PolicyName: 'js', PolicyArn }]);
    expect((await all(paginateListEntitiesForPolicy(paging(), { PolicyArn }), (page) => page.PolicyUsers)).items.length).toBe(1);
    const local = await all(paginateListPolicies(paging(), { Scope: 'Local' }), (page) => page.Policies);
    expect(local.items).toMatchObject([{ Arn: PolicyArn, AttachmentCount: 1, DefaultVersionId: 'v5' }]);
    const details = paginateGetAccountAuthorizationDetails(paging(), { Filter: ['User', 'LocalManagedPolicy'] });
    const pages = await all(details, (page) => [...(page.UserDetailList ?? []), ...(page.Policies ?? [])]);
    expect(pages.items.length).toBe(2);
    await expect(iam.deletePolicy({ PolicyArn })).rejects.toMatchObject(conflict);
    await iam.detachUserPolicy({ UserName: 'holder', PolicyArn });
    await iam.deleteUser({ UserName: 'holder' });
    for (const VersionId of ['v1', 'v2', 'v3', 'v4']) await iam.deletePolicyVersion({ PolicyArn, VersionId });
    await iam.deletePolicy({ PolicyArn });
    await expect(iam.getPolicy({ PolicyArn })).rejects.toMatchObject(absent);
  });

  test('of roles and instance profiles', async () => {
    for (const RoleName of ['r1', 'r2', 'r3'])
      await iam.createRole({ RoleName, Path: '/js/', AssumeRolePolicyDocument: ec2, Tags: [{ Key: 'k', Value: 'v' }] });
    await waitUntilRoleExists(waiting(), { RoleName: 'r3' });
    expect((await all(paginateListRoles(paging(), { PathPrefix: '/js/' }), (page) => page.Roles)).count).toBe(2);
    expect((await all(paginateListRoleTags(paging(), { RoleName: 'r1' }), (page) => page.Tags)).items).toEqual([{ Key: 'k', Value: 'v' }]);
    await iam.putRolePolicy({ RoleName: 'r1', PolicyName: 'p', PolicyDocument: anything });
    expect((await all(paginateListRolePolicies(paging(), { RoleName: 'r1' }), (page) => page.PolicyNames)).items).toEqual(['p']);
    for (const InstanceProfileName of ['i1', 'i2', 'i3']) {
      await iam.createInstanceProfile({ InstanceProfileName, Path: '/js/' });
      await iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName: 'r1' });
    }
    await waitUntilInstanceProfileExists(waiting(), { InstanceProfileName: 'i3' });
    const profiles = paginateListInstanceProfilesForRole(paging(), { RoleName: 'r1' });
    expect(await all(profiles, (page) => page.InstanceProfiles)).toMatchObject({ items: [{}, {}, {}], count: 2 });
    expect((await all(paginateListInstanceProfiles(paging(), {}), (page) => page.InstanceProfiles)).items.length).toBe(3);
    await expect(iam.deleteRole({ RoleName: 'r1' })).rejects.toMatchObject(conflict);
    await expect(iam.deleteInstanceProfile({ InstanceProfileName: 'i1' })).rejects.toMatchObject(conflict);
    for (const InstanceProfileName of ['i1', 'i2', 'i3']) {
      await iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName: 'r1' });
      await iam.deleteInstanceProfile({ InstanceProfileName });
    }
    await iam.deleteRolePolicy({ RoleName: 'r1', PolicyName: 'p' });
    for (const RoleName of ['r1', 'r2', 'r3']) await iam.deleteRole({ RoleName });
  });

  test('of passwords, second factors, keys and certificates', async () => {
    const UserName = 'sue';
    await iam.createUser({ UserName });
    await iam.createLoginProfile({ UserName, Password: 'Correct-Horse-1' });
    await expect(iam.createLoginProfile({ UserName, Password: 'Correct-Horse-1' })).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
    });
    await iam.updateLoginProfile({ UserName, Password: 'Correct-Horse-2', PasswordResetRequired: true });
    expect((await iam.getLoginProfile({ UserName })).LoginProfile?.PasswordResetRequired).toBe(true);
    const { VirtualMFADevice: device } = await iam.createVirtualMFADevice({ VirtualMFADeviceName: 'phone' });
    const totp = new TOTP({ secret: Buffer.from(device?.Base32StringSeed ?? []).toString('utf8') });
    const code = (later: number) => totp.generate({ timestamp: Date.now() + later });
    const SerialNumber = device?.SerialNumber;
    await iam.enableMFADevice({ UserName, SerialNumber, AuthenticationCode1: code(-30_000), AuthenticationCode2: code(0) });
    expect((await all(paginateListMFADevices(paging(), { UserName }), (page) => page.MFADevices)).items).toMatchObject([{ SerialNumber }]);
    expect((await all(paginateListVirtualMFADevices(paging(), {}), (page) => page.VirtualMFADevices)).items.length).toBe(1);
    const given = await credentials();
    await iam.uploadSSHPublicKey({ UserName, SSHPublicKeyBody: given['TEST_SSH_KEY'] });
    const keys = await all(paginateListSSHPublicKeys(paging(), { UserName }), (page) => page.SSHPublicKeys);
    await iam.uploadSigningCertificate({ UserName, CertificateBody: given['TEST_CERTIFICATE'] });
    const certificates = await all(paginateListSigningCertificates(paging(), { UserName }), (page) => page.Certificates);
    const files = { CertificateBody: given['TEST_CERTIFICATE'], PrivateKey: given['TEST_PRIVATE_KEY'] };
    await iam.uploadServerCertificate({ ServerCertificateName: 'js-site', ...files });
    const servers = await all(paginateListServerCertificates(paging(), {}), (page) => page.ServerCertificateMetadataList);
    expect(servers.items).toMatchObject([{ ServerCertificateName: 'js-site' }]);
    await expect(iam.deleteUser({ UserName })).rejects.toMatchObject(conflict);
    for (const { SSHPublicKeyId } of keys.items) await iam.deleteSSHPublicKey({ UserName, SSHPublicKeyId });
    for (const { CertificateId } of certificates.items) await iam.deleteSigningCertificate({ UserName, CertificateId });
    await iam.deleteServerCertificate({ ServerCertificateName: 'js-site' });
    await iam.deactivateMFADevice({ UserName, SerialNumber });
    await iam.deleteVirtualMFADevice({ SerialNumber });
    await iam.deleteLoginProfile({ UserName });
    await iam.deleteUser({ UserName });
  });

  test('of the account: alias, password policy, report', async () => {
    await iam.createAccountAlias({ AccountAlias: 'js-life' });
    expect((await iam.listAccountAliases({})).AccountAliases).toEqual(['js-life']);
    await iam.deleteAccountAlias({ AccountAlias: 'js-life' });
    await iam.updateAccountPasswordPolicy({ MinimumPasswordLength: 12 });
    expect((await iam.getAccountPasswordPolicy({})).PasswordPolicy).toMatchObject({ MinimumPasswordLength: 12, ExpirePasswords: false });
    await iam.deleteAccountPasswordPolicy({});
    await expect(iam.getAccountPasswordPolicy({})).rejects.toMatchObject(absent);
    while ((await iam.generateCredentialReport({})).State !== 'COMPLETE') await new Promise((resolve) => setTimeout(resolve, 50));
    const { Content: content } = await iam.getCredentialReport({});
    expect(Buffer.from(content ?? []).toString('utf8')).toMatch(/^user,arn,user_creation_time/);
  });
});

describe('federation with the SDK’s own credential providers', () => {
  const who = async (given: Keys | (() => Promise<Keys>)) =>
    (await new STS({ ...endpointOf(), credentials: given }).getCallerIdentity({})).Arn;
  const assumed = (role: string, session: string) => `arn:aws:sts::${account}:assumed-role/${role}/${session}`;

  test('a token of an OpenID provider, at hand and in a file', async () => {
    const made = await iam.createOpenIDConnectProvider({ Url: openId.issuer, ClientIDList: [openId.clientId] });
    const condition = { StringEquals: { 'login.example.com:aud': openId.clientId, 'login.example.com:sub': 'jane' } };
    const principal = { Federated: made.OpenIDConnectProviderArn };
    const AssumeRolePolicyDocument = trustOf(principal, 'sts:AssumeRoleWithWebIdentity', { Condition: condition });
    const { Role: role } = await iam.createRole({ RoleName: 'js-web', AssumeRolePolicyDocument });
    const webIdentityToken = await openId.signIn('jane');
    const roleArn = role?.Arn ?? '';
    const clientConfig = endpointOf();
    expect(await who(fromWebToken({ roleArn, roleSessionName: 'hand', webIdentityToken, clientConfig }))).toBe(assumed('js-web', 'hand'));
    const webIdentityTokenFile = join(directory.path, 'token');
    writeFileSync(webIdentityTokenFile, webIdentityToken);
    expect(await who(fromTokenFile({ roleArn, roleSessionName: 'file', webIdentityTokenFile, clientConfig }))).toBe(
      assumed('js-web', 'file'),
    );
    const stranger = fromWebToken({ roleArn, roleSessionName: 'no', webIdentityToken: await openId.signIn('joe'), clientConfig });
    await expect(who(stranger)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  test('a response of a SAML identity provider opens each of its roles', async () => {
    const idp = await startSamlIdentityProvider('https://idp.example.com');
    const { SAMLProviderArn: provider = '' } = await iam.createSAMLProvider({ Name: 'Js', SAMLMetadataDocument: idp.metadata });
    const arns: string[] = [];
    for (const RoleName of ['js-saml-1', 'js-saml-2']) {
      const AssumeRolePolicyDocument = trustOf({ Federated: provider }, 'sts:AssumeRoleWithSAML');
      arns.push((await iam.createRole({ RoleName, AssumeRolePolicyDocument })).Role?.Arn ?? '');
    }
    const Role = arns.map((arn) => `${arn},${provider}`);
    const SAMLAssertion = await idp.respond({ attributes: awsAttributes(arns[0] ?? '', provider, { Role }) });
    const sts = new STS({ ...endpointOf(), credentials: { accessKeyId: '', secretAccessKey: '' } });
    for (const [index, RoleArn] of arns.entries()) {
      const { Credentials: made } = await sts.assumeRoleWithSAML({ RoleArn, PrincipalArn: provider, SAMLAssertion });
      const session = {
        accessKeyId: made?.AccessKeyId ?? '',
        secretAccessKey: made?.SecretAccessKey ?? '',
        sessionToken: made?.SessionToken ?? '',
      };
      expect(await who(session)).toBe(assumed(`js-saml-${index + 1}`, 'jane'));
    }
  });

  test('a role behind a second factor', async () => {
    await iam.createUser({ UserName: 'mfa' });
    const { AccessKey: key } = await iam.createAccessKey({ UserName: 'mfa' });
    const { VirtualMFADevice: device } = await iam.createVirtualMFADevice({ VirtualMFADeviceName: 'mfa' });
    const totp = new TOTP({ secret: Buffer.from(device?.Base32StringSeed ?? []).toString('utf8') });
    const code = (later: number) => totp.generate({ timestamp: Date.now() + later });
    const mfaSerial = device?.SerialNumber ?? '';
    const codes = { AuthenticationCode1: code(-30_000), AuthenticationCode2: code(0) };
    await iam.enableMFADevice({ UserName: 'mfa', SerialNumber: mfaSerial, ...codes });
    const guard = { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } };
    const AssumeRolePolicyDocument = trustOf({ AWS: `arn:aws:iam::${account}:user/mfa` }, 'sts:AssumeRole', guard);
    const { Role: role } = await iam.createRole({ RoleName: 'js-mfa', AssumeRolePolicyDocument });
    const provider = fromTemporaryCredentials({
      masterCredentials: { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' },
      params: { RoleArn: role?.Arn, RoleSessionName: 'guarded', SerialNumber: mfaSerial },
      mfaCodeProvider: async () => code(30_000),
      clientConfig: endpointOf(),
    });
    expect(await who(provider)).toBe(assumed('js-mfa', 'guarded'));
  });
});
