// Organizations through the whole pipeline, as the SDK sees it: the tree, accounts, policies, attachments, tags, delegation, and every "no".
import { CreateUserCommand } from '@aws-sdk/client-iam';
import {
  type Account,
  AttachPolicyCommand,
  CloseAccountCommand,
  CreateAccountCommand,
  CreateGovCloudAccountCommand,
  CreateOrganizationalUnitCommand,
  CreateOrganizationCommand,
  CreatePolicyCommand,
  DeleteOrganizationalUnitCommand,
  DeleteOrganizationCommand,
  DeletePolicyCommand,
  DeregisterDelegatedAdministratorCommand,
  DescribeAccountCommand,
  DescribeCreateAccountStatusCommand,
  DescribeOrganizationalUnitCommand,
  DescribeOrganizationCommand,
  DescribePolicyCommand,
  DetachPolicyCommand,
  DisablePolicyTypeCommand,
  EnableAWSServiceAccessCommand,
  EnablePolicyTypeCommand,
  LeaveOrganizationCommand,
  ListAccountsCommand,
  ListAccountsForParentCommand,
  ListAWSServiceAccessForOrganizationCommand,
  ListChildrenCommand,
  ListCreateAccountStatusCommand,
  ListDelegatedAdministratorsCommand,
  ListDelegatedServicesForAccountCommand,
  ListParentsCommand,
  ListPoliciesCommand,
  ListPoliciesForTargetCommand,
  ListRootsCommand,
  ListTagsForResourceCommand,
  ListTargetsForPolicyCommand,
  MoveAccountCommand,
  type OrganizationsClient,
  PutResourcePolicyCommand,
  paginateListAccounts,
  RegisterDelegatedAdministratorCommand,
  RemoveAccountFromOrganizationCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateOrganizationalUnitCommand,
  UpdatePolicyCommand,
} from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';

let castellan: InProcess;
let organizations: OrganizationsClient;
let rootId = '';
beforeAll(async () => {
  castellan = await startInProcess('organizations');
  organizations = castellan.organizations();
});
afterAll(async () => {
  await castellan.stop();
});

async function newAccount(name: string): Promise<string> {
  const { CreateAccountStatus } = await organizations.send(
    new CreateAccountCommand({ AccountName: name, Email: `${name}@example.org`, IamUserAccessToBilling: 'ALLOW' }),
  );
  const { CreateAccountStatus: done } = await organizations.send(
    new DescribeCreateAccountStatusCommand({ CreateAccountRequestId: CreateAccountStatus?.Id }),
  );
  return done?.AccountId ?? '';
}

async function newUnit(name: string, ParentId = rootId): Promise<string> {
  const { OrganizationalUnit } = await organizations.send(new CreateOrganizationalUnitCommand({ ParentId, Name: name }));
  return OrganizationalUnit?.Id ?? '';
}

async function newPolicy(name: string, Content: object, Type: 'SERVICE_CONTROL_POLICY' | 'TAG_POLICY' = 'SERVICE_CONTROL_POLICY') {
  const { Policy } = await organizations.send(
    new CreatePolicyCommand({ Name: name, Description: '', Type, Content: JSON.stringify(Content) }),
  );
  return Policy?.PolicySummary?.Id ?? '';
}

const user = (account: ClientCredentials | undefined, name: string, statements: readonly object[]) =>
  testUser(castellan, name, statements, account);

const deny = (Action: string) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action, Resource: '*' }] });

describe('an organisation', () => {
  test('is not there at first', async () => {
    await expect(organizations.send(new DescribeOrganizationCommand({}))).rejects.toMatchObject({
      name: 'AWSOrganizationsNotInUseException',
      message: 'Your account is not a member of an organization.',
    });
    await expect(organizations.send(new ListRootsCommand({}))).rejects.toThrow('Your account is not a member of an organization.');
  });

  test('is created once, with all features, a root and its management account', async () => {
    const { Organization } = await organizations.send(new CreateOrganizationCommand({}));
    const id = Organization?.Id ?? '';
    expect(Organization).toMatchObject({
      Arn: `arn:aws:organizations::${castellan.account}:organization/${id}`,
      FeatureSet: 'ALL',
      MasterAccountId: castellan.account,
      MasterAccountArn: `arn:aws:organizations::${castellan.account}:account/${id}/${castellan.account}`,
      AvailablePolicyTypes: [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }],
    });
    expect(id).toMatch(/^o-[a-z0-9]{10}$/);
    await expect(organizations.send(new CreateOrganizationCommand({}))).rejects.toMatchObject({ name: 'AlreadyInOrganizationException' });
    const { Roots } = await organizations.send(new ListRootsCommand({}));
    rootId = Roots?.[0]?.Id ?? '';
    expect(Roots).toEqual([
      {
        Id: expect.stringMatching(/^r-[a-z0-9]{4}$/),
        Arn: `arn:aws:organizations::${castellan.account}:root/${id}/${rootId}`,
        Name: 'Root',
        PolicyTypes: [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }],
      },
    ]);
    const { Accounts } = await organizations.send(new ListAccountsCommand({}));
    expect(Accounts).toMatchObject([{ Id: castellan.account, Status: 'ACTIVE', State: 'ACTIVE', JoinedMethod: 'INVITED' }]);
  });
});

describe('organisational units', () => {
  test('have names unique under a parent, and nest five deep', async () => {
    let parent = rootId;
    for (const depth of [1, 2, 3, 4, 5]) parent = await newUnit(`level ${depth}`, parent);
    await expect(newUnit('level 6', parent)).rejects.toMatchObject({
      name: 'ConstraintViolationException',
      Reason: 'OU_DEPTH_LIMIT_EXCEEDED',
    });
    await expect(newUnit('level 1')).rejects.toMatchObject({ name: 'DuplicateOrganizationalUnitException' });
    await expect(newUnit('x', 'ou-none-12345678')).rejects.toMatchObject({ name: 'ParentNotFoundException' });
    await expect(newUnit('x', 'nonsense')).rejects.toMatchObject({ name: 'InvalidInputException', Reason: 'INVALID_PATTERN' });
  });

  test('are described with their path, renamed, and deleted when they are empty', async () => {
    const unit = await newUnit('to rename');
    const inner = await newUnit('inner', unit);
    const { OrganizationalUnit } = await organizations.send(new DescribeOrganizationalUnitCommand({ OrganizationalUnitId: inner }));
    expect(OrganizationalUnit?.Path).toMatch(new RegExp(`^o-[a-z0-9]{10}/${rootId}/${unit}/${inner}/$`));
    const { OrganizationalUnit: renamed } = await organizations.send(
      new UpdateOrganizationalUnitCommand({ OrganizationalUnitId: unit, Name: 'renamed' }),
    );
    expect(renamed).toMatchObject({ Id: unit, Name: 'renamed' });
    await newUnit('to rename');
    await expect(organizations.send(new DeleteOrganizationalUnitCommand({ OrganizationalUnitId: unit }))).rejects.toMatchObject({
      name: 'OrganizationalUnitNotEmptyException',
    });
    expect((await organizations.send(new ListParentsCommand({ ChildId: inner }))).Parents).toEqual([
      { Id: unit, Type: 'ORGANIZATIONAL_UNIT' },
    ]);
    await organizations.send(new DeleteOrganizationalUnitCommand({ OrganizationalUnitId: inner }));
    await organizations.send(new DeleteOrganizationalUnitCommand({ OrganizationalUnitId: unit }));
    await expect(organizations.send(new DescribeOrganizationalUnitCommand({ OrganizationalUnitId: unit }))).rejects.toMatchObject({
      name: 'OrganizationalUnitNotFoundException',
    });
    await expect(organizations.send(new ListParentsCommand({ ChildId: unit }))).rejects.toMatchObject({ name: 'ChildNotFoundException' });
  });
});

describe('accounts', () => {
  test('are created with a role that the management account assumes', async () => {
    const answer = await organizations.send(
      new CreateAccountCommand({ AccountName: 'workload', Email: 'workload@example.org', Tags: [{ Key: 'team', Value: 'blue' }] }),
    );
    expect(answer.CreateAccountStatus).toMatchObject({ AccountName: 'workload', State: 'IN_PROGRESS' });
    const { CreateAccountStatus } = await organizations.send(
      new DescribeCreateAccountStatusCommand({ CreateAccountRequestId: answer.CreateAccountStatus?.Id }),
    );
    expect(CreateAccountStatus).toMatchObject({ State: 'SUCCEEDED', CompletedTimestamp: expect.any(Date) });
    const account = CreateAccountStatus?.AccountId ?? '';
    const { Account } = await organizations.send(new DescribeAccountCommand({ AccountId: account }));
    expect(Account).toMatchObject({
      Id: account,
      Name: 'workload',
      Email: 'workload@example.org',
      JoinedMethod: 'CREATED',
      State: 'ACTIVE',
    });
    expect(Account?.Paths).toEqual([expect.stringMatching(new RegExp(`^o-[a-z0-9]{10}/${rootId}/${account}/$`))]);
    expect((await organizations.send(new ListTagsForResourceCommand({ ResourceId: account }))).Tags).toEqual([
      { Key: 'team', Value: 'blue' },
    ]);

    const administrator = await user(undefined, 'administrator', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    const { Credentials } = await castellan
      .sts(administrator)
      .send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`, RoleSessionName: 'first' }));
    const inside = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    expect((await castellan.sts(inside).send(new GetCallerIdentityCommand({}))).Account).toBe(account);
    await castellan.iam(inside).send(new CreateUserCommand({ UserName: 'made-by-the-role' }));
    await expect(castellan.organizations(inside).send(new ListAccountsCommand({}))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: "You don't have permissions to access this resource.",
    });
    expect((await castellan.organizations(inside).send(new DescribeOrganizationCommand({}))).Organization?.MasterAccountId).toBe(
      castellan.account,
    );
  });

  test('fail later and say why when the address is taken or none', async () => {
    for (const [Email, FailureReason] of [
      ['workload@example.org', 'EMAIL_ALREADY_EXISTS'],
      ['bad"name@example.org', 'INVALID_EMAIL'],
    ] as const) {
      const { CreateAccountStatus } = await organizations.send(new CreateAccountCommand({ AccountName: 'twice', Email }));
      const { CreateAccountStatus: done } = await organizations.send(
        new DescribeCreateAccountStatusCommand({ CreateAccountRequestId: CreateAccountStatus?.Id }),
      );
      expect(done).toMatchObject({ State: 'FAILED', FailureReason });
      expect(done?.AccountId).toBeUndefined();
    }
    const { CreateAccountStatuses } = await organizations.send(new ListCreateAccountStatusCommand({ States: ['FAILED'] }));
    expect(CreateAccountStatuses?.map(({ FailureReason }) => FailureReason)).toEqual(['EMAIL_ALREADY_EXISTS', 'INVALID_EMAIL']);
  });

  test('are not created in GovCloud, with a reason', async () => {
    await expect(
      organizations.send(new CreateGovCloudAccountCommand({ AccountName: 'gov', Email: 'gov@example.org' })),
    ).rejects.toMatchObject({ name: 'ConstraintViolationException', Reason: 'MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED' });
  });

  test('move between parents', async () => {
    const account = await newAccount('mover');
    const unit = await newUnit('destination');
    const move = (SourceParentId: string, DestinationParentId: string) =>
      organizations.send(new MoveAccountCommand({ AccountId: account, SourceParentId, DestinationParentId }));
    await expect(move(unit, rootId)).rejects.toMatchObject({ name: 'SourceParentNotFoundException' });
    await expect(move(rootId, 'ou-none-12345678')).rejects.toMatchObject({ name: 'DestinationParentNotFoundException' });
    await expect(move(rootId, rootId)).rejects.toMatchObject({ name: 'DuplicateAccountException' });
    await move(rootId, unit);
    expect((await organizations.send(new ListAccountsForParentCommand({ ParentId: unit }))).Accounts).toMatchObject([{ Id: account }]);
    expect((await organizations.send(new ListChildrenCommand({ ParentId: unit, ChildType: 'ACCOUNT' }))).Children).toEqual([
      { Id: account, Type: 'ACCOUNT' },
    ]);
    expect((await organizations.send(new ListParentsCommand({ ChildId: account }))).Parents).toEqual([
      { Id: unit, Type: 'ORGANIZATIONAL_UNIT' },
    ]);
  });

  test('come in pages, the management account first', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) await newAccount(name);
    const all: Account[] = [];
    for await (const page of paginateListAccounts({ client: organizations, pageSize: 2 }, {})) {
      expect(page.Accounts?.length).toBeLessThanOrEqual(2);
      all.push(...(page.Accounts ?? []));
    }
    expect(all[0]?.Id).toBe(castellan.account);
    expect(new Set(all.map(({ Id }) => Id)).size).toBe(all.length);
    expect(all.map(({ Name }) => Name)).toEqual(expect.arrayContaining(['page-a', 'page-b', 'page-c', 'workload', 'mover']));
    await expect(organizations.send(new ListAccountsCommand({ NextToken: 'nonsense' }))).rejects.toMatchObject({
      name: 'InvalidInputException',
      Reason: 'INVALID_PAGINATION_TOKEN',
    });
    await expect(organizations.send(new ListAccountsCommand({ MaxResults: 21 }))).rejects.toMatchObject({
      Reason: 'MAX_VALUE_EXCEEDED',
    });
  });

  test('are closed in steps, shut everyone out, and are gone after 90 days', async () => {
    const account = await newAccount('closing');
    const root = await castellan.addAccount(account);
    await castellan.iam(root).send(new CreateUserCommand({ UserName: 'before' }));
    await expect(organizations.send(new CloseAccountCommand({ AccountId: castellan.account }))).rejects.toMatchObject({
      Reason: 'CANNOT_CLOSE_MANAGEMENT_ACCOUNT',
    });
    await organizations.send(new CloseAccountCommand({ AccountId: account }));
    const state = async () => (await organizations.send(new DescribeAccountCommand({ AccountId: account }))).Account;
    expect(await state()).toMatchObject({ State: 'PENDING_CLOSURE', Status: 'PENDING_CLOSURE' });
    await expect(organizations.send(new CloseAccountCommand({ AccountId: account }))).rejects.toMatchObject({ name: 'ConflictException' });
    castellan.clock.advance(120_000);
    await castellan.work.settle();
    expect(await state()).toMatchObject({ State: 'CLOSED', Status: 'SUSPENDED' });
    await expect(organizations.send(new CloseAccountCommand({ AccountId: account }))).rejects.toMatchObject({
      name: 'AccountAlreadyClosedException',
    });
    await expect(castellan.iam(root).send(new CreateUserCommand({ UserName: 'after' }))).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
    });
    castellan.clock.advance(91 * 86_400_000);
    await castellan.work.settle();
    await expect(state()).rejects.toMatchObject({
      name: 'AccountNotFoundException',
      message: "You specified an account that doesn't exist.",
    });
  });

  test('leave by their own or the management account’s will, but not at once and not the management account', async () => {
    const account = await newAccount('leaver');
    const remove = (AccountId: string) => organizations.send(new RemoveAccountFromOrganizationCommand({ AccountId }));
    await expect(remove(account)).rejects.toMatchObject({ name: 'ConstraintViolationException', Reason: 'WAIT_PERIOD_ACTIVE' });
    await expect(remove(castellan.account)).rejects.toMatchObject({ name: 'MasterCannotLeaveOrganizationException' });
    await expect(remove('123456789012')).rejects.toMatchObject({ name: 'AccountNotFoundException' });
    await expect(organizations.send(new LeaveOrganizationCommand({}))).rejects.toMatchObject({
      name: 'MasterCannotLeaveOrganizationException',
    });
    castellan.clock.advance(5 * 86_400_000);
    const root = await castellan.addAccount(account);
    await castellan.organizations(root).send(new LeaveOrganizationCommand({}));
    await expect(castellan.organizations(root).send(new DescribeOrganizationCommand({}))).rejects.toMatchObject({
      name: 'AWSOrganizationsNotInUseException',
    });
  });

  test('created in parallel are all there and counted once', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `parallel-${index}`);
    const accounts = await Promise.all(names.map(newAccount));
    expect(new Set(accounts).size).toBe(names.length);
    // The same address at the same time: one of them wins.
    const twins = await Promise.all(
      [1, 2, 3].map(() => organizations.send(new CreateAccountCommand({ AccountName: 'twin', Email: 'twin@example.org' }))),
    );
    const ends = await Promise.all(
      twins.map(({ CreateAccountStatus }) =>
        organizations.send(new DescribeCreateAccountStatusCommand({ CreateAccountRequestId: CreateAccountStatus?.Id })),
      ),
    );
    expect(ends.filter(({ CreateAccountStatus }) => CreateAccountStatus?.State === 'SUCCEEDED')).toHaveLength(1);
  });
});

describe('policies', () => {
  test('are created, described, changed, listed after AWS’s own, and deleted', async () => {
    const id = await newPolicy('no-kms', deny('kms:*'));
    const { Policy } = await organizations.send(new DescribePolicyCommand({ PolicyId: id }));
    expect(Policy?.Content).toBe(JSON.stringify(deny('kms:*')));
    expect(Policy?.PolicySummary?.Arn).toMatch(/^arn:aws:organizations::\d{12}:policy\/o-\w+\/service_control_policy\/p-[0-9a-z]{10}$/);
    await expect(newPolicy('no-kms', deny('kms:*'))).rejects.toMatchObject({ name: 'DuplicatePolicyException' });
    await organizations.send(new UpdatePolicyCommand({ PolicyId: id, Name: 'no-keys', Content: JSON.stringify(deny('kms:Create*')) }));
    const { Policies } = await organizations.send(new ListPoliciesCommand({ Filter: 'SERVICE_CONTROL_POLICY' }));
    expect(Policies?.map(({ Name, AwsManaged }) => [Name, AwsManaged])).toEqual([
      ['FullAWSAccess', true],
      ['no-keys', false],
    ]);
    expect(Policies?.[0]).toMatchObject({
      Id: 'p-FullAWSAccess',
      Arn: 'arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess',
      Description: 'Allows access to every operation',
    });
    await organizations.send(new DeletePolicyCommand({ PolicyId: id }));
    await expect(organizations.send(new DescribePolicyCommand({ PolicyId: id }))).rejects.toMatchObject({
      name: 'PolicyNotFoundException',
      message: "You specified a policy that doesn't exist.",
    });
    await expect(organizations.send(new UpdatePolicyCommand({ PolicyId: 'p-FullAWSAccess', Name: 'mine' }))).rejects.toMatchObject({
      name: 'InvalidInputException',
      Reason: 'IMMUTABLE_POLICY',
    });
  });

  test('must be what their type demands', async () => {
    const content = (
      Content: string,
      Type: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY' | 'TAG_POLICY' = 'SERVICE_CONTROL_POLICY',
    ) => organizations.send(new CreatePolicyCommand({ Name: 'bad', Description: '', Type, Content }));
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
    for (const bad of ['{"plans":{}}', '{"tags":{"a":{"tag_key":{"@@assing":"A"}}}}', '{"tags":{"a":{"tag_key":"A"}}}']) {
      await expect(content(bad, 'TAG_POLICY'), bad).rejects.toMatchObject(malformed);
    }
    await expect(content(statement({ Sid: 'x'.repeat(10_240) }))).rejects.toMatchObject({ Reason: 'POLICY_CONTENT_LIMIT_EXCEEDED' });
  });

  test('are attached within limits, and the last service control policy stays', async () => {
    const unit = await newUnit('attachments');
    const id = await newPolicy('attached', deny('kms:*'));
    const attach = (PolicyId: string, TargetId = unit) => organizations.send(new AttachPolicyCommand({ PolicyId, TargetId }));
    const detach = (PolicyId: string, TargetId = unit) => organizations.send(new DetachPolicyCommand({ PolicyId, TargetId }));
    await attach(id);
    await expect(attach(id)).rejects.toMatchObject({ name: 'DuplicatePolicyAttachmentException' });
    await expect(attach('p-FullAWSAccess')).rejects.toMatchObject({ name: 'DuplicatePolicyAttachmentException' });
    await expect(attach(id, '123456789012')).rejects.toMatchObject({ name: 'TargetNotFoundException' });
    await expect(organizations.send(new DeletePolicyCommand({ PolicyId: id }))).rejects.toMatchObject({ name: 'PolicyInUseException' });
    const { Targets } = await organizations.send(new ListTargetsForPolicyCommand({ PolicyId: id }));
    expect(Targets).toMatchObject([{ TargetId: unit, Name: 'attachments', Type: 'ORGANIZATIONAL_UNIT' }]);
    await detach('p-FullAWSAccess');
    const list = async () =>
      (await organizations.send(new ListPoliciesForTargetCommand({ TargetId: unit, Filter: 'SERVICE_CONTROL_POLICY' }))).Policies;
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

  test('of a type must be enabled, and are forgotten when it is disabled', async () => {
    const id = await newPolicy('tags', { tags: { costcenter: { tag_key: { '@@assign': 'CostCenter' } } } }, 'TAG_POLICY');
    const attach = () => organizations.send(new AttachPolicyCommand({ PolicyId: id, TargetId: rootId }));
    await expect(attach()).rejects.toMatchObject({
      name: 'PolicyTypeNotEnabledException',
      message: 'This operation can be performed only for enabled policy types.',
    });
    const enable = (RootId = rootId) => organizations.send(new EnablePolicyTypeCommand({ RootId, PolicyType: 'TAG_POLICY' }));
    await expect(enable('r-none')).rejects.toMatchObject({ name: 'RootNotFoundException' });
    const { Root } = await enable();
    expect(Root?.PolicyTypes).toContainEqual({ Type: 'TAG_POLICY', Status: 'ENABLED' });
    await expect(enable()).rejects.toMatchObject({ name: 'PolicyTypeAlreadyEnabledException' });
    await attach();
    await organizations.send(new DisablePolicyTypeCommand({ RootId: rootId, PolicyType: 'TAG_POLICY' }));
    await enable();
    expect((await organizations.send(new ListPoliciesForTargetCommand({ TargetId: rootId, Filter: 'TAG_POLICY' }))).Policies).toEqual([]);
    await organizations.send(new DeletePolicyCommand({ PolicyId: id }));
  });

  test('of AWS stand on every root, unit and account', async () => {
    const targets: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await organizations.send(new ListTargetsForPolicyCommand({ PolicyId: 'p-FullAWSAccess', NextToken, MaxResults: 5 }));
      for (const { TargetId, Type } of page.Targets ?? []) targets.push(`${Type} ${TargetId}`);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(targets[0]).toBe(`ROOT ${rootId}`);
    expect(targets).toContain(`ACCOUNT ${castellan.account}`);
    expect(new Set(targets).size).toBe(targets.length);
    await organizations.send(new EnablePolicyTypeCommand({ RootId: rootId, PolicyType: 'RESOURCE_CONTROL_POLICY' }));
    const { Policies } = await organizations.send(
      new ListPoliciesForTargetCommand({ TargetId: castellan.account, Filter: 'RESOURCE_CONTROL_POLICY' }),
    );
    expect(Policies).toMatchObject([{ Id: 'p-RCPFullAWSAccess', AwsManaged: true }]);
    await expect(organizations.send(new DetachPolicyCommand({ PolicyId: 'p-RCPFullAWSAccess', TargetId: rootId }))).rejects.toMatchObject({
      Reason: 'NON_DETACHABLE_POLICY',
    });
  });
});

test('roots, units, accounts and policies carry tags', async () => {
  const unit = await newUnit('tagged');
  const policy = await newPolicy('tagged', deny('sqs:*'));
  for (const ResourceId of [rootId, unit, castellan.account, policy]) {
    await organizations.send(
      new TagResourceCommand({
        ResourceId,
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '' },
        ],
      }),
    );
    await organizations.send(new UntagResourceCommand({ ResourceId, TagKeys: ['a', 'nothing'] }));
    expect((await organizations.send(new ListTagsForResourceCommand({ ResourceId }))).Tags, ResourceId).toEqual([{ Key: 'b', Value: '' }]);
  }
  const tag = (Tags: { Key: string; Value: string }[], ResourceId = unit) =>
    organizations.send(new TagResourceCommand({ ResourceId, Tags }));
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
    const register = (AccountId = account) =>
      organizations.send(new RegisterDelegatedAdministratorCommand({ AccountId, ServicePrincipal }));
    await expect(register()).rejects.toMatchObject({ Reason: 'SERVICE_ACCESS_NOT_ENABLED' });
    await expect(organizations.send(new EnableAWSServiceAccessCommand({ ServicePrincipal: 'nonsense' }))).rejects.toMatchObject({
      Reason: 'UNRECOGNIZED_SERVICE_PRINCIPAL',
      message: 'You specified an unrecognized service principal.',
    });
    await organizations.send(new EnableAWSServiceAccessCommand({ ServicePrincipal }));
    const { EnabledServicePrincipals } = await organizations.send(new ListAWSServiceAccessForOrganizationCommand({}));
    expect(EnabledServicePrincipals).toMatchObject([{ ServicePrincipal }]);
    await expect(register(castellan.account)).rejects.toMatchObject({ Reason: 'CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR' });
    await expect(member.send(new ListAccountsCommand({}))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await register();
    await expect(register()).rejects.toMatchObject({ name: 'AccountAlreadyRegisteredException' });
    expect((await member.send(new ListAccountsCommand({}))).Accounts?.[0]?.Id).toBe(castellan.account);
    await expect(member.send(new CreateOrganizationalUnitCommand({ ParentId: rootId, Name: 'x' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expect((await organizations.send(new ListDelegatedAdministratorsCommand({}))).DelegatedAdministrators).toMatchObject([
      { Id: account, Name: 'security', DelegationEnabledDate: expect.any(Date) },
    ]);
    expect((await organizations.send(new ListDelegatedServicesForAccountCommand({ AccountId: account }))).DelegatedServices).toMatchObject([
      { ServicePrincipal },
    ]);
    castellan.clock.advance(5 * 86_400_000);
    await expect(organizations.send(new RemoveAccountFromOrganizationCommand({ AccountId: account }))).rejects.toMatchObject({
      Reason: 'CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG',
    });
    await organizations.send(new DeregisterDelegatedAdministratorCommand({ AccountId: account, ServicePrincipal }));
    await expect(member.send(new ListAccountsCommand({}))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  test('by the resource policy hands over what it names, for the policy types that it names', async () => {
    const account = await newAccount('policy-admin');
    const root = await castellan.addAccount(account);
    const admin = castellan.organizations(await user(root, 'admin', [{ Effect: 'Allow', Action: 'organizations:*', Resource: '*' }]));
    const create = (Type: 'SERVICE_CONTROL_POLICY' | 'TAG_POLICY', Content: object) =>
      admin.send(new CreatePolicyCommand({ Name: `by-delegate ${Type}`, Description: '', Type, Content: JSON.stringify(Content) }));
    const tagPolicy = { tags: { t: { tag_key: { '@@assign': 'T' } } } };
    await expect(create('TAG_POLICY', tagPolicy)).rejects.toMatchObject({ message: "You don't have permissions to access this resource." });
    await organizations.send(
      new PutResourcePolicyCommand({
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
      }),
    );
    await create('TAG_POLICY', tagPolicy);
    expect((await admin.send(new ListPoliciesCommand({ Filter: 'TAG_POLICY' }))).Policies).toHaveLength(1);
    await expect(create('SERVICE_CONTROL_POLICY', deny('kms:*'))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(admin.send(new ListAccountsCommand({}))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

test('an organisation with members is not deleted, and permissions are asked for each resource', async () => {
  await expect(organizations.send(new DeleteOrganizationCommand({}))).rejects.toMatchObject({ name: 'OrganizationNotEmptyException' });
  const unit = await newUnit('guarded');
  const limited = castellan.organizations(
    await user(undefined, 'limited', [
      { Effect: 'Allow', Action: 'organizations:*', Resource: '*' },
      { Effect: 'Deny', Action: 'organizations:*', Resource: `arn:aws:organizations::*:ou/*/${unit}` },
      { Effect: 'Deny', Action: 'organizations:TagResource', Resource: '*' },
    ]),
  );
  await expect(limited.send(new CreateOrganizationalUnitCommand({ ParentId: unit, Name: 'x' }))).rejects.toThrow(
    /is not authorized to perform/,
  );
  await expect(
    limited.send(new CreateOrganizationalUnitCommand({ ParentId: rootId, Name: 'y', Tags: [{ Key: 'k', Value: 'v' }] })),
  ).rejects.toThrow(/not authorized to perform: organizations:TagResource/);
  await limited.send(new CreateOrganizationalUnitCommand({ ParentId: rootId, Name: 'y' }));
});
