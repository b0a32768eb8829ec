// What-if is right in organisations that chance has drawn: for changes of every kind, made up from a seed, its answer is what the server then really
// answers to the same calls, and again when the change is taken back. WHAT_IF_SEEDS=4,5,6 draws other ones.
import { PutResourcePolicyCommand } from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Change, Slot } from '../../src/what-if/request.ts';
import { type Drawn, type DrawnOrganisation, drawOrganisation, expectDone } from '../what-if-organisation.ts';
import { documentOf, type Trial } from '../what-if-setting.ts';

const actions = [
  'iam:ListUsers',
  'iam:Get*',
  'iam:CreateUser',
  'iam:CreateServiceLinkedRole',
  'kms:Encrypt',
  'kms:*',
  'kms:Decrypt',
  'kms:TagResource',
  'sts:AssumeRole',
  'secretsmanager:GetSecretValue',
  'secretsmanager:*',
  'lambda:GetFunction',
  'resource-groups:*',
  'shield:*',
  'organizations:List*',
  '*',
];
const conditions: readonly object[] = [
  {},
  {},
  {},
  { StringEquals: { 'aws:PrincipalTag/team': 'red' } },
  { StringNotEqualsIfExists: { 'aws:PrincipalTag/team': ['red', 'blue'] } },
  { StringEquals: { 'aws:ResourceTag/team': 'green' } },
  { StringLike: { 'secretsmanager:ResourceTag/team': '*' } },
  { StringEquals: { 'aws:RequestTag/team': 'green' } },
  { Null: { 'kms:ViaService': 'false' } },
  { Bool: { 'aws:ViaAWSService': 'true' } },
  { StringNotEquals: { 'aws:PrincipalOrgID': '${aws:ResourceOrgID}' } },
  { StringNotEquals: { 'aws:ResourceAccount': '${aws:PrincipalAccount}' } },
  { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/*' } },
  { BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } },
  { Null: { 'aws:TokenIssueTime': 'false' } },
  { StringEquals: { 'kms:EncryptionContext:purpose': ['admin', 'session'] } },
  { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': 'o-*/r-*/ou-*' } },
  { DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } },
];

function statements(effects: readonly string[], more: object = {}, among = actions): fc.Arbitrary<string> {
  const one = fc.record({
    Effect: fc.constantFrom(...effects),
    Action: fc.uniqueArray(fc.constantFrom(...among), { minLength: 1, maxLength: 3 }),
    Condition: fc.constantFrom(...conditions),
  });
  return fc
    .array(one, { minLength: 1, maxLength: 3 })
    .map((list) => documentOf(list.map((each, at) => ({ Sid: `s${at}`, ...each, Resource: '*', ...more }))));
}

const either = ['Allow', 'Allow', 'Deny'];
const organisations: fc.Arbitrary<Drawn> = fc.integer({ min: 1, max: 4 }).chain((count) =>
  fc.record({
    units: fc.tuple(...Array.from({ length: count }, (_each, at) => fc.integer({ min: -1, max: at - 1 }))),
    places: fc.tuple(fc.integer({ min: -1, max: count - 1 }), fc.integer({ min: 0, max: count - 1 })),
  }),
);

const given = (text: string) => ({ text, name: 'given' });
const attached = (text: string, target: string, slot?: Slot): Change => ({ kind: 'attach', policy: given(text), target, slot });
const detached = (policy: string, target: string, slot?: Slot): Change => ({ kind: 'detach', policy, target, slot });
const changed = (policy: string, text: string, of?: string): Change => ({ kind: 'change', policy, text, of, slot: undefined });

/** Made and taken back by the same kind of step. */
function replaced(change: (text: string) => Change, former: string, next: string, apply: (text: string) => Promise<unknown>): Trial {
  return { change: change(next), apply: () => apply(next), undo: () => ({ change: change(former), apply: () => apply(former) }) };
}

let named = 0;
type GuardrailType = 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY' | 'TAG_POLICY';

function guardrail({ castellan }: DrawnOrganisation, Type: GuardrailType, text: string, TargetId: string): Trial {
  const organizations = castellan.organizations();
  let PolicyId = '';
  return {
    change: attached(text, TargetId),
    async apply() {
      named += 1;
      const { Policy } = await organizations.createPolicy({ Name: `p${named}`, Description: '', Type, Content: text });
      PolicyId = Policy?.PolicySummary?.Id ?? '';
      await organizations.attachPolicy({ PolicyId, TargetId });
    },
    undo: () => ({ change: detached(PolicyId, TargetId), apply: () => organizations.detachPolicy({ PolicyId, TargetId }) }),
  };
}

/** An attached policy gets another document. */
async function rewritten(
  { castellan }: DrawnOrganisation,
  Type: GuardrailType,
  [former, next]: readonly [string, string],
  TargetId: string,
) {
  const organizations = castellan.organizations();
  named += 1;
  const { Policy } = await organizations.createPolicy({ Name: `p${named}`, Description: '', Type, Content: former });
  const PolicyId = Policy?.PolicySummary?.Id ?? '';
  await organizations.attachPolicy({ PolicyId, TargetId });
  const trial = replaced(
    (text) => changed(PolicyId, text),
    former,
    next,
    (Content) => organizations.updatePolicy({ PolicyId, Content }),
  );
  return { trial, clear: () => organizations.detachPolicy({ PolicyId, TargetId }) };
}

/** FullAWSAccess makes room for another list. */
async function narrowed({ castellan }: DrawnOrganisation, Content: string, TargetId: string) {
  const organizations = castellan.organizations();
  named += 1;
  const { Policy } = await organizations.createPolicy({ Name: `p${named}`, Description: '', Type: 'SERVICE_CONTROL_POLICY', Content });
  const PolicyId = Policy?.PolicySummary?.Id ?? '';
  await organizations.attachPolicy({ PolicyId, TargetId });
  const whole = { PolicyId: 'p-FullAWSAccess', TargetId };
  const trial: Trial = {
    change: detached('p-FullAWSAccess', TargetId),
    apply: () => organizations.detachPolicy(whole),
    undo: () => ({
      change: { kind: 'attach', policy: { id: 'p-FullAWSAccess' }, target: TargetId, slot: undefined },
      apply: () => organizations.attachPolicy(whole),
    }),
  };
  return { trial, clear: () => organizations.detachPolicy({ PolicyId, TargetId }) };
}

type Kind = 'user' | 'role' | 'group';
const entities: readonly (readonly [Kind, string])[] = [
  ['user', 'limited'],
  ['role', 'worker'],
  ['group', 'team'],
];

function inline({ castellan, owner }: DrawnOrganisation, [kind, name]: readonly [Kind, string], PolicyDocument: string): Trial {
  const iam = castellan.iam(owner.root);
  const target = `arn:aws:iam::${owner.account}:${kind}/${name}`;
  const PolicyName = 'more';
  const put = {
    user: () => iam.putUserPolicy({ UserName: name, PolicyName, PolicyDocument }),
    role: () => iam.putRolePolicy({ RoleName: name, PolicyName, PolicyDocument }),
    group: () => iam.putGroupPolicy({ GroupName: name, PolicyName, PolicyDocument }),
  };
  const remove = {
    user: () => iam.deleteUserPolicy({ UserName: name, PolicyName }),
    role: () => iam.deleteRolePolicy({ RoleName: name, PolicyName }),
    group: () => iam.deleteGroupPolicy({ GroupName: name, PolicyName }),
  };
  return {
    change: attached(PolicyDocument, target),
    apply: put[kind],
    undo: () => ({ change: detached(PolicyName, target), apply: remove[kind] }),
  };
}

/** The role's own inline policy with another document. */
function inlineRewritten({ castellan, owner, things }: DrawnOrganisation, former: string, next: string): Trial {
  const put = (PolicyDocument: string) =>
    castellan.iam(owner.root).putRolePolicy({ RoleName: 'worker', PolicyName: 'work', PolicyDocument });
  return replaced((text) => changed('work', text, things.roleArn), former, next, put);
}

async function managed(
  { castellan, owner }: DrawnOrganisation,
  [kind, name]: readonly [Kind, string],
  PolicyDocument: string,
): Promise<Trial> {
  const iam = castellan.iam(owner.root);
  const target = `arn:aws:iam::${owner.account}:${kind}/${name}`;
  named += 1;
  const PolicyArn = (await iam.createPolicy({ PolicyName: `m${named}`, PolicyDocument })).Policy?.Arn ?? '';
  const attach = {
    user: () => iam.attachUserPolicy({ UserName: name, PolicyArn }),
    role: () => iam.attachRolePolicy({ RoleName: name, PolicyArn }),
    group: () => iam.attachGroupPolicy({ GroupName: name, PolicyArn }),
  };
  const detach = {
    user: () => iam.detachUserPolicy({ UserName: name, PolicyArn }),
    role: () => iam.detachRolePolicy({ RoleName: name, PolicyArn }),
    group: () => iam.detachGroupPolicy({ GroupName: name, PolicyArn }),
  };
  return {
    change: { kind: 'attach', policy: { id: PolicyArn }, target, slot: undefined },
    apply: attach[kind],
    undo: () => ({ change: detached(PolicyArn, target), apply: detach[kind] }),
  };
}

/** Of a group's policy, that is a session's policy too. */
function newVersion({ castellan, owner, managedArn: PolicyArn }: DrawnOrganisation, former: string, next: string): Trial {
  const iam = castellan.iam(owner.root);
  const put = async (PolicyDocument: string) => {
    const { Versions = [] } = await iam.listPolicyVersions({ PolicyArn });
    const old = Versions.filter(({ IsDefaultVersion }) => IsDefaultVersion !== true).at(-1)?.VersionId;
    if (old !== undefined) await iam.deletePolicyVersion({ PolicyArn, VersionId: old });
    await iam.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true });
  };
  return replaced((text) => changed(PolicyArn, text), former, next, put);
}

async function boundary({ castellan, owner }: DrawnOrganisation, kind: 'user' | 'role', PolicyDocument: string): Promise<Trial> {
  const iam = castellan.iam(owner.root);
  const name = kind === 'user' ? 'admin' : 'worker';
  const target = `arn:aws:iam::${owner.account}:${kind}/${name}`;
  named += 1;
  const PermissionsBoundary = (await iam.createPolicy({ PolicyName: `b${named}`, PolicyDocument })).Policy?.Arn ?? '';
  const isUser = kind === 'user';
  return {
    change: attached(PolicyDocument, target, 'boundary'),
    apply: () =>
      isUser
        ? iam.putUserPermissionsBoundary({ UserName: name, PermissionsBoundary })
        : iam.putRolePermissionsBoundary({ RoleName: name, PermissionsBoundary }),
    undo: () => ({
      change: detached('boundary', target, 'boundary'),
      apply: () => (isUser ? iam.deleteUserPermissionsBoundary({ UserName: name }) : iam.deleteRolePermissionsBoundary({ RoleName: name })),
    }),
  };
}

function principals({ owner, other, castellan }: DrawnOrganisation): fc.Arbitrary<unknown> {
  const user = (account: string, name: string) => `arn:aws:iam::${account}:user/${name}`;
  return fc.constantFrom<unknown>(
    '*',
    { AWS: owner.account },
    { AWS: [owner.account, other.account] },
    { AWS: user(owner.account, 'limited') },
    { AWS: [user(other.account, 'other'), castellan.account] },
    { AWS: `arn:aws:iam::${owner.account}:role/worker` },
  );
}

/** What denies never denies that the policy is taken back. */
function resourcePolicies(organisation: DrawnOrganisation, service: string, among: readonly string[]): fc.Arbitrary<string> {
  const one = fc.record({
    Effect: fc.constantFrom(...either),
    Principal: principals(organisation),
    Action: fc.constantFrom(...among),
    Resource: fc.constant('*'),
    Condition: fc.constantFrom(...conditions),
  });
  const all = fc.record({
    Effect: fc.constant('Allow'),
    Principal: principals(organisation),
    Action: fc.constant(`${service}:*`),
    Resource: fc.constant('*'),
    Condition: fc.constantFrom(...conditions),
  });
  return fc.array(fc.oneof(one, all), { minLength: 1, maxLength: 3 }).map((list) => documentOf(list));
}

function keyPolicy({ castellan, owner, things }: DrawnOrganisation, former: string, next: string): Trial {
  const put = (Policy: string) =>
    castellan.kms(owner.root).putKeyPolicy({ KeyId: things.keyArn, Policy, BypassPolicyLockoutSafetyCheck: true });
  return replaced((text) => changed(things.keyArn, text), former, next, put);
}

/** The secret has none before. */
function secretPolicy({ castellan, owner, things }: DrawnOrganisation, ResourcePolicy: string): Trial {
  const SecretId = things.secretArn;
  const secrets = castellan.secretsManager(owner.root);
  return {
    change: attached(ResourcePolicy, SecretId),
    apply: () => secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy })),
    undo: () => ({
      change: detached('policy', SecretId),
      apply: () => expectDone(castellan.call('secretsmanager', 'DeleteResourcePolicy', { SecretId }, owner.root)),
    }),
  };
}

function trust({ castellan, owner, things }: DrawnOrganisation, former: string, next: string): Trial {
  const put = (PolicyDocument: string) => castellan.iam(owner.root).updateAssumeRolePolicy({ RoleName: 'worker', PolicyDocument });
  return replaced((text) => changed(things.roleArn, text), former, next, put);
}

function permission({ castellan, owner, other, things }: DrawnOrganisation, kind: 'add' | 'remove' | 'replace'): Trial {
  const call = (operation: string, more: object) =>
    expectDone(castellan.call('lambda', operation, { FunctionName: things.functionArn, ...more }, owner.root));
  const add = (Sid: string, account: string) =>
    call('AddPermission', { StatementId: Sid, Action: 'lambda:GetFunction', Principal: account });
  const remove = (Sid: string) => call('RemovePermission', { StatementId: Sid });
  const text = (Sid: string, account: string) =>
    documentOf({ Sid, Effect: 'Allow', Principal: { AWS: account }, Action: 'lambda:GetFunction' });
  const first = { change: attached(text('first', other.account), things.functionArn), apply: () => add('first', other.account) };
  const { account: manager } = castellan;
  if (kind === 'remove') return { change: detached('first', things.functionArn), apply: () => remove('first'), undo: () => first };
  if (kind === 'add')
    return {
      change: attached(text('second', manager), things.functionArn),
      apply: () => add('second', manager),
      undo: () => ({ change: detached('second', things.functionArn), apply: () => remove('second') }),
    };
  return {
    change: changed(things.functionArn, text('second', manager)),
    apply: async () => [await remove('first'), await add('second', manager)],
    undo: () => ({
      change: changed(things.functionArn, text('first', other.account)),
      apply: async () => [await remove('second'), await add('first', other.account)],
    }),
  };
}

const seeds = (process.env['WHAT_IF_SEEDS'] ?? '1,2,3').split(',').map(Number);

describe.each(seeds)('in the organisation of seed %i the answer is what then really happens', { timeout: 300_000 }, (seed) => {
  let organisation: DrawnOrganisation;
  let drawn = 0;
  /** Another value of the seed's. */
  function draw<Value>(arbitrary: fc.Arbitrary<Value>): Value {
    drawn += 1;
    const [value] = fc.sample(arbitrary, { numRuns: 1, seed: seed * 1_000 + drawn });
    if (value === undefined) throw new Error('nothing was drawn');
    return value;
  }
  const node = () => draw(fc.constantFrom(...organisation.nodes.slice(0, -1)));
  beforeAll(async () => {
    organisation = await drawOrganisation(`what-if-${seed}`, draw(organisations));
    // What a call changes the first time is changed before anything is compared.
    await organisation.makeCalls();
  });
  afterAll(() => organisation.castellan.stop());

  test('when a service control policy is attached, rewritten, or takes the place of FullAWSAccess', async () => {
    const denyAll = documentOf([{ Effect: 'Deny', Action: '*', Resource: '*' }]);
    let differences = await organisation.holds(guardrail(organisation, 'SERVICE_CONTROL_POLICY', draw(statements(['Deny'])), node()));
    // The management account is bound by nothing.
    const free = guardrail(organisation, 'SERVICE_CONTROL_POLICY', draw(statements(['Deny'])), organisation.castellan.account);
    expect(await organisation.holds(free)).toBe(0);
    const texts = [draw(statements(['Deny'])), draw(statements(['Deny']))] as const;
    const { trial, clear } = await rewritten(organisation, 'SERVICE_CONTROL_POLICY', texts, node());
    await organisation.holds(trial);
    await clear();
    const narrow = await narrowed(organisation, draw(statements(['Allow', 'Allow', 'Deny'])), node());
    await organisation.holds(narrow.trial);
    await narrow.clear();
    differences += await organisation.holds(guardrail(organisation, 'SERVICE_CONTROL_POLICY', denyAll, organisation.owner.account));
    expect(differences).toBeGreaterThan(20);
  });

  test('when a resource control policy is attached or rewritten', async () => {
    const ofServices = statements(['Deny'], { Principal: '*' }, ['kms:*', 'kms:Encrypt', 'sts:AssumeRole', 'secretsmanager:*']);
    await organisation.holds(guardrail(organisation, 'RESOURCE_CONTROL_POLICY', draw(ofServices), node()));
    await organisation.holds(guardrail(organisation, 'RESOURCE_CONTROL_POLICY', draw(ofServices), organisation.owner.account));
    const texts = [draw(ofServices), draw(ofServices)] as const;
    const { trial, clear } = await rewritten(organisation, 'RESOURCE_CONTROL_POLICY', texts, node());
    await organisation.holds(trial);
    await clear();
  });

  test('when a tag policy is attached', async () => {
    const tags = (rule: object) => JSON.stringify({ tags: { team: { tag_key: { '@@assign': 'team' }, ...rule } } });
    const values = { tag_value: { '@@assign': ['red', 'blue'] } };
    const texts = [
      tags({ ...values, enforced_for: { '@@assign': ['kms:*', 'iam:*'] } }),
      tags({ ...values, enforced_for: { '@@assign': ['secretsmanager:*'] } }),
      tags(values),
    ];
    const found: number[] = [];
    for (const text of texts)
      found.push(await organisation.holds(guardrail(organisation, 'TAG_POLICY', text, organisation.nodes[0] ?? '')));
    expect(found.map((count) => count > 0)).toEqual([true, true, false]);
  });

  test('when an identity policy is attached, inline or managed, rewritten or gets a new default version', async () => {
    for (const entity of entities) {
      await organisation.holds(inline(organisation, entity, draw(statements(either))));
      await organisation.holds(await managed(organisation, entity, draw(statements(either))));
    }
    const { Document } = await versionOf(organisation);
    await organisation.holds(newVersion(organisation, Document, draw(statements(['Allow', 'Deny']))));
    const work = documentOf([{ Effect: 'Allow', Action: ['iam:Get*', 'kms:*'], Resource: '*' }]);
    await organisation.holds(inlineRewritten(organisation, work, draw(statements(either))));
    for (const kind of ['user', 'role'] as const) await organisation.holds(await boundary(organisation, kind, draw(statements(either))));
  });

  test('when the policy of a key, a secret, a role or a function is another one', async () => {
    const kms = organisation.castellan.kms(organisation.owner.root);
    const { Policy = '' } = await kms.getKeyPolicy({ KeyId: organisation.things.keyArn });
    const keyPolicies = resourcePolicies(organisation, 'kms', ['kms:Encrypt', 'kms:Decrypt', 'kms:DescribeKey', 'kms:TagResource']);
    const keep = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${organisation.owner.account}:root` },
      Action: 'kms:PutKeyPolicy',
      Resource: '*',
    };
    const withRoot = keyPolicies.map((text) => documentOf([...(JSON.parse(text).Statement as object[]), keep]));
    for (let round = 0; round < 2; round += 1) {
      await organisation.holds(keyPolicy(organisation, Policy, draw(withRoot)));
      await organisation.holds(
        secretPolicy(
          organisation,
          draw(resourcePolicies(organisation, 'secretsmanager', ['secretsmanager:GetSecretValue', 'secretsmanager:TagResource'])),
        ),
      );
    }
    const former = (await organisation.castellan.iam(organisation.owner.root).getRole({ RoleName: 'worker' })).Role
      ?.AssumeRolePolicyDocument;
    const trustPolicies = resourcePolicies(organisation, 'sts', ['sts:AssumeRole', 'sts:TagSession']).map((text) =>
      text.replaceAll(',"Resource":"*"', '').replaceAll('"Principal":"*"', '"Principal":{"AWS":"*"}'),
    );
    await organisation.holds(trust(organisation, decodeURIComponent(former ?? ''), draw(trustPolicies)));
    for (const kind of ['add', 'remove', 'replace'] as const)
      expect(await organisation.holds(permission(organisation, kind)), kind).toBeGreaterThan(0);
  });
});

async function versionOf({ castellan, owner, managedArn: PolicyArn }: DrawnOrganisation): Promise<{ readonly Document: string }> {
  const iam = castellan.iam(owner.root);
  const VersionId = (await iam.getPolicy({ PolicyArn })).Policy?.DefaultVersionId;
  const { PolicyVersion } = await iam.getPolicyVersion({ PolicyArn, VersionId });
  return { Document: decodeURIComponent(PolicyVersion?.Document ?? '') };
}
