// The simulator through AWS's own client: decisions, the statements behind them with their places, missing keys, boundaries, other accounts, pages.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let server: InProcess;
let iam: ReturnType<InProcess['iam']>;
beforeAll(async () => {
  server = await startInProcess('simulation');
  iam = server.iam();
});
afterAll(() => server.stop());

const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: string | string[], Resource = '*', more: object = {}) => ({ Effect: 'Allow', Action, Resource, ...more });
const deny = (Action: string, Resource = '*') => ({ Effect: 'Deny', Action, Resource });
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );

test('names the statements that decided, and where they stand in the text', async () => {
  const text =
    '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},\n  {"Effect":"Deny","Action":"s3:Put*","Resource":"*"}],"Version":"2012-10-17"}';
  const { EvaluationResults, IsTruncated } = await iam.simulateCustomPolicy({
    PolicyInputList: [text],
    ActionNames: ['s3:GetObject', 's3:PutObject', 'iam:ListUsers'],
  });
  expect(IsTruncated).toBe(false);
  expect(EvaluationResults).toMatchObject([
    {
      EvalActionName: 's3:GetObject',
      EvalResourceName: '*',
      EvalDecision: 'allowed',
      MatchedStatements: [
        {
          SourcePolicyId: 'PolicyInputList.1',
          SourcePolicyType: 'IAM Policy',
          StartPosition: { Line: 1, Column: 15 },
          EndPosition: { Line: 1, Column: 64 },
        },
      ],
      MissingContextValues: [],
    },
    { EvalActionName: 's3:PutObject', EvalDecision: 'explicitDeny', MatchedStatements: [{ StartPosition: { Line: 2, Column: 3 } }] },
    { EvalActionName: 'iam:ListUsers', EvalDecision: 'implicitDeny', MatchedStatements: [] },
  ]);
});

test('says which keys the policies ask for and the request does not give', async () => {
  const text = policy(
    allow('s3:GetObject', 'arn:aws:s3:::b/${aws:username}/*', {
      Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' }, Bool: { 'aws:SecureTransport': 'true' } },
    }),
  );
  const ask = async (...ContextEntries: object[]) => {
    const ResourceArns = ['arn:aws:s3:::b/ann/x'];
    const { EvaluationResults } = await iam.simulateCustomPolicy({
      PolicyInputList: [text],
      ActionNames: ['s3:GetObject'],
      ResourceArns,
      ContextEntries,
    } as never);
    const [result] = EvaluationResults ?? [];
    return [result?.EvalDecision, result?.ResourceSpecificResults?.[0]?.MissingContextValues];
  };
  expect(await ask()).toEqual(['implicitDeny', ['aws:SourceIp', 'aws:SecureTransport', 'aws:username']]);
  const ip = { ContextKeyName: 'aws:sourceip', ContextKeyValues: ['10.1.2.3'], ContextKeyType: 'ip' };
  const tls = { ContextKeyName: 'aws:SecureTransport', ContextKeyValues: ['true'], ContextKeyType: 'boolean' };
  const name = { ContextKeyName: 'aws:username', ContextKeyValues: ['ann'], ContextKeyType: 'string' };
  expect(await ask(ip, tls, name)).toEqual(['allowed', []]);
  expect(await failure(ask({ ...ip, ContextKeyValues: ['not an address'] }))).toMatch(/^InvalidInputException|^InvalidInput/);
  const { ContextKeyNames } = await iam.getContextKeysForCustomPolicy({
    PolicyInputList: [text, policy(allow('s3:*', '*', { Condition: { Null: { 'AWS:sourceIP': 'true' } } }))],
  });
  expect(ContextKeyNames).toEqual(['aws:SourceIp', 'aws:SecureTransport', 'aws:username']);
});

test('a user’s own policies, its groups’ and its boundary are included', async () => {
  await iam.createUser({ UserName: 'ann' });
  await iam.createGroup({ GroupName: 'team' });
  await iam.addUserToGroup({ GroupName: 'team', UserName: 'ann' });
  await iam.putUserPolicy({ UserName: 'ann', PolicyName: 'own', PolicyDocument: policy(allow('s3:GetObject')) });
  await iam.putGroupPolicy({
    GroupName: 'team',
    PolicyName: 'ours',
    PolicyDocument: policy(allow('sqs:*', '*', { Condition: { StringEquals: { 'aws:username': 'ann' } } })),
  });
  const arn = `arn:aws:iam::${server.account}:user/ann`;
  const ask = async (more: object = {}) => {
    const { EvaluationResults } = await iam.simulatePrincipalPolicy({
      PolicySourceArn: arn,
      ActionNames: ['s3:GetObject', 'sqs:SendMessage', 'iam:ListUsers'],
      ...more,
    });
    return EvaluationResults?.map((result) => [
      result.EvalDecision,
      result.MatchedStatements?.[0]?.SourcePolicyId,
      result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary,
    ]);
  };
  expect(await ask()).toEqual([
    ['allowed', 'own', undefined],
    ['allowed', 'ours', undefined],
    ['implicitDeny', undefined, undefined],
  ]);
  expect(
    await ask({ PolicyInputList: [policy(allow('iam:*'))], PermissionsBoundaryPolicyInputList: [policy(allow('iam:*'), deny('sqs:*'))] }),
  ).toEqual([
    ['implicitDeny', undefined, false],
    ['explicitDeny', 'PermissionsBoundaryPolicyInputList.1', false],
    ['allowed', 'PolicyInputList.1', true],
  ]);
  expect(await iam.getContextKeysForPrincipalPolicy({ PolicySourceArn: arn })).toMatchObject({ ContextKeyNames: ['aws:username'] });
  expect(await failure(iam.simulatePrincipalPolicy({ PolicySourceArn: `${arn}x`, ActionNames: ['s3:GetObject'] }))).toBe(
    'NoSuchEntityException: The user with name annx cannot be found.',
  );
});

test('a resource’s policy counts, within the account and across accounts, where both sides are shown', async () => {
  const caller = `arn:aws:iam::${server.account}:user/ann`;
  const ResourcePolicy = policy({
    Sid: 'one',
    Effect: 'Allow',
    Principal: { AWS: caller },
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::b/*',
  });
  const ask = async (ResourceOwner: string, own: string) => {
    const { EvaluationResults } = await iam.simulateCustomPolicy({
      PolicyInputList: [own],
      ActionNames: ['s3:GetObject'],
      ResourceArns: ['arn:aws:s3:::b/x'],
      ResourcePolicy,
      ResourceOwner,
      CallerArn: caller,
    });
    return [EvaluationResults?.[0]?.EvalDecision, EvaluationResults?.[0]?.ResourceSpecificResults?.[0]?.EvalDecisionDetails];
  };
  const nothing = policy(allow('sqs:*'));
  expect(await ask(`arn:aws:iam::${server.account}:root`, nothing)).toEqual(['allowed', undefined]);
  expect(await ask('arn:aws:iam::999988887777:root', nothing)).toEqual([
    'implicitDeny',
    { 'IAM Policy': 'implicitDeny', 'Resource Policy': 'allowed' },
  ]);
  expect(await ask('arn:aws:iam::999988887777:root', policy(allow('s3:*')))).toEqual([
    'allowed',
    { 'IAM Policy': 'allowed', 'Resource Policy': 'allowed' },
  ]);
  const noCaller = { PolicyInputList: [nothing], ActionNames: ['s3:GetObject'], ResourcePolicy };
  expect(await failure(iam.simulateCustomPolicy(noCaller))).toMatch(/^InvalidInputException: You must specify a CallerArn/);
});

test('answers come in pages, and wrong questions are refused', async () => {
  const ActionNames = Array.from({ length: 7 }, (_each, index) => `s3:Action${index}`);
  const PolicyInputList = [policy(allow('s3:*'))];
  const seen: (string | undefined)[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.simulateCustomPolicy({ PolicyInputList, ActionNames, MaxItems: 3, ...(Marker && { Marker }) });
    seen.push(...(page.EvaluationResults ?? []).map(({ EvalActionName }) => EvalActionName));
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker !== undefined);
  expect(seen).toEqual(ActionNames);
  expect(await failure(iam.simulateCustomPolicy({ PolicyInputList, ActionNames: ['nonsense'] }))).toMatch(/^InvalidInputException/);
  expect(await failure(iam.simulateCustomPolicy({ PolicyInputList: ['{'], ActionNames: ['s3:GetObject'] }))).toMatch(
    /^InvalidInputException/,
  );
  expect(await failure(iam.simulateCustomPolicy({ PolicyInputList, ActionNames, ResourceHandlingOption: 'EC2-VPC-EBS' }))).toMatch(
    /^InvalidInputException: The scenario/,
  );
});
