// How groups are named (name, name with an application's id, or ARN), found and authorised. An ARN may lead to a group of another account: it is
// authorised there, and only what resource shares grant reads it.
import { parseArn } from '../../base/arn.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import type { Transaction } from '../../store/store.ts';
import { type GroupRecord, groups } from './records.ts';
import { badRequest, notFound } from './service.ts';

export const applicationType = 'AWS::ResourceGroups::ApplicationGroup';

/** Operations that had `GroupName` once still take it. */
export interface GroupInput {
  readonly Group?: string | undefined;
  readonly GroupName?: string | undefined;
}

export function groupArn({ partition }: { readonly partition: string }, group: GroupRecord): ResourceArn<'resource-groups:group'> {
  const { account, region, name, applicationId } = group;
  const id = applicationId === undefined ? '' : `/${applicationId}`;
  return `arn:${partition}:resource-groups:${region}:${account}:group/${name}${id}`;
}

/** A group of the caller's own account. */
export async function findGroup(scope: Scope, named: string | undefined): Promise<GroupRecord | undefined> {
  const found = await findAnyGroup(scope, named);
  return found?.account === scope.account ? found : undefined;
}

async function findAnyGroup(scope: Scope, named = ''): Promise<GroupRecord | undefined> {
  const { partition, account, region, name, id } = addressOf(scope, named);
  if (partition !== scope.partition || region !== scope.region) return undefined;
  const found = await groups.get(scope.transaction, account, region, name);
  return id === undefined || found?.applicationId === id ? found : undefined;
}

/** The group with exactly this ARN. */
export async function groupWithArn(transaction: Transaction, arn: string): Promise<GroupRecord | undefined> {
  const parts = parseArn(arn);
  if (parts === undefined) return undefined;
  const [, name = ''] = parts.resource.split('/');
  const found = await groups.get(transaction, parts.account, parts.region, name);
  return found !== undefined && groupArn(parts, found) === arn ? found : undefined;
}

/** @throws Fault BadRequestException, NotFoundException */
export async function requireGroup(scope: Scope, input: GroupInput): Promise<GroupRecord> {
  const named = nameIn(input);
  const found = await findGroup(scope, named);
  if (found === undefined) throw notFound(`Cannot find group: ${named}`);
  return found;
}

/** A group that may be another account's, which has the request in its ledger too. @throws Fault BadRequestException, NotFoundException */
export async function requireReadableGroup(context: Context, input: GroupInput): Promise<GroupRecord> {
  const named = nameIn(input);
  const found = await findAnyGroup(context, named);
  if (found === undefined) throw notFound(`Cannot find group: ${named}`);
  if (found.account !== context.account) {
    context.note({ resources: [{ type: 'AWS::ResourceGroups::Group', name: groupArn(context, found) }], sharedWith: found.account });
  }
  return found;
}

/** @throws Fault BadRequestException */
function nameIn({ Group, GroupName }: GroupInput): string {
  const named = Group ?? GroupName;
  if (named === undefined) throw badRequest('Group must be specified.');
  return named;
}

/** @throws Fault BadRequestException for groups that are no applications */
export async function requireApplication(scope: Scope, input: GroupInput): Promise<GroupRecord & { readonly applicationId: string }> {
  const group = await requireGroup(scope, input);
  const { applicationId } = group;
  if (applicationId === undefined) throw badRequest(`The group ${group.name} is not an application group.`);
  return { ...group, applicationId };
}

export async function groupAccess(
  scope: Scope,
  action: Access['action'],
  { Group, GroupName }: GroupInput,
  extra: Pick<Access, 'requestTags' | 'context'> = {},
): Promise<Access> {
  const named = Group ?? GroupName;
  const found = await findAnyGroup(scope, named);
  const resource = found === undefined ? arnOfUnknown(scope, named) : groupArn(scope, found);
  const { account } = addressOf(scope, named ?? '');
  return {
    ...extra,
    action,
    resource,
    ...(account === scope.account ? {} : { resourceAccount: account }),
    ...(found === undefined ? {} : { resourceTags: found.tags }),
  };
}

/** The access of most operations on one group. */
export function onGroup(action: Access['action']) {
  return (input: GroupInput, scope: Scope): Promise<Access> => groupAccess(scope, action, input);
}

function arnOfUnknown({ partition, region, account }: Scope, named = '*'): Access['resource'] {
  if (named.startsWith('arn:')) return resourceNamed<'resource-groups:group'>(named);
  return `arn:${partition}:resource-groups:${region}:${account}:group/${named}`;
}

function addressOf(scope: Scope, named: string) {
  const arn = named.startsWith('arn:') ? parseArn(named) : undefined;
  const [name = '', id] = (arn?.resource.replace(/^group\//, '') ?? named).split('/');
  const { partition, account, region } = arn ?? scope;
  return { partition, account, region, name, id };
}
