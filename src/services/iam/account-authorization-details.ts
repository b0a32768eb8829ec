// Everything about who may do what in the account: users, groups, roles and policies, one kind after the other, as one list in pages.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
import type { Collection, Listed } from '../../kit/collection.ts';
import type { Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import type { EntityType, GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail } from './api.gen.ts';
import { boundaryOf } from './boundaries.ts';
import { shownDocument } from './documents.ts';
import { arnOf, tagList } from './entities.ts';
import { profilesNamed } from './instance-profiles.ts';
import { findManagedPolicy } from './managed-policies.ts';
import { policyShape, versionShape } from './policy-shape.ts';
import { attachedArns } from './policy-uses.ts';
import {
  attachments,
  type EntityKind,
  type GroupRecord,
  groups,
  groupsOfUser,
  inlinePolicies,
  lower,
  type PolicyRecord,
  policies,
  profilesOfRole,
  type RoleRecord,
  roles,
  type UserRecord,
  users,
} from './records.ts';
import { roleShape } from './role-shape.ts';
import { operation } from './service.ts';

const defaultPageSize = 100;

interface Details {
  readonly UserDetailList: UserDetail[];
  readonly GroupDetailList: GroupDetail[];
  readonly RoleDetailList: RoleDetail[];
  readonly Policies: ManagedPolicyDetail[];
}

/** One kind of entity: reads some after a cursor and adds their details to the answer. */
interface Section {
  readonly filter: EntityType;
  read(scope: Scope, range: { readonly after?: string; readonly limit: number }, details: Details): Promise<readonly string[]>;
}

const sections: readonly Section[] = [
  section('User', users, async (scope, user, details) => void details.UserDetailList.push(await userDetail(scope, user))),
  section('Group', groups, async (scope, group, details) => void details.GroupDetailList.push(await groupDetail(scope, group))),
  section('Role', roles, async (scope, role, details) => void details.RoleDetailList.push(await roleDetail(scope, role))),
  section('LocalManagedPolicy', policies, async (scope, policy, details) => void details.Policies.push(await policyDetail(scope, policy))),
  { filter: 'AWSManagedPolicy', read: readAwsManaged },
];

export const GetAccountAuthorizationDetails = operation('GetAccountAuthorizationDetails', {
  access: () => ({ action: 'iam:GetAccountAuthorizationDetails', resource: '*' }),
  async handle(input, context) {
    const limit = input.MaxItems ?? defaultPageSize;
    const { filter: wanted, after } = startOf(input.Marker);
    const details: Details = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [], Policies: [] };
    const asked = sections.filter(({ filter }) => input.Filter === undefined || input.Filter.length === 0 || input.Filter.includes(filter));
    const start =
      wanted === undefined
        ? 0
        : Math.max(
            0,
            asked.findIndex(({ filter }) => filter === wanted),
          );
    let left = limit;
    let position: string | undefined;
    for (const [index, each] of asked.slice(start).entries()) {
      const range = index === 0 && after !== undefined ? { after } : {};
      // One more tells whether there is a further page; a full page ends before a section that has something.
      if (left === 0) {
        const probe: Details = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [], Policies: [] };
        if ((await each.read(context, { limit: 1, ...range }, probe)).length === 0) continue;
        return { ...details, IsTruncated: true, Marker: encodeMarker(position) };
      }
      const cursors = await each.read(context, { limit: left + 1, ...range }, details);
      const taken = cursors.slice(0, left);
      if (taken.length > 0) position = `${each.filter}/${taken.at(-1)}`;
      if (cursors.length > left) {
        dropLast(details, each.filter);
        return { ...details, IsTruncated: true, Marker: encodeMarker(position) };
      }
      left -= taken.length;
    }
    return { ...details, IsTruncated: false };
  },
});

function startOf(marker: string | undefined): { readonly filter?: string; readonly after?: string } {
  if (marker === undefined) return {};
  const position = decodeMarker(marker, () => commonFault('ValidationError', `Invalid Marker: ${marker.slice(0, 128)}`));
  const slash = position.indexOf('/');
  return { filter: position.slice(0, slash), after: position.slice(slash + 1) };
}

function dropLast(details: Details, filter: EntityType): void {
  if (filter === 'User') details.UserDetailList.pop();
  else if (filter === 'Group') details.GroupDetailList.pop();
  else if (filter === 'Role') details.RoleDetailList.pop();
  else details.Policies.pop();
}

function section<Value extends object>(
  filter: EntityType,
  records: Collection<Value>,
  add: (scope: Scope, value: Value, details: Details) => Promise<void>,
): Section {
  return {
    filter,
    async read(scope, range, details) {
      const found: readonly Listed<Value>[] = await records.list(scope.transaction, [scope.account], range);
      for (const { value } of found) await add(scope, value, details);
      return found.map(({ cursor }) => cursor);
    },
  };
}

/** AWS: of its own policies only those that are attached. */
async function readAwsManaged(
  scope: Scope,
  range: { readonly after?: string; readonly limit: number },
  details: Details,
): Promise<readonly string[]> {
  const arns = (await attachedArns(scope)).filter((arn) => arn.split(':')[4] === 'aws' && arn > (range.after ?? '')).slice(0, range.limit);
  const found: string[] = [];
  for (const arn of arns) {
    const policy = await findManagedPolicy(scope.transaction, arn);
    if (policy === undefined) continue;
    details.Policies.push(await policyDetail(scope, policy.record));
    found.push(arn);
  }
  return found;
}

async function inlineOf({ transaction, account }: Scope, kind: EntityKind, name: string) {
  const inline = await inlinePolicies.all(transaction, account, kind, lower(name));
  return inline.map(({ policyName, document }) => ({ PolicyName: policyName, PolicyDocument: shownDocument(document) }));
}

async function attachedOf({ transaction, account }: Scope, kind: EntityKind, name: string) {
  const attached = await attachments.all(transaction, account, kind, lower(name));
  return attached.map(({ policyName, policyArn }) => ({ PolicyName: policyName, PolicyArn: policyArn }));
}

async function userDetail(scope: Scope, user: UserRecord): Promise<UserDetail> {
  const memberships = await groupsOfUser.all(scope.transaction, scope.account, lower(user.userName));
  return {
    Path: user.path,
    UserName: user.userName,
    UserId: user.userId,
    Arn: arnOf(scope, 'user', user.path, user.userName),
    CreateDate: user.createdAtMs,
    UserPolicyList: await inlineOf(scope, 'user', user.userName),
    GroupList: memberships.map(({ groupName }) => groupName),
    AttachedManagedPolicies: await attachedOf(scope, 'user', user.userName),
    ...(user.boundaryArn === undefined ? {} : { PermissionsBoundary: boundaryOf(user.boundaryArn) }),
    Tags: tagList(user.tags),
  };
}

async function groupDetail(scope: Scope, group: GroupRecord): Promise<GroupDetail> {
  return {
    Path: group.path,
    GroupName: group.groupName,
    GroupId: group.groupId,
    Arn: arnOf(scope, 'group', group.path, group.groupName),
    CreateDate: group.createdAtMs,
    GroupPolicyList: await inlineOf(scope, 'group', group.groupName),
    AttachedManagedPolicies: await attachedOf(scope, 'group', group.groupName),
  };
}

async function roleDetail(scope: Scope, role: RoleRecord): Promise<RoleDetail> {
  const { Description: _description, MaxSessionDuration: _duration, ...shape } = await roleShape(scope, role, 'whole');
  const profiles = await profilesOfRole.all(scope.transaction, scope.account, lower(role.roleName));
  return {
    ...shape,
    InstanceProfileList: await profilesNamed(
      scope,
      profiles.map(({ profileName }) => profileName),
    ),
    RolePolicyList: await inlineOf(scope, 'role', role.roleName),
    AttachedManagedPolicies: await attachedOf(scope, 'role', role.roleName),
    Tags: tagList(role.tags),
  };
}

async function policyDetail(scope: Scope, policy: PolicyRecord): Promise<ManagedPolicyDetail> {
  const { Tags: _tags, ...shape } = await policyShape(scope, policy, true);
  return { ...shape, PolicyVersionList: policy.versions.toReversed().map((version) => versionShape(policy, version, true)) };
}

export const accountAuthorizationOperations = [GetAccountAuthorizationDetails];
