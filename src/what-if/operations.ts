// A change in the words of the API: the operations that make it, so that the services themselves say whether it can be made and what comes of
// it. They run in a unit of work that is discarded.
import { createHash } from 'node:crypto';
import { type ArnParts, parseArn } from '../base/arn.ts';
import { isRecord } from '../base/record.ts';
import type { OrganizationDirectory } from '../kit/ports.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { Transaction } from '../store/store.ts';
import { addStatements, removeStatement, replaceStatements } from './function-permissions.ts';
import type { Change, PolicyGiven } from './request.ts';

/** What changes are made with. */
export interface Hands {
  readonly transaction: Transaction;
  readonly organizations: OrganizationDirectory;
  /** Does an operation in the name of an account. */
  readonly run: (
    operation: { readonly service: string; readonly name: string; readonly account: string; readonly region?: string },
    input: Structure,
  ) => Promise<Structure>;
}

/** @throws Fault of the operation that cannot be done, Error when the change means nothing. */
export async function make(change: Change, hands: Hands): Promise<void> {
  switch (change.kind) {
    case 'attach':
      return isNode(change.target) ? attachToNode(change.policy, change.target, hands) : attachToArn(change, hands);
    case 'detach':
      return isNode(change.target) ? detachFromNode(change.policy, change.target, hands) : detachFromArn(change, hands);
    case 'change':
      return replace(change, hands);
  }
}

/** A root, unit or account of an organisation. */
function isNode(target: string): boolean {
  return /^(?:r-[0-9a-z]+|ou-[0-9a-z]+-[0-9a-z]+|\d{12})$/.test(target);
}

async function attachToNode(policy: PolicyGiven, target: string, hands: Hands): Promise<void> {
  const account = await managementOf(target, hands);
  const policyId = 'id' in policy ? await guardrailId(policy.id, account, hands) : await createdPolicy(policy, account, hands);
  await hands.run({ service: 'organizations', name: 'AttachPolicy', account }, { PolicyId: policyId, TargetId: target });
}

async function detachFromNode(policy: string, target: string, hands: Hands): Promise<void> {
  const account = await managementOf(target, hands);
  const PolicyId = await guardrailId(policy, account, hands);
  await hands.run({ service: 'organizations', name: 'DetachPolicy', account }, { PolicyId, TargetId: target });
}

const judgedTypes: ReadonlySet<string> = new Set(['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY', 'TAG_POLICY']);

/** @throws Error for a policy of a type that is not asked when a call is authorised */
async function guardrailId(given: string, account: string, { run }: Hands): Promise<string> {
  const PolicyId = organizationPolicyId(given);
  const { Policy } = await run({ service: 'organizations', name: 'DescribePolicy', account }, { PolicyId });
  const summary = isRecord(Policy) ? Policy['PolicySummary'] : undefined;
  const type = isRecord(summary) ? String(summary['Type']) : '';
  if (!judgedTypes.has(type)) throw new Error(`\`${given}\` is a ${type}, by which no call is decided`);
  return PolicyId;
}

async function managementOf(id: string, { organizations, transaction }: Hands): Promise<string> {
  const account = await organizations.managementOf(transaction, id);
  if (account === undefined) throw new Error(`\`${id}\` is in no organization of this installation`);
  return account;
}

/** `p-…`, or what stands last in the policy's ARN. */
function organizationPolicyId(given: string): string {
  const id = given.slice(given.lastIndexOf('/') + 1);
  if (!id.startsWith('p-')) throw new Error(`\`${given}\` is no policy of an organization; give its id (p-…), its ARN, or a file`);
  return id;
}

async function createdPolicy(
  { text, name }: { readonly text: string; readonly name: string },
  account: string,
  hands: Hands,
): Promise<string> {
  const Type = typeOf(text);
  const input = { Content: text, Description: 'what if', Name: newName(name, text), Type };
  const { Policy } = await hands.run({ service: 'organizations', name: 'CreatePolicy', account }, input);
  const summary = isRecord(Policy) ? Policy['PolicySummary'] : undefined;
  return isRecord(summary) ? String(summary['Id']) : '';
}

/** AWS: every statement of a resource control policy has a Principal, and none of a service control policy has one; a tag policy has no statements. */
function typeOf(text: string): 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY' | 'TAG_POLICY' {
  const document = jsonOf(text);
  if (isRecord(document) && 'tags' in document) return 'TAG_POLICY';
  return statementsOf(document).some((each) => 'Principal' in each) ? 'RESOURCE_CONTROL_POLICY' : 'SERVICE_CONTROL_POLICY';
}

/** Undefined: the text is none; the operation that takes it will say so. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function statementsOf(document: unknown): readonly Readonly<Record<string, unknown>>[] {
  const statement = isRecord(document) ? document['Statement'] : undefined;
  return (Array.isArray(statement) ? statement : [statement]).filter(isRecord);
}

/** A name that nothing has yet. */
function newName(name: string, text: string): string {
  return `what-if-${name.replace(/[^\w.-]/g, '-').slice(0, 60)}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}

interface Entity {
  readonly kind: 'User' | 'Role' | 'Group';
  readonly name: string;
  readonly account: string;
  readonly partition: string;
}

async function attachToArn({ policy, target, slot }: Extract<Change, { readonly kind: 'attach' }>, hands: Hands): Promise<void> {
  const entity = entityOf(target);
  if (entity === undefined || slot === 'trust' || slot === 'resource') {
    if ('id' in policy) throw new Error(`a policy of the resource \`${target}\` is given as a file`);
    const parts = requireArn(target);
    if (parts.service === 'lambda') return addStatements({ arn: target, parts }, policy.text, hands);
    return putResourcePolicy(target, policy.text, hands);
  }
  const { kind, name, account } = entity;
  if (slot === 'boundary') {
    const PermissionsBoundary = 'id' in policy ? policy.id : await createdManagedPolicy(policy, entity, hands);
    await hands.run({ service: 'iam', name: `Put${kind}PermissionsBoundary`, account }, { [`${kind}Name`]: name, PermissionsBoundary });
  } else if ('id' in policy) {
    await hands.run({ service: 'iam', name: `Attach${kind}Policy`, account }, { [`${kind}Name`]: name, PolicyArn: policy.id });
  } else {
    const input = { [`${kind}Name`]: name, PolicyName: newName(policy.name, policy.text), PolicyDocument: policy.text };
    await hands.run({ service: 'iam', name: `Put${kind}Policy`, account }, input);
  }
}

async function createdManagedPolicy(
  { text, name }: { readonly text: string; readonly name: string },
  { account, partition }: Entity,
  hands: Hands,
): Promise<string> {
  const PolicyName = newName(name, text);
  await hands.run({ service: 'iam', name: 'CreatePolicy', account }, { PolicyName, PolicyDocument: text });
  return `arn:${partition}:iam::${account}:policy/${PolicyName}`;
}

async function detachFromArn({ policy, target, slot }: Extract<Change, { readonly kind: 'detach' }>, hands: Hands): Promise<void> {
  const entity = entityOf(target);
  if (entity === undefined || slot === 'trust' || slot === 'resource') return deleteResourcePolicy(policy, target, hands);
  const { kind, name, account } = entity;
  const who = { [`${kind}Name`]: name };
  if (slot === 'boundary') await hands.run({ service: 'iam', name: `Delete${kind}PermissionsBoundary`, account }, who);
  else if (policy.startsWith('arn:'))
    await hands.run({ service: 'iam', name: `Detach${kind}Policy`, account }, { ...who, PolicyArn: policy });
  else await hands.run({ service: 'iam', name: `Delete${kind}Policy`, account }, { ...who, PolicyName: policy });
}

function entityOf(arn: string): Entity | undefined {
  const parts = parseArn(arn);
  const match = parts?.service === 'iam' ? /^(user|role|group)\/(?:.*\/)?([^/]+)$/.exec(parts.resource) : null;
  if (parts === undefined || match === null) return undefined;
  const kind = match[1] === 'user' ? 'User' : match[1] === 'role' ? 'Role' : 'Group';
  return { kind, name: match[2] ?? '', account: parts.account, partition: parts.partition };
}

async function replace({ policy, text, of, slot }: Extract<Change, { readonly kind: 'change' }>, hands: Hands): Promise<void> {
  const parts = parseArn(policy);
  if (of !== undefined) return replaceInline(policy, text, of, hands);
  const isResourcePolicy = parts?.service === 'organizations' && /^(?:organization|resourcepolicy)\//.test(parts.resource);
  if (/^p-/.test(policy) || (parts?.service === 'organizations' && !isResourcePolicy)) {
    const PolicyId = organizationPolicyId(policy);
    const account = await managementOf(PolicyId, hands);
    await guardrailId(PolicyId, account, hands);
    await hands.run({ service: 'organizations', name: 'UpdatePolicy', account }, { PolicyId, Content: text });
  } else if (parts?.service === 'iam' && parts.resource.startsWith('policy/')) await replaceManaged(policy, parts, text, hands);
  else if (parts === undefined) throw new Error(`\`${policy}\` is no policy; give p-…, an ARN, or an inline policy's name with --of ARN`);
  else if (entityOf(policy)?.kind === 'Role' && slot !== undefined && slot !== 'trust')
    throw new Error('a role itself has one policy, its trust policy; name the managed or inline policy that is to be changed');
  else await putResourcePolicy(policy, text, hands);
}

async function replaceInline(PolicyName: string, PolicyDocument: string, of: string, hands: Hands): Promise<void> {
  const entity = entityOf(of);
  if (entity === undefined) throw new Error(`\`${of}\` is no user, role or group, so it has no inline policies`);
  const { kind, name, account } = entity;
  const who = { [`${kind}Name`]: name };
  // So that a name that is not there is an error and not a new policy.
  await hands.run({ service: 'iam', name: `Get${kind}Policy`, account }, { ...who, PolicyName });
  await hands.run({ service: 'iam', name: `Put${kind}Policy`, account }, { ...who, PolicyName, PolicyDocument });
}

/** AWS: five versions at most, so the oldest makes room. */
async function replaceManaged(PolicyArn: string, { account }: ArnParts, PolicyDocument: string, hands: Hands): Promise<void> {
  if (!/^\d{12}$/.test(account)) throw new Error(`\`${PolicyArn}\` is AWS's own and cannot be changed`);
  const { Versions } = await hands.run({ service: 'iam', name: 'ListPolicyVersions', account }, { PolicyArn });
  const versions = (Array.isArray(Versions) ? Versions : []).filter(isRecord);
  const oldest = versions.filter((version) => version['IsDefaultVersion'] !== true).at(-1);
  if (versions.length >= versionsMax && oldest !== undefined)
    await hands.run({ service: 'iam', name: 'DeletePolicyVersion', account }, { PolicyArn, VersionId: oldest['VersionId'] });
  await hands.run({ service: 'iam', name: 'CreatePolicyVersion', account }, { PolicyArn, PolicyDocument, SetAsDefault: true });
}

const versionsMax = 5;

async function putResourcePolicy(arn: string, text: string, hands: Hands): Promise<void> {
  const parts = requireArn(arn);
  const { account, region } = parts;
  switch (parts.service) {
    case 'kms': {
      const input = { KeyId: arn, PolicyName: 'default', Policy: text, BypassPolicyLockoutSafetyCheck: true };
      await hands.run({ service: 'kms', name: 'PutKeyPolicy', account, region }, input);
      return;
    }
    case 'secretsmanager':
      await hands.run({ service: 'secretsmanager', name: 'PutResourcePolicy', account, region }, { SecretId: arn, ResourcePolicy: text });
      return;
    case 'lambda':
      await replaceStatements({ arn, parts }, text, hands);
      return;
    case 'organizations':
      await hands.run({ service: 'organizations', name: 'PutResourcePolicy', account }, { Content: text });
      return;
    case 'iam': {
      const role = entityOf(arn);
      if (role?.kind !== 'Role') break;
      await hands.run({ service: 'iam', name: 'UpdateAssumeRolePolicy', account }, { RoleName: role.name, PolicyDocument: text });
      return;
    }
    default:
      break;
  }
  throw new Error(`the policy of \`${arn}\` cannot be replaced as a whole`);
}

async function deleteResourcePolicy(policy: string, arn: string, hands: Hands): Promise<void> {
  const parts = requireArn(arn);
  const { service, account, region } = parts;
  if (service === 'lambda') await removeStatement({ arn, parts }, policy, hands);
  else if (service === 'secretsmanager') await hands.run({ service, name: 'DeleteResourcePolicy', account, region }, { SecretId: arn });
  else if (service === 'organizations') await hands.run({ service, name: 'DeleteResourcePolicy', account }, {});
  else throw new Error(`\`${arn}\` cannot be without a policy; say --change ${arn} --with FILE`);
}

function requireArn(text: string): ArnParts {
  const parts = parseArn(text);
  if (parts === undefined) throw new Error(`\`${text}\` is no target; give a root, unit or account of an organization, or an ARN`);
  return parts;
}
