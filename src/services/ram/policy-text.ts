// The policy that a share puts on a resource: what its permission grants, to whom it is shared, on the condition on which it is shared.
// https://docs.aws.amazon.com/ram/latest/userguide/getting-started-terms-and-concepts.html#term-resource-based-policy
import type { PermissionStatement } from '../../kit/shareables.ts';
import type { AssociationRecord, Holder, ShareRecord } from './records.ts';
import { sourceCondition, sourceType } from './sources.ts';

type Condition = NonNullable<PermissionStatement['Condition']>;

export interface ResourceStatement {
  readonly Effect: 'Allow';
  readonly Principal: '*' | Readonly<Record<string, string>>;
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: Condition;
}

interface Grant {
  readonly partition: string;
  readonly share: ShareRecord;
  readonly resourceArn: string;
  readonly permission: readonly PermissionStatement[];
  readonly principals: readonly AssociationRecord[];
  /** Source constraints of the share. */
  readonly sources: readonly string[];
}

export function statementsOf(grant: Grant): readonly ResourceStatement[] {
  return grant.principals.flatMap(({ entity, holder }) => {
    if (holder === undefined) return [];
    const conditions = conditionsFor(grant, holder);
    return conditions.flatMap((condition) =>
      grant.permission.flatMap((statement) => {
        const merged = both(statement.Condition ?? {}, condition);
        if (merged === undefined) return [];
        return [
          {
            Effect: 'Allow' as const,
            Principal: principalElement(grant.partition, entity, holder),
            Action: statement.Action,
            Resource: grant.resourceArn,
            ...(Object.keys(merged).length === 0 ? {} : { Condition: merged }),
          },
        ];
      }),
    );
  });
}

function principalElement(partition: string, entity: string, { kind, id, principalId, isOwn }: Holder): ResourceStatement['Principal'] {
  switch (kind) {
    case 'account':
      // AWS: roles and users of the owner's account get the access itself, and not only their administrator.
      return isOwn ? '*' : { AWS: `arn:${partition}:iam::${id}:root` };
    case 'role':
    case 'user':
      return { AWS: principalId ?? entity };
    case 'organization':
    case 'unit':
      return '*';
    case 'service':
      return { Service: id };
  }
}

/** Any one of these must hold; it is asked at each request, so that an account that leaves or moves loses the share with its next one. */
function conditionsFor({ share, sources }: Grant, { kind, id, organizationId, path, isOwn }: Holder): readonly Condition[] {
  switch (kind) {
    case 'unit':
      return [{ 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': [`${path ?? ''}*`] } }];
    case 'organization':
      return [inOrganization(organizationId ?? '')];
    case 'account':
      if (isOwn) return [{ StringEquals: { 'aws:PrincipalAccount': id } }];
      return organizationId === undefined || share.retains ? [{}] : [inOrganization(organizationId)];
    case 'role':
    case 'user':
      return organizationId === undefined || share.retains ? [{}] : [inOrganization(organizationId)];
    case 'service': {
      const types = [...new Set(sources.map(sourceType))];
      if (types.length === 0) return [{}];
      return types.map((type) =>
        sourceCondition(
          type,
          sources.filter((each) => sourceType(each) === type),
        ),
      );
    }
  }
}

function inOrganization(organizationId: string): Condition {
  return { StringEquals: { 'aws:PrincipalOrgID': organizationId } };
}

/** Both conditions in one; undefined where one element cannot say it, and nothing is granted then. */
function both(left: Condition, right: Condition): Condition | undefined {
  const merged: Record<string, Record<string, string | readonly string[]>> = {};
  for (const [operator, keys] of Object.entries(left)) merged[operator] = { ...keys };
  for (const [operator, keys] of Object.entries(right)) {
    const known = Object.keys(left[operator] ?? {}).map((key) => key.toLowerCase());
    if (Object.keys(keys).some((key) => known.includes(key.toLowerCase()))) return undefined;
    merged[operator] = { ...merged[operator], ...keys };
  }
  return merged;
}

export function policyText(statements: readonly ResourceStatement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
