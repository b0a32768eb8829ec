// Organizations through the whole pipeline, as the SDK sees it: the tree, accounts, policies, attachments, tags, delegation, and every "no".
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { type Account, type Organizations, paginateListAccounts } from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';

let castellan: InProcess;
let organizations: Organizations;
let rootId = '';
beforeAll(async () => {
  castellan = await startInProcess('organizations');
  organizations = castellan.organizations();
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

const user = (account: ClientCredentials | undefined, name: string, statements: readonly object[]) =>
  testUser(castellan, name, statements, account);

describe('an organisation', () => {
  test('is not there at first', async () => {
    await expect(organizations.describeOrganization({})).rejects.toMatchObject({
      name: 'AWSOrganizationsNotInUseException',
      message: 'Your account is not a member of an organization.',
    });
    await expect(organizations.listRoots({})).rejects.toThrow('Your account is not a member of an organization.');
  });

  test('is created once, with all features, a root and its management account', async () => {
    const { Organization } = await organizations.createOrganization({});
    const id = Organization?.Id ?? '';
    expect(Organization).toMatchObject({
      Arn: `arn:aws:organizations::${castellan.account}:organization/${id}`,
      FeatureSet: 'ALL',
      MasterAccountId: castellan.account,
      MasterAccountArn: `arn:aws:organizations::${castellan.account}:account/${id}/${castellan.account}`,
      AvailablePolicyTypes: [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }],
    });
    expect(id).toMatch(/^o-[a-z0-9]{10}$/);
    await expect(organizations.createOrganization({})).rejects.toMatchObject({ name: 'AlreadyInOrganizationException' });
    const { Roots } = await organizations.listRoots({});
    rootId = Roots?.[0]?.Id ?? '';
    expect(Roots).toEqual([
      {
        Id: expect.stringMatching(/^r-[a-z0-9]{4}$/),
        Arn: `arn:aws:organizations::${castellan.account}:root/${id}/${rootId}`,
        Name: 'Root',
        PolicyTypes: [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }],
      },
    ]);
    const { Accounts } = await organizations.listAccounts({});
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
    const { OrganizationalUnit } = await organizations.describeOrganizationalUnit({ OrganizationalUnitId: inner });
    expect(OrganizationalUnit?.Path).toMatch(new RegExp(`^o-[a-z0-9]{10}/${rootId}/${unit}/${inner}/$`));
    const { OrganizationalUnit: renamed } = await organizations.updateOrganizationalUnit({ OrganizationalUnitId: unit, Name: 'renamed' });
    expect(renamed).toMatchObject({ Id: unit, Name: 'renamed' });
    await newUnit('to rename');
    await expect(organizations.deleteOrganizationalUnit({ OrganizationalUnitId: unit })).rejects.toMatchObject({
      name: 'OrganizationalUnitNotEmptyException',
    });
    expect((await organizations.listParents({ ChildId: inner })).Parents).toEqual([{ Id: unit, Type: 'ORGANIZATIONAL_UNIT' }]);
    await organizations.deleteOrganizationalUnit({ OrganizationalUnitId: inner });
    await organizations.deleteOrganizationalUnit({ OrganizationalUnitId: unit });
    await expect(organizations.describeOrganizationalUnit({ OrganizationalUnitId: unit })).rejects.toMatchObject({
      name: 'OrganizationalUnitNotFoundException',
    });
    await expect(organizations.listParents({ ChildId: unit })).rejects.toMatchObject({ name: 'ChildNotFoundException' });
  });
});

describe('accounts', () => {
  test('are created with a role that the management account assumes', async () => {
    const answer = await organizations.createAccount({
      AccountName: 'workload',
      Email: 'workload@example.org',
      Tags: [{ Key: 'team', Value: 'blue' }],
    });
    expect(answer.CreateAccountStatus).toMatchObject({ AccountName: 'workload', State: 'IN_PROGRESS' });
    const { CreateAccountStatus } = await organizations.describeCreateAccountStatus({
      CreateAccountRequestId: answer.CreateAccountStatus?.Id,
    });
    expect(CreateAccountStatus).toMatchObject({ State: 'SUCCEEDED', CompletedTimestamp: expect.any(Date) });
    const account = CreateAccountStatus?.AccountId ?? '';
    const { Account } = await organizations.describeAccount({ AccountId: account });
    expect(Account).toMatchObject({
      Id: account,
      Name: 'workload',
      Email: 'workload@example.org',
      JoinedMethod: 'CREATED',
      State: 'ACTIVE',
    });
    expect(Account?.Paths).toEqual([expect.stringMatching(new RegExp(`^o-[a-z0-9]{10}/${rootId}/${account}/$`))]);
    expect((await organizations.listTagsForResource({ ResourceId: account })).Tags).toEqual([{ Key: 'team', Value: 'blue' }]);

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
    await castellan.iam(inside).createUser({ UserName: 'made-by-the-role' });
    await expect(castellan.organizations(inside).listAccounts({})).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: "You don't have permissions to access this resource.",
    });
    expect((await castellan.organizations(inside).describeOrganization({})).Organization?.MasterAccountId).toBe(castellan.account);
  });

  test('fail later and say why when the address is taken or none', async () => {
    for (const [Email, FailureReason] of [
      ['workload@example.org', 'EMAIL_ALREADY_EXISTS'],
      ['bad"name@example.org', 'INVALID_EMAIL'],
    ] as const) {
      const { CreateAccountStatus } = await organizations.createAccount({ AccountName: 'twice', Email });
      const { CreateAccountStatus: done } = await organizations.describeCreateAccountStatus({
        CreateAccountRequestId: CreateAccountStatus?.Id,
      });
      expect(done).toMatchObject({ State: 'FAILED', FailureReason });
      expect(done?.AccountId).toBeUndefined();
    }
    const { CreateAccountStatuses } = await organizations.listCreateAccountStatus({ States: ['FAILED'] });
    expect(CreateAccountStatuses?.map(({ FailureReason }) => FailureReason)).toEqual(['EMAIL_ALREADY_EXISTS', 'INVALID_EMAIL']);
  });

  test('leave the result of their creation and closing in the ledger of the management account', async () => {
    const { Events } = await castellan
      .cloudtrail()
      .send(new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'CreateAccountResult' }] }));
    const details = Events?.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent ?? '').serviceEventDetails.createAccountStatus);
    expect(details).toContainEqual(expect.objectContaining({ state: 'SUCCEEDED', accountId: expect.stringMatching(/^\d{12}$/) }));
    expect(details).toContainEqual(expect.objectContaining({ state: 'FAILED', failureReason: 'EMAIL_ALREADY_EXISTS' }));
  });

  test('are not created in GovCloud, with a reason', async () => {
    await expect(organizations.createGovCloudAccount({ AccountName: 'gov', Email: 'gov@example.org' })).rejects.toMatchObject({
      name: 'ConstraintViolationException',
      Reason: 'MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED',
    });
  });

  test('move between parents', async () => {
    const account = await newAccount('mover');
    const unit = await newUnit('destination');
    const move = (SourceParentId: string, DestinationParentId: string) =>
      organizations.moveAccount({ AccountId: account, SourceParentId, DestinationParentId });
    await expect(move(unit, rootId)).rejects.toMatchObject({ name: 'SourceParentNotFoundException' });
    await expect(move(rootId, 'ou-none-12345678')).rejects.toMatchObject({ name: 'DestinationParentNotFoundException' });
    await expect(move(rootId, rootId)).rejects.toMatchObject({ name: 'DuplicateAccountException' });
    await move(rootId, unit);
    expect((await organizations.listAccountsForParent({ ParentId: unit })).Accounts).toMatchObject([{ Id: account }]);
    expect((await organizations.listChildren({ ParentId: unit, ChildType: 'ACCOUNT' })).Children).toEqual([
      { Id: account, Type: 'ACCOUNT' },
    ]);
    expect((await organizations.listParents({ ChildId: account })).Parents).toEqual([{ Id: unit, Type: 'ORGANIZATIONAL_UNIT' }]);
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
    await expect(organizations.listAccounts({ NextToken: 'nonsense' })).rejects.toMatchObject({
      name: 'InvalidInputException',
      Reason: 'INVALID_PAGINATION_TOKEN',
    });
    await expect(organizations.listAccounts({ MaxResults: 21 })).rejects.toMatchObject({
      Reason: 'MAX_VALUE_EXCEEDED',
    });
  });

  test('are closed in steps, shut everyone out, and are gone after 90 days', async () => {
    const account = await newAccount('closing');
    const root = await castellan.addAccount(account);
    await castellan.iam(root).createUser({ UserName: 'before' });
    await expect(organizations.closeAccount({ AccountId: castellan.account })).rejects.toMatchObject({
      Reason: 'CANNOT_CLOSE_MANAGEMENT_ACCOUNT',
    });
    await organizations.closeAccount({ AccountId: account });
    const state = async () => (await organizations.describeAccount({ AccountId: account })).Account;
    expect(await state()).toMatchObject({ State: 'PENDING_CLOSURE', Status: 'PENDING_CLOSURE' });
    await expect(organizations.closeAccount({ AccountId: account })).rejects.toMatchObject({ name: 'ConflictException' });
    castellan.clock.advance(120_000);
    await castellan.work.settle();
    expect(await state()).toMatchObject({ State: 'CLOSED', Status: 'SUSPENDED' });
    await expect(organizations.closeAccount({ AccountId: account })).rejects.toMatchObject({
      name: 'AccountAlreadyClosedException',
    });
    await expect(castellan.iam(root).createUser({ UserName: 'after' })).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
    });
    const RoleArn = `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`;
    const somebody = await user(undefined, 'somebody', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    await expect(castellan.sts(somebody).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'late' }))).rejects.toMatchObject({
      name: 'AccessDenied',
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
    const remove = (AccountId: string) => organizations.removeAccountFromOrganization({ AccountId });
    await expect(remove(account)).rejects.toMatchObject({ name: 'ConstraintViolationException', Reason: 'WAIT_PERIOD_ACTIVE' });
    await expect(remove(castellan.account)).rejects.toMatchObject({ name: 'MasterCannotLeaveOrganizationException' });
    await expect(remove('123456789012')).rejects.toMatchObject({ name: 'AccountNotFoundException' });
    await expect(organizations.leaveOrganization({})).rejects.toMatchObject({
      name: 'MasterCannotLeaveOrganizationException',
    });
    castellan.clock.advance(5 * 86_400_000);
    const root = await castellan.addAccount(account);
    await castellan.organizations(root).leaveOrganization({});
    await expect(castellan.organizations(root).describeOrganization({})).rejects.toMatchObject({
      name: 'AWSOrganizationsNotInUseException',
    });
  });

  test('created in parallel are all there and counted once', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `parallel-${index}`);
    const accounts = await Promise.all(names.map(newAccount));
    expect(new Set(accounts).size).toBe(names.length);
    // The same address at the same time: one of them wins.
    const twins = await Promise.all([1, 2, 3].map(() => organizations.createAccount({ AccountName: 'twin', Email: 'twin@example.org' })));
    const ends = await Promise.all(
      twins.map(({ CreateAccountStatus }) =>
        organizations.describeCreateAccountStatus({ CreateAccountRequestId: CreateAccountStatus?.Id }),
      ),
    );
    expect(ends.filter(({ CreateAccountStatus }) => CreateAccountStatus?.State === 'SUCCEEDED')).toHaveLength(1);
  });
});
