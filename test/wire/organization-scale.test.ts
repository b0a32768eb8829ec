// An organisation of 5,000 accounts in 500 units with five policies at every level: a decision there costs what it costs in one of ten
// accounts, and all accounts can be listed. Ratios of one run; the figures are printed.
import type { Organizations } from '@aws-sdk/client-organizations';
import { paginateListAccounts } from '@aws-sdk/client-organizations';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../in-process.ts';

const accounts = Number(process.env['SCALE_ACCOUNTS'] ?? 5_000);
const units = 500;
const depth = 5;
const policiesPerLevel = 5;

let castellan: InProcess;
const figures: Record<string, number> = {};
beforeAll(async () => {
  castellan = await startInProcess('organization-scale');
}, 60_000);
afterAll(async () => {
  console.info(JSON.stringify(figures));
  await castellan.stop();
});

interface Built {
  readonly organizations: Organizations;
  /** The last account, at the deepest unit. */
  readonly member: ClientCredentials;
}

/** Chains of units five deep, with policies at each level, and the accounts spread over their ends. */
async function build(management: ClientCredentials, accountCount: number, unitCount: number): Promise<Built> {
  const organizations = castellan.organizations(management);
  await organizations.createOrganization({});
  const RootId = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
  const policies: string[] = [];
  for (let index = 1; index < policiesPerLevel; index += 1) policies.push(await newPolicy(organizations, index));
  const attach = async (TargetId: string) => {
    for (const PolicyId of policies) await organizations.attachPolicy({ PolicyId, TargetId });
  };
  await attach(RootId);
  const ends: string[] = [];
  for (let made = 0; made < unitCount; ) {
    let ParentId = RootId;
    for (let level = 0; level < depth && made < unitCount; level += 1, made += 1) {
      const { OrganizationalUnit } = await organizations.createOrganizationalUnit({ ParentId, Name: `unit ${made}` });
      ParentId = OrganizationalUnit?.Id ?? '';
      await attach(ParentId);
    }
    ends.push(ParentId);
  }
  let last = '';
  for (let index = 0; index < accountCount; index += 1) {
    const { CreateAccountStatus } = await organizations.createAccount({
      AccountName: `a${index}`,
      Email: `a${index}.${accountCount}@example.org`,
    });
    last = CreateAccountStatus?.AccountId ?? '';
    const DestinationParentId = ends[index % ends.length];
    await organizations.moveAccount({ AccountId: last, SourceParentId: RootId, DestinationParentId });
  }
  await attach(last);
  return { organizations, member: await castellan.addAccount(last) };
}

async function newPolicy(organizations: Organizations, index: number): Promise<string> {
  const Statement = [
    {
      Effect: 'Deny',
      Action: [`sqs:Delete${index}*`],
      Resource: '*',
      Condition: { StringNotEquals: { 'aws:RequestedRegion': 'eu-west-1' } },
    },
  ];
  const Content = JSON.stringify({ Version: '2012-10-17', Statement });
  const { Policy } = await organizations.createPolicy({
    Name: `policy ${index}`,
    Description: '',
    Type: 'SERVICE_CONTROL_POLICY',
    Content,
  });
  return Policy?.PolicySummary?.Id ?? '';
}

/** Milliseconds of one allowed request, the median of many. */
async function latency(as: ClientCredentials): Promise<number> {
  const iam = castellan.iam(as);
  const times: number[] = [];
  for (let index = 0; index < 300; index += 1) {
    const began = performance.now();
    await iam.listUsers({});
    times.push(performance.now() - began);
  }
  return times.toSorted((one, other) => one - other)[150] ?? Number.NaN;
}

test('decides as fast with thousands of accounts as with ten, and pages through all of them', { timeout: 300_000 }, async () => {
  const small = await build(await castellan.addAccount('777777777777'), 10, depth);
  const before = process.memoryUsage().heapUsed;
  const began = performance.now();
  const large = await build(castellan.root, accounts, units);
  figures['creating accounts, units and attachments, s'] = Math.round((performance.now() - began) / 100) / 10;
  figures['heap that came with it, MB'] = Math.round((process.memoryUsage().heapUsed - before) / 1e6);
  await latency(small.member);
  const rounds: (readonly [number, number])[] = [];
  for (let round = 0; round < 3; round += 1) rounds.push([await latency(small.member), await latency(large.member)]);
  const [few = 0, many = 0] = [0, 1].map((index) => rounds.map((pair) => pair[index] ?? 0).toSorted((one, other) => one - other)[1]);
  figures['a decision with ten accounts, ms'] = Math.round(few * 1_000) / 1_000;
  figures['a decision with all accounts, ms'] = Math.round(many * 1_000) / 1_000;
  figures['ratio'] = Math.round((many / few) * 100) / 100;
  const listed = new Set<string | undefined>();
  const listing = performance.now();
  for await (const page of paginateListAccounts({ client: large.organizations }, {}))
    for (const { Id } of page.Accounts ?? []) listed.add(Id);
  figures['listing all accounts, s'] = Math.round((performance.now() - listing) / 100) / 10;
  expect(listed.size).toBe(accounts + 1);
  expect(many / few).toBeLessThan(1.5);
});
