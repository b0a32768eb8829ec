// Every implemented operation of every service, called unsigned, wrongly signed, by a caller without permission, and by an administrator under
// an explicit deny: it must be refused each time. Operations for which AWS asks no permission are listed; the list may only shrink.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/temporary.ts';
import { systemClock } from '../base/clock.ts';
import { randomIds } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
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

const protocols = createProtocols();
const clock = systemClock();
const ids = randomIds();
const directory = temporaryDirectory('authorization');
let store: Store;
let pipeline: Pipeline;
const keys: Record<string, SigningCredentials> = {};

beforeAll(async () => {
  const rootKey = ids.bytes(32);
  store = await openSqliteStore({ dataDir: directory.path, rootKeys: fixedRootKey(rootKey), ids });
  const { account } = await openInstallation(store, '111122223333', ids);
  const root = await store.transact((transaction) =>
    ensureAccount({ transaction, account, ids, now: clock.now(), givenRootKey: undefined }),
  );
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
  keys['root'] = root;
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
  await addUser('powerless', undefined);
  await addUser('denied', { Version: '2012-10-17', Statement: [everything, { Effect: 'Deny', Action: '*', Resource: '*' }] });
  await addUser('administrator', { Version: '2012-10-17', Statement: [everything] });
});
afterAll(async () => {
  await store.close();
  directory.remove();
});

async function addUser(name: string, policy: object | undefined): Promise<void> {
  const iam = await loadServiceModel('iam');
  const call = (operation: string, input: Structure) => send(iam.operations.get(operation), input, keys['root']);
  await call('CreateUser', { UserName: name });
  if (policy !== undefined) await call('PutUserPolicy', { UserName: name, PolicyName: 'p', PolicyDocument: JSON.stringify(policy) });
  const { body } = await call('CreateAccessKey', { UserName: name });
  const member = (element: string) => new RegExp(`<${element}>([^<]+)<`).exec(body)?.[1] ?? '';
  keys[name] = { accessKeyId: member('AccessKeyId'), secretAccessKey: new Secret(member('SecretAccessKey')) };
}

interface Answer {
  readonly status: number;
  readonly body: string;
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
  return { status: response.status, body: `${name} ${Buffer.from(response.body).toString('utf8')}` };
}

const document = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }] });
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' }],
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
    PolicyId: 'p-1234567890',
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
    resourceType: 'resource-groups:Group',
    resourceArns: ['arn:aws:resource-groups:us-east-1:111122223333:group/some-name'],
    tags: [{ key: 'k', value: 'v' }],
  },
  sts: {
    TargetPrincipal: '444455556666',
    TaskPolicyArn: { arn: 'arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials' },
    SigningAlgorithm: 'ES384',
  },
};

function sampleOf(shape: StructureShape | undefined, service: string): Structure {
  const input: Record<string, unknown> = {};
  for (const name of shape?.required ?? []) {
    const own = samplesOf[service]?.[`${shape?.name}.${name}`] ?? samplesOf[service]?.[name] ?? samples[name];
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
      if (withoutPermission.has(label)) continue;
      for (const caller of ['powerless', 'denied']) {
        const refused = await send(operation, input, keys[caller]);
        expect(refused.body, `${label} by ${caller}`).toMatch(/AccessDenied/);
        expect(refused.body, `${label} by ${caller}`).toMatch(
          caller === 'denied' ? /explicit deny|is not authorized to perform/ : /is not authorized to perform/,
        );
        expect(refused.status, label).toBeGreaterThanOrEqual(400);
      }
    }
  });
});
