// A landing zone from the file that comes with the product, through the whole pipeline: what plan says, and what apply does. Drift, interruption
// and destruction are in test/wire/landing-zone-changes.test.ts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apply, changed, clientCredentials, defaultText, plan, type Site, startSite, writes } from '../../test/landing-zone-site.ts';
import { planJson, renderPlan } from './render.ts';
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
