// The organisation itself, and the kinds of policies that it has switched on. Both stay when the zone goes: others may rely on them.
import { ifExists, listAll, listIn, memberOf, textIn } from '../api.ts';
import { guardrailDocument } from '../guardrail-documents.ts';
import { type World, ZoneError } from '../world.ts';
import type { Kind } from './kind.ts';
import { tagsOf } from './tags.ts';

export const organization: Kind = {
  name: 'organization',
  isKept: 'always',
  wanted: () => [{ address: 'organization', place: ['organization'], properties: { features: 'ALL' } }],
  async find(world) {
    const answer = await ifExists(world.api({ service: 'organizations', operation: 'DescribeOrganization' }));
    const found = answer === undefined ? undefined : memberOf(answer, 'Organization');
    if (found === undefined) return [];
    if (textIn(found, 'MasterAccountId') !== world.managementAccount) {
      throw new ZoneError(
        `the caller's account ${world.managementAccount} is a member of ${textIn(found, 'Id')}; a landing zone is built from the management account ${textIn(found, 'MasterAccountId')}`,
      );
    }
    world.organizationId = textIn(found, 'Id');
    await readRoot(world);
    const features = textIn(found, 'FeatureSet');
    const foreign = 'guardrails need all features: `aws organizations enable-all-features`, and the consent of every account';
    const item = { address: 'organization', place: ['organization'], id: world.organizationId, properties: { features } };
    return [features === 'ALL' ? item : { ...item, foreign }];
  },
  async create(world) {
    const answer = await world.api({ service: 'organizations', operation: 'CreateOrganization', input: { FeatureSet: 'ALL' } });
    world.organizationId = textIn(memberOf(answer, 'Organization') ?? {}, 'Id');
    await readRoot(world);
  },
  change: async () => undefined,
  remove: async () => undefined,
};

async function readRoot(world: World): Promise<void> {
  const [root = {}] = await listAll(world.api, { service: 'organizations', operation: 'ListRoots' }, 'Roots');
  world.rootId = textIn(root, 'Id');
  world.units.set('/', world.rootId);
  world.policyTypes = listIn(root, 'PolicyTypes')
    .filter((type) => textIn(type, 'Status') === 'ENABLED')
    .map((type) => textIn(type, 'Type'));
  world.rootTags = await tagsOf(world, world.rootId);
}

export const policyTypes: Kind = {
  name: 'policy-type',
  isKept: 'always',
  wanted({ file }) {
    const types = Object.entries(file.guardrails).map(([name, guardrail]) => guardrailDocument(file, name, guardrail).type);
    return [...new Set(types)].toSorted().map(itemOf);
  },
  find: async (world) => world.policyTypes.map((type) => ({ ...itemOf(type), id: type })),
  async create(world, { address }) {
    const PolicyType = address.slice('policy-type/'.length);
    const input = { RootId: world.rootId, PolicyType };
    // CreateOrganization enables service control policies itself, which the plan of an empty installation cannot know.
    if (!world.policyTypes.includes(PolicyType)) await world.api({ service: 'organizations', operation: 'EnablePolicyType', input });
  },
  change: async () => undefined,
  remove: async () => undefined,
};

function itemOf(type: string) {
  return { address: `policy-type/${type}`, place: ['organization', type.toLowerCase().replaceAll('_', ' ')], properties: {} };
}
