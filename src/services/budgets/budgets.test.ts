// Budgets through the pipeline: their limits and mistakes, notifications in alarm, and actions that really attach and detach policies.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import type { Structure } from '../../protocol/protocol.ts';

const dayMs = 86_400_000;
const member = '222233334444';
const denyKms = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'kms:*', Resource: '*' }] };

let server: InProcess;
let memberRoot: ClientCredentials;
let executor: string;

beforeAll(async () => {
  const prices = [
    { service: 'awskms', usageType: 'KMS-Requests', tiers: [{ price: '1' }] },
    { service: 'awskms', usageType: 'KMS-Keys', tiers: [{ price: '300' }] },
  ];
  server = await startInProcess('budgets', { priceList: { seller: 'The test shop', currency: 'USD', prices } });
  const now = new Date(server.clock.now());
  server.clock.advance(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 10, 12, 20) - now.getTime());
  const organizations = server.organizations();
  await organizations.createOrganization({ FeatureSet: 'ALL' });
  const [root] = (await organizations.listRoots({})).Roots ?? [];
  await organizations.enablePolicyType({ RootId: root?.Id, PolicyType: 'SERVICE_CONTROL_POLICY' });
  memberRoot = await server.addAccount(member);
  const { Handshake } = await organizations.inviteAccountToOrganization({ Target: { Id: member, Type: 'ACCOUNT' } });
  await server.organizations(memberRoot).acceptHandshake({ HandshakeId: Handshake?.Id });
  executor = await role('executor', 'budgets.amazonaws.com', ['iam:AttachUserPolicy', 'iam:DetachUserPolicy', 'organizations:*']);
  await server.work.settle();
});
afterAll(() => server.stop());

async function role(RoleName: string, Service: string, Action: readonly string[]): Promise<string> {
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }] };
  const { Role } = await server.iam().createRole({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) });
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] };
  await server.iam().putRolePolicy({ RoleName, PolicyName: 'p', PolicyDocument: JSON.stringify(policy) });
  return Role?.Arn ?? '';
}

async function ask(operation: string, input: Structure, credentials?: ClientCredentials): Promise<Loose> {
  const { error, output } = await server.call('budgets', operation, { AccountId: server.account, ...input }, credentials);
  if (error !== undefined) throw new Error(`${error}: ${String(output['Message'] ?? output['message'])}`);
  return output;
}

// Decoding boundary: answers are read member by member in expectations.
// biome-ignore lint/suspicious/noExplicitAny: an answer of any form
type Loose = any;

const kms = { Service: ['AWS Key Management Service'] };
const budget = (BudgetName: string, more: Structure = {}) => ({
  Budget: { BudgetName, BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: '10', Unit: 'USD' }, CostFilters: kms, ...more },
});
const notification = (Threshold: number, more: Structure = {}) => ({
  NotificationType: 'ACTUAL',
  ComparisonOperator: 'GREATER_THAN',
  Threshold,
  ThresholdType: 'PERCENTAGE',
  ...more,
});
const mail = { SubscriptionType: 'EMAIL', Address: 'someone@example.com' };

async function useKms(calls: number, credentials?: ClientCredentials): Promise<void> {
  for (let call = 0; call < calls; call += 1) await server.kms(credentials).listKeys({});
  await server.work.settle();
}

/** An hour later every budget has been looked at. */
async function later(hours = 1): Promise<void> {
  server.clock.advance(hours * 3_600_000);
  await server.work.settle();
}

describe('budgets', () => {
  test('a budget is shown with what it has spent, and its notifications go into alarm when a threshold is passed', async () => {
    await ask('CreateBudget', {
      ...budget('spending'),
      NotificationsWithSubscribers: [
        { Notification: notification(20), Subscribers: [mail] },
        { Notification: notification(90), Subscribers: [mail] },
      ],
    });
    await useKms(3);
    await later();
    const { Budget } = await ask('DescribeBudget', { BudgetName: 'spending' });
    expect(Budget).toMatchObject({
      BudgetName: 'spending',
      BudgetLimit: { Amount: '10', Unit: 'USD' },
      CostFilters: kms,
      CostTypes: { IncludeTax: true, UseBlended: false },
      CalculatedSpend: { ActualSpend: { Amount: '3.0', Unit: 'USD' } },
      TimePeriod: { End: 3_706_473_600 },
    });
    const { Notifications } = await ask('DescribeNotificationsForBudget', { BudgetName: 'spending' });
    expect(Notifications).toMatchObject([
      { Threshold: 20, NotificationState: 'ALARM' },
      { Threshold: 90, NotificationState: 'OK' },
    ]);
    expect(await ask('DescribeBudgetNotificationsForAccount', {})).toMatchObject({
      BudgetNotificationsForAccount: [{ BudgetName: 'spending', Notifications: [{}, {}] }],
    });
  });

  test('a new period begins with nothing spent, and the former one is in the history', async () => {
    await later(24 * 31);
    const { Budget } = await ask('DescribeBudget', { BudgetName: 'spending' });
    expect(Budget.CalculatedSpend.ActualSpend.Amount).toBe('0.0');
    const { BudgetPerformanceHistory: history } = await ask('DescribeBudgetPerformanceHistory', { BudgetName: 'spending' });
    expect(history.BudgetedAndActualAmountsList).toMatchObject([{ ActualAmount: { Amount: '0.0' } }, { ActualAmount: { Amount: '3.0' } }]);
    const first = await ask('DescribeBudgetPerformanceHistory', { BudgetName: 'spending', MaxResults: 1 });
    const second = await ask('DescribeBudgetPerformanceHistory', { BudgetName: 'spending', MaxResults: 1, NextToken: first.NextToken });
    expect([first, second].flatMap(({ BudgetPerformanceHistory: { BudgetedAndActualAmountsList: amounts } }) => amounts)).toEqual(
      history.BudgetedAndActualAmountsList,
    );
    expect(second.NextToken).toBeUndefined();
  });

  test('a budget in an account of its own right follows its filter expression', async () => {
    const region = { Dimensions: { Key: 'REGION', Values: ['eu-central-1'] } };
    const given = { CostFilters: undefined, FilterExpression: region, Metrics: ['UnblendedCost'] };
    await ask('CreateBudget', budget('regional', given));
    await useKms(2);
    await server.kms(undefined, 'eu-central-1').listKeys({});
    await later();
    expect((await ask('DescribeBudget', { BudgetName: 'regional' })).Budget.CalculatedSpend.ActualSpend.Amount).toBe('1.0');
    expect((await ask('DescribeBudget', { BudgetName: 'regional' })).Budget.FilterExpression).toBeUndefined();
    expect((await ask('DescribeBudget', { BudgetName: 'regional', ShowFilterExpression: true })).Budget.FilterExpression).toEqual(region);
  });

  test('a usage budget counts usage of its unit', async () => {
    await ask('CreateBudget', budget('usage', { BudgetType: 'USAGE', BudgetLimit: { Amount: '100', Unit: 'Requests' } }));
    await useKms(4);
    await later();
    const spend = (await ask('DescribeBudget', { BudgetName: 'usage' })).Budget.CalculatedSpend.ActualSpend;
    expect(spend.Unit).toBe('Requests');
    expect(Number(spend.Amount)).toBeGreaterThanOrEqual(4);
  });

  test('a planned budget has the limit of its month', async () => {
    const now = new Date(server.clock.now());
    const start = (months: number): string => String(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months) / 1_000);
    const plan = { [start(0)]: { Amount: '5', Unit: 'USD' }, [start(1)]: { Amount: '7', Unit: 'USD' } };
    await ask('CreateBudget', budget('planned', { BudgetLimit: undefined, PlannedBudgetLimits: plan }));
    expect((await ask('DescribeBudget', { BudgetName: 'planned' })).Budget.BudgetLimit.Amount).toBe('5');
    await later(24 * 31);
    expect((await ask('DescribeBudget', { BudgetName: 'planned' })).Budget.BudgetLimit.Amount).toBe('7');
  });

  test('a budget that adjusts itself takes the average of what was spent', async () => {
    const adjust = { AutoAdjustType: 'HISTORICAL', HistoricalOptions: { BudgetAdjustmentPeriod: 3 } };
    await ask('CreateBudget', budget('adjusting', { BudgetLimit: undefined, AutoAdjustData: adjust }));
    const { Amount } = (await ask('DescribeBudget', { BudgetName: 'adjusting' })).Budget.BudgetLimit;
    expect(Number(Amount)).toBeGreaterThan(0);
  });

  test('a budget ends with its end', async () => {
    const End = server.clock.now() + 2 * dayMs;
    const Start = server.clock.now() - dayMs;
    await ask('CreateBudget', budget('short', { TimeUnit: 'CUSTOM', TimePeriod: { Start, End } }));
    await later(72);
    await expect(ask('DescribeBudget', { BudgetName: 'short' })).rejects.toThrow(
      "NotFoundException: Unable to get budget: short - the budget doesn't exist.",
    );
  });

  test('budgets are listed in pages', async () => {
    const { Budgets, NextToken } = await ask('DescribeBudgets', { MaxResults: 2 });
    expect(Budgets).toHaveLength(2);
    const rest = await ask('DescribeBudgets', { MaxResults: 2, NextToken });
    expect(rest.Budgets[0].BudgetName > Budgets[1].BudgetName).toBe(true);
    await expect(ask('DescribeBudgets', { NextToken: 'x' })).rejects.toThrow('InvalidNextTokenException');
  });

  const wrong: readonly (readonly [string, Structure, string])[] = [
    ['a name that is taken', budget('spending'), 'DuplicateRecordException: Error creating budget: spending - the budget already exists.'],
    ['no limit', budget('w', { BudgetLimit: undefined }), 'BudgetLimit is required'],
    ['a limit of nothing', budget('w', { BudgetLimit: { Amount: '0', Unit: 'USD' } }), 'must be greater than zero'],
    ['another currency', budget('w', { BudgetLimit: { Amount: '1', Unit: 'EUR' } }), 'Unsupported currency: EUR'],
    ['an unknown cost filter', budget('w', { CostFilters: { Colour: ['blue'] } }), 'Unsupported cost filter: Colour'],
    [
      'an expression that the bill does not understand',
      budget('w', { CostFilters: undefined, FilterExpression: { And: [{ Dimensions: { Key: 'REGION', Values: ['a'] } }] } }),
      'InvalidParameterException: The And expression must have at least 2 operands.',
    ],
    ['reservations', budget('w', { BudgetType: 'RI_UTILIZATION' }), 'Budgets of the type RI_UTILIZATION are not supported'],
    ['an end before the start', budget('w', { TimePeriod: { Start: 4_000_000_000_000, End: 3_000_000_000_000 } }), 'must come before'],
  ];
  test.each(wrong)('refuses %s', async (_what, input, message) => {
    await expect(ask('CreateBudget', input)).rejects.toThrow(message);
  });

  test('another account’s budgets are out of reach', async () => {
    await expect(ask('DescribeBudgets', {}, memberRoot)).rejects.toThrow('AccessDeniedException');
    await expect(ask('CreateBudget', budget('theirs'), memberRoot)).rejects.toThrow('AccessDeniedException');
  });

  test('tags of budgets are kept', async () => {
    const ResourceARN = `arn:aws:budgets::${server.account}:budget/spending`;
    await ask('TagResource', {
      ResourceARN,
      ResourceTags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    });
    await ask('UntagResource', { ResourceARN, ResourceTagKeys: ['a'] });
    expect(await ask('ListTagsForResource', { ResourceARN })).toEqual({ ResourceTags: [{ Key: 'b', Value: '2' }] });
    await server.call('resourcegroupstaggingapi', 'TagResources', { ResourceARNList: [ResourceARN], Tags: { c: '3' } });
    const { output } = await server.call('resourcegroupstaggingapi', 'GetResources', { ResourceTypeFilters: ['budgets:budget'] });
    expect(output['ResourceTagMappingList']).toMatchObject([{ ResourceARN, Tags: [{ Key: 'b' }, { Key: 'c', Value: '3' }] }]);
  });
});

describe('notifications and subscribers', () => {
  const BudgetName = 'spending';
  const topic = { SubscriptionType: 'SNS', Address: 'arn:aws:sns:us-east-1:111122223333:alarms' };

  test('a notification goes with its last subscriber', async () => {
    const Notification = notification(50);
    await ask('CreateNotification', { BudgetName, Notification, Subscribers: [mail] });
    await ask('CreateSubscriber', { BudgetName, Notification, Subscriber: topic });
    expect((await ask('DescribeSubscribersForNotification', { BudgetName, Notification })).Subscribers).toEqual([mail, topic]);
    const first = await ask('DescribeSubscribersForNotification', { BudgetName, Notification, MaxResults: 1 });
    expect(first.Subscribers).toEqual([mail]);
    const second = await ask('DescribeSubscribersForNotification', { BudgetName, Notification, MaxResults: 1, NextToken: first.NextToken });
    expect(second).toEqual({ Subscribers: [topic] });
    await ask('DeleteSubscriber', { BudgetName, Notification, Subscriber: mail });
    await ask('DeleteSubscriber', { BudgetName, Notification, Subscriber: topic });
    await expect(ask('DescribeSubscribersForNotification', { BudgetName, Notification })).rejects.toThrow('NotFoundException');
  });

  test('a notification keeps its subscribers when it changes, and there are no two alike', async () => {
    await ask('CreateNotification', { BudgetName, Notification: notification(60), Subscribers: [mail] });
    await ask('UpdateNotification', { BudgetName, OldNotification: notification(60), NewNotification: notification(70) });
    expect((await ask('DescribeSubscribersForNotification', { BudgetName, Notification: notification(70) })).Subscribers).toEqual([mail]);
    const twice = { BudgetName, Notification: notification(70), Subscribers: [mail] };
    await expect(ask('CreateNotification', twice)).rejects.toThrow('DuplicateRecordException');
    await ask('DeleteNotification', { BudgetName, Notification: notification(70) });
  });

  const wrong: readonly (readonly [string, readonly Structure[], string])[] = [
    ['an address that is none', [{ SubscriptionType: 'EMAIL', Address: 'nobody' }], 'is not a valid email address'],
    ['a topic that is none', [{ SubscriptionType: 'SNS', Address: 'alarms' }], 'is not the ARN of an SNS topic'],
    ['two topics', [topic, { ...topic, Address: `${topic.Address}2` }], 'CreationLimitExceededException'],
    ['one subscriber twice', [mail, mail], 'DuplicateRecordException'],
  ];
  test.each(wrong)('refuses %s', async (_what, Subscribers, message) => {
    await expect(ask('CreateNotification', { BudgetName, Notification: notification(99), Subscribers })).rejects.toThrow(message);
  });
});

describe('actions', () => {
  const iamAction = (UserName: string, PolicyArn: string) => ({
    NotificationType: 'ACTUAL',
    ActionType: 'APPLY_IAM_POLICY',
    ActionThreshold: { ActionThresholdValue: 50, ActionThresholdType: 'PERCENTAGE' },
    Definition: { IamActionDefinition: { PolicyArn, Users: [UserName] } },
    ExecutionRoleArn: executor,
    ApprovalModel: 'AUTOMATIC',
    Subscribers: [mail],
  });
  const status = async (BudgetName: string, ActionId: string) =>
    (await ask('DescribeBudgetAction', { BudgetName, ActionId })).Action.Status;
  const attached = async (UserName: string) =>
    ((await server.iam().listAttachedUserPolicies({ UserName })).AttachedPolicies ?? []).map(({ PolicyName }) => PolicyName);
  let policyArn: string;

  beforeAll(async () => {
    for (const UserName of ['spender', 'second']) await server.iam().createUser({ UserName });
    const { Policy } = await server.iam().createPolicy({ PolicyName: 'stop', PolicyDocument: JSON.stringify(denyKms) });
    policyArn = Policy?.Arn ?? '';
  });

  test('a limit that is passed attaches the IAM policy by itself, and a reversal detaches it', async () => {
    await ask('CreateBudget', budget('acting', { BudgetLimit: { Amount: '4', Unit: 'USD' }, TimeUnit: 'DAILY' }));
    const { ActionId } = await ask('CreateBudgetAction', { BudgetName: 'acting', ...iamAction('spender', policyArn) });
    expect([await status('acting', ActionId), await attached('spender')]).toEqual(['STANDBY', []]);
    await useKms(3);
    await later();
    expect([await status('acting', ActionId), await attached('spender')]).toEqual(['EXECUTION_SUCCESS', ['stop']]);
    const { ActionHistories } = await ask('DescribeBudgetActionHistories', { BudgetName: 'acting', ActionId });
    expect(ActionHistories.map(({ Status, EventType }: Structure) => [Status, EventType])).toEqual([
      ['STANDBY', 'CREATE_ACTION'],
      ['EXECUTION_IN_PROGRESS', 'SYSTEM'],
      ['EXECUTION_SUCCESS', 'SYSTEM'],
    ]);
    const execution = { BudgetName: 'acting', ActionId };
    await ask('ExecuteBudgetAction', { ...execution, ExecutionType: 'REVERSE_BUDGET_ACTION' });
    expect([await status('acting', ActionId), await attached('spender')]).toEqual(['REVERSE_SUCCESS', []]);
    await ask('ExecuteBudgetAction', { ...execution, ExecutionType: 'RESET_BUDGET_ACTION' });
    expect(await status('acting', ActionId)).toBe('STANDBY');
    await later();
    expect([await status('acting', ActionId), await attached('spender')]).toEqual(['EXECUTION_SUCCESS', ['stop']]);
    await expect(ask('ExecuteBudgetAction', { ...execution, ExecutionType: 'APPROVE_BUDGET_ACTION' })).rejects.toThrow(
      'ResourceLockedException',
    );
  });

  test('an action that needs approval waits for it', async () => {
    const { ActionId } = await ask('CreateBudgetAction', {
      BudgetName: 'acting',
      ...iamAction('second', policyArn),
      ApprovalModel: 'MANUAL',
    });
    expect([await status('acting', ActionId), await attached('second')]).toEqual(['PENDING', []]);
    await ask('ExecuteBudgetAction', { BudgetName: 'acting', ActionId, ExecutionType: 'APPROVE_BUDGET_ACTION' });
    expect([await status('acting', ActionId), await attached('second')]).toEqual(['EXECUTION_SUCCESS', ['stop']]);
    await ask('DeleteBudgetAction', { BudgetName: 'acting', ActionId });
  });

  test('a service control policy stops the member account that spends too much', async () => {
    const organizations = server.organizations();
    const Content = JSON.stringify(denyKms);
    const { Policy } = await organizations.createPolicy({ Name: 'stop', Description: '', Type: 'SERVICE_CONTROL_POLICY', Content });
    const CostFilters = { LinkedAccount: [member] };
    await ask('CreateBudget', budget('member', { TimeUnit: 'DAILY', BudgetLimit: { Amount: '2', Unit: 'USD' }, CostFilters }));
    const { ActionId } = await ask('CreateBudgetAction', {
      BudgetName: 'member',
      ...iamAction('', ''),
      ActionType: 'APPLY_SCP_POLICY',
      ActionThreshold: { ActionThresholdValue: 2, ActionThresholdType: 'ABSOLUTE_VALUE' },
      Definition: { ScpActionDefinition: { PolicyId: Policy?.PolicySummary?.Id, TargetIds: [member] } },
    });
    await useKms(3, memberRoot);
    await later();
    expect(await status('member', ActionId)).toBe('EXECUTION_SUCCESS');
    await expect(server.kms(memberRoot).listKeys({})).rejects.toThrow('with an explicit deny in a service control policy');
    await ask('ExecuteBudgetAction', { BudgetName: 'member', ActionId, ExecutionType: 'REVERSE_BUDGET_ACTION' });
    await server.kms(memberRoot).listKeys({});
  });

  test('the ledger shows that the role did it, for the service', async () => {
    const { LookupEventsCommand } = await import('@aws-sdk/client-cloudtrail');
    const { Events = [] } = await server
      .cloudtrail()
      .send(new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'AttachUserPolicy' }] }));
    const event = JSON.parse(Events[0]?.CloudTrailEvent ?? '{}');
    expect(event.userIdentity).toMatchObject({ type: 'AssumedRole', sessionContext: { sessionIssuer: { arn: executor } } });
    expect(event).toMatchObject({ sourceIPAddress: 'budgets.amazonaws.com', userAgent: 'budgets.amazonaws.com' });
  });

  test('a role that may not attach makes the action fail, and a retry succeeds once it may', async () => {
    const weak = await role('weak', 'budgets.amazonaws.com', ['iam:GetUser']);
    const action = { ...iamAction('second', policyArn), ExecutionRoleArn: weak };
    const { ActionId } = await ask('CreateBudgetAction', { BudgetName: 'acting', ...action });
    await later();
    await useKms(5);
    await later();
    expect([await status('acting', ActionId), await attached('second')]).toEqual(['EXECUTION_FAILURE', ['stop']]);
    const { ActionHistories } = await ask('DescribeBudgetActionHistories', { BudgetName: 'acting', ActionId });
    expect(ActionHistories.at(-1).ActionHistoryDetails.Message).toContain('is not authorized to perform: iam:AttachUserPolicy');
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:*', Resource: '*' }] });
    await server.iam().putRolePolicy({ RoleName: 'weak', PolicyName: 'p', PolicyDocument });
    await ask('ExecuteBudgetAction', { BudgetName: 'acting', ActionId, ExecutionType: 'RETRY_BUDGET_ACTION' });
    expect(await status('acting', ActionId)).toBe('EXECUTION_SUCCESS');
  });

  test('a role that does not trust Budgets makes the action fail', async () => {
    const foreign = await role('foreign', 'ec2.amazonaws.com', ['iam:*']);
    const action = { ...iamAction('second', policyArn), ExecutionRoleArn: foreign, ApprovalModel: 'MANUAL' };
    const { ActionId } = await ask('CreateBudgetAction', { BudgetName: 'acting', ...action });
    expect(await status('acting', ActionId)).toBe('PENDING');
    await ask('ExecuteBudgetAction', { BudgetName: 'acting', ActionId, ExecutionType: 'APPROVE_BUDGET_ACTION' });
    expect(await status('acting', ActionId)).toBe('EXECUTION_FAILURE');
  });

  test('whoever makes an action must be allowed to pass its role', async () => {
    await server.iam().createUser({ UserName: 'clerk' });
    const Statement = [{ Effect: 'Allow', Action: 'budgets:*', Resource: '*' }];
    await server
      .iam()
      .putUserPolicy({ UserName: 'clerk', PolicyName: 'p', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) });
    const { AccessKey } = await server.iam().createAccessKey({ UserName: 'clerk' });
    const clerk = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
    await expect(ask('CreateBudgetAction', { BudgetName: 'acting', ...iamAction('second', policyArn) }, clerk)).rejects.toThrow(
      /AccessDeniedException: .*iam:PassRole/,
    );
  });

  test('actions that nothing here can carry out are refused', async () => {
    const documents = { SsmActionDefinition: { ActionSubType: 'STOP_EC2_INSTANCES', Region: 'us-east-1', InstanceIds: ['i-12345678'] } };
    const action = { ...iamAction('second', policyArn), ActionType: 'RUN_SSM_DOCUMENTS', Definition: documents };
    await expect(ask('CreateBudgetAction', { BudgetName: 'acting', ...action })).rejects.toThrow('RUN_SSM_DOCUMENTS are not supported');
  });

  test('an applied action cannot be changed under its feet, and is listed with the others', async () => {
    const { Actions } = await ask('DescribeBudgetActionsForAccount', {});
    const applied = Actions.find(({ Status }: Structure) => Status === 'EXECUTION_SUCCESS');
    const change = { BudgetName: applied.BudgetName, ActionId: applied.ActionId };
    await expect(ask('UpdateBudgetAction', { ...change, ExecutionRoleArn: executor })).rejects.toThrow('ResourceLockedException');
    const { NewAction } = await ask('UpdateBudgetAction', { ...change, ApprovalModel: 'MANUAL' });
    expect(NewAction.ApprovalModel).toBe('MANUAL');
    expect((await ask('DescribeBudgetActionsForBudget', { BudgetName: 'member' })).Actions).toHaveLength(1);
  });
});
