// Guardrails: service and resource control policies of the zone, and where they are attached.
import { type Answer, listAll, memberOf, textIn } from '../api.ts';
import { guardrailDocument } from '../guardrail-documents.ts';
import type { Difference, Found, Wanted } from '../item.ts';
import { addressIn, marksOf } from '../marks.ts';
import { resolved, type World, ZoneError } from '../world.ts';
import { type Kind, lastOf } from './kind.ts';
import { tagsOf } from './tags.ts';

const types = ['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY'] as const;

export const guardrails: Kind = {
  name: 'guardrail',
  wanted: ({ file }) =>
    Object.entries(file.guardrails).map(([name, guardrail]) => {
      const { type, description, statements } = guardrailDocument(file, name, guardrail);
      const { units = [], accounts = [] } = guardrail;
      const targets = [...units, ...accounts.map((account) => `account ${account}`)].toSorted();
      const content = { policy: { Version: '2012-10-17', Statement: statements } };
      return { ...itemOf(name), properties: { type, name: policyName(file.zone, name), description, targets, content } };
    }),
  async find(world, wanted) {
    if (world.rootId === '') return [];
    const found: Found[] = [];
    for (const type of types) found.push(...(await policiesOf(world, type, wanted)));
    return found;
  },
  async create(world, { address, properties }) {
    const input = { ...shapeOf(world, properties), Type: properties['type'], Tags: marksOf(world.file.zone, address) };
    const answer = await world.api({ service: 'organizations', operation: 'CreatePolicy', input });
    const PolicyId = textIn(memberOf(memberOf(answer, 'Policy') ?? {}, 'PolicySummary') ?? {}, 'Id');
    await attach(world, PolicyId, listOf(properties['targets']));
  },
  async change(world, { properties }, { id }, differences) {
    if (differences.some(({ property }) => property !== 'targets')) {
      await world.api({ service: 'organizations', operation: 'UpdatePolicy', input: { PolicyId: id, ...shapeOf(world, properties) } });
    }
    const targets = differences.find(({ property }) => property === 'targets');
    if (targets !== undefined) await moveTargets(world, id, targets);
  },
  async remove(world, { id, properties }) {
    await detach(world, id, listOf(properties['targets']));
    await world.api({ service: 'organizations', operation: 'DeletePolicy', input: { PolicyId: id } });
  },
};

function itemOf(name: string) {
  return { address: `guardrail/${name}`, place: ['guardrails', name] };
}

function policyName(zone: string, name: string): string {
  return `${zone}-${name}`;
}

function shapeOf(world: World, { name, description, content }: Wanted['properties']) {
  const policy = typeof content === 'object' && 'policy' in content ? content.policy : {};
  return { Name: name, Description: description, Content: JSON.stringify(resolved(world, policy)) };
}

async function policiesOf(world: World, type: (typeof types)[number], wanted: readonly Wanted[]): Promise<readonly Found[]> {
  const listed = await listAll(world.api, { service: 'organizations', operation: 'ListPolicies', input: { Filter: type } }, 'Policies');
  const found = await Promise.all(
    listed.filter((each) => each['AwsManaged'] !== true).map((summary) => foundPolicy(world, type, summary, wanted)),
  );
  return found.filter((each) => each !== undefined);
}

async function foundPolicy(world: World, type: string, summary: Answer, wanted: readonly Wanted[]): Promise<Found | undefined> {
  const [id, name] = [textIn(summary, 'Id'), textIn(summary, 'Name')];
  const address = addressIn(world.file.zone, await tagsOf(world, id));
  if (address?.startsWith('guardrail/') !== true) {
    const wish = wanted.find(({ properties }) => properties['name'] === name);
    return wish && { ...wish, id, foreign: `a policy of the name ${name} (${id}) is there, which this zone did not make` };
  }
  const [answer, targets] = await Promise.all([
    world.api({ service: 'organizations', operation: 'DescribePolicy', input: { PolicyId: id } }),
    listAll(world.api, { service: 'organizations', operation: 'ListTargetsForPolicy', input: { PolicyId: id } }, 'Targets'),
  ]);
  const properties = {
    type,
    name,
    description: textIn(summary, 'Description'),
    targets: targets.map((target) => targetName(world, textIn(target, 'TargetId'))).toSorted(),
    content: { policy: parsed(textIn(memberOf(answer, 'Policy') ?? {}, 'Content')) },
  };
  return { ...itemOf(lastOf(address)), id, properties };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function targetName(world: World, id: string): string {
  const unit = [...world.units].find(([, each]) => each === id)?.[0];
  const account = [...world.accounts].find(([, each]) => each === id)?.[0];
  return unit ?? (account === undefined ? id : `account ${account}`);
}

/** The id of what `targetName` named. */
function targetId(world: World, name: string): string {
  const account = name.startsWith('account ') ? world.accounts.get(name.slice('account '.length)) : undefined;
  const id = account ?? world.units.get(name) ?? (/^(?:\d{12}|r-.*|ou-.*)$/.test(name) ? name : undefined);
  if (id === undefined) throw new ZoneError(`\`${name}\`, to which a guardrail is attached, is not there yet; apply again`);
  return id;
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

async function moveTargets(world: World, id: string, { before, after }: Difference): Promise<void> {
  const [old, wanted] = [listOf(before), listOf(after)];
  await attach(
    world,
    id,
    wanted.filter((each) => !old.includes(each)),
  );
  await detach(
    world,
    id,
    old.filter((each) => !wanted.includes(each)),
  );
}

async function attach(world: World, PolicyId: string, targets: readonly string[]): Promise<void> {
  for (const target of targets) {
    await world.api({ service: 'organizations', operation: 'AttachPolicy', input: { PolicyId, TargetId: targetId(world, target) } });
  }
}

async function detach(world: World, PolicyId: string, targets: readonly string[]): Promise<void> {
  for (const target of targets) {
    await world.api({ service: 'organizations', operation: 'DetachPolicy', input: { PolicyId, TargetId: targetId(world, target) } });
  }
}
