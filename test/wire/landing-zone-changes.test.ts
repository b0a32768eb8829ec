// A landing zone through the whole pipeline when things go wrong: changed by hand, each kind of change by itself and all together, cut off in the
// middle, and taken back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IAM } from '@aws-sdk/client-iam';
import type { KMS } from '@aws-sdk/client-kms';
import type { Organizations } from '@aws-sdk/client-organizations';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Send } from '../../src/landing-zone/api.ts';
import { performPlan, planZone } from '../../src/landing-zone/plan.ts';
import { renderPlan, summaryOf } from '../../src/landing-zone/render.ts';
import type { World } from '../../src/landing-zone/world.ts';
import { quotas } from '../../src/services/organizations/quotas.ts';
import { closures } from '../../src/services/organizations/records.ts';
import { apply, changed, clientCredentials, defaultText, nothing, open, plan, type Site, startSite, writes } from '../landing-zone-site.ts';
import { projectRoot } from '../server-process.ts';

const paint = { good: String, bad: String, faint: String, strong: String };

describe('drift', () => {
  let site: Site;
  let world: World;
  beforeAll(async () => {
    site = await startSite('landing-zone-drift');
    world = await apply(site);
  });
  afterAll(() => site.castellan.stop());

  test('all that was changed by hand at once is shown, with before and after, and repaired', async () => {
    const { castellan } = site;
    const organizations = castellan.organizations();
    const policies = (await organizations.listPolicies({ Filter: 'SERVICE_CONTROL_POLICY' })).Policies ?? [];
    const policy = (name: string) => policies.find(({ Name }) => Name === `castellan-${name}`)?.Id ?? '';
    await organizations.detachPolicy({ PolicyId: policy('trails'), TargetId: world.rootId });
    const Content = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:DeleteUser","Resource":"*"}]}';
    await organizations.updatePolicy({ PolicyId: policy('stay'), Content });
    await organizations.detachPolicy({ PolicyId: policy('root'), TargetId: world.rootId });
    await organizations.deletePolicy({ PolicyId: policy('root') });
    await organizations.updateOrganizationalUnit({ OrganizationalUnitId: world.units.get('Security') ?? '', Name: 'Renamed' });
    const production = world.accounts.get('production') ?? '';
    await organizations.moveAccount({
      AccountId: production,
      SourceParentId: world.units.get('Workloads/Production') ?? '',
      DestinationParentId: world.rootId,
    });
    const session = await world.sessions.get(production);
    const iam = castellan.iam(session && clientCredentials(session));
    await iam.detachRolePolicy({ RoleName: 'reader', PolicyArn: 'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess' });
    await iam.putRolePolicy({
      RoleName: 'auditor',
      PolicyName: 'more',
      PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}',
    });
    const identity = castellan.iam(clientCredentials(await world.sessions.get(world.accounts.get('identity') ?? '')));
    await identity.createUser({ UserName: 'mallory' });
    await identity.addUserToGroup({ GroupName: 'administrators', UserName: 'mallory' });
    await identity.deleteGroupPolicy({ GroupName: 'auditors', PolicyName: 'castellan' });
    const publishing = castellan.kms(clientCredentials(await world.sessions.get(world.accounts.get('publishing') ?? '')));
    const { KeyMetadata } = await publishing.describeKey({ KeyId: 'alias/artefacts' });
    await publishing.disableKey({ KeyId: KeyMetadata?.KeyId });
    await publishing.deleteAlias({ AliasName: 'alias/artefacts' });

    const drifted = await plan(site);
    expect(changed(drifted)).toEqual({
      'unit/Security': 'change name',
      'account/production': 'change unit',
      'role/production/reader': 'change policies',
      'role/production/auditor': 'change others',
      'group/identity/administrators': 'change members',
      'group/identity/auditors': 'change permissions',
      'key/publishing/us-east-1/artefacts': 'change alias state',
      'guardrail/root': 'create',
      'guardrail/stay': 'change content',
      'guardrail/trails': 'change targets',
    });
    const text = renderPlan(drifted, paint);
    expect(text).toContain('name: Renamed -> Security');
    expect(text).toContain('unit: / -> Workloads/Production');
    expect(text).toMatch(/members:\n\s+- mallory/);
    await apply(site);
    expect(changed(await plan(site))).toEqual({});
    const { Users } = await identity.getGroup({ GroupName: 'administrators' });
    expect(Users?.map(({ UserName }) => UserName)).toEqual(['alice']);
  });
});

/** Something done by hand, and what the plan then says of it, no more and no less. */
type Hand = readonly [what: string, expected: Readonly<Record<string, string>>, act: (site: Hands) => Promise<unknown>];

interface Hands {
  readonly organizations: Organizations;
  readonly world: World;
  iam(account: string): Promise<IAM>;
  kms(account: string): Promise<KMS>;
  /** The id of a guardrail's policy. */
  policy(name: string): Promise<string>;
}

const denied = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:DeleteUser","Resource":"*"}]}';
const trustOf = (service: string) =>
  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"${service}"},"Action":"sts:AssumeRole"}]}`;

async function artefactsKey({ kms }: Hands): Promise<string> {
  return (await (await kms('publishing')).describeKey({ KeyId: 'alias/artefacts' })).KeyMetadata?.KeyId ?? '';
}

const hands: readonly Hand[] = [
  [
    'a service control policy that was rewritten',
    { 'guardrail/stay': 'change content' },
    async ({ organizations, policy }) => organizations.updatePolicy({ PolicyId: await policy('stay'), Content: denied }),
  ],
  [
    'a service control policy that was detached',
    { 'guardrail/trails': 'change targets' },
    async ({ organizations, policy, world }) => organizations.detachPolicy({ PolicyId: await policy('trails'), TargetId: world.rootId }),
  ],
  [
    'a service control policy that was attached elsewhere too',
    { 'guardrail/stay': 'change targets' },
    async ({ organizations, policy, world }) =>
      organizations.attachPolicy({ PolicyId: await policy('stay'), TargetId: world.units.get('Security') }),
  ],
  [
    'a service control policy that was deleted',
    { 'guardrail/root': 'create' },
    async ({ organizations, policy, world }) => {
      const PolicyId = await policy('root');
      await organizations.detachPolicy({ PolicyId, TargetId: world.rootId });
      await organizations.deletePolicy({ PolicyId });
    },
  ],
  [
    'a resource control policy that was detached',
    { 'guardrail/perimeter': 'change targets' },
    async ({ organizations, policy, world }) => organizations.detachPolicy({ PolicyId: await policy('perimeter'), TargetId: world.rootId }),
  ],
  [
    'a kind of policy that was disabled, with all that was attached of it',
    { 'policy-type/RESOURCE_CONTROL_POLICY': 'create', 'guardrail/perimeter': 'change targets' },
    ({ organizations, world }) => organizations.disablePolicyType({ RootId: world.rootId, PolicyType: 'RESOURCE_CONTROL_POLICY' }),
  ],
  [
    'an account that was moved',
    { 'account/production': 'change unit' },
    ({ organizations, world }) =>
      organizations.moveAccount({
        AccountId: world.accounts.get('production'),
        SourceParentId: world.units.get('Workloads/Production'),
        DestinationParentId: world.units.get('Security'),
      }),
  ],
  [
    'a unit that was renamed',
    { 'unit/Security': 'change name' },
    ({ organizations, world }) =>
      organizations.updateOrganizationalUnit({ OrganizationalUnitId: world.units.get('Security'), Name: 'Other' }),
  ],
  [
    'a unit that was deleted, and its account before it moved out',
    { 'unit/Workloads/Development': 'create', 'account/development': 'change unit' },
    async ({ organizations, world }) => {
      const unit = world.units.get('Workloads/Development');
      const [AccountId, DestinationParentId] = [world.accounts.get('development'), world.rootId];
      await organizations.moveAccount({ AccountId, SourceParentId: unit, DestinationParentId });
      await organizations.deleteOrganizationalUnit({ OrganizationalUnitId: unit });
    },
  ],
  [
    'a delegated administrator that was taken away',
    { 'administrator/cloudtrail.amazonaws.com/logging': 'create' },
    ({ organizations, world }) =>
      organizations.deregisterDelegatedAdministrator({
        AccountId: world.accounts.get('logging'),
        ServicePrincipal: 'cloudtrail.amazonaws.com',
      }),
  ],
  [
    'a role that was deleted',
    { 'role/production/reader': 'create' },
    async ({ iam }) => {
      const production = await iam('production');
      await production.detachRolePolicy({ RoleName: 'reader', PolicyArn: 'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess' });
      await production.deleteRole({ RoleName: 'reader' });
    },
  ],
  [
    'a role that trusts somebody else',
    { 'role/development/auditor': 'change trust' },
    async ({ iam }) =>
      (await iam('development')).updateAssumeRolePolicy({ RoleName: 'auditor', PolicyDocument: trustOf('ec2.amazonaws.com') }),
  ],
  [
    'a role whose sessions are longer',
    { 'role/development/auditor': 'change sessionSeconds' },
    async ({ iam }) => (await iam('development')).updateRole({ RoleName: 'auditor', MaxSessionDuration: 43_200 }),
  ],
  [
    'a managed policy that a role got besides',
    { 'role/logging/auditor': 'change policies' },
    async ({ iam }) =>
      (await iam('logging')).attachRolePolicy({ RoleName: 'auditor', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
  ],
  [
    'an inline policy that a role got besides',
    { 'role/production/auditor': 'change others' },
    async ({ iam }) => (await iam('production')).putRolePolicy({ RoleName: 'auditor', PolicyName: 'more', PolicyDocument: denied }),
  ],
  [
    'a member that was taken out of a group',
    { 'group/identity/administrators': 'change members' },
    async ({ iam }) => (await iam('identity')).removeUserFromGroup({ GroupName: 'administrators', UserName: 'alice' }),
  ],
  [
    'a user that was deleted',
    { 'user/identity/alice': 'create', 'group/identity/administrators': 'change members' },
    async ({ iam }) => {
      const identity = await iam('identity');
      await identity.removeUserFromGroup({ GroupName: 'administrators', UserName: 'alice' });
      await identity.deleteUser({ UserName: 'alice' });
    },
  ],
  [
    'a group that was deleted',
    { 'group/identity/auditors': 'create' },
    async ({ iam }) => {
      const identity = await iam('identity');
      await identity.deleteGroupPolicy({ GroupName: 'auditors', PolicyName: 'castellan' });
      await identity.deleteGroup({ GroupName: 'auditors' });
    },
  ],
  [
    'a key that was disabled',
    { 'guardrail/trails': 'change targets', 'key/publishing/us-east-1/artefacts': 'change state' },
    async (site) => {
      const KeyId = await artefactsKey(site);
      const kms = await site.kms('publishing');
      await expect(kms.disableKey({ KeyId })).rejects.toThrow('with an explicit deny in a service control policy');
      await site.organizations.detachPolicy({ PolicyId: await site.policy('trails'), TargetId: site.world.rootId });
      await kms.disableKey({ KeyId });
    },
  ],
  [
    'a key that is not rotated any more',
    { 'key/publishing/us-east-1/artefacts': 'change rotation' },
    async (site) => (await site.kms('publishing')).disableKeyRotation({ KeyId: await artefactsKey(site) }),
  ],
  [
    'a key whose alias is gone',
    { 'key/publishing/us-east-1/artefacts': 'change alias' },
    async ({ kms }) => (await kms('publishing')).deleteAlias({ AliasName: 'alias/artefacts' }),
  ],
  [
    'a key whose policy is open to more',
    { 'key/publishing/us-east-1/artefacts': 'change policy' },
    async (site) => {
      const kms = await site.kms('publishing');
      const KeyId = await artefactsKey(site);
      const { Policy = '' } = await kms.getKeyPolicy({ KeyId });
      await kms.putKeyPolicy({ KeyId, Policy: Policy.replace('"kms:Decrypt"', '"kms:Decrypt","kms:CreateGrant"') });
    },
  ],
];

describe('a change by hand', () => {
  let site: Site;
  let world: World;
  beforeAll(async () => {
    site = await startSite('landing-zone-hands');
  });
  afterAll(() => site.castellan.stop());

  test.each(hands)('%s is shown, and nothing else, and is repaired', async (_what, expected, act) => {
    world = await apply(site);
    const { castellan } = site;
    const organizations = castellan.organizations();
    const sessionIn = async (account: string) => {
      const id = world.accounts.get(account) ?? '';
      return clientCredentials(await world.sessions.get(id));
    };
    await act({
      organizations,
      world,
      iam: async (account) => castellan.iam(await sessionIn(account)),
      kms: async (account) => castellan.kms(await sessionIn(account)),
      async policy(name) {
        const lists = (['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY'] as const).map((Filter) =>
          organizations.listPolicies({ Filter }),
        );
        const all = (await Promise.all(lists)).flatMap(({ Policies = [] }) => Policies);
        return all.find(({ Name }) => Name === `castellan-${name}`)?.Id ?? '';
      },
    });
    expect(changed(await plan(site))).toEqual(expected);
    await apply(site);
    expect(changed(await plan(site))).toEqual({});
  });
});

test('an apply that is cut off again and again, with its answer lost, ends in the same landing zone, and nothing is there twice', async () => {
  const site = await startSite('landing-zone-cut');
  let left = 0;
  const cut: Send = async (request) => {
    const answer = await site.castellan.send({ ...request, sourceIp: '10.0.0.1' }, clientCredentials(request.credentials));
    const operation = `${request.headers['x-amz-target'] ?? ''}${/Action=(\w+)/.exec(request.body)?.[1] ?? ''}`.split('.').at(-1) ?? '';
    if (!/^(?:Get|List|Describe|AssumeRole)/.test(operation)) left -= 1;
    if (left < 0) throw new Error('killed');
    return answer;
  };
  let runs = 0;
  for (let isDone = false; !isDone && runs < 100; runs += 1) {
    left = 7 + (runs % 3);
    isDone = await apply(site, defaultText, cut).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && error.message === 'killed') return false;
        throw error;
      },
    );
  }
  expect(runs).toBeGreaterThan(8);
  expect(runs).toBeLessThan(100);
  expect(changed(await plan(site))).toEqual({});
  const names = ((await site.castellan.organizations().listAccounts({})).Accounts ?? []).map(({ Name }) => Name).toSorted();
  expect(names.slice(0, 6)).toHaveLength(6);
  expect(new Set(names).size).toBe(names.length);
  await site.castellan.stop();
});

test('destroy takes back in the reverse order, leaves what the zone did not make, and says what stays', async () => {
  const site = await startSite('landing-zone-destroy');
  const { castellan } = site;
  const world = await apply(site);
  const organizations = castellan.organizations();
  await organizations.createAccount({ AccountName: 'foreign', Email: 'foreign@example.org' });
  const before = await writes(site);
  const again = await open(site);
  const goal = await planZone(again, { goal: 'destroy' });
  expect(summaryOf(goal)).toMatchObject({ create: 0, change: 0, blocked: 0 });
  expect(goal.changes.find(({ kind }) => kind === 'account')?.note).toContain('90 days');
  expect(await writes(site)).toBe(before);
  await performPlan(again, goal, nothing);
  const accounts = (await organizations.listAccounts({})).Accounts ?? [];
  const state = (name: string) => accounts.find(({ Name }) => Name === name)?.State;
  expect([state('foreign'), state('logging'), state('identity')]).toEqual(['ACTIVE', 'PENDING_CLOSURE', 'PENDING_CLOSURE']);
  expect((await organizations.listOrganizationalUnitsForParent({ ParentId: world.rootId })).OrganizationalUnits).toEqual([]);
  const policies = (await organizations.listPolicies({ Filter: 'SERVICE_CONTROL_POLICY' })).Policies ?? [];
  expect(policies.map(({ Name }) => Name)).toEqual(['FullAWSAccess']);
  expect((await castellan.iam().listUsers({})).Users).toEqual([]);
  expect(site.builderKey.read()).toBeUndefined();
  expect(summaryOf(await planZone(await open(site), { goal: 'destroy' })).remove).toBe(0);
  // The addresses of closed accounts are taken, and that is said before anything is done.
  const blocked = (await plan(site)).changes.filter(({ action }) => action === 'blocked');
  expect(blocked.map(({ address }) => address)).toContain('account/logging');
  await castellan.stop();
});

test.each(['by-environment', 'by-business-unit'])('the example %s is built, and then nothing is left to do', async (name) => {
  const site = await startSite(`landing-zone-${name}`);
  const text = readFileSync(join(projectRoot, `examples/landing-zone/${name}.yaml`), 'utf8');
  await apply(site, text);
  expect(summaryOf(await plan(site, text))).toMatchObject({ create: 0, change: 0, remove: 0, blocked: 0 });
  await site.castellan.stop();
});

test('destroy leaves the accounts that AWS does not let close this month, says so, and closes them when it is called again', async () => {
  const site = await startSite('landing-zone-quota');
  const names = ['workload-1', 'workload-2', 'workload-3'];
  const accounts = names.map((name) => `  ${name}: { unit: Workloads }`).join('\n');
  const text = `emails: aws+{account}@example.org\nregions: [us-east-1]\nunits: [Workloads]\naccounts:\n${accounts}\n`;
  const { organizationId } = await apply(site, text);
  const organizations = site.castellan.organizations();
  // As if many accounts had been closed this month, so that one more is all.
  await site.castellan.store.transact(async (transaction) => {
    const atMs = site.castellan.clock.now();
    for (let made = 1; made < quotas.closedAccountsPer30Days.floor; made += 1)
      closures.put(transaction, { organizationId, account: String(made), atMs: atMs - made });
  });
  const active = async () =>
    ((await organizations.listAccounts({})).Accounts ?? []).filter(({ Name = '', State }) => names.includes(Name) && State === 'ACTIVE')
      .length;
  const destroy = async () => {
    const world = await open(site, text);
    return performPlan(world, await planZone(world, { goal: 'destroy' }), nothing);
  };
  const kept = await destroy();
  expect(kept.map(({ address }) => address.replace(/-\d+$/, ''))).toEqual(['account/workload', 'account/workload', 'builder']);
  expect(kept[0]?.reason).toBe('organizations:CloseAccount was refused: You have exceeded close account quota for the past 30 days.');
  expect(await active()).toBe(2);
  // The units do not wait for their accounts.
  const { Roots = [] } = await organizations.listRoots({});
  expect((await organizations.listOrganizationalUnitsForParent({ ParentId: Roots[0]?.Id })).OrganizationalUnits).toEqual([]);
  site.castellan.clock.advance(31 * 86_400_000);
  await site.castellan.work.settle();
  expect(await destroy()).toEqual([]);
  expect(await active()).toBe(0);
  expect(site.builderKey.read()).toBeUndefined();
  await site.castellan.stop();
});
