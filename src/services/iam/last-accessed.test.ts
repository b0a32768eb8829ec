// Last accessed reports, from the ledger and nothing else: services, actions, entities, policies that grant, roles, organisations.
import type { IAM } from '@aws-sdk/client-iam';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let iam: IAM;
let reader: ClientCredentials;
const keyOf = new Map<string, ClientCredentials>();
beforeAll(async () => {
  castellan = await startInProcess('last-accessed');
  iam = castellan.iam();
  await iam.createGroup({ GroupName: 'readers' });
  await iam.attachGroupPolicy({ GroupName: 'readers', PolicyArn: 'arn:aws:iam::aws:policy/IAMReadOnlyAccess' });
  await iam.putGroupPolicy({ GroupName: 'readers', PolicyName: 'keys', PolicyDocument: allow(['kms:ListKeys', 'kms:ListAliases']) });
  for (const UserName of ['active', 'idle']) {
    await iam.createUser({ UserName, Path: '/staff/' });
    await iam.addUserToGroup({ UserName, GroupName: 'readers' });
    const { AccessKey: key } = await iam.createAccessKey({ UserName });
    keyOf.set(UserName, { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' });
  }
  reader = keyOf.get('active') ?? castellan.root;
});
afterAll(async () => {
  await castellan.stop();
});

const allow = (Action: readonly string[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const arnOf = (name: string) => `arn:aws:iam::${castellan.account}:${name}`;

async function report(Arn: string, Granularity: 'SERVICE_LEVEL' | 'ACTION_LEVEL' = 'SERVICE_LEVEL') {
  await castellan.work.settle();
  const { JobId = '' } = await iam.generateServiceLastAccessedDetails({ Arn, Granularity });
  return { JobId, ...(await iam.getServiceLastAccessedDetails({ JobId, MaxItems: 1_000 })) };
}

test('attempts of a user count, refused ones too, for services that its policies grant', async () => {
  const client = castellan.iam(reader);
  await client.listUsers({});
  await expect(client.createUser({ UserName: 'no' })).rejects.toMatchObject({ name: 'AccessDenied' });
  const arn = arnOf('user/staff/active');
  const { JobStatus: status, JobType: type, ServicesLastAccessed: services } = await report(arn);
  expect([status, type]).toEqual(['COMPLETED', 'SERVICE_LEVEL']);
  expect(services?.map(({ ServiceNamespace }) => ServiceNamespace)).toEqual(['iam', 'kms']);
  expect(services?.[0]).toMatchObject({
    ServiceName: expect.stringMatching(/Identity and Access Management/),
    LastAuthenticatedEntity: arn,
    LastAuthenticatedRegion: 'us-east-1',
    TotalAuthenticatedEntities: 1,
  });
  expect(services?.[0]?.LastAuthenticated).toBeInstanceOf(Date);
  expect(services?.[1]?.LastAuthenticated).toBeUndefined();
  expect(services?.[0]?.TrackedActionsLastAccessed).toBeUndefined();
});

test('a report of actions has those that are granted, used or not', async () => {
  const { ServicesLastAccessed: services } = await report(arnOf('user/staff/active'), 'ACTION_LEVEL');
  const actions = services?.[0]?.TrackedActionsLastAccessed ?? [];
  expect(actions.find(({ ActionName }) => ActionName === 'ListUsers')?.LastAccessedTime).toBeInstanceOf(Date);
  expect(actions.find(({ ActionName }) => ActionName === 'ListRoles')?.LastAccessedTime).toBeUndefined();
  expect(actions.some(({ ActionName }) => ActionName === 'CreateUser')).toBe(false);
  expect(services?.[1]?.TrackedActionsLastAccessed?.map(({ ActionName }) => ActionName)).toEqual(['ListAliases', 'ListKeys']);
});

test('what a policy denies everywhere is not granted', async () => {
  await iam.createUser({ UserName: 'denied' });
  await iam.attachUserPolicy({ UserName: 'denied', PolicyArn: 'arn:aws:iam::aws:policy/IAMReadOnlyAccess' });
  const deny = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'iam:*', Resource: '*' }] };
  await iam.putUserPolicy({ UserName: 'denied', PolicyName: 'no', PolicyDocument: JSON.stringify(deny) });
  expect((await report(arnOf('user/denied'))).ServicesLastAccessed).toEqual([]);
});

test('reports of groups and policies tell who used them, the latest first', async () => {
  for (const arn of [arnOf('group/readers'), 'arn:aws:iam::aws:policy/IAMReadOnlyAccess']) {
    const { JobId, ServicesLastAccessed: services } = await report(arn);
    expect(services?.[0]).toMatchObject({ ServiceNamespace: 'iam', LastAuthenticatedEntity: arnOf('user/staff/active') });
    const { EntityDetailsList: entities } = await iam.getServiceLastAccessedDetailsWithEntities({ JobId, ServiceNamespace: 'iam' });
    expect(entities?.[0]?.EntityInfo).toMatchObject({ Name: 'active', Type: 'USER', Path: '/staff/', Arn: arnOf('user/staff/active') });
    expect(entities?.find(({ EntityInfo }) => EntityInfo?.Name === 'idle')?.LastAuthenticated).toBeUndefined();
    const first = await iam.getServiceLastAccessedDetailsWithEntities({ JobId, ServiceNamespace: 'iam', MaxItems: 1 });
    const Marker = first.Marker ?? '';
    const second = await iam.getServiceLastAccessedDetailsWithEntities({ JobId, ServiceNamespace: 'iam', MaxItems: 1, Marker });
    expect(second.EntityDetailsList?.[0]?.EntityInfo?.Name).not.toBe('active');
  }
});

test('a report belongs to whom it was made for, and is kept for seven days', async () => {
  const { JobId } = await report(arnOf('user/staff/active'));
  const other = castellan.iam(keyOf.get('idle'));
  await expect(other.getServiceLastAccessedDetails({ JobId })).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  const own = await report(arnOf('user/staff/active'));
  castellan.clock.advance(8 * 24 * 3_600_000);
  await expect(castellan.iam().getServiceLastAccessedDetails({ JobId: own.JobId })).rejects.toMatchObject({
    name: 'NoSuchEntityException',
  });
  await expect(iam.generateServiceLastAccessedDetails({ Arn: arnOf('user/nobody') })).rejects.toMatchObject({
    name: 'NoSuchEntityException',
  });
  await expect(iam.generateServiceLastAccessedDetails({ Arn: 'arn:aws:s3:::a-bucket-of-mine' })).rejects.toMatchObject({
    name: 'InvalidInputException',
  });
});

test('an administrator may use every service, page by page', async () => {
  const { JobId } = await report('arn:aws:iam::aws:policy/AdministratorAccess');
  const names: (string | undefined)[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.getServiceLastAccessedDetails({ JobId, MaxItems: 100, ...(Marker === undefined ? {} : { Marker }) });
    names.push(...(page.ServicesLastAccessed ?? []).map(({ ServiceNamespace }) => ServiceNamespace));
    Marker = page.Marker;
  } while (Marker !== undefined);
  expect(names.length).toBeGreaterThan(400);
  expect(new Set(names).size).toBe(names.length);
});

test('says which policies grant a service', async () => {
  const { PoliciesGrantingServiceAccess: granting } = await iam.listPoliciesGrantingServiceAccess({
    Arn: arnOf('user/staff/active'),
    ServiceNamespaces: ['kms', 'iam', 's3'],
  });
  expect(granting).toEqual([
    {
      ServiceNamespace: 'iam',
      Policies: [{ PolicyName: 'IAMReadOnlyAccess', PolicyType: 'MANAGED', PolicyArn: 'arn:aws:iam::aws:policy/IAMReadOnlyAccess' }],
    },
    { ServiceNamespace: 'kms', Policies: [{ PolicyName: 'keys', PolicyType: 'INLINE', EntityType: 'GROUP', EntityName: 'readers' }] },
    { ServiceNamespace: 's3', Policies: [] },
  ]);
  await expect(
    iam.listPoliciesGrantingServiceAccess({ Arn: arnOf('user/staff/active'), ServiceNamespaces: ['nonsense'] }),
  ).rejects.toMatchObject({ name: 'InvalidInputException' });
});

test('a role was last used when one of its sessions called, and a new role of the name was not', async () => {
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }] };
  const make = () => iam.createRole({ RoleName: 'worker', AssumeRolePolicyDocument: JSON.stringify(trust) });
  await make();
  await iam.putUserPolicy({ UserName: 'active', PolicyName: 'assume', PolicyDocument: allow(['sts:AssumeRole']) });
  const sts = castellan.sts(reader);
  const { Credentials: session } = await sts.send(new AssumeRoleCommand({ RoleArn: arnOf('role/worker'), RoleSessionName: 'session' }));
  await castellan.work.settle();
  expect((await iam.getRole({ RoleName: 'worker' })).Role?.RoleLastUsed).toEqual({});
  const credentials = {
    accessKeyId: session?.AccessKeyId ?? '',
    secretAccessKey: session?.SecretAccessKey ?? '',
    sessionToken: session?.SessionToken ?? '',
  };
  await expect(castellan.iam(credentials).listUsers({})).rejects.toMatchObject({ name: 'AccessDenied' });
  await castellan.work.settle();
  expect((await iam.getRole({ RoleName: 'worker' })).Role?.RoleLastUsed).toMatchObject({ Region: 'us-east-1' });
  const { RoleDetailList: details } = await iam.getAccountAuthorizationDetails({ Filter: ['Role'] });
  const detail = details?.find(({ RoleName }) => RoleName === 'worker');
  expect(detail?.RoleLastUsed).toMatchObject({ LastUsedDate: expect.any(Date), Region: 'us-east-1' });
  // AWS: lists leave it out.
  expect((await iam.listRoles({})).Roles?.some((role) => 'RoleLastUsed' in role)).toBe(false);
  await iam.deleteRole({ RoleName: 'worker' });
  await make();
  expect((await iam.getRole({ RoleName: 'worker' })).Role?.RoleLastUsed).toEqual({});
});

test('the organisation is reported by branch, with what its service control policies leave', async () => {
  const organizations = castellan.organizations();
  await expect(iam.generateOrganizationsAccessReport({ EntityPath: 'o-abcdefghij/r-abcd' })).rejects.toMatchObject({
    name: 'AccessDenied',
  });
  const { Organization: organization } = await organizations.createOrganization({});
  const rootId = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
  await expect(organizations.enablePolicyType({ RootId: rootId, PolicyType: 'SERVICE_CONTROL_POLICY' })).resolves.toBeDefined();
  const { OrganizationalUnit: unit } = await organizations.createOrganizationalUnit({ ParentId: rootId, Name: 'unit' });
  const { Policy: policy } = await organizations.createPolicy({
    Name: 'only',
    Description: '',
    Type: 'SERVICE_CONTROL_POLICY',
    Content: allow(['iam:*', 'kms:*']),
  });
  const PolicyId = policy?.PolicySummary?.Id ?? '';
  await organizations.attachPolicy({ PolicyId, TargetId: unit?.Id });
  await organizations.detachPolicy({ PolicyId: 'p-FullAWSAccess', TargetId: unit?.Id });
  const base = `${organization?.Id}/${rootId}`;
  const get = async (EntityPath: string, more: object = {}) => {
    await castellan.work.settle();
    const { JobId = '' } = await iam.generateOrganizationsAccessReport({ EntityPath, ...more });
    return iam.getOrganizationsAccessReport({ JobId, SortKey: 'LAST_AUTHENTICATED_TIME_DESCENDING', MaxItems: 1_000 });
  };
  const ofUnit = await get(`${base}/${unit?.Id}`);
  expect(ofUnit).toMatchObject({ JobStatus: 'COMPLETED', NumberOfServicesAccessible: 2, NumberOfServicesNotAccessed: 2 });
  expect((await get(`${base}/${unit?.Id}`, { OrganizationsPolicyId: PolicyId })).NumberOfServicesAccessible).toBe(2);
  const own = await get(`${base}/${castellan.account}`);
  expect(own.NumberOfServicesAccessible).toBeGreaterThan(400);
  expect(own.AccessDetails?.[0]).toMatchObject({ EntityPath: `${base}/${castellan.account}`, TotalAuthenticatedEntities: 1 });
  await expect(iam.generateOrganizationsAccessReport({ EntityPath: `${base}/ou-abcd-12345678` })).rejects.toMatchObject({
    name: 'InvalidInputException',
  });
});
