// The bill through unmodified clients: boto3 and the AWS CLI against a fresh server, and `castellan bill` with its file in FOCUS 1.0.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
if (!hasBoto) console.warn('skipped: boto3 is not installed (`apt-get install python3-boto3` or `pip install boto3`)');
const hasCli = isInstalled('aws');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed');

const priceList = {
  seller: 'The "wire" shop, Ltd',
  currency: 'EUR',
  prices: [
    { service: 'awskms', usageType: 'KMS-Requests', tiers: [{ upTo: '3', price: '0' }, { price: '0.25' }] },
    { service: 'awskms', usageType: 'KMS-Keys', tiers: [{ price: '744' }] },
    { service: 'AWSCostExplorer', usageType: 'APIRequest', tiers: [{ price: '0.01' }] },
  ],
};

const prelude = `
import boto3, datetime, json, os, time
from botocore.exceptions import ClientError
ce, kms, budgets, iam, sts = (boto3.client(name) for name in ('ce', 'kms', 'budgets', 'iam', 'sts'))
account = sts.get_caller_identity()['Account']
out = {}
def error(call):
    try:
        call(); return 'ok'
    except ClientError as error:
        return error.response['Error']['Code'] + ': ' + error.response['Error']['Message']
def server_day(offset=0):
    return (datetime.datetime.utcnow() + datetime.timedelta(days=offset + int(os.environ.get('TRAVELLED', '0')))).date().isoformat()
def usage(**more):
    return ce.get_cost_and_usage(TimePeriod={'Start': server_day(), 'End': server_day(1)}, Granularity='DAILY', Metrics=['UnblendedCost', 'UsageQuantity'], **more)['ResultsByTime']
kms_requests = {'Dimensions': {'Key': 'USAGE_TYPE', 'Values': ['us-east-1-KMS-Requests']}}
`;

const spend = `
key = kms.create_key(Tags=[{'TagKey': 'team', 'TagValue': 'blue'}])['KeyMetadata']['KeyId']
for n in range(6): kms.describe_key(KeyId=key)
for attempt in range(40):
    [today] = usage(Filter=kms_requests)
    if today['Total']['UsageQuantity']['Amount'] == '7': break
    time.sleep(0.25)
out['total'] = today['Total']
[groups] = usage(Filter=kms_requests, GroupBy=[{'Type': 'DIMENSION', 'Key': 'OPERATION'}])
out['groups'] = {group['Keys'][0]: group['Metrics']['UsageQuantity']['Amount'] for group in groups['Groups']}
values = ce.get_dimension_values(TimePeriod={'Start': server_day(), 'End': server_day(1)}, Dimension='LEGAL_ENTITY_NAME')
out['seller'] = [value['Value'] for value in values['DimensionValues']]
out['too early'] = error(lambda: ce.get_cost_forecast(TimePeriod={'Start': server_day(), 'End': server_day(2)}, Metric='UNBLENDED_COST', Granularity='DAILY'))
out['backwards'] = error(lambda: ce.get_cost_and_usage(TimePeriod={'Start': '2026-02-02', 'End': '2026-02-01'}, Granularity='DAILY', Metrics=['UnblendedCost']))
category = ce.create_cost_category_definition(Name='Owner', RuleVersion='CostCategoryExpression.v1', Rules=[{'Value': 'mine', 'Rule': {'Dimensions': {'Key': 'LINKED_ACCOUNT', 'Values': [account]}}}])
out['category'] = usage(Filter=kms_requests, GroupBy=[{'Type': 'COST_CATEGORY', 'Key': 'Owner'}])[0]['Groups'][0]['Keys']
out['definitions'] = [each['Name'] for page in ce.get_paginator('list_cost_category_definitions').paginate() for each in page['CostCategoryReferences']] if ce.can_paginate('list_cost_category_definitions') else [each['Name'] for each in ce.list_cost_category_definitions()['CostCategoryReferences']]

trust = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'budgets.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]}
allow = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'iam:*', 'Resource': '*'}]}
deny = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Deny', 'Action': '*', 'Resource': '*'}]}
role = iam.create_role(RoleName='executor', AssumeRolePolicyDocument=json.dumps(trust))['Role']['Arn']
iam.put_role_policy(RoleName='executor', PolicyName='p', PolicyDocument=json.dumps(allow))
iam.create_user(UserName='spender')
stop = iam.create_policy(PolicyName='stop', PolicyDocument=json.dumps(deny))['Policy']['Arn']
budgets.create_budget(AccountId=account, Budget={'BudgetName': 'keys', 'BudgetType': 'COST', 'TimeUnit': 'CUSTOM', 'TimePeriod': {'Start': datetime.datetime.utcnow() - datetime.timedelta(days=1), 'End': datetime.datetime.utcnow() + datetime.timedelta(days=300)}, 'BudgetLimit': {'Amount': '1.5', 'Unit': 'EUR'}, 'CostFilters': {'UsageType': ['us-east-1-KMS-Keys']}},
    NotificationsWithSubscribers=[{'Notification': {'NotificationType': 'ACTUAL', 'ComparisonOperator': 'GREATER_THAN', 'Threshold': 80}, 'Subscribers': [{'SubscriptionType': 'EMAIL', 'Address': 'a@example.com'}]}])
out['duplicate'] = error(lambda: budgets.create_budget(AccountId=account, Budget={'BudgetName': 'keys', 'BudgetType': 'COST', 'TimeUnit': 'MONTHLY', 'BudgetLimit': {'Amount': '1', 'Unit': 'EUR'}}))
action = budgets.create_budget_action(AccountId=account, BudgetName='keys', NotificationType='ACTUAL', ActionType='APPLY_IAM_POLICY', ActionThreshold={'ActionThresholdValue': 100, 'ActionThresholdType': 'PERCENTAGE'},
    Definition={'IamActionDefinition': {'PolicyArn': stop, 'Users': ['spender']}}, ExecutionRoleArn=role, ApprovalModel='AUTOMATIC', Subscribers=[{'SubscriptionType': 'EMAIL', 'Address': 'a@example.com'}])
out['action'] = budgets.describe_budget_action(AccountId=account, BudgetName='keys', ActionId=action['ActionId'])['Action']['Status']
print(json.dumps(out))
`;

const after = `
budget = budgets.describe_budget(AccountId=account, BudgetName='keys')['Budget']
out['spent'] = float(budget['CalculatedSpend']['ActualSpend']['Amount']) > 1.5
out['time'] = budget['TimeUnit']
out['state'] = [n['NotificationState'] for page in budgets.get_paginator('describe_notifications_for_budget').paginate(AccountId=account, BudgetName='keys') for n in page['Notifications']]
[action] = [a for page in budgets.get_paginator('describe_budget_actions_for_account').paginate(AccountId=account) for a in page['Actions']]
out['action'] = action['Status']
out['history'] = [h['EventType'] for page in budgets.get_paginator('describe_budget_action_histories').paginate(AccountId=account, BudgetName='keys', ActionId=action['ActionId']) for h in page['ActionHistories']]
out['attached'] = [p['PolicyName'] for p in iam.list_attached_user_policies(UserName='spender')['AttachedPolicies']]
budgets.execute_budget_action(AccountId=account, BudgetName='keys', ActionId=action['ActionId'], ExecutionType='REVERSE_BUDGET_ACTION')
out['reversed'] = iam.list_attached_user_policies(UserName='spender')['AttachedPolicies']
out['budgets'] = [b['BudgetName'] for page in budgets.get_paginator('describe_budgets').paginate(AccountId=account) for b in page['Budgets']]
forecast = ce.get_cost_forecast(TimePeriod={'Start': server_day(), 'End': server_day(3)}, Metric='UNBLENDED_COST', Granularity='DAILY', PredictionIntervalLevel=90, Filter={'Dimensions': {'Key': 'USAGE_TYPE', 'Values': ['us-east-1-KMS-Keys']}})
out['forecast'] = [len(forecast['ForecastResultsByTime']), 20 < float(forecast['ForecastResultsByTime'][0]['MeanValue']) < 30, forecast['Total']['Unit']]
out['tags'] = [tag['TagKey'] for tag in ce.list_cost_allocation_tags()['CostAllocationTags']]
print(json.dumps(out))
`;

describe.skipIf(!hasBoto)('the bill', () => {
  let directory: TemporaryDirectory;
  let server: ServerProcess;

  beforeAll(async () => {
    directory = temporaryDirectory('bill');
    const file = join(directory.path, 'prices.json');
    writeFileSync(file, JSON.stringify(priceList));
    const dataDir = join(directory.path, 'data');
    server = await startServerProcess({
      dataDir,
      arguments: ['--price-list', file, '--allow-time-travel', '--root-account', '111122223333'],
    });
  });
  afterAll(async () => {
    await server.stop();
    directory.remove();
  });

  /** How many days the server is ahead. */
  let travelled = 0;
  const environment = () => ({ ...clientEnvironment(server), TRAVELLED: String(travelled) });
  const python = async (script: string): Promise<unknown> => {
    const { status, stdout, stderr } = await run('python3', ['-c', prelude + script], environment());
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  const castellan = async (...parameters: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await run('node', ['bin/castellan.js', ...parameters, '--data-dir', server.dataDir], {});
    expect(status, stderr).toBe(0);
    return stdout;
  };

  test('boto3 sees what was used and what it costs, and makes a budget with an action', async () => {
    expect(await python(spend)).toEqual({
      total: { UnblendedCost: { Amount: '1', Unit: 'EUR' }, UsageQuantity: { Amount: '7', Unit: 'Requests' } },
      groups: { CreateKey: '1', DescribeKey: '6' },
      seller: ['The "wire" shop, Ltd'],
      'too early': 'DataUnavailableException: Insufficient amount of historical data to generate forecasts.',
      backwards: 'ValidationException: Start date (and hour) should be before end date (and hour)',
      category: ['Owner$mine'],
      definitions: ['Owner'],
      duplicate: 'DuplicateRecordException: Error creating budget: keys - the budget already exists.',
      action: 'STANDBY',
    });
  });

  test('with time the key costs more than the budget, and the action stops the user', async () => {
    // Not to the first of a month, on which there may be nothing yet.
    travelled = new Date(Date.now() + 20 * 86_400_000).getUTCDate() === 1 ? 21 : 20;
    await castellan('time', 'advance', `${travelled}d`);
    expect(await python(after)).toEqual({
      spent: true,
      time: 'CUSTOM',
      state: ['ALARM'],
      action: 'EXECUTION_SUCCESS',
      history: ['CREATE_ACTION', 'SYSTEM', 'SYSTEM'],
      attached: ['stop'],
      reversed: [],
      budgets: ['keys'],
      forecast: [3, true, 'EUR'],
      tags: ['team'],
    });
  });

  test.skipIf(!hasCli)('the AWS CLI asks the same', async () => {
    const { stdout: date } = await run('python3', ['-c', `${prelude}print(server_day(), server_day(1))`], environment());
    const [start, end] = date.trim().split(' ');
    const parameters = ['--granularity', 'DAILY', '--metrics', 'UsageQuantity', '--group-by', 'Type=DIMENSION,Key=SERVICE'];
    const command = ['ce', 'get-cost-and-usage', '--time-period', `Start=${start},End=${end}`, ...parameters];
    const { status, stdout, stderr } = await run('aws', command, clientEnvironment(server));
    expect(status, stderr).toBe(0);
    const { ResultsByTime } = JSON.parse(stdout);
    expect(ResultsByTime[0].Groups.map(({ Keys }: { Keys: string[] }) => Keys[0])).toContain('AWS Key Management Service');
  });

  test('`castellan bill` says the same as Cost Explorer, to people, to programs, and in FOCUS', async () => {
    const text = await castellan('bill');
    expect(text).toContain('so far, in EUR');
    expect(text).toContain('prices: The "wire" shop, Ltd');
    expect(text).toContain('AWS Key Management Service');
    const month = /bill of (\d{4}-\d{2})/.exec(text)?.[1] ?? '';
    const filter = ['--month', month, '--account', '111122223333'];
    const bill = JSON.parse(await castellan('bill', ...filter, '--json'));
    expect(await castellan('bill', '--detail')).toMatch(/us-east-1-KMS-Keys .* Keys at 744 \(blended 744\)/);
    expect(bill).toMatchObject({ month, currency: 'EUR', isEstimated: true, accounts: [{ account: '111122223333' }] });
    const file = join(directory.path, 'focus.csv');
    expect(await castellan('bill', ...filter, '--focus', file)).toContain('FOCUS 1.0');
    // Python's own reader, so that quotes and lines are somebody else's opinion.
    const sum = `import csv, decimal, json, sys
rows = list(csv.DictReader(open(sys.argv[1], newline='')))
key = [row for row in rows if row['SkuId'] == 'us-east-1-KMS-Keys']
print(json.dumps({'columns': len(rows[0]), 'issuers': sorted({row['InvoiceIssuerName'] for row in rows}), 'kms': format(sum(decimal.Decimal(row['BilledCost']) for row in rows if row['ServiceName'] == 'AWS Key Management Service').normalize(), 'f'), 'days': len({row['ChargePeriodStart'] for row in key}), 'categories': sorted({row['ChargeCategory'] for row in rows})}))`;
    const { stdout } = await run('python3', ['-c', sum, file], {});
    const kms = bill.accounts[0].services.find(({ service }: { service: string }) => service === 'AWS Key Management Service');
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ columns: 43, issuers: ['The "wire" shop, Ltd'], kms: kms.unblendedCost, categories: ['Usage'] });
    expect(found.days).toBeGreaterThan(0);
    expect(readFileSync(file, 'utf8').split('\r\n')[0]).toMatch(/^AvailabilityZone,BilledCost,.*,SubAccountName,Tags$/);
  });

  test('a price list with a mistake stops the start with its place', async () => {
    const file = join(directory.path, 'wrong.json');
    writeFileSync(file, JSON.stringify({ ...priceList, prices: [{ service: 'a', usageType: 'b', tiers: [{ price: 1 }] }] }));
    const { status, stderr } = await run(
      'node',
      ['bin/castellan.js', 'start', '--port', '0', '--data-dir', join(directory.path, 'other'), '--price-list', file],
      {},
    );
    expect(status).toBe(1);
    expect(stderr).toContain('prices[0].tiers[0].price is not a decimal');
  });
});
