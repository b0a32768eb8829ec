// Policies, attachments, tags and delegation through the whole pipeline, as the SDK sees them.
import { type Organizations, paginateListTargetsForPolicy } from '@aws-sdk/client-organizations';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';

let castellan: InProcess;
let organizations: Organizations;
let rootId = '';
beforeAll(async () => {
  castellan = await startInProcess('organizations');
  organizations = castellan.organizations();
  await organizations.createOrganization({});
  rootId = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
});
afterAll(async () => {
  await castellan.stop();
});

async function newAccount(name: string): Promise<string> {
  const { CreateAccountStatus } = await organizations.createAccount({
    AccountName: name,
    Email: `${name}@example.org`,
    IamUserAccessToBilling: 'ALLOW',
  });
  const { CreateAccountStatus: done } = await organizations.describeCreateAccountStatus({
    CreateAccountRequestId: CreateAccountStatus?.Id,
  });
  return done?.AccountId ?? '';
}

async function newUnit(name: string, ParentId = rootId): Promise<string> {
  const { OrganizationalUnit } = await organizations.createOrganizationalUnit({ ParentId, Name: name });
  return OrganizationalUnit?.Id ?? '';
}

async function newPolicy(name: string, Content: object, Type: 'SERVICE_CONTROL_POLICY' | 'TAG_POLICY' = 'SERVICE_CONTROL_POLICY') {
  const { Policy } = await organizations.createPolicy({ Name: name, Description: '', Type, Content: JSON.stringify(Content) });
  return Policy?.PolicySummary?.Id ?? '';
}

const user = (account: ClientCredentials | undefined, name: string, statements: readonly object[]) =>
  testUser(castellan, name, statements, account);

const deny = (Action: string) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action, Resource: '*' }] });

describe('policies', () => {
  test('are created, described, changed, listed after AWS’s own, and deleted', async () => {
    const id = await newPolicy('no-kms', deny('kms:*'));
    const { Policy } = await organizations.describePolicy({ PolicyId: id });
    expect(Policy?.Content).toBe(JSON.stringify(deny('kms:*')));
    expect(Policy?.PolicySummary?.Arn).toMatch(/^arn:aws:organizations::\d{12}:policy\/o-\w+\/service_control_policy\/p-[0-9a-z]{10}$/);
    await expect(newPolicy('no-kms', deny('kms:*'))).rejects.toMatchObject({ name: 'DuplicatePolicyException' });
    await organizations.updatePolicy({ PolicyId: id, Name: 'no-keys', Content: JSON.stringify(deny('kms:Create*')) });
    const { Policies } = await organizations.listPolicies({ Filter: 'SERVICE_CONTROL_POLICY' });
    expect(Policies?.map(({ Name, AwsManaged }) => [Name, AwsManaged])).toEqual([
      ['FullAWSAccess', true],
      ['no-keys', false],
    ]);
    expect(Policies?.[0]).toMatchObject({
      Id: 'p-FullAWSAccess',
      Arn: 'arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess',
      Description: 'Allows access to every operation',
    });
    await organizations.deletePolicy({ PolicyId: id });
    await expect(organizations.describePolicy({ PolicyId: id })).rejects.toMatchObject({
      name: 'PolicyNotFoundException',
      message: "You specified a policy that doesn't exist.",
    });
    await expect(organizations.updatePolicy({ PolicyId: 'p-FullAWSAccess', Name: 'mine' })).rejects.toMatchObject({
      name: 'InvalidInputException',
      Reason: 'IMMUTABLE_POLICY',
    });
  });

  test('come in pages of one, AWS’s own first, each once', async () => {
    for (const name of ['page-1', 'page-2']) await newPolicy(name, deny('sns:*'));
    const names: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await organizations.listPolicies({ Filter: 'SERVICE_CONTROL_POLICY', MaxResults: 1, NextToken });
      expect(page.Policies).toHaveLength(1);
      names.push(page.Policies?.[0]?.Name);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(names.slice(0, 3)).toEqual(['FullAWSAccess', 'page-1', 'page-2']);
    for await (const page of paginateListTargetsForPolicy({ client: organizations, pageSize: 1 }, { PolicyId: 'p-FullAWSAccess' })) {
      expect(page.Targets?.length).toBeLessThanOrEqual(1);
    }
  });

  test('of some types need trusted access of the service that reads them', async () => {
    const ServicePrincipal = 'securityhub.amazonaws.com';
    const enable = () => organizations.enablePolicyType({ RootId: rootId, PolicyType: 'SECURITYHUB_POLICY' });
    await expect(enable()).rejects.toMatchObject({ Reason: 'SERVICE_ACCESS_NOT_ENABLED' });
    await organizations.enableAWSServiceAccess({ ServicePrincipal });
    await enable();
    await expect(organizations.disableAWSServiceAccess({ ServicePrincipal })).rejects.toMatchObject({
      Reason: 'POLICY_TYPE_ENABLED_FOR_THIS_SERVICE',
    });
    await organizations.disablePolicyType({ RootId: rootId, PolicyType: 'SECURITYHUB_POLICY' });
    await organizations.disableAWSServiceAccess({ ServicePrincipal });
  });

  test('must be what their type demands', async () => {
    const content = (
      Content: string,
      Type: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY' | 'TAG_POLICY' = 'SERVICE_CONTROL_POLICY',
    ) => organizations.createPolicy({ Name: 'bad', Description: '', Type, Content });
    const statement = (extra: object) =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'kms:*', Resource: '*', ...extra }] });
    const malformed = {
      name: 'MalformedPolicyDocumentException',
      message: 'The provided policy document does not meet the requirements of the specified policy type.',
    };
    for (const bad of [
      '{',
      '[]',
      statement({ Principal: '*' }),
      statement({ Action: 'kms' }),
      statement({ Condition: { Nope: { a: 'b' } } }),
    ]) {
      await expect(content(bad), bad).rejects.toMatchObject(malformed);
    }
    for (const bad of [
      statement({}),
      statement({ Principal: '*', Effect: 'Allow' }),
      statement({ Principal: '*', Action: '*' }),
      statement({ Principal: { AWS: '111122223333' } }),
    ]) {
      await expect(content(bad, 'RESOURCE_CONTROL_POLICY'), bad).rejects.toMatchObject(malformed);
    }
    for (const bad of [
      '{"plans":{}}',
      '{"tags":{"a":{"tag_key":{"@@assing":"A"}}}}',
      '{"tags":{"a":{"tag_key":"A"}}}',
      '{"tags":{"a":{"tag_key":{"@@assign":"B"}}}}',
      '{"tags":{"a":{"colour":{"@@assign":"B"}}}}',
    ]) {
      await expect(content(bad, 'TAG_POLICY'), bad).rejects.toMatchObject(malformed);
    }
    await expect(content(statement({ Sid: 'x'.repeat(10_240) }))).rejects.toMatchObject({ Reason: 'POLICY_CONTENT_LIMIT_EXCEEDED' });
  });

  test('are attached within limits, and the last service control policy stays', async () => {
    const unit = await newUnit('attachments');
    const id = await newPolicy('attached', deny('kms:*'));
    const attach = (PolicyId: string, TargetId = unit) => organizations.attachPolicy({ PolicyId, TargetId });
    const detach = (PolicyId: string, TargetId = unit) => organizations.detachPolicy({ PolicyId, TargetId });
    await attach(id);
    await expect(attach(id)).rejects.toMatchObject({ name: 'DuplicatePolicyAttachmentException' });
    await expect(attach('p-FullAWSAccess')).rejects.toMatchObject({ name: 'DuplicatePolicyAttachmentException' });
    await expect(attach(id, '123456789012')).rejects.toMatchObject({ name: 'TargetNotFoundException' });
    await expect(organizations.deletePolicy({ PolicyId: id })).rejects.toMatchObject({ name: 'PolicyInUseException' });
    const { Targets } = await organizations.listTargetsForPolicy({ PolicyId: id });
    expect(Targets).toMatchObject([{ TargetId: unit, Name: 'attachments', Type: 'ORGANIZATIONAL_UNIT' }]);
    await detach('p-FullAWSAccess');
    const list = async () => (await organizations.listPoliciesForTarget({ TargetId: unit, Filter: 'SERVICE_CONTROL_POLICY' })).Policies;
    expect((await list())?.map(({ Name }) => Name)).toEqual(['attached']);
    await expect(detach(id)).rejects.toMatchObject({
      Reason: 'MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
      message: 'You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.',
    });
    await expect(detach('p-FullAWSAccess')).rejects.toMatchObject({ name: 'PolicyNotAttachedException' });
    await attach('p-FullAWSAccess');
    for (const index of [1, 2, 3, 4, 5, 6, 7, 8]) await attach(await newPolicy(`more-${index}`, deny(`sns:*${index}`)));
    await expect(attach(await newPolicy('one-too-many', deny('sqs:*')))).rejects.toMatchObject({
      Reason: 'MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
    });
  });

  test('are attached, named and nested within limits by parallel calls too', async () => {
    const unit = await newUnit('contended');
    const ids: string[] = [];
    for (let index = 0; index < 14; index += 1) ids.push(await newPolicy(`contender-${index}`, deny(`sns:*${index}`)));
    const attached = await Promise.allSettled(ids.map((PolicyId) => organizations.attachPolicy({ PolicyId, TargetId: unit })));
    // FullAWSAccess is the tenth.
    expect(attached.filter(({ status }) => status === 'fulfilled')).toHaveLength(9);
    const named = await Promise.allSettled(Array.from({ length: 8 }, () => newUnit('the same name', unit)));
    expect(named.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const created = await Promise.allSettled(Array.from({ length: 8 }, () => newPolicy('the same policy', deny('sns:*'))));
    expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('of a type must be enabled, and are forgotten when it is disabled', async () => {
    const id = await newPolicy('tags', { tags: { costcenter: { tag_key: { '@@assign': 'CostCenter' } } } }, 'TAG_POLICY');
    const attach = () => organizations.attachPolicy({ PolicyId: id, TargetId: rootId });
    await expect(attach()).rejects.toMatchObject({
      name: 'PolicyTypeNotEnabledException',
      message: 'This operation can be performed only for enabled policy types.',
    });
    const enable = (RootId = rootId) => organizations.enablePolicyType({ RootId, PolicyType: 'TAG_POLICY' });
    await expect(enable('r-none')).rejects.toMatchObject({ name: 'RootNotFoundException' });
    const { Root } = await enable();
    expect(Root?.PolicyTypes).toContainEqual({ Type: 'TAG_POLICY', Status: 'ENABLED' });
    await expect(enable()).rejects.toMatchObject({ name: 'PolicyTypeAlreadyEnabledException' });
    await attach();
    await organizations.disablePolicyType({ RootId: rootId, PolicyType: 'TAG_POLICY' });
    await enable();
    expect((await organizations.listPoliciesForTarget({ TargetId: rootId, Filter: 'TAG_POLICY' })).Policies).toEqual([]);
    await organizations.deletePolicy({ PolicyId: id });
  });

  test('of AWS stand on every root, unit and account', async () => {
    const targets: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await organizations.listTargetsForPolicy({ PolicyId: 'p-FullAWSAccess', NextToken, MaxResults: 5 });
      for (const { TargetId, Type } of page.Targets ?? []) targets.push(`${Type} ${TargetId}`);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(targets[0]).toBe(`ROOT ${rootId}`);
    expect(targets).toContain(`ACCOUNT ${castellan.account}`);
    expect(new Set(targets).size).toBe(targets.length);
    await organizations.enablePolicyType({ RootId: rootId, PolicyType: 'RESOURCE_CONTROL_POLICY' });
    const { Policies } = await organizations.listPoliciesForTarget({ TargetId: castellan.account, Filter: 'RESOURCE_CONTROL_POLICY' });
    expect(Policies).toMatchObject([{ Id: 'p-RCPFullAWSAccess', AwsManaged: true }]);
    await expect(organizations.detachPolicy({ PolicyId: 'p-RCPFullAWSAccess', TargetId: rootId })).rejects.toMatchObject({
      Reason: 'NON_DETACHABLE_POLICY',
    });
  });
});

test('roots, units, accounts and policies carry tags', async () => {
  const unit = await newUnit('tagged');
  const policy = await newPolicy('tagged', deny('sqs:*'));
  for (const ResourceId of [rootId, unit, castellan.account, policy]) {
    await organizations.tagResource({
      ResourceId,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '' },
      ],
    });
    await organizations.untagResource({ ResourceId, TagKeys: ['a', 'nothing'] });
    expect((await organizations.listTagsForResource({ ResourceId })).Tags, ResourceId).toEqual([{ Key: 'b', Value: '' }]);
  }
  const tag = (Tags: { Key: string; Value: string }[], ResourceId = unit) => organizations.tagResource({ ResourceId, Tags });
  await expect(
    tag([
      { Key: 'x', Value: '' },
      { Key: 'X', Value: '' },
    ]),
  ).rejects.toMatchObject({ Reason: 'DUPLICATE_TAG_KEY' });
  await expect(tag([{ Key: 'aws:x', Value: '' }])).rejects.toMatchObject({ Reason: 'INVALID_SYSTEM_TAGS_PARAMETER' });
  await expect(tag([{ Key: 'x', Value: '' }], 'p-nothingthere')).rejects.toMatchObject({ name: 'TargetNotFoundException' });
  const many = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
  await expect(tag(many)).rejects.toMatchObject({ name: 'ConstraintViolationException', Reason: 'MAX_TAG_LIMIT_EXCEEDED' });
});

describe('delegation', () => {
  test('makes a member administrator of a service, and a reader of the organisation', async () => {
    const account = await newAccount('security');
    const root = await castellan.addAccount(account);
    const member = castellan.organizations(root);
    const ServicePrincipal = 'guardduty.amazonaws.com';
    const register = (AccountId = account) => organizations.registerDelegatedAdministrator({ AccountId, ServicePrincipal });
    await expect(register()).rejects.toMatchObject({ Reason: 'SERVICE_ACCESS_NOT_ENABLED' });
    await expect(organizations.enableAWSServiceAccess({ ServicePrincipal: 'nonsense' })).rejects.toMatchObject({
      Reason: 'UNRECOGNIZED_SERVICE_PRINCIPAL',
      message: 'You specified an unrecognized service principal.',
    });
    await organizations.enableAWSServiceAccess({ ServicePrincipal });
    const { EnabledServicePrincipals } = await organizations.listAWSServiceAccessForOrganization({});
    expect(EnabledServicePrincipals).toMatchObject([{ ServicePrincipal }]);
    await expect(register(castellan.account)).rejects.toMatchObject({ Reason: 'CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR' });
    await expect(member.listAccounts({})).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await register();
    await expect(register()).rejects.toMatchObject({ name: 'AccountAlreadyRegisteredException' });
    expect((await member.listAccounts({})).Accounts?.[0]?.Id).toBe(castellan.account);
    await expect(member.createOrganizationalUnit({ ParentId: rootId, Name: 'x' })).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expect((await organizations.listDelegatedAdministrators({})).DelegatedAdministrators).toMatchObject([
      { Id: account, Name: 'security', DelegationEnabledDate: expect.any(Date) },
    ]);
    expect((await organizations.listDelegatedServicesForAccount({ AccountId: account })).DelegatedServices).toMatchObject([
      { ServicePrincipal },
    ]);
    castellan.clock.advance(5 * 86_400_000);
    await expect(organizations.removeAccountFromOrganization({ AccountId: account })).rejects.toMatchObject({
      Reason: 'CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG',
    });
    await organizations.deregisterDelegatedAdministrator({ AccountId: account, ServicePrincipal });
    await expect(member.listAccounts({})).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  test('by the resource policy hands over what it names, for the policy types that it names', async () => {
    const account = await newAccount('policy-admin');
    const root = await castellan.addAccount(account);
    const admin = castellan.organizations(await user(root, 'admin', [{ Effect: 'Allow', Action: 'organizations:*', Resource: '*' }]));
    const create = (Type: 'SERVICE_CONTROL_POLICY' | 'TAG_POLICY', Content: object) =>
      admin.createPolicy({ Name: `by-delegate ${Type}`, Description: '', Type, Content: JSON.stringify(Content) });
    const tagPolicy = { tags: { t: { tag_key: { '@@assign': 'T' } } } };
    await expect(create('TAG_POLICY', tagPolicy)).rejects.toMatchObject({ message: "You don't have permissions to access this resource." });
    await organizations.putResourcePolicy({
      Content: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: `arn:aws:iam::${account}:root` },
            Action: ['organizations:CreatePolicy', 'organizations:ListPolicies'],
            Resource: '*',
            Condition: { StringEquals: { 'organizations:PolicyType': 'TAG_POLICY' } },
          },
        ],
      }),
    });
    await create('TAG_POLICY', tagPolicy);
    expect((await admin.listPolicies({ Filter: 'TAG_POLICY' })).Policies).toHaveLength(1);
    await expect(create('SERVICE_CONTROL_POLICY', deny('kms:*'))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(admin.listAccounts({})).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

test('an organisation with members is not deleted, and permissions are asked for each resource', async () => {
  await expect(organizations.deleteOrganization({})).rejects.toMatchObject({ name: 'OrganizationNotEmptyException' });
  const unit = await newUnit('guarded');
  const limited = castellan.organizations(
    await user(undefined, 'limited', [
      { Effect: 'Allow', Action: 'organizations:*', Resource: '*' },
      { Effect: 'Deny', Action: 'organizations:*', Resource: `arn:aws:organizations::*:ou/*/${unit}` },
      { Effect: 'Deny', Action: 'organizations:TagResource', Resource: '*' },
    ]),
  );
  await expect(limited.createOrganizationalUnit({ ParentId: unit, Name: 'x' })).rejects.toThrow(/is not authorized to perform/);
  await expect(limited.createOrganizationalUnit({ ParentId: rootId, Name: 'y', Tags: [{ Key: 'k', Value: 'v' }] })).rejects.toThrow(
    /not authorized to perform: organizations:TagResource/,
  );
  await limited.createOrganizationalUnit({ ParentId: rootId, Name: 'y' });
});
