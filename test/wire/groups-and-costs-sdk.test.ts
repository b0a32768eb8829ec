// Tags, resource groups, costs, budgets and account management through the JavaScript SDK's own clients and paginators over HTTP.
import { AccessDeniedException, Account, paginateListRegions } from '@aws-sdk/client-account';
import { Budgets, DuplicateRecordException, paginateDescribeBudgets } from '@aws-sdk/client-budgets';
import { CostExplorer, DataUnavailableException, paginateListCostCategoryDefinitions } from '@aws-sdk/client-cost-explorer';
import { KMS } from '@aws-sdk/client-kms';
import { NotFoundException, paginateListGroupResources, paginateListGroups, ResourceGroups } from '@aws-sdk/client-resource-groups';
import { paginateGetResources, paginateGetTagValues, ResourceGroupsTaggingAPI } from '@aws-sdk/client-resource-groups-tagging-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';

const account = '111122223333';
let directory: TemporaryDirectory;
let server: ServerProcess;
let settings: { endpoint: string; region: string; credentials: ServerProcess['credentials']; maxAttempts: number };
/** Keys with a tag of the team that has them. */
let keys: { readonly red: readonly string[]; readonly blue: readonly string[] };

beforeAll(async () => {
  directory = temporaryDirectory('groups-and-costs');
  server = await startServerProcess({ dataDir: directory.path, arguments: ['--root-account', account] });
  settings = { endpoint: server.endpoint, region: 'us-east-1', credentials: server.credentials, maxAttempts: 1 };
  const kms = new KMS(settings);
  const make = async (): Promise<string> => (await kms.createKey({})).KeyMetadata?.Arn ?? '';
  keys = { red: [await make(), await make(), await make()], blue: [await make()] };
});
afterAll(async () => {
  await server?.stop();
  directory?.remove();
});

/** Everything of every page. */
async function all<Page, Item>(pages: AsyncIterable<Page>, itemsOf: (page: Page) => readonly Item[] | undefined): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(itemsOf(page) ?? []));
  return items;
}

test('resources are tagged, found by their tags in pages, and untagged; what cannot be tagged is told apart from what was', async () => {
  const client = new ResourceGroupsTaggingAPI(settings);
  const missing = `arn:aws:kms:us-east-1:${account}:key/00000000-0000-4000-8000-000000000000`;
  const tagged = await client.tagResources({ ResourceARNList: [...keys.red, missing], Tags: { team: 'red' } });
  expect(Object.keys(tagged.FailedResourcesMap ?? {})).toEqual([missing]);
  await client.tagResources({ ResourceARNList: [...keys.blue], Tags: { team: 'blue' } });
  const found = async (team: string): Promise<readonly (string | undefined)[]> => {
    const wanted = { TagFilters: [{ Key: 'team', Values: [team] }], ResourceTypeFilters: ['kms:key'] };
    const items = await all(paginateGetResources({ client, pageSize: 1 }, wanted), (page) => page.ResourceTagMappingList);
    return items.map(({ ResourceARN }) => ResourceARN).toSorted();
  };
  expect(await found('red')).toEqual(keys.red.toSorted());
  expect((await all(paginateGetTagValues({ client }, { Key: 'team' }), (page) => page.TagValues)).toSorted()).toEqual(['blue', 'red']);
  await client.untagResources({ ResourceARNList: [...keys.blue], TagKeys: ['team'] });
  expect(await found('blue')).toEqual([]);
});

test('a group has what its query finds, at the moment in which it is asked', async () => {
  const client = new ResourceGroups(settings);
  const Query = JSON.stringify({ ResourceTypeFilters: ['AWS::KMS::Key'], TagFilters: [{ Key: 'team', Values: ['red'] }] });
  const ResourceQuery = { Type: 'TAG_FILTERS_1_0', Query } as const;
  for (const Name of ['red-keys', 'again', 'more']) await client.createGroup({ Name, ResourceQuery });
  const names = await all(paginateListGroups({ client, pageSize: 1 }, {}), (page) => page.GroupIdentifiers);
  expect(names.map(({ GroupName }) => GroupName).toSorted()).toEqual(['again', 'more', 'red-keys']);
  const members = async (): Promise<readonly (string | undefined)[]> => {
    const items = await all(paginateListGroupResources({ client, pageSize: 1 }, { Group: 'red-keys' }), (page) => page.Resources);
    return items.map(({ Identifier }) => Identifier?.ResourceArn).toSorted();
  };
  expect(await members()).toEqual(keys.red.toSorted());
  const [leaving = '', ...staying] = keys.red;
  await new ResourceGroupsTaggingAPI(settings).untagResources({ ResourceARNList: [leaving], TagKeys: ['team'] });
  expect(await members()).toEqual(staying.toSorted());
  await client.deleteGroup({ Group: 'more' });
  await expect(client.getGroup({ Group: 'more' })).rejects.toBeInstanceOf(NotFoundException);
});

test('what was used is found in the costs of the day, in groups, and a budget knows its limit', async () => {
  const client = new CostExplorer(settings);
  const dayMs = 86_400_000;
  const day = (offset: number): string => new Date(Date.now() + offset * dayMs).toISOString().slice(0, 10);
  const TimePeriod = { Start: day(-1), End: day(1) };
  const asked = {
    TimePeriod,
    Granularity: 'DAILY',
    Metrics: ['UsageQuantity'],
    GroupBy: [{ Type: 'DIMENSION', Key: 'OPERATION' }],
  } as const;
  const made = async (): Promise<string | undefined> => {
    const { ResultsByTime = [] } = await client.getCostAndUsage({ ...asked, Metrics: [...asked.Metrics], GroupBy: [...asked.GroupBy] });
    const groups = ResultsByTime.flatMap(({ Groups = [] }) => Groups).filter(({ Keys }) => Keys?.[0] === 'CreateKey');
    return groups.map(({ Metrics }) => Metrics?.['UsageQuantity']?.Amount).join();
  };
  await expect.poll(made, { timeout: 20_000 }).toBe(String(keys.red.length + keys.blue.length));
  for (const Name of ['One', 'Two']) {
    const Rules = [{ Value: 'mine', Rule: { Dimensions: { Key: 'LINKED_ACCOUNT' as const, Values: [account] } } }];
    await client.createCostCategoryDefinition({
      Name,
      RuleVersion: 'CostCategoryExpression.v1',
      Rules,
    });
  }
  const categories = await all(paginateListCostCategoryDefinitions({ client, pageSize: 1 }, {}), (page) => page.CostCategoryReferences);
  expect(categories.map(({ Name }) => Name).toSorted()).toEqual(['One', 'Two']);
  const forecast = { TimePeriod: { Start: day(0), End: day(3) }, Metric: 'UNBLENDED_COST', Granularity: 'DAILY' } as const;
  await expect(client.getCostForecast(forecast)).rejects.toBeInstanceOf(DataUnavailableException);

  const budgets = new Budgets(settings);
  const budget = (BudgetName: string) => ({
    AccountId: account,
    Budget: { BudgetName, BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: '10', Unit: 'USD' } } as const,
  });
  for (const name of ['keys', 'all', 'tests']) await budgets.createBudget(budget(name));
  await expect(budgets.createBudget(budget('keys'))).rejects.toBeInstanceOf(DuplicateRecordException);
  const listed = await all(paginateDescribeBudgets({ client: budgets, pageSize: 1 }, { AccountId: account }), (page) => page.Budgets);
  expect(listed.map(({ BudgetName, BudgetLimit }) => [BudgetName, Number(BudgetLimit?.Amount)]).toSorted()).toEqual([
    ['all', 10],
    ['keys', 10],
    ['tests', 10],
  ]);
});

test('an account keeps its contacts and names its regions, and not those of an account that is not its own', async () => {
  const client = new Account(settings);
  const contact = {
    AlternateContactType: 'SECURITY',
    EmailAddress: 's@example.com',
    Name: 'Sam',
    PhoneNumber: '+1 555 0100',
    Title: 'CISO',
  } as const;
  await client.putAlternateContact(contact);
  expect((await client.getAlternateContact({ AlternateContactType: 'SECURITY' })).AlternateContact).toEqual(contact);
  const regions = await all(paginateListRegions({ client, pageSize: 7 }, {}), (page) => page.Regions);
  expect(regions.filter(({ RegionOptStatus }) => RegionOptStatus === 'ENABLED_BY_DEFAULT')).toHaveLength(17);
  const foreign = { AccountId: '999999999999', AlternateContactType: 'SECURITY' } as const;
  await expect(client.getAlternateContact(foreign)).rejects.toBeInstanceOf(AccessDeniedException);
});
