// Every implemented operation of every service, called unsigned, wrongly signed, with an expired session, by a caller without permission, by an
// administrator under an explicit deny, and by the administrator of another account: it must be refused each time, and reach nothing of
// another account. What AWS itself allows is listed; the lists may only shrink.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createResourceCheck } from '../../test/declared-resources.ts';
import { temporaryDirectory } from '../../test/temporary.ts';
import { systemClock } from '../base/clock.ts';
import { randomIds } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import { storedExplanation } from '../kit/decision-records.ts';
import { openInstallation } from '../kit/installation.ts';
import { compose } from '../main.ts';
import type { Operation, Shape, StructureShape } from '../model/model.ts';
import type { Pipeline } from '../pipeline/serve.ts';
import type { Structure, WireRequest } from '../protocol/protocol.ts';
import { createProtocols } from '../protocol/protocols.ts';
import { type SigningCredentials, signHeaders } from '../sigv4/sign.ts';
import { fixedRootKey } from '../store/root-key.ts';
import { createSealer } from '../store/seal.ts';
import { openSqliteStore } from '../store/sqlite/sqlite.ts';
import type { Store } from '../store/store.ts';
import { ensureAccount } from './iam/bootstrap.ts';
import { services } from './index.ts';
import { loadServiceModel } from './models.ts';

/** No permission is needed for these, says AWS; the session operations answer for themselves. */
const withoutPermission: ReadonlySet<string> = new Set(['sts:GetCallerIdentity', 'sts:GetSessionToken']);

/** What AWS answers to other accounts too, though the request names something of this one. */
const answeredToOthers: Readonly<Record<string, string>> = {
  'iam:DeleteOpenIDConnectProvider': 'does not fail for a provider that does not exist, and in the caller’s account it does not',
  'kms:ListAliases': 'does not return aliases of other accounts, but does not fail for their keys',
  'secretsmanager:BatchGetSecretValue': 'refuses each secret for itself',
  'sts:GetAccessKeyInfo': 'tells the account of any access key to anybody who may ask',
};

/** Operations with a role in their request that they hand to nobody. */
const takesNoRole: Readonly<Record<string, string>> = {
  'sts:AssumeRole': 'the caller becomes the role',
  'sts:AssumeRoleWithSAML': 'the caller becomes the role',
  'sts:AssumeRoleWithWebIdentity': 'the caller becomes the role',
};

const pathOfList = "AWS's refusals name the path that is listed";
const unknownHandshake = 'a handshake that is not there has no kind, which is a part of its ARN';
/** Actions whose resources depart from the service authorization reference, with the reason. May only shrink: one that no longer does must go. */
const otherResources: Readonly<Record<string, string>> = {
  'iam:GetRequestAuthorizationDetails': 'the reference does not have the action yet',
  'iam:UpdateDelegationRequest': 'the reference does not have the action yet',
  'iam:GetAccessKeyLastUsed': 'a key that is not there belongs to no user who could be named',
  'iam:ListGroups': pathOfList,
  'iam:ListInstanceProfiles': pathOfList,
  'iam:ListPolicies': pathOfList,
  'iam:ListRoles': pathOfList,
  'iam:ListServerCertificates': pathOfList,
  'iam:ListUsers': pathOfList,
  'iam:ListVirtualMFADevices': pathOfList,
  'organizations:AcceptHandshake': unknownHandshake,
  'organizations:CancelHandshake': unknownHandshake,
  'organizations:DeclineHandshake': unknownHandshake,
  'organizations:DescribeHandshake': unknownHandshake,
  'resource-groups:ListTagSyncTasks': 'AWS documents that without a filter the resource is *',
  'secretsmanager:ValidateResourcePolicy': 'a policy may be validated for no secret at all',
};
const othersMet = new Set<string>();
const misfits = new Set<string>();
const resourceProblem = createResourceCheck();

const account = '111122223333';
const otherAccount = '444455556666';

const protocols = createProtocols();
const clock = systemClock();
const ids = randomIds();
const directory = temporaryDirectory('authorization');
let store: Store;
let pipeline: Pipeline;
const keys: Record<string, SigningCredentials> = {};
/** Of what the first account has. */
const arns: Record<string, string> = {};

beforeAll(async () => {
  const rootKey = ids.bytes(32);
  store = await openSqliteStore({ dataDir: directory.path, rootKeys: fixedRootKey(rootKey), ids });
  await openInstallation(store, account, ids);
  const rootOf = (id: string) =>
    store.transact((transaction) => ensureAccount({ transaction, account: id, ids, now: clock.now(), givenRootKey: undefined }));
  keys['root'] = await rootOf(account);
  keys['other root'] = await rootOf(otherAccount);
  ({ pipeline } = compose({
    store,
    clock,
    ids,
    sealer: createSealer(fixedRootKey(rootKey), ids),
    account,
    region: 'us-east-1',
    onInternalError(error) {
      throw error;
    },
  }));
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
  await addUser('powerless', undefined);
  await addUser('denied', { Version: '2012-10-17', Statement: [everything, { Effect: 'Deny', Action: '*', Resource: '*' }] });
  await addUser('administrator', { Version: '2012-10-17', Statement: [everything] });
  await addUser('keeper', { Version: '2012-10-17', Statement: [everything, { Effect: 'Deny', Action: 'iam:PassRole', Resource: '*' }] });
  await addUser('stranger', { Version: '2012-10-17', Statement: [everything] }, 'other root');
  await addResources();
  keys['expired'] = await expiredSession();
});
afterAll(async () => {
  await store.close();
  directory.remove();
});

async function addUser(name: string, policy: object | undefined, by = 'root'): Promise<void> {
  await call('iam', 'CreateUser', { UserName: name }, by);
  if (policy !== undefined)
    await call('iam', 'PutUserPolicy', { UserName: name, PolicyName: 'p', PolicyDocument: JSON.stringify(policy) }, by);
  keys[name] = credentialsIn(await call('iam', 'CreateAccessKey', { UserName: name }, by));
}

/** The session of a role that may do everything; it is over when this returns. */
async function expiredSession(): Promise<SigningCredentials> {
  const RoleArn = `arn:aws:iam::${account}:role/some-role`;
  const live = credentialsIn(await call('sts', 'AssumeRole', { RoleArn, RoleSessionName: 'late', DurationSeconds: 900 }, 'administrator'));
  keys['live'] = live;
  await call('iam', 'ListUsers', {}, 'live');
  clock.advance(7_200_000); // farther than a client's clock may be ahead, since requests are signed in the server's time
  return live;
}

/** Things of the first account under the names that the samples below ask for, so that there is something to reach. */
async function addResources(): Promise<void> {
  await call('iam', 'CreateUser', { UserName: 'some-name' });
  await call('iam', 'CreateGroup', { GroupName: 'some-name' });
  await call('iam', 'CreatePolicy', { PolicyName: 'some-name', PolicyDocument: document });
  await call('iam', 'CreateInstanceProfile', { InstanceProfileName: 'some-name' });
  await call('iam', 'CreateRole', { RoleName: 'some-name', AssumeRolePolicyDocument: trust });
  const AssumeRolePolicyDocument = trust.replace('"Service":"ec2.amazonaws.com"', `"AWS":"${account}"`);
  await call('iam', 'CreateRole', { RoleName: 'some-role', AssumeRolePolicyDocument });
  await call('iam', 'AttachRolePolicy', { RoleName: 'some-role', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
  await call('iam', 'CreateOpenIDConnectProvider', { Url: 'https://some.name', ThumbprintList: ['a'.repeat(40)] });
  await call('organizations', 'CreateOrganization', { FeatureSet: 'ALL' });
  const Content = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'budgets:*', Resource: '*' }] });
  const created = await call('organizations', 'CreatePolicy', { Name: 'p', Description: '', Type: 'SERVICE_CONTROL_POLICY', Content });
  arns['guardrail'] = /"Id":"(p-[a-z0-9]+)"/.exec(created)?.[1] ?? '';
  arns['key'] = arnIn(await call('kms', 'CreateKey', {}));
  await call('kms', 'CreateAlias', { AliasName: 'alias/some-name', TargetKeyId: arns['key'] });
  arns['secret'] = arnIn(
    await call('secretsmanager', 'CreateSecret', { Name: 'some-name', SecretString: 'x', ClientRequestToken: ids.uuid() }),
  );
  await call('iam', 'CreateUser', { UserName: 'some-name' }, 'other root');
}

/** @throws Error when it is refused. */
async function call(service: string, operation: string, input: Structure, by = 'root'): Promise<string> {
  const { status, body } = await send((await loadServiceModel(service)).operations.get(operation), input, keys[by]);
  if (status >= 300) throw new Error(`${service}:${operation}: ${body}`);
  return body;
}

function credentialsIn(body: string): SigningCredentials {
  const member = (element: string) => new RegExp(`<${element}>([^<]+)<`).exec(body)?.[1] ?? '';
  const sessionToken = member('SessionToken');
  return {
    accessKeyId: member('AccessKeyId'),
    secretAccessKey: new Secret(member('SecretAccessKey')),
    ...(sessionToken === '' ? {} : { sessionToken }),
  };
}

function arnIn(body: string): string {
  return /"A(?:rn|RN)":"([^"]+)"/.exec(body)?.[1] ?? '';
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Of the decision record of a refusal. */
  readonly authorizationId: string | undefined;
}

async function send(operation: Operation | undefined, input: Structure, credentials: SigningCredentials | undefined): Promise<Answer> {
  if (operation === undefined) throw new Error('no such operation');
  const protocol = protocols[operation.service.protocols[0] ?? 'json'];
  const encoded = protocol.encodeRequest(operation, input);
  const unsigned: WireRequest = { ...encoded, headers: { host: `${operation.service.endpointPrefix}.example.com`, ...encoded.headers } };
  const service = operation.service.signingName;
  const headers =
    credentials === undefined ? unsigned.headers : signHeaders(unsigned, { credentials, region: 'us-east-1', service, now: clock.now() });
  const response = await pipeline.serve({
    request: { ...unsigned, headers },
    requestId: ids.uuid(),
    receivedAtMs: clock.now(),
    sourceIp: '192.0.2.1',
    tls: undefined,
  });
  // Protocols over REST name the error in a header.
  const name = response.headers['x-amzn-errortype'] ?? '';
  const authorizationId = response.headers['x-castellan-authorization-id'];
  return { status: response.status, body: `${name} ${Buffer.from(response.body).toString('utf8')}`, authorizationId };
}

const document = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }] });
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** Values that satisfy the models; other required members get a value by their kind. */
const samples: Readonly<Record<string, unknown>> = {
  PolicyDocument: document,
  AssumeRolePolicyDocument: trust,
  PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
  PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess',
  RoleArn: 'arn:aws:iam::111122223333:role/some-role',
  AccessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  VersionId: 'v1',
  SSHPublicKeyId: 'APKAIOSFODNN7EXAMPLE',
  CertificateId: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ServiceSpecificCredentialId: 'ACCAIOSFODNN7EXAMPLE',
  Encoding: 'SSH',
  GlobalEndpointTokenVersion: 'v2Token',
  SerialNumber: 'arn:aws:iam::111122223333:mfa/some-device',
  AuthenticationCode1: '123456',
  AuthenticationCode2: '654321',
  Status: 'Inactive',
  AccountAlias: 'alias',
  EncodedMessage: 'x',
  PolicySourceArn: 'arn:aws:iam::111122223333:user/some-name',
  RemoveReplicaRegions: ['eu-west-1'],
  AddReplicaRegions: [{ Region: 'eu-west-1' }],
  ResourcePolicy: document,
  PrincipalArn: 'arn:aws:iam::111122223333:saml-provider/some-name',
  SAMLMetadataDocument: 'x'.repeat(1_000),
  SAMLProviderArn: 'arn:aws:iam::111122223333:saml-provider/some-name',
  OpenIDConnectProviderArn: 'arn:aws:iam::111122223333:oidc-provider/some.name',
  Url: 'https://some.name',
  ThumbprintList: ['a'.repeat(40)],
};

/** Where a member's name means something else in one service. */
const samplesOf: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  budgets: {
    AccountId: '111122223333',
    BudgetType: 'COST',
    ActionId: '7e9dd22d-8dc6-4571-95ab-ca400264778c',
    ExecutionRoleArn: 'arn:aws:iam::111122223333:role/some-role',
    ResourceARN: 'arn:aws:budgets::111122223333:budget/some-name',
    Address: 'a@example.org',
  },
  ce: {
    TimePeriod: { Start: '2026-11-01', End: '2026-11-02' },
    DateInterval: { StartDate: '2026-11-01' },
    BaselineTimePeriod: { Start: '2026-10-01', End: '2026-11-01' },
    ComparisonTimePeriod: { Start: '2026-11-01', End: '2026-12-01' },
    MonitorArn: 'arn:aws:ce::111122223333:anomalymonitor/7e9dd22d-8dc6-4571-95ab-ca400264778c',
    CostCategoryArn: 'arn:aws:ce::111122223333:costcategory/7e9dd22d-8dc6-4571-95ab-ca400264778c',
    ResourceArn: 'arn:aws:ce::111122223333:costcategory/7e9dd22d-8dc6-4571-95ab-ca400264778c',
  },
  'iam-toolbox': { authorizationId: '0a1b2c' },
  kms: { AliasName: 'alias/some-name', ReplicaRegion: 'eu-west-1', PrimaryRegion: 'eu-west-1' },
  lambda: {
    Resource: 'arn:aws:lambda:us-east-1:111122223333:function:some-name',
    Role: 'arn:aws:iam::111122223333:role/some-role',
    Action: 'lambda:InvokeFunction',
    FunctionVersion: '1',
  },
  iam: {
    Arn: 'arn:aws:iam::111122223333:user/some-name',
    JobId: '01234567-89ab-cdef-0123-456789abcdef',
    EntityPath: 'o-abcdefghij/r-abcd',
    Permissions: { PolicyTemplateArn: 'arn:aws:iam::111122223333:policy/some-name' },
    SessionDuration: 3_600,
    DelegationRequestId: '7e9dd22d-8dc6-4571-95ab-ca400264778c',
    EntityArn: 'arn:aws:iam::111122223333:delegation-request/7e9dd22d-8dc6-4571-95ab-ca400264778c',
  },
  account: {
    AccountId: '111122223333',
    PrimaryEmail: 'a@example.org',
    EmailAddress: 'a@example.org',
    PhoneNumber: '+1 555 0100',
    Otp: '123456',
    AlternateContactType: 'BILLING',
    CountryCode: 'FR',
  },
  organizations: {
    AccountId: '111122223333',
    ParentId: 'r-exam',
    RootId: 'r-exam',
    SourceParentId: 'r-exam',
    DestinationParentId: 'ou-exam-12345678',
    OrganizationalUnitId: 'ou-exam-12345678',
    ChildId: 'ou-exam-12345678',
    ChildType: 'ACCOUNT',
    TargetId: '111122223333',
    ResourceId: '111122223333',
    HandshakeId: 'h-1234567890',
    CreateAccountRequestId: 'car-1234567890',
    Type: 'SERVICE_CONTROL_POLICY',
    'InviteOrganizationToTransferResponsibilityRequest.Type': 'BILLING',
    'ListInboundResponsibilityTransfersRequest.Type': 'BILLING',
    'ListOutboundResponsibilityTransfersRequest.Type': 'BILLING',
    StartTimestamp: 1_800_000_000_000,
    Filter: 'SERVICE_CONTROL_POLICY',
    PolicyType: 'TAG_POLICY',
    Email: 'a@example.org',
    Target: { Type: 'ACCOUNT', Id: '111122223333' },
    Id: 'rt-1234567890',
    ServicePrincipal: 'guardduty.amazonaws.com',
  },
  ram: {
    resourceShareArn: 'arn:aws:ram:us-east-1:111122223333:resource-share/7ab63972-b505-7e2a-420d-6f5d3EXAMPLE',
    resourceShareInvitationArn: 'arn:aws:ram:us-east-1:444455556666:resource-share-invitation/7ab63972-b505-7e2a-420d-6f5d3EXAMPLE',
    permissionArn: 'arn:aws:ram:us-east-1:111122223333:permission/some-name',
    fromPermissionArn: 'arn:aws:ram:us-east-1:111122223333:permission/some-name',
    toPermissionArn: 'arn:aws:ram:us-east-1:111122223333:permission/other-name',
    tags: [{ key: 'k', value: 'v' }],
  },
  'resource-groups': {
    Arn: 'arn:aws:resource-groups:us-east-1:111122223333:group/some-name',
    TaskArn: `arn:aws:resource-groups:us-east-1:111122223333:group/some-name/${'a'.repeat(26)}/tag-sync-task/${'b'.repeat(26)}`,
    Group: 'arn:aws:resource-groups:us-east-1:111122223333:group/some-name',
    ResourceArns: ['arn:aws:kms:us-east-1:111122223333:key/some-key'],
  },
  resourcegroupstaggingapi: { S3Bucket: 'some-bucket' },
  sts: {
    TargetPrincipal: '444455556666',
    TaskPolicyArn: { arn: 'arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials' },
    SigningAlgorithm: 'ES384',
  },
};

function sampleOf(shape: StructureShape | undefined, service: string): Structure {
  const input: Record<string, unknown> = {};
  for (const name of shape?.required ?? []) {
    const named = service === 'organizations' && name === 'PolicyId' ? arns['guardrail'] : samplesOf[service]?.[name];
    const own = samplesOf[service]?.[`${shape?.name}.${name}`] ?? named ?? samples[name];
    if (own !== undefined) input[name] = name === 'PolicyDocument' && shape?.name === 'UpdateAssumeRolePolicyRequest' ? trust : own;
    else input[name] = sampleValue(shape?.members.get(name)?.shape, service);
  }
  return input;
}

function sampleValue(shape: Shape | undefined, service: string): unknown {
  switch (shape?.kind) {
    case 'structure':
      return sampleOf(shape, service);
    case 'list':
      if (shape.member.shape.kind !== 'structure') return [sampleValue(shape.member.shape, service)];
      return [shape.member.shape.required.length > 0 ? sampleOf(shape.member.shape, service) : { Key: 'k', Value: 'v' }];
    case 'string':
      return shape.enumValues?.[0] ?? 'some-name';
    case 'map':
      return { k: 'v' };
    case 'blob':
      return new Uint8Array(1);
    case 'boolean':
      return true;
    case 'integer':
    case 'long':
    case 'double':
    case 'float':
      return 1;
    default:
      return 'some-name';
  }
}

describe.each(Object.keys(services))('%s', (name) => {
  test('refuses each operation to whoever may not call it', async () => {
    const [model, definition] = await Promise.all([loadServiceModel(name), services[name]?.()]);
    expect(definition?.operations.length).toBeGreaterThan(0);
    for (const { name: operationName, prove } of definition?.operations ?? []) {
      const operation = model.operations.get(operationName);
      const input = sampleOf(operation?.input, name);
      const label = `${name}:${operationName}`;
      const unsigned = await send(operation, input, undefined);
      if (prove !== undefined) {
        // A token in the request decides, whoever signs it or not; this one says nothing.
        for (const caller of [undefined, 'powerless', 'administrator', 'root']) {
          const unproven = await send(operation, input, caller === undefined ? undefined : keys[caller]);
          expect(unproven.body, `${label} by ${caller}`).toContain('InvalidIdentityToken');
        }
        continue;
      }
      expect(unsigned.body, label).toContain('MissingAuthenticationToken');
      const forged = await send(operation, input, {
        accessKeyId: keys['administrator']?.accessKeyId ?? '',
        secretAccessKey: new Secret('wrong'),
      });
      expect(forged.body, label).toMatch(/SignatureDoesNotMatch|InvalidSignatureException/);
      const late = await send(operation, input, keys['expired']);
      expect(late.body, `${label} after the session`).toMatch(/ExpiredToken(?:Exception)?\b|RequestExpired/);
      expect(late.body, label).toMatch(/The security token included in the request is expired|Request has expired\./);
      if (withoutPermission.has(label)) continue;
      for (const caller of ['powerless', 'denied']) {
        const refused = await send(operation, input, keys[caller]);
        expect(refused.body, `${label} by ${caller}`).toMatch(/AccessDenied|UnauthorizedOperation/);
        expect(refused.body, `${label} by ${caller}`).toMatch(
          caller === 'denied' ? /explicit deny|is not authorized to perform/ : /is not authorized to perform/,
        );
        expect(refused.status, label).toBeGreaterThanOrEqual(400);
        await judgeResources(label, refused);
      }
    }
  });
});

// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
test('whoever hands a role to a service must be allowed iam:PassRole for it', async () => {
  const asked: string[] = [];
  for (const name of Object.keys(services)) {
    const [model, definition] = await Promise.all([loadServiceModel(name), services[name]?.()]);
    for (const { name: operationName } of definition?.operations ?? []) {
      const operation = model.operations.get(operationName);
      const label = `${name}:${operationName}`;
      const members = [...(operation?.input?.members.keys() ?? [])].filter((member) => /^(?:Role|\w*RoleArn)$/.test(member));
      // The role is the caller's own to be, or an example's that the operation refuses anyway.
      if ((members.length === 0 && label !== 'iam:AddRoleToInstanceProfile') || label in takesNoRole) continue;
      const role = `arn:aws:iam::${account}:role/some-role`;
      const given = Object.fromEntries(members.map((member) => [member, role]));
      const { body } = await send(operation, { ...sampleOf(operation?.input, name), ...given }, keys['keeper']);
      expect(body, label).toContain('is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/');
      asked.push(label);
    }
  }
  expect(asked).toContain('iam:AddRoleToInstanceProfile');
  expect(asked).toContain('lambda:CreateFunction');
});

describe.each(Object.keys(services))('%s, called from another account', (name) => {
  test('reaches nothing of this one', async () => {
    const [model, definition] = await Promise.all([loadServiceModel(name), services[name]?.()]);
    const before = await stateOfAccount();
    for (const { name: operationName, prove } of definition?.operations ?? []) {
      if (prove !== undefined) continue;
      const label = `${name}:${operationName}`;
      const operation = model.operations.get(operationName);
      const input = { ...sampleOf(operation?.input, name), ...foreign(operation?.input, name) };
      const { status, body } = await send(operation, input, keys['stranger']);
      if (label in answeredToOthers) {
        expect(status, `${label} needs its exception no longer`).toBe(200);
      } else if (namesAccount(input)) {
        expect(body, label).toMatch(/AccessDenied|NotFound|NoSuchEntity|UnknownResource|NotInUse|InvalidInput/);
        expect(status, label).toBeGreaterThanOrEqual(400);
      } else if (status < 400 && label !== 'cloudtrail:LookupEvents') {
        // Events show what the caller's own requests have named.
        expect(body, label).not.toContain(account);
      }
    }
    expect(await stateOfAccount()).toEqual(before);
  });
});

/** Whether what the policies were asked about is a resource that the action can be limited to. */
async function judgeResources(label: string, { authorizationId }: Answer): Promise<void> {
  if (authorizationId === undefined) return;
  const record = await store.transact((transaction) => storedExplanation(transaction, authorizationId));
  for (const asked of record?.decisions ?? []) {
    const problem = resourceProblem(asked);
    if (problem === undefined) continue;
    if (Object.hasOwn(otherResources, asked.action)) othersMet.add(asked.action);
    else misfits.add(`${label} on ${asked.resource}: ${problem}`);
  }
}

test('every operation asks about a resource of a type that its action has, and every exception is still one', () => {
  expect([...misfits]).toEqual([]);
  expect([...othersMet].sort()).toEqual(Object.keys(otherResources).sort());
});

/** Members that can name something of another account, with what this one has. */
function foreign(shape: StructureShape | undefined, service: string): Structure {
  const named: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    kms: { KeyId: arns['key'], TargetKeyId: arns['key'], SourceKeyId: arns['key'], DestinationKeyId: arns['key'] },
    secretsmanager: { SecretId: arns['secret'], SecretIdList: [arns['secret']] },
    lambda: { FunctionName: `arn:aws:lambda:us-east-1:${account}:function:some-name` },
    iam: { AccessKeyId: keys['powerless']?.accessKeyId },
    sts: { AccessKeyId: keys['powerless']?.accessKeyId },
  };
  return Object.fromEntries(Object.entries(named[service] ?? {}).filter(([member]) => shape?.members.has(member)));
}

function namesAccount(input: Structure): boolean {
  const text = JSON.stringify(input);
  return text.includes(account) || text.includes(keys['powerless']?.accessKeyId ?? account);
}

/** Every record that has to do with the first account, but for what is kept about refused requests. */
async function stateOfAccount(): Promise<readonly string[]> {
  const records: string[] = [];
  for await (const { collection, key, value } of store.dump()) {
    if (collection.startsWith('explanation')) continue;
    const text = JSON.stringify([collection, key, value]);
    if (text.includes(account)) records.push(text);
  }
  return records;
}
