// What-if is right: for many changes to policies of every kind, made up by chance from one seed, its answer is what then really happens to the
// same calls, and again when the change is taken back.
import { PutResourcePolicyCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Change } from '../../src/what-if/request.ts';
import { allow, documentOf, startWhatIfSetting, type Trial, type WhatIfSetting } from '../what-if-setting.ts';

let setting: WhatIfSetting;
beforeAll(async () => {
  setting = await startWhatIfSetting('what-if-properties');
}, 60_000);
afterAll(() => setting.castellan.stop());

const actions = [
  'iam:ListUsers',
  'iam:Get*',
  'iam:CreateUser',
  'kms:Encrypt',
  'kms:*',
  'sts:AssumeRole',
  'sts:TagSession',
  'secretsmanager:GetSecretValue',
  '*',
];
const conditions: readonly object[] = [
  {},
  { StringEquals: { 'aws:PrincipalTag/team': 'red' } },
  { StringNotEquals: { 'aws:PrincipalTag/team': ['red', 'blue'] } },
  { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } },
  { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/*' } },
  { StringLike: { 'aws:username': 'lim*' } },
  { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
  { Null: { 'aws:TokenIssueTime': 'false' } },
  { StringEquals: { 'kms:EncryptionContext:purpose': ['admin', 'session'] } },
  { StringEquals: { 'aws:RequestTag/team': 'green' } },
  { DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } },
  { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': 'o-*/r-*/ou-*' } },
];

function statements(effects: readonly string[], more: object = {}): fc.Arbitrary<readonly object[]> {
  const one = fc.record({
    Effect: fc.constantFrom(...effects),
    Action: fc.uniqueArray(fc.constantFrom(...actions), { minLength: 1, maxLength: 3 }),
    Condition: fc.constantFrom(...conditions),
  });
  return fc.array(one, { minLength: 1, maxLength: 3 }).map((list) => list.map((each) => ({ ...each, Resource: '*', ...more })));
}

/** Values that are the same in every run. */
function samples<Value>(arbitrary: fc.Arbitrary<Value>, count: number, seed: number): readonly Value[] {
  return fc.sample(arbitrary, { numRuns: count, seed });
}

const given = (text: string) => ({ text, name: 'given' });
let named = 0;

async function organizationPolicy(Type: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY', Content: string): Promise<string> {
  named += 1;
  const { Policy } = await setting.castellan.organizations().createPolicy({ Name: `p${named}`, Description: '', Type, Content });
  return Policy?.PolicySummary?.Id ?? '';
}

function guardrail(Type: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY', text: string, TargetId: string): Trial {
  let PolicyId = '';
  const organizations = setting.castellan.organizations();
  return {
    change: { kind: 'attach', policy: given(text), target: TargetId, slot: undefined },
    async apply() {
      PolicyId = await organizationPolicy(Type, text);
      await organizations.attachPolicy({ PolicyId, TargetId });
    },
    undo: () => ({
      change: { kind: 'detach', policy: PolicyId, target: TargetId, slot: undefined },
      apply: () => organizations.detachPolicy({ PolicyId, TargetId }),
    }),
  };
}

describe('the answer is what then really happens', { timeout: 300_000 }, () => {
  test('when a service control policy is attached to the root, a unit or an account, and detached again', async () => {
    let differences = 0;
    for (const [index, list] of samples(statements(['Deny']), 6, 1).entries())
      differences += await setting.holds(
        guardrail('SERVICE_CONTROL_POLICY', documentOf(list), [setting.rootId, setting.unit, setting.account][index % 3] ?? ''),
      );
    expect(differences).toBeGreaterThan(10);
  });

  test('when FullAWSAccess makes room for a list of what is allowed', async () => {
    const organizations = setting.castellan.organizations();
    const text = documentOf([allow(['iam:List*', 'kms:*', 'sts:*'])]);
    const PolicyId = await organizationPolicy('SERVICE_CONTROL_POLICY', text);
    await organizations.attachPolicy({ PolicyId, TargetId: setting.unit });
    const differences = await setting.holds({
      change: { kind: 'detach', policy: 'p-FullAWSAccess', target: setting.unit, slot: undefined },
      apply: () => organizations.detachPolicy({ PolicyId: 'p-FullAWSAccess', TargetId: setting.unit }),
      undo: () => ({
        change: { kind: 'attach', policy: { id: 'p-FullAWSAccess' }, target: setting.unit, slot: undefined },
        apply: () => organizations.attachPolicy({ PolicyId: 'p-FullAWSAccess', TargetId: setting.unit }),
      }),
    });
    await organizations.detachPolicy({ PolicyId, TargetId: setting.unit });
    expect(differences).toBeGreaterThan(5);
  });

  test('when a resource control policy is attached, and detached again', async () => {
    let differences = 0;
    for (const list of samples(statements(['Deny'], { Principal: '*' }), 4, 2)) {
      const ofServices = list.map((each) => ({ ...each, Action: ['kms:*', 'sts:AssumeRole', 'secretsmanager:*'] }));
      differences += await setting.holds(guardrail('RESOURCE_CONTROL_POLICY', documentOf(ofServices), setting.unit));
    }
    expect(differences).toBeGreaterThan(5);
  });

  test('when an inline or managed policy is attached to a user or role, and detached again', async () => {
    let differences = 0;
    for (const [index, list] of samples(statements(['Allow', 'Allow', 'Deny']), 5, 3).entries())
      differences += await setting.holds(index % 2 === 0 ? inline(documentOf(list)) : await managed(documentOf(list)));
    expect(differences).toBeGreaterThan(10);

    function inline(text: string): Trial {
      const iam = setting.castellan.iam(setting.root);
      return {
        change: { kind: 'attach', policy: given(text), target: `arn:aws:iam::${setting.account}:user/nobody`, slot: undefined },
        apply: () => iam.putUserPolicy({ UserName: 'nobody', PolicyName: 'more', PolicyDocument: text }),
        undo: () => ({
          change: { kind: 'detach', policy: 'more', target: `arn:aws:iam::${setting.account}:user/nobody`, slot: undefined },
          apply: () => iam.deleteUserPolicy({ UserName: 'nobody', PolicyName: 'more' }),
        }),
      };
    }
    async function managed(text: string): Promise<Trial> {
      const iam = setting.castellan.iam(setting.root);
      named += 1;
      const PolicyArn = (await iam.createPolicy({ PolicyName: `m${named}`, PolicyDocument: text })).Policy?.Arn ?? '';
      return {
        change: { kind: 'attach', policy: { id: PolicyArn }, target: setting.roleArn, slot: undefined },
        apply: () => iam.attachRolePolicy({ RoleName: 'worker', PolicyArn }),
        undo: () => ({
          change: { kind: 'detach', policy: PolicyArn, target: setting.roleArn, slot: undefined },
          apply: () => iam.detachRolePolicy({ RoleName: 'worker', PolicyArn }),
        }),
      };
    }
  });

  test('when a boundary is set and taken away', async () => {
    const iam = setting.castellan.iam(setting.root);
    const PolicyDocument = documentOf([allow(['iam:List*', 'kms:Encrypt'])]);
    const PermissionsBoundary = (await iam.createPolicy({ PolicyName: 'bound', PolicyDocument })).Policy?.Arn ?? '';
    const target = `arn:aws:iam::${setting.account}:user/admin`;
    const differences = await setting.holds({
      change: { kind: 'attach', policy: { id: PermissionsBoundary }, target, slot: 'boundary' },
      apply: () => iam.putUserPermissionsBoundary({ UserName: 'admin', PermissionsBoundary }),
      undo: () => ({
        change: { kind: 'detach', policy: PermissionsBoundary, target, slot: 'boundary' },
        apply: () => iam.deleteUserPermissionsBoundary({ UserName: 'admin' }),
      }),
    });
    expect(differences).toBeGreaterThan(2);
  });

  test('when a managed policy gets another document', async () => {
    const iam = setting.castellan.iam(setting.root);
    const [before, after] = [documentOf([allow('iam:*')]), documentOf([allow('kms:*'), { ...allow('iam:ListUsers'), Effect: 'Deny' }])];
    const PolicyArn = (await iam.createPolicy({ PolicyName: 'changing', PolicyDocument: before })).Policy?.Arn ?? '';
    await iam.attachUserPolicy({ UserName: 'nobody', PolicyArn });
    const become = (text: string) => iam.createPolicyVersion({ PolicyArn, PolicyDocument: text, SetAsDefault: true });
    const differences = await setting.holds({
      change: { kind: 'change', policy: PolicyArn, text: after, of: undefined, slot: undefined },
      apply: () => become(after),
      undo: () => ({
        change: { kind: 'change', policy: PolicyArn, text: before, of: undefined, slot: undefined },
        apply: () => become(before),
      }),
    });
    await iam.detachUserPolicy({ UserName: 'nobody', PolicyArn });
    expect(differences).toBeGreaterThan(2);
  });

  test('when the policy of a key, a secret or a role is another one', async () => {
    const kms = setting.castellan.kms(setting.root);
    const toRoot = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${setting.account}:root` }, Action: '*', Resource: '*' };
    const toStranger = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${setting.castellan.account}:user/stranger` },
      Action: '*',
      Resource: '*',
    };
    const keyPolicies: readonly unknown[] = [
      [toRoot],
      [toRoot, toStranger],
      [toRoot, { ...toRoot, Effect: 'Deny', Principal: '*', Action: 'kms:Encrypt', Condition: conditions[8] }],
    ];
    const before = (await kms.getKeyPolicy({ KeyId: setting.keyArn })).Policy ?? '';
    let differences = 0;
    for (const text of keyPolicies.map(documentOf)) {
      differences += await setting.holds(
        replaced(setting.keyArn, before, text, (Policy) =>
          kms.putKeyPolicy({ KeyId: setting.keyArn, Policy, BypassPolicyLockoutSafetyCheck: true }),
        ),
      );
    }
    const secrets: SecretsManagerClient = setting.castellan.secretsManager(setting.root);
    const put = (ResourcePolicy: string) => secrets.send(new PutResourcePolicyCommand({ SecretId: setting.secretArn, ResourcePolicy }));
    await put(documentOf([toRoot]));
    const denied = { Effect: 'Deny', Principal: { AWS: setting.roleArn }, Action: 'secretsmanager:*', Resource: '*' };
    const toNobody = {
      ...toRoot,
      Principal: { AWS: `arn:aws:iam::${setting.account}:user/nobody` },
      Action: 'secretsmanager:GetSecretValue',
    };
    differences += await setting.holds(replaced(setting.secretArn, documentOf([toRoot]), documentOf([denied, toNobody, toStranger]), put));
    const trust = (Principal: object) => documentOf([{ Effect: 'Allow', Principal, Action: ['sts:AssumeRole', 'sts:TagSession'] }]);
    const [open, closed] = [
      trust({ AWS: [`arn:aws:iam::${setting.account}:root`, setting.castellan.account] }),
      trust({ AWS: `arn:aws:iam::${setting.account}:user/nobody` }),
    ];
    const updateTrust = (PolicyDocument: string) =>
      setting.castellan.iam(setting.root).updateAssumeRolePolicy({ RoleName: 'worker', PolicyDocument });
    differences += await setting.holds(replaced(setting.roleArn, open, closed, updateTrust));
    expect(differences).toBeGreaterThan(5);

    function replaced(arn: string, former: string, next: string, apply: (text: string) => Promise<unknown>): Trial {
      const to = (text: string): Change => ({ kind: 'change', policy: arn, text, of: undefined, slot: undefined });
      return { change: to(next), apply: () => apply(next), undo: () => ({ change: to(former), apply: () => apply(former) }) };
    }
  });
});
