// Compliance with tag policies: of one account's resources, of a whole organisation in numbers, and which tags are required.
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { limits } from '../../base/limits.ts';
import type { Structure } from '../../protocol/protocol.ts';
import { secrets } from '../secretsmanager/records.ts';
import { reportOf } from './report.ts';

let castellan: InProcess;
let rootId = '';
let member = '';
let memberRoot: ClientCredentials;

const call = async (operation: string, input: Structure = {}, credentials?: ClientCredentials) =>
  castellan.call('resourcegroupstaggingapi', operation, input, credentials);

const newKey = async (tags: Readonly<Record<string, string>>, credentials?: ClientCredentials, region?: string): Promise<string> => {
  const Tags = Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
  return (await castellan.kms(credentials, region).createKey({ Tags })).KeyMetadata?.Arn ?? '';
};

beforeAll(async () => {
  castellan = await startInProcess('tag-compliance');
});
afterAll(async () => {
  await castellan.stop();
});

describe('before there is a tag policy', () => {
  test('every resource complies', async () => {
    const arn = await newKey({ costcenter: 'anything' });
    const { output } = await call('GetResources', { IncludeComplianceDetails: true });
    expect(output['ResourceTagMappingList']).toEqual([
      {
        ResourceARN: arn,
        Tags: [{ Key: 'costcenter', Value: 'anything' }],
        ComplianceDetails: { NoncompliantKeys: [], KeysWithNoncompliantValues: [], ComplianceStatus: true },
      },
    ]);
    expect((await call('ListRequiredTags')).output).toEqual({ RequiredTags: [] });
  });

  test('the compliance of an organisation is for its management account, once tag policies are trusted and attached', async () => {
    const refused = async (message: string) =>
      expect(await call('GetComplianceSummary')).toMatchObject({
        error: 'ConstraintViolationException',
        output: { Message: expect.stringContaining(message) },
      });
    await refused('management account');
    const organizations = castellan.organizations();
    await organizations.createOrganization({ FeatureSet: 'ALL' });
    await refused('tagpolicies.tag.amazonaws.com');
    await organizations.enableAWSServiceAccess({ ServicePrincipal: 'tagpolicies.tag.amazonaws.com' });
    await refused('You must have a tag policy attached');
    const { Roots } = await organizations.listRoots({});
    rootId = Roots?.[0]?.Id ?? '';
    const created = await organizations.createAccount({ AccountName: 'member', Email: 'member@example.org' });
    member = created.CreateAccountStatus?.AccountId ?? '';
    memberRoot = await castellan.addAccount(member);
    await organizations.enablePolicyType({ RootId: rootId, PolicyType: 'TAG_POLICY' });
    const content = {
      tags: {
        costcenter: {
          tag_key: { '@@assign': 'CostCenter' },
          tag_value: { '@@assign': ['100', '2*'] },
          report_required_tag_for: { '@@assign': ['kms:key', 'secretsmanager:ALL_SUPPORTED'] },
        },
        owner: { tag_key: { '@@assign': 'Owner' }, report_required_tag_for: { '@@assign': ['kms:key'] } },
      },
    };
    const policy = { Name: 'tags', Type: 'TAG_POLICY' as const, Description: '', Content: JSON.stringify(content) };
    const { Policy } = await organizations.createPolicy(policy);
    await organizations.attachPolicy({ PolicyId: Policy?.PolicySummary?.Id, TargetId: rootId });
    expect((await call('GetComplianceSummary', {}, memberRoot)).error).toBe('ConstraintViolationException');
  });
});

describe('under a tag policy', () => {
  test('tells of each resource which keys are spelt wrong and which have a wrong value', async () => {
    const wrongValue = await newKey({ CostCenter: '999', Owner: 'ada' });
    const right = await newKey({ CostCenter: '250', free: 'x' });
    const details = async (input: Structure) => {
      const { output } = await call('GetResources', { IncludeComplianceDetails: true, ...input });
      const list = output['ResourceTagMappingList'] as readonly { readonly ResourceARN: string; readonly ComplianceDetails: unknown }[];
      return new Map(list.map(({ ResourceARN, ComplianceDetails }) => [ResourceARN, ComplianceDetails]));
    };
    const all = await details({});
    expect(all.get(wrongValue)).toEqual({ NoncompliantKeys: [], KeysWithNoncompliantValues: ['CostCenter'], ComplianceStatus: false });
    expect(all.get(right)).toEqual({ NoncompliantKeys: [], KeysWithNoncompliantValues: [], ComplianceStatus: true });
    const wrong = await details({ ExcludeCompliantResources: true });
    expect([...wrong.values()]).toContainEqual({
      NoncompliantKeys: ['costcenter'],
      KeysWithNoncompliantValues: [],
      ComplianceStatus: false,
    });
    expect(wrong.has(right)).toBe(false);
    expect(wrong.size).toBe(2);
  });

  test('counts what does not comply over all accounts and regions, grouped as is asked', async () => {
    await newKey({ owner: 'bob' }, memberRoot, 'eu-west-1');
    const tags = [{ Key: 'OWNER', Value: 'bob' }];
    await castellan.secretsManager(memberRoot).send(new CreateSecretCommand({ Name: 's', SecretString: 'x', Tags: tags }));
    const summary = async (input: Structure) => {
      const { output } = await call('GetComplianceSummary', input);
      const list = output['SummaryList'] as readonly Readonly<Record<string, unknown>>[];
      return list.map(({ LastUpdated: _, ...row }) => row);
    };
    expect(await summary({})).toEqual([{ TargetId: rootId, TargetIdType: 'ROOT', NonCompliantResources: 4 }]);
    const home = { TargetId: castellan.account, TargetIdType: 'ACCOUNT' };
    const other = { TargetId: member, TargetIdType: 'ACCOUNT' };
    const byAccount = await summary({ GroupBy: ['TARGET_ID'] });
    expect(byAccount).toHaveLength(2);
    expect(byAccount).toEqual(
      expect.arrayContaining([
        { ...home, NonCompliantResources: 2 },
        { ...other, NonCompliantResources: 2 },
      ]),
    );
    expect(await summary({ GroupBy: ['REGION', 'RESOURCE_TYPE'], TargetIdFilters: [member] })).toEqual([
      { TargetId: rootId, TargetIdType: 'ROOT', Region: 'eu-west-1', ResourceType: 'kms:key', NonCompliantResources: 1 },
      { TargetId: rootId, TargetIdType: 'ROOT', Region: 'us-east-1', ResourceType: 'secretsmanager:secret', NonCompliantResources: 1 },
    ]);
    expect(await summary({ RegionFilters: ['eu-west-1'] })).toMatchObject([{ NonCompliantResources: 1 }]);
    expect(await summary({ TagKeyFilters: ['costcenter'], ResourceTypeFilters: ['kms'] })).toMatchObject([{ NonCompliantResources: 1 }]);
    expect(await summary({ TargetIdFilters: [rootId] })).toMatchObject([{ NonCompliantResources: 4 }]);
    expect(await call('GetComplianceSummary', { TargetIdFilters: ['999999999999'] })).toMatchObject({ error: 'InvalidParameterException' });
  });

  test('pages of the summary follow each other', async () => {
    const first = await call('GetComplianceSummary', { GroupBy: ['TARGET_ID', 'REGION'], MaxResults: 1 });
    const rows: unknown[] = [first.output['SummaryList']].flat();
    for (let token = String(first.output['PaginationToken']); token !== ''; ) {
      const input = { GroupBy: ['TARGET_ID', 'REGION'], MaxResults: 1, PaginationToken: token };
      const { output } = await call('GetComplianceSummary', input);
      rows.push(...[output['SummaryList']].flat());
      token = String(output['PaginationToken']);
    }
    expect(rows).toHaveLength(3);
  });

  test('counts exactly what is in more accounts, and in a larger account, than one unit of work looks at', async () => {
    const before = (await call('GetComplianceSummary')).output['SummaryList'] as readonly { readonly NonCompliantResources: number }[];
    const organizations = castellan.organizations();
    const members: string[] = [];
    for (let index = 0; index < limits.complianceAccountsAtOnce + 5; index += 1) {
      const made = await organizations.createAccount({ AccountName: `m${index}`, Email: `m${index}@example.org` });
      members.push(made.CreateAccountStatus?.AccountId ?? '');
    }
    const inLarge = limits.complianceRecordsAtOnce * 2 + 1;
    await castellan.store.transact(async (transaction) => {
      // Copies of a secret that its service made: it is the number that matters.
      const model = await secrets.get(transaction, member, 'us-east-1', 's');
      if (model === undefined) throw new Error('there is no secret to copy');
      for (const account of members) secrets.put(transaction, { ...model, account });
      for (let index = 0; index < inLarge; index += 1)
        secrets.put(transaction, { ...model, account: members[50] ?? '', name: `s/${index}` });
    });
    const added = members.length + inLarge;
    expect((await call('GetComplianceSummary')).output['SummaryList']).toMatchObject([
      { NonCompliantResources: (before[0]?.NonCompliantResources ?? 0) + added },
    ]);
    const counted = new Map<string, number>();
    const order: string[] = [];
    let token = '';
    do {
      const { output } = await call('GetComplianceSummary', { GroupBy: ['TARGET_ID'], MaxResults: 40, PaginationToken: token });
      const rows = output['SummaryList'] as readonly { readonly TargetId: string; readonly NonCompliantResources: number }[];
      for (const { TargetId, NonCompliantResources } of rows) counted.set(TargetId, NonCompliantResources);
      order.push(...rows.map(({ TargetId }) => TargetId));
      token = String(output['PaginationToken']);
    } while (token !== '');
    expect(order).toEqual([castellan.account, member, ...members].toSorted());
    expect(members.map((account) => counted.get(account))).toEqual(members.map((_, index) => (index === 50 ? inLarge + 1 : 1)));
  });

  test('lists the tags that the policy reports as required, by type', async () => {
    const required = [
      { ResourceType: 'kms:key', CloudFormationResourceTypes: ['AWS::KMS::Key'], ReportingTagKeys: ['CostCenter', 'Owner'] },
      {
        ResourceType: 'secretsmanager:secret',
        CloudFormationResourceTypes: ['AWS::SecretsManager::Secret'],
        ReportingTagKeys: ['CostCenter'],
      },
    ];
    expect((await call('ListRequiredTags')).output).toEqual({ RequiredTags: required });
    const first = await call('ListRequiredTags', { MaxResults: 1 });
    expect(first.output['RequiredTags']).toEqual([required[0]]);
    expect((await call('ListRequiredTags', { NextToken: first.output['NextToken'] })).output).toEqual({ RequiredTags: [required[1]] });
  });

  test('a report that no bucket takes is refused, and none is known afterwards', async () => {
    expect(await call('StartReportCreation', { S3Bucket: 'no-such-bucket' })).toMatchObject({
      error: 'InvalidParameterException',
      output: { Message: expect.stringContaining("You can't access the Amazon S3 bucket no-such-bucket") },
    });
    expect((await call('DescribeReportCreation')).output).toEqual({ Status: 'NO REPORT' });
  });
});

test('the report is CSV that no spreadsheet takes for formulas', () => {
  const row = {
    account: '111122223333',
    region: 'us-east-1',
    type: 'kms:key',
    arn: 'arn:aws:kms:us-east-1:111122223333:key/x',
    tags: {},
    compliance: { NoncompliantKeys: ['=1+1'], KeysWithNoncompliantValues: ['a,b', 'say "hi"'], ComplianceStatus: false },
  };
  expect(reportOf([row]).split('\r\n')).toEqual([
    'AccountId,Region,ResourceType,ResourceARN,ComplianceStatus,NoncompliantKeys,KeysWithNoncompliantValues',
    `111122223333,us-east-1,kms:key,arn:aws:kms:us-east-1:111122223333:key/x,false,'=1+1,"a,b;say ""hi"""`,
    '',
  ]);
});
