// A landing zone from the file that comes with the product, through the whole pipeline: plan, apply, drift, interruption, destroy.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  apply,
  changed,
  clientCredentials,
  defaultText,
  nothing,
  open,
  plan,
  type Site,
  startSite,
  writes,
} from '../../test/landing-zone-site.ts';
import type { Send } from './api.ts';
import { performPlan, planZone } from './plan.ts';
import { planJson, renderPlan, summaryOf } from './render.ts';
import type { World } from './world.ts';

const paint = { good: String, bad: String, faint: String, strong: String };

describe('the default landing zone', () => {
  let site: Site;
  let world: World;
  beforeAll(async () => {
    site = await startSite('landing-zone');
    world = await apply(site);
  });
  afterAll(() => site.castellan.stop());

  const accountOf = (name: string) => world.accounts.get(name) ?? '';
  test('applied twice it changes nothing the second time: not one request writes', async () => {
    const before = await writes(site);
    expect(changed(await plan(site))).toEqual({});
    await apply(site);
    expect(await writes(site)).toBe(before);
  });

  test('the plan is a tree, and JSON for programs', async () => {
    const now = await plan(site);
    const text = renderPlan(now, paint);
    expect(text).toContain(`=   account logging (${accountOf('logging')})`);
    expect(text).toMatch(/0 to create, 0 to change, 0 to remove, \d+ as they should be$/);
    const json = planJson(now);
    expect(json.summary).toMatchObject({ create: 0, change: 0, remove: 0, blocked: 0 });
    expect(json.changes.find(({ address }) => address === 'account/logging')).toMatchObject({ action: 'same', id: accountOf('logging') });
  });
});

describe('drift', () => {
  let site: Site;
  let world: World;
  beforeAll(async () => {
    site = await startSite('landing-zone-drift');
    world = await apply(site);
  });
  afterAll(() => site.castellan.stop());

  test('what was changed by hand is shown, with before and after, and repaired', async () => {
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

  test('what the file says anew is a change with its difference, and what it says no more is removed', async () => {
    const text = defaultText
      .replace('regions: [us-east-1, eu-west-1]', 'regions: [us-east-1, eu-central-1]')
      .replace('users:\n    alice: { groups: [administrators] }', 'users:\n    bob: { groups: [operators] }')
      .replace(/ {2}publisher:\n[\s\S]*?\n\nidentity/, 'identity')
      .replace('    publishers: { assumes: [publisher] }\n', '');
    const next = await plan(site, text);
    expect(changed(next)).toEqual({
      'user/identity/bob': 'create',
      'user/identity/alice': 'remove',
      'role/publishing/publisher': 'remove',
      'group/identity/administrators': 'change members',
      'group/identity/operators': 'change members',
      'group/identity/publishers': 'remove',
      'guardrail/regions': 'change content',
    });
    expect(renderPlan(next, paint)).toContain('"eu-central-1"');
    await apply(site, text);
    expect(changed(await plan(site, text))).toEqual({});
  });

  test('what the zone did not make is not touched', async () => {
    const organizations = site.castellan.organizations();
    await organizations.createOrganizationalUnit({ ParentId: world.rootId, Name: 'Elsewhere' });
    await organizations.createPolicy({
      Name: 'castellan-mine',
      Description: '',
      Type: 'SERVICE_CONTROL_POLICY',
      Content: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}]}',
    });
    const iam = site.castellan.iam(clientCredentials(await world.sessions.get(world.accounts.get('production') ?? '')));
    await iam.createRole({
      RoleName: 'visitor',
      AssumeRolePolicyDocument:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    });
    const text = defaultText
      .replace('units:\n', 'units:\n  - Elsewhere\n')
      .replace('guardrails:\n', 'guardrails:\n  mine: { kind: no-leaving, units: [/] }\n')
      .replace('roles:\n', 'roles:\n  visitor: { accounts: [production] }\n');
    const { changes } = await plan(site, text);
    const blocked = changes.filter(({ action }) => action === 'blocked');
    expect(blocked.map(({ address }) => address).toSorted()).toEqual(['guardrail/mine', 'role/production/visitor', 'unit/Elsewhere']);
    for (const { note } of blocked) expect(note).toContain('did not make');
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
