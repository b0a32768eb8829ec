// Where a managed policy is used: attached to users, groups and roles, or as the boundary of users and roles.
import type { Scope } from '../../kit/context.ts';
import type { ListInput } from './listing.ts';
import { pageOfItems } from './listing.ts';
import { onPolicy, requirePolicy } from './policy-access.ts';
import { attachedTo, boundaryUses, type EntityKind, groups, lower, roles, users } from './records.ts';
import { operation } from './service.ts';

export async function attachmentCount({ transaction, account }: Scope, arn: string): Promise<number> {
  return (await attachedTo.all(transaction, account, arn)).length;
}

export async function boundaryCount({ transaction, account }: Scope, arn: string): Promise<number> {
  return (await boundaryUses.all(transaction, account, arn)).length;
}

/** The ARNs of all policies that something in the account has attached, each once, without reading every attachment. */
export async function attachedArns({ transaction, account }: Scope): Promise<readonly string[]> {
  const arns: string[] = [];
  let after: string | undefined;
  for (;;) {
    const [first] = await attachedTo.list(transaction, [account], { limit: 1, ...(after === undefined ? {} : { after }) });
    if (first === undefined) return arns;
    arns.push(first.value.policyArn);
    // Past every kind of entity of this policy.
    after = `${first.cursor.slice(0, first.value.policyArn.length + 1)}~`;
  }
}

interface Use {
  readonly kind: EntityKind;
  readonly name: string;
  readonly id: string;
  readonly path: string;
}

async function usesOf(scope: Scope, arn: string, filter: 'PermissionsPolicy' | 'PermissionsBoundary' | undefined): Promise<readonly Use[]> {
  const { transaction, account } = scope;
  const attached = filter === 'PermissionsBoundary' ? [] : await attachedTo.all(transaction, account, arn);
  const bounded = filter === 'PermissionsPolicy' ? [] : await boundaryUses.all(transaction, account, arn);
  const found = new Map<string, Use>();
  for (const { kind, name } of [...attached, ...bounded]) {
    const use = await useBy(scope, kind, name);
    if (use !== undefined) found.set(`${kind}/${lower(name)}`, use);
  }
  return [...found.values()];
}

async function useBy({ transaction, account }: Scope, kind: EntityKind, name: string): Promise<Use | undefined> {
  switch (kind) {
    case 'user': {
      const user = await users.get(transaction, account, lower(name));
      return user === undefined ? undefined : { kind, name: user.userName, id: user.userId, path: user.path };
    }
    case 'group': {
      const group = await groups.get(transaction, account, lower(name));
      return group === undefined ? undefined : { kind, name: group.groupName, id: group.groupId, path: group.path };
    }
    case 'role': {
      const role = await roles.get(transaction, account, lower(name));
      return role === undefined ? undefined : { kind, name: role.roleName, id: role.roleId, path: role.path };
    }
  }
}

const filterOf = { user: 'User', group: 'Group', role: 'Role' } as const;

export const ListEntitiesForPolicy = operation('ListEntitiesForPolicy', {
  access: onPolicy('iam:ListEntitiesForPolicy'),
  async handle(input, context) {
    await requirePolicy(context, input.PolicyArn);
    const prefix = input.PathPrefix ?? '/';
    const uses = (await usesOf(context, input.PolicyArn, input.PolicyUsageFilter)).filter(
      ({ kind, path }) => path.startsWith(prefix) && (input.EntityFilter === undefined || input.EntityFilter === filterOf[kind]),
    );
    const { items, state } = usePage(uses, input);
    return {
      PolicyGroups: items.filter(({ kind }) => kind === 'group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
      PolicyUsers: items.filter(({ kind }) => kind === 'user').map(({ name, id }) => ({ UserName: name, UserId: id })),
      PolicyRoles: items.filter(({ kind }) => kind === 'role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
      ...state,
    };
  },
});

function usePage(uses: readonly Use[], input: ListInput) {
  const keyOf = ({ kind, name }: Use) => `${kind}/${lower(name)}`;
  return pageOfItems(
    uses.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1)),
    input,
    keyOf,
  );
}
