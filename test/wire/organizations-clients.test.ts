// An organisation built, paged through and taken down by the AWS CLI and by the JavaScript SDK over HTTP.
import {
  Organizations,
  paginateListAccounts,
  paginateListAccountsForParent,
  paginateListOrganizationalUnitsForParent,
  paginateListPolicies,
  paginateListTargetsForPolicy,
} from '@aws-sdk/client-organizations';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasCli = isInstalled('aws');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed (`apt-get install awscli` or `pip install awscli`)');

const directories = [temporaryDirectory('organizations-cli'), temporaryDirectory('organizations-sdk')] as const;
let servers: readonly ServerProcess[] = [];
beforeAll(async () => {
  servers = await Promise.all(directories.map(({ path }) => startServerProcess({ dataDir: path })));
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  for (const directory of directories) directory.remove();
});

const deny = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'iam:CreateUser', Resource: '*' }] });

/** Everything of every page. */
async function all<Page, Item>(pages: AsyncIterable<Page>, itemsOf: (page: Page) => readonly Item[] | undefined): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(itemsOf(page) ?? []));
  return items;
}

test('the JavaScript SDK builds an organisation, pages through it and takes it down', async () => {
  const [server] = servers.slice(1);
  if (server === undefined) throw new Error('no server');
  const client = new Organizations({ endpoint: server.endpoint, region: 'us-east-1', credentials: server.credentials, maxAttempts: 1 });
  await client.createOrganization({ FeatureSet: 'ALL' });
  const root = (await client.listRoots({})).Roots?.[0]?.Id ?? '';
  await client.enablePolicyType({ RootId: root, PolicyType: 'SERVICE_CONTROL_POLICY' });
  const units: string[] = [];
  for (const Name of ['a', 'b', 'c'])
    units.push((await client.createOrganizationalUnit({ ParentId: root, Name })).OrganizationalUnit?.Id ?? '');
  const parent = { ParentId: root };
  const listed = await all(paginateListOrganizationalUnitsForParent({ client, pageSize: 1 }, parent), (page) => page.OrganizationalUnits);
  expect(listed.map(({ Id }) => Id ?? '').toSorted()).toEqual(units.toSorted());
  const accounts: string[] = [];
  for (const name of ['one', 'two', 'three']) {
    const { CreateAccountStatus: status } = await client.createAccount({ AccountName: name, Email: `${name}@example.org` });
    const told = await client.describeCreateAccountStatus({ CreateAccountRequestId: status?.Id ?? '' });
    accounts.push(told.CreateAccountStatus?.AccountId ?? '');
    await client.moveAccount({ AccountId: accounts.at(-1) ?? '', SourceParentId: root, DestinationParentId: units[0] ?? '' });
  }
  expect(await all(paginateListAccounts({ client, pageSize: 2 }, {}), (page) => page.Accounts)).toHaveLength(4);
  const inUnit = await all(paginateListAccountsForParent({ client, pageSize: 2 }, { ParentId: units[0] ?? '' }), (page) => page.Accounts);
  expect(inUnit.map(({ Id }) => Id ?? '').toSorted()).toEqual(accounts.toSorted());
  const made = await client.createPolicy({ Name: 'no-users', Description: '', Type: 'SERVICE_CONTROL_POLICY', Content: deny });
  const PolicyId = made.Policy?.PolicySummary?.Id ?? '';
  for (const TargetId of units) await client.attachPolicy({ PolicyId, TargetId });
  await expect(client.attachPolicy({ PolicyId, TargetId: units[0] ?? '' })).rejects.toMatchObject({
    name: 'DuplicatePolicyAttachmentException',
  });
  expect(await all(paginateListTargetsForPolicy({ client, pageSize: 1 }, { PolicyId }), (page) => page.Targets)).toHaveLength(3);
  const policies = await all(paginateListPolicies({ client, pageSize: 1 }, { Filter: 'SERVICE_CONTROL_POLICY' }), (page) => page.Policies);
  expect(policies.map(({ Name }) => Name).toSorted()).toEqual(['FullAWSAccess', 'no-users']);
  await expect(client.deletePolicy({ PolicyId })).rejects.toMatchObject({ name: 'PolicyInUseException' });
  for (const TargetId of units) await client.detachPolicy({ PolicyId, TargetId });
  await client.deletePolicy({ PolicyId });
  await expect(client.deleteOrganizationalUnit({ OrganizationalUnitId: units[0] ?? '' })).rejects.toMatchObject({
    name: 'OrganizationalUnitNotEmptyException',
  });
  await client.deleteOrganizationalUnit({ OrganizationalUnitId: units[1] ?? '' });
});

describe.skipIf(!hasCli)('the AWS CLI', () => {
  async function cli(line: string, ...more: readonly string[]): Promise<string> {
    const [server] = servers;
    if (server === undefined) throw new Error('no server');
    const finished = await run('aws', ['organizations', ...line.split(' '), ...more, '--output', 'text'], clientEnvironment(server));
    if (finished.status !== 0) throw new Error(finished.stderr.trim());
    return finished.stdout.trim();
  }

  test('builds an organisation, pages through it and binds it', async () => {
    await cli('create-organization --feature-set ALL');
    const root = await cli('list-roots', '--query', 'Roots[0].Id');
    await cli(`enable-policy-type --root-id ${root} --policy-type SERVICE_CONTROL_POLICY`);
    const unit = await cli(`create-organizational-unit --parent-id ${root} --name work`, '--query', 'OrganizationalUnit.Id');
    for (const name of ['one', 'two']) await cli(`create-account --account-name ${name} --email ${name}@example.org`);
    const ids = (await cli('list-accounts --page-size 1', '--query', 'Accounts[].Id')).split(/\s+/);
    expect(new Set(ids).size).toBe(3);
    const account = await cli('list-accounts', '--query', "Accounts[?Name=='one'].Id | [0]");
    await cli(`move-account --account-id ${account} --source-parent-id ${root} --destination-parent-id ${unit}`);
    expect(await cli(`list-parents --child-id ${account}`, '--query', 'Parents[0].Id')).toBe(unit);
    const described = ['--description', 'no users', '--content', deny, '--query', 'Policy.PolicySummary.Id'];
    const policy = await cli('create-policy --name no-users --type SERVICE_CONTROL_POLICY', ...described);
    await cli(`attach-policy --policy-id ${policy} --target-id ${unit}`);
    const attached = await cli(
      `list-policies-for-target --target-id ${unit} --filter SERVICE_CONTROL_POLICY`,
      '--query',
      'Policies[].Name',
    );
    expect(attached.split(/\s+/).toSorted()).toEqual(['FullAWSAccess', 'no-users']);
    await expect(cli(`delete-organizational-unit --organizational-unit-id ${unit}`)).rejects.toThrow(
      '(OrganizationalUnitNotEmptyException)',
    );
  });
});
