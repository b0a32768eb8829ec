// What IAM is asked before something happens to a share, a permission or an invitation.
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceType } from '../../kit/resources.gen.ts';
import { namedBy } from './arns.ts';
import type { Entities } from './associations.ts';
import { type InvitationRecord, permissions, type ShareRecord, shares } from './records.ts';
import { typeOfArn } from './types.ts';

type Conditions = NonNullable<Access['context']>;
type RamAction = Extract<Access['action'], `ram:${string}`>;

/** On the share with that ARN, whether there is one or not. */
export async function shareAccess(scope: Scope, action: RamAction, arn: string, more: Conditions = {}): Promise<Access> {
  const named = namedBy(arn, 'resource-share');
  const share = named === undefined ? undefined : await shares.get(scope.transaction, named.account, named.region, named.id);
  return {
    action,
    resource: named === undefined ? '*' : resourceNamed<'ram:resource-share'>(arn),
    ...(share === undefined ? {} : { resourceTags: share.tags }),
    context: { ...(share === undefined ? {} : shareConditions(share)), ...more },
  };
}

function shareConditions({ name, allowsExternal, retains, tags }: ShareRecord): Conditions {
  const tagKeys = Object.entries(tags).map(([key, value]) => [`ram:ResourceTag/${key}`, value] as const);
  return {
    'ram:ResourceShareName': name,
    'ram:AllowsExternalPrincipals': String(allowsExternal),
    'ram:RetainSharingOnAccountLeaveOrganization': String(retains),
    ...Object.fromEntries(tagKeys),
  };
}

/**
 * One question for each principal and resource, so that a policy that forbids one of them cannot be passed by naming another beside it;
 * and the owning service's own action for its resources' policies, where it has one.
 */
export async function entityAccesses(
  scope: Scope,
  entities: Entities,
  base: (more: Conditions) => Access | Promise<Access>,
): Promise<readonly Access[]> {
  const { resourceArns = [], principals = [] } = entities;
  const accesses: Access[] = [];
  for (let at = 0; at < Math.max(1, resourceArns.length, principals.length); at += 1) {
    // Beyond the end of the shorter list its last member stands, so that no key is missing.
    const resource = resourceArns[Math.min(at, resourceArns.length - 1)];
    const type = resource === undefined ? undefined : await typeOfArn(scope, resource);
    const conditions = {
      'ram:Principal': principals[Math.min(at, principals.length - 1)],
      'ram:ResourceArn': resource,
      'ram:RequestedResourceType': type?.type,
    };
    accesses.push(await base(conditions));
    if (at < resourceArns.length && resource !== undefined && type?.policyAction !== undefined) {
      accesses.push({ action: type.policyAction, resource: resourceNamed<ResourceType>(resource) });
    }
  }
  return accesses;
}

export async function permissionAccess(scope: Scope, action: RamAction, arn: string): Promise<Access> {
  const named = namedBy(arn, 'permission');
  const record = named === undefined ? undefined : await permissions.get(scope.transaction, named.account, named.region, named.id);
  return {
    action,
    resource: named === undefined ? '*' : resourceNamed<'ram:permission' | 'ram:customer-managed-permission'>(arn),
    ...(record === undefined ? {} : { resourceTags: record.tags }),
    context: { 'ram:PermissionArn': arn, 'ram:PermissionResourceType': record?.resourceType },
  };
}

export async function invitationAccess(
  scope: Scope,
  action: RamAction,
  arn: string,
  invitation: InvitationRecord | undefined,
): Promise<Access> {
  const share = invitation && (await shares.get(scope.transaction, invitation.account, invitation.region, invitation.shareId));
  return {
    action,
    resource: namedBy(arn, 'resource-share-invitation') === undefined ? '*' : resourceNamed<'ram:resource-share-invitation'>(arn),
    context: { 'ram:ResourceShareName': share?.name, 'ram:ShareOwnerAccountId': invitation?.account },
  };
}
