// Service-linked roles: made under the name that the service has for them, deleted by a task that can be asked how it stands.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import { advanceGeneration } from '../../kit/generation.ts';
import type { Job } from '../../kit/jobs.ts';
import type { Transaction } from '../../store/store.ts';
import { countDown, countUp } from './account-counts.ts';
import { arnOf, entityAccess, requireRole } from './entities.ts';
import { findManagedPolicy } from './managed-policies.ts';
import { isServiceLinked, serviceRolePath } from './protected-roles.ts';
import {
  attachedTo,
  attachments,
  inlinePolicies,
  lower,
  principalIds,
  type RoleRecord,
  roleDeletions,
  roleDeletionsDue,
  roles,
} from './records.ts';
import { roleShape } from './role-shape.ts';
import { fault, operation } from './service.ts';
import { linkedServices } from './service-linked-services.ts';

const sessionSeconds = 3_600;

function roleNameOf(serviceName: string, suffix: string | undefined): string {
  const service = Object.hasOwn(linkedServices, serviceName) ? linkedServices[serviceName] : undefined;
  const base = `AWSServiceRoleFor${service?.name ?? ''}`;
  return suffix === undefined ? base : `${base}_${suffix}`;
}

export const CreateServiceLinkedRole = operation('CreateServiceLinkedRole', {
  access: (input, scope) => ({
    action: 'iam:CreateServiceLinkedRole',
    resource: arnOf(scope, 'role', `${serviceRolePath}${input.AWSServiceName}/`, roleNameOf(input.AWSServiceName, input.CustomSuffix)),
    context: { 'iam:AWSServiceName': input.AWSServiceName },
  }),
  async handle(input, context) {
    const { transaction, account, ids, now, partition } = context;
    const service = Object.hasOwn(linkedServices, input.AWSServiceName) ? linkedServices[input.AWSServiceName] : undefined;
    if (service === undefined)
      throw fault('InvalidInput', `The service principal ${input.AWSServiceName} is not valid for a service-linked role.`);
    if (input.CustomSuffix !== undefined && service.hasSuffix === undefined)
      throw fault('InvalidInput', `Custom suffix is not allowed for ${input.AWSServiceName}`);
    const roleName = roleNameOf(input.AWSServiceName, input.CustomSuffix);
    if ((await roles.get(transaction, account, lower(roleName))) !== undefined)
      throw fault('InvalidInput', `Service role name ${roleName} has been taken in this account, please try a different suffix.`);
    await countUp(transaction, account, 'role');
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Action: ['sts:AssumeRole'], Effect: 'Allow', Principal: { Service: [input.AWSServiceName] } }],
    };
    const role: RoleRecord = {
      account,
      roleName,
      roleId: uniqueId(ids, 'AROA'),
      path: `${serviceRolePath}${input.AWSServiceName}/`,
      createdAtMs: wholeSeconds(now),
      description: input.Description,
      maxSessionSeconds: sessionSeconds,
      tags: {},
      trustPolicy: JSON.stringify(trust),
    };
    roles.put(transaction, role);
    principalIds.put(transaction, { id: role.roleId, account, kind: 'role', name: roleName });
    await attachOwnPolicy(transaction, role, `arn:${partition}:iam::aws:policy${serviceRolePath}${service.policy}`);
    return { Role: await roleShape(context, role, 'created') };
  },
});

/** The service's managed policy, where the installation has it (README.md). */
async function attachOwnPolicy(transaction: Transaction, { account, roleName }: RoleRecord, policyArn: string): Promise<void> {
  const policy = await findManagedPolicy(transaction, policyArn);
  if (policy === undefined) return;
  const attachment = { account, kind: 'role' as const, name: roleName, policyArn, policyName: policy.record.policyName };
  attachments.put(transaction, attachment);
  attachedTo.put(transaction, attachment);
}

export const DeleteServiceLinkedRole = operation('DeleteServiceLinkedRole', {
  access: (input, scope) => entityAccess(scope, 'iam:DeleteServiceLinkedRole', 'role', input.RoleName),
  async handle(input, context) {
    const { transaction, account, ids, now } = context;
    const role = await requireRole(context, input.RoleName);
    if (!isServiceLinked(role)) throw fault('NoSuchEntity', `The role with name ${input.RoleName} cannot be found.`);
    const taskId = `task${role.path}${role.roleName}/${ids.uuid()}`;
    const task = { account, taskId, roleName: role.roleName, roleId: role.roleId, requestedAtMs: now, isDone: false };
    roleDeletions.put(transaction, task);
    roleDeletionsDue.put(transaction, { account, taskId });
    return { DeletionTaskId: taskId };
  },
});

export const GetServiceLinkedRoleDeletionStatus = operation('GetServiceLinkedRoleDeletionStatus', {
  access: (input, scope) => ({
    action: 'iam:GetServiceLinkedRoleDeletionStatus',
    resource: `arn:${scope.partition}:iam::${scope.account}:role/${/^task\/(.*)\/[^/]*$/.exec(input.DeletionTaskId)?.[1] ?? '*'}`,
  }),
  async handle(input, context) {
    const task = await roleDeletions.get(context.transaction, context.account, input.DeletionTaskId);
    if (task === undefined) throw fault('NoSuchEntity', `The deletion task with id ${input.DeletionTaskId} cannot be found.`);
    return { Status: task.isDone ? 'SUCCEEDED' : 'IN_PROGRESS' };
  },
});

/** AWS asks the service whether the role is still needed; no service of this installation holds on to one. */
export const roleDeletionJob: Job = {
  name: 'service-linked-role-deletion',
  everyMs: 1_000,
  async run({ transaction, ids }) {
    const batch = await roleDeletionsDue.list(transaction, [], { limit: 20 });
    for (const { value: due } of batch) {
      const task = await roleDeletions.get(transaction, due.account, due.taskId);
      roleDeletionsDue.remove(transaction, due);
      if (task === undefined) continue;
      roleDeletions.put(transaction, { ...task, isDone: true });
      const role = await roles.get(transaction, task.account, lower(task.roleName));
      if (role?.roleId === task.roleId) await removeRole(transaction, role, ids.uuid());
    }
    return batch.length === 20 ? 'more' : undefined;
  },
};

async function removeRole(transaction: Transaction, role: RoleRecord, marker: string): Promise<void> {
  const { account, roleName } = role;
  for (const attached of await attachments.all(transaction, account, 'role', lower(roleName))) {
    attachments.remove(transaction, attached);
    attachedTo.remove(transaction, attached);
  }
  for (const inline of await inlinePolicies.all(transaction, account, 'role', lower(roleName))) inlinePolicies.remove(transaction, inline);
  roles.remove(transaction, role);
  principalIds.remove(transaction, { id: role.roleId, account, kind: 'role', name: roleName });
  await countDown(transaction, account, 'role');
  advanceGeneration(transaction, account, marker);
}

export const serviceLinkedRoleOperations = [CreateServiceLinkedRole, DeleteServiceLinkedRole, GetServiceLinkedRoleDeletionStatus];
