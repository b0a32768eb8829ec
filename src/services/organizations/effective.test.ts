// Effective policies: AWS's documented examples of inheritance, the laws behind them, and tag policies that bind.
// https://docs.aws.amazon.com/organizations/latest/userguide/inheritance-examples.html
import type { Organizations } from '@aws-sdk/client-organizations';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { type Effective, mergePolicies } from './inheritance.ts';

const assign = (value: unknown) => ({ '@@assign': value });
const append = (...values: string[]) => ({ '@@append': values });
const remove = (...values: string[]) => ({ '@@remove': values });
const none = { '@@operators_allowed_for_child_policies': ['@@none'] };
const tags = (policy: object) => ({ tags: policy });

const policyA = tags({ costcenter: { tag_key: assign('CostCenter'), tag_value: assign(['Development', 'Support']) } });
const enforced = ['redshift:*', 'dynamodb:table'];
const policyC = tags({
  costcenter: { tag_key: assign('CostCenter'), tag_value: append('Marketing'), enforced_for: append(...enforced) },
});
const policyE = tags({
  project: {
    tag_key: { ...none, ...assign('Project') },
    tag_value: { '@@operators_allowed_for_child_policies': ['@@append'], ...assign(['Maintenance', 'Escalations']) },
  },
});

const examples: readonly { readonly name: string; readonly levels: readonly (readonly object[])[]; readonly effective: object }[] = [
  {
    name: 'example 1: a child overwrites the values and adds enforcement',
    levels: [
      [policyA],
      [tags({ costcenter: { tag_key: assign('CostCenter'), tag_value: assign(['Sandbox']), enforced_for: assign(enforced) } })],
    ],
    effective: { costcenter: { tag_key: 'CostCenter', tag_value: ['Sandbox'], enforced_for: enforced } },
  },
  {
    name: 'example 2: a child adds values',
    levels: [[policyA], [policyC], []],
    effective: { costcenter: { tag_key: 'CostCenter', tag_value: ['Development', 'Support', 'Marketing'], enforced_for: enforced } },
  },
  {
    // AWS prints policy D with `enforced_for` inside `tag_value`; its result shows what is meant.
    name: 'example 3: an account removes values and enforcement',
    levels: [
      [policyA],
      [policyC],
      [
        tags({
          costcenter: { tag_key: assign('CostCenter'), tag_value: remove('Development', 'Marketing'), enforced_for: remove(...enforced) },
        }),
      ],
    ],
    effective: { costcenter: { tag_key: 'CostCenter', tag_value: ['Support'] } },
  },
  {
    // AWS prints the key as `project`; policy E assigns `Project`, which policy F cannot change.
    name: 'example 4: a parent leaves only some operators to children',
    levels: [[policyE], [tags({ project: { tag_key: assign('PROJECT'), tag_value: append('Escalations - research') } })]],
    effective: { project: { tag_key: 'Project', tag_value: ['Maintenance', 'Escalations', 'Escalations - research'] } },
  },
  {
    name: 'example 5: of controls at one level what all allow is left',
    levels: [
      [
        tags({ project: { tag_value: { '@@operators_allowed_for_child_policies': ['@@append'], ...assign(['Maintenance']) } } }),
        tags({ project: { tag_value: { '@@operators_allowed_for_child_policies': ['@@append', '@@remove'] } } }),
      ],
      [tags({ project: { tag_value: { ...append('New'), ...remove('Maintenance') } } })],
    ],
    effective: { project: { tag_value: ['Maintenance', 'New'] } },
  },
  {
    name: 'example 6: of policies at one level the one attached first wins',
    levels: [
      [
        tags({ project: { tag_key: assign('PROJECT'), tag_value: append('Maintenance') } }),
        tags({ project: { tag_key: assign('project') } }),
      ],
    ],
    effective: { project: { tag_key: 'PROJECT', tag_value: ['Maintenance'] } },
  },
  {
    name: 'a control of a parent cannot be taken back by a child',
    levels: [
      [policyE],
      [tags({ project: { tag_value: { '@@operators_allowed_for_child_policies': ['@@all'] } } })],
      [tags({ project: { tag_value: assign(['Mine']) } })],
    ],
    effective: { project: { tag_key: 'Project', tag_value: ['Maintenance', 'Escalations'] } },
  },
];

describe('the documented examples of inheritance', () => {
  test.each(examples)('$name', ({ levels, effective }) => {
    expect(mergePolicies('TAG_POLICY', levels)).toEqual({ tags: effective });
  });

  test('opt-out: a default that children cannot change, beside services that they can', () => {
    const parent = { services: { default: { ...none, opt_out_policy: { ...none, ...assign('optOut') } } } };
    const child = { services: { lex: { opt_out_policy: assign('optIn') }, default: { opt_out_policy: assign('optIn') } } };
    const both = { services: { default: { opt_out_policy: 'optOut' }, lex: { opt_out_policy: 'optIn' } } };
    expect(mergePolicies('AISERVICES_OPT_OUT_POLICY', [[parent], [child]])).toEqual(both);
    const closed = { services: { ...none, ...parent.services } };
    expect(mergePolicies('AISERVICES_OPT_OUT_POLICY', [[closed], [child]])).toEqual({
      services: { default: { opt_out_policy: 'optOut' } },
    });
  });

  test('backup: plans of parent and child stand side by side; a child overrides single settings; a parent closes its plan', () => {
    const rule = (vault: string) => ({ schedule_expression: assign('cron(0 0/1 ? * * *)'), target_backup_vault_name: assign(vault) });
    const plan = (regions: object, name: string, vault: string) => ({ regions, rules: { [name]: rule(vault) } });
    const parent = { plans: { PII_Backup_Plan: plan(append('us-east-1', 'eu-north-1'), 'Hourly', 'FortKnox') } };
    const child = { plans: { Monthly_Backup_Plan: plan(append('us-east-1', 'eu-central-1'), 'Monthly', 'Default') } };
    const rendered = (vault: string) => ({ schedule_expression: 'cron(0 0/1 ? * * *)', target_backup_vault_name: vault });
    expect(mergePolicies('BACKUP_POLICY', [[parent], [child]])).toEqual({
      plans: {
        PII_Backup_Plan: { regions: ['us-east-1', 'eu-north-1'], rules: { hourly: rendered('FortKnox') } },
        Monthly_Backup_Plan: { regions: ['us-east-1', 'eu-central-1'], rules: { monthly: rendered('Default') } },
      },
    });
    const override = {
      plans: { PII_Backup_Plan: { regions: assign(['us-west-2']), rules: { Hourly: { target_backup_vault_name: assign('Default') } } } },
    };
    const overridden = { plans: { PII_Backup_Plan: { regions: ['us-west-2'], rules: { hourly: rendered('Default') } } } };
    expect(mergePolicies('BACKUP_POLICY', [[parent], [override]])).toEqual(overridden);
    const closed = locked(parent);
    const unchanged: Effective = {
      plans: { PII_Backup_Plan: { regions: ['us-east-1', 'eu-north-1'], rules: { hourly: rendered('FortKnox') } } },
    };
    expect(mergePolicies('BACKUP_POLICY', [[closed], [child, override]])).toEqual(unchanged);
  });
});

test('a policy that is closed at every node is what it was, whatever its children say', () => {
  const leaf = fc.record(
    { '@@assign': fc.constantFrom('a', 'b'), '@@append': fc.constant(['c']), '@@remove': fc.constant(['a']) },
    { requiredKeys: [] },
  );
  const name = fc.constantFrom('tag_key', 'tag_value', 'other', '__proto__', 'constructor');
  const policy = fc.dictionary(fc.constantFrom('one', 'One', 'two'), fc.dictionary(name, leaf)).map(tags);
  fc.assert(
    fc.property(policy, fc.array(fc.array(policy, { maxLength: 3 }), { maxLength: 3 }), (parent, below) => {
      const closed = locked(parent);
      expect(mergePolicies('TAG_POLICY', [[closed], ...below])).toEqual(mergePolicies('TAG_POLICY', [[closed]]));
      expect(mergePolicies('TAG_POLICY', [[closed]])).toEqual(mergePolicies('TAG_POLICY', [[parent]]));
    }),
  );
});

/** The policy with all that its children could do taken away at every node. */
function locked(policy: object): object {
  const members = Object.entries(policy).map(([name, value]) => [name, name.startsWith('@@') ? value : locked(value)]);
  return { ...none, ...Object.fromEntries(members) };
}

describe('through the API', () => {
  let castellan: InProcess;
  let organizations: Organizations;
  let rootId = '';
  let account = '';
  let member: ClientCredentials;
  beforeAll(async () => {
    castellan = await startInProcess('effective');
    organizations = castellan.organizations();
    await organizations.createOrganization({});
    rootId = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
    const created = await organizations.createAccount({ AccountName: 'tagger', Email: 'tagger@example.org' });
    account = created.CreateAccountStatus?.AccountId ?? '';
    member = await castellan.addAccount(account);
  });
  afterAll(async () => {
    await castellan.stop();
  });

  const newPolicy = async (Name: string, Type: 'TAG_POLICY' | 'BACKUP_POLICY', content: object) => {
    const { Policy } = await organizations.createPolicy({ Name, Type, Description: '', Content: JSON.stringify(content) });
    return Policy?.PolicySummary?.Id ?? '';
  };

  test('is found once the type is enabled and something reaches the account; members see their own', async () => {
    const describe = (TargetId?: string) => organizations.describeEffectivePolicy({ PolicyType: 'TAG_POLICY', TargetId });
    await expect(describe(account)).rejects.toMatchObject({ name: 'EffectivePolicyNotFoundException' });
    await organizations.enablePolicyType({ RootId: rootId, PolicyType: 'TAG_POLICY' });
    await expect(describe(account)).rejects.toMatchObject({ name: 'EffectivePolicyNotFoundException' });
    const rules = {
      costcenter: { tag_key: assign('CostCenter'), tag_value: assign(['100', '2*']), enforced_for: assign(['iam:policy', 'iam:user']) },
    };
    await organizations.attachPolicy({ PolicyId: await newPolicy('tags', 'TAG_POLICY', tags(rules)), TargetId: rootId });
    const { EffectivePolicy } = await describe(account);
    expect(EffectivePolicy).toMatchObject({ TargetId: account, PolicyType: 'TAG_POLICY', LastUpdatedTimestamp: expect.any(Date) });
    expect(JSON.parse(EffectivePolicy?.PolicyContent ?? '')).toEqual({
      tags: { costcenter: { tag_key: 'CostCenter', tag_value: ['100', '2*'], enforced_for: ['iam:policy', 'iam:user'] } },
    });
    const inside = castellan.organizations(member);
    const own = await inside.describeEffectivePolicy({ PolicyType: 'TAG_POLICY' });
    expect(own.EffectivePolicy?.TargetId).toBe(account);
    await expect(inside.describeEffectivePolicy({ PolicyType: 'TAG_POLICY', TargetId: castellan.account })).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    await expect(describe(rootId)).rejects.toMatchObject({ name: 'InvalidInputException', Reason: 'TARGET_NOT_SUPPORTED' });
    await expect(describe('123456789012')).rejects.toMatchObject({ name: 'TargetNotFoundException' });
  });

  test('a tag policy is enforced where it says so: value and capitalisation', async () => {
    const iam = castellan.iam(member);
    const create = (name: string, Key: string, Value: string) => iam.createUser({ UserName: name, Tags: [{ Key, Value }] });
    await expect(create('one', 'CostCenter', '300')).rejects.toMatchObject({
      name: 'TagPolicyViolation',
      message: "The tag policy does not allow the specified value for the following tag key: 'CostCenter'.",
    });
    await expect(create('one', 'costcenter', '100')).rejects.toMatchObject({ name: 'TagPolicyViolation' });
    await create('one', 'CostCenter', '100');
    await create('two', 'CostCenter', '2-and-more');
    await create('three', 'Other', 'anything');
    await iam.createUser({ UserName: 'four' });
    await expect(iam.tagUser({ UserName: 'four', Tags: [{ Key: 'CostCenter', Value: '9' }] })).rejects.toMatchObject({
      name: 'TagPolicyViolation',
    });
    await iam.untagUser({ UserName: 'one', TagKeys: ['costcenter'] });
    // Roles are not named by `enforced_for`.
    const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }] };
    await iam.createRole({ RoleName: 'r', AssumeRolePolicyDocument: JSON.stringify(trust), Tags: [{ Key: 'CostCenter', Value: '9' }] });
    // The management account is under it too.
    await expect(castellan.iam().createUser({ UserName: 'm', Tags: [{ Key: 'CostCenter', Value: '9' }] })).rejects.toMatchObject({
      name: 'TagPolicyViolation',
    });
  });

  test('what is wrong with an effective policy is listed with its place', async () => {
    await organizations.enablePolicyType({ RootId: rootId, PolicyType: 'BACKUP_POLICY' });
    const PolicyId = await newPolicy('half', 'BACKUP_POLICY', {
      plans: { nightly: { regions: append('us-east-1'), rules: { daily: { schedule_expression: assign('cron(0 5 ? * * *)') } } } },
    });
    await organizations.attachPolicy({ PolicyId, TargetId: account });
    const { Accounts } = await organizations.listAccountsWithInvalidEffectivePolicy({ PolicyType: 'BACKUP_POLICY' });
    expect(Accounts?.map(({ Id }) => Id)).toEqual([account]);
    const answer = await organizations.listEffectivePolicyValidationErrors({ AccountId: account, PolicyType: 'BACKUP_POLICY' });
    expect(answer).toMatchObject({ AccountId: account, PolicyType: 'BACKUP_POLICY', Path: expect.stringMatching(/^o-.*\/$/) });
    expect(answer.EffectivePolicyValidationErrors?.map(({ PathToError }) => PathToError)).toEqual([
      'plans/nightly/selections',
      'plans/nightly/rules/daily/target_backup_vault_name',
    ]);
    expect(answer.EffectivePolicyValidationErrors?.[0]?.ContributingPolicies).toEqual([PolicyId]);
  });
});
