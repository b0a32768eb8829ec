// What binds an account: its service and resource control policies, one list per level from the root down. Read on every request, so it is
// kept compiled as long as the organisation's generation stands (kit/generation.ts, docs/adr/0004); a request reads two small records.
import { limits } from '../../base/limits.ts';
import { type Compile, createCompiler } from '../../kit/compiler.ts';
import { generationOf } from '../../kit/generation.ts';
import type { AccountPlace, GuardrailsPort } from '../../kit/ports.ts';
import { tagRulesOf } from '../../kit/tag-policy.ts';
import type { PolicySource } from '../../policy/policy.ts';
import { policyList } from '../../policy/policy-list.ts';
import type { Transaction } from '../../store/store.ts';
import type { PolicyType } from './api.gen.ts';
import { policyArn } from './arns.ts';
import { attachedIds } from './attachment-records.ts';
import { managedPolicy } from './aws-managed.ts';
import { effectivePolicy } from './effective-policy.ts';
import { type MemberRecord, members, type OrganizationRecord, organizations, policies, units } from './records.ts';
import { idsOfPath } from './tree.ts';

interface Cached {
  readonly generation: string;
  readonly organizationId: string;
  readonly parentPath: string;
  readonly place: AccountPlace;
}

type Levels = readonly (readonly PolicySource[])[];
type GuardrailType = 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY';

/** What nodes of the tree share: all their accounts have the same lists above themselves. */
interface Shared {
  readonly generation: string;
  readonly organization: OrganizationRecord;
  readonly nodes: Map<string, readonly PolicySource[]>;
}

export function createGuardrails(partition: string): GuardrailsPort {
  const places = new Map<string, Cached>();
  const shared = new Map<string, Shared>();
  const compile = createCompiler();
  const sharedOf = async (transaction: Transaction, organizationId: string, generation: string): Promise<Shared | undefined> => {
    const known = shared.get(organizationId);
    if (known?.generation === generation) return known;
    const organization = await organizations.get(transaction, organizationId);
    if (organization === undefined) return undefined;
    const made: Shared = { generation, organization, nodes: new Map() };
    keep(shared, organizationId, made);
    return made;
  };
  return {
    async placeOf(account, transaction) {
      const member = await members.get(transaction, account);
      if (member === undefined) return undefined;
      const { organizationId, parentPath } = member;
      const generation = await generationOf(transaction, organizationId);
      const cached = places.get(account);
      if (cached?.generation === generation && cached.organizationId === organizationId && cached.parentPath === parentPath) {
        return cached.place;
      }
      const common = await sharedOf(transaction, organizationId, generation);
      if (common === undefined) return undefined;
      const place = await placeIn(partition, compile, transaction, common, member);
      keep(places, account, { generation, organizationId, parentPath, place });
      return place;
    },
  };
}

function keep<Value>(cache: Map<string, Value>, key: string, value: Value): void {
  cache.delete(key);
  cache.set(key, value);
  if (cache.size > limits.guardrailCacheEntriesMax) cache.delete(cache.keys().next().value ?? key);
}

async function placeIn(
  partition: string,
  compile: Compile,
  transaction: Transaction,
  { organization, nodes }: Shared,
  member: MemberRecord,
): Promise<AccountPlace> {
  const { organizationId, managementAccount } = organization;
  const tagPolicy = await effectivePolicy(transaction, organization, member, 'TAG_POLICY');
  const place = { organizationId, path: member.parentPath, tagRules: tagRulesOf(tagPolicy?.content) };
  // AWS: the management account is bound by nothing, neither its principals nor its resources.
  if (member.account === managementAccount) return { ...place, serviceControl: undefined, resourceControl: undefined };
  const levelsOf = async (type: GuardrailType): Promise<Levels | undefined> => {
    if (organization.policyTypes[type] === undefined) return undefined;
    const levels: (readonly PolicySource[])[] = [];
    for (const nodeId of [...idsOfPath(member.parentPath), member.account]) {
      const key = `${type} ${nodeId}`;
      const sources = nodes.get(key) ?? (await sourcesAt(partition, compile, transaction, organization, nodeId, type));
      if (nodeId !== member.account) nodes.set(key, sources);
      levels.push(sources);
    }
    return levels;
  };
  return {
    ...place,
    serviceControl: await levelsOf('SERVICE_CONTROL_POLICY'),
    resourceControl: await levelsOf('RESOURCE_CONTROL_POLICY'),
  };
}

async function sourcesAt(
  partition: string,
  compile: Compile,
  transaction: Transaction,
  organization: OrganizationRecord,
  nodeId: string,
  type: GuardrailType,
): Promise<readonly PolicySource[]> {
  const { organizationId } = organization;
  const where = await nodeName(transaction, organization, nodeId);
  const sources: PolicySource[] = [];
  for (const id of await attachedIds(transaction, organizationId, nodeId, type)) {
    const policy = managedPolicy(id) ?? (await policies.get(transaction, organizationId, id));
    if (policy === undefined) continue;
    sources.push({
      name: `${kindOf(type)} ${policy.name} on ${where}`,
      arn: policyArn(partition, organization, type, id),
      policy: compile(policy.content),
    });
  }
  return policyList(sources);
}

function kindOf(type: PolicyType): string {
  return type === 'SERVICE_CONTROL_POLICY' ? 'service control policy' : 'resource control policy';
}

/** For explanations: which level of the tree it is. */
async function nodeName(transaction: Transaction, { organizationId, rootId }: OrganizationRecord, nodeId: string): Promise<string> {
  if (nodeId === rootId) return `root ${rootId}`;
  if (!nodeId.startsWith('ou-')) return `account ${nodeId}`;
  const unit = await units.get(transaction, organizationId, nodeId);
  return unit === undefined ? nodeId : `organizational unit ${unit.name} (${nodeId})`;
}
