// A short session of a member account's root, for one task, by whoever manages the organisation's accounts.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html

import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import type { AssumeRootRequest } from './api.gen.ts';
import { issueCredentials } from './credentials.ts';
import { rootTaskPolicy } from './root-task-policies.ts';
import { operation } from './service.ts';

const defaultSeconds = 900;

export const AssumeRoot = operation('AssumeRoot', {
  access,
  readOnly: true,
  recordsResponse: true,
  async handle(input, context) {
    const account = targetOf(input, context);
    await requireAdministrator(account, context);
    const SourceIdentity = context.caller.session?.sourceIdentity;
    const Credentials = issueCredentials(context, {
      account,
      holder: { kind: 'root' },
      name: 'root',
      durationSeconds: input.DurationSeconds ?? defaultSeconds,
      policies: { document: taskOf(input, context), arns: [] },
      facts: { sourceIdentity: SourceIdentity, isAssumedRoot: true },
    });
    context.note({
      resources: [
        { type: 'AWS::IAM::AccessKey', name: Credentials.AccessKeyId },
        { type: 'AWS::IAM::RootUser', name: rootArn(account, context) },
      ],
      sharedWith: account,
    });
    return { Credentials, SourceIdentity };
  },
});

function access(input: AssumeRootRequest, scope: Scope): Access {
  if (scope.isGlobalEndpoint) {
    throw commonFault('ValidationError', 'AssumeRoot is not supported on the global endpoint. Use a Regional STS endpoint.');
  }
  if (scope.caller.principal.kind === 'root') throw commonFault('AccessDenied', 'Root users cannot call AssumeRoot.');
  const account = targetOf(input, scope);
  taskOf(input, scope);
  return {
    action: 'sts:AssumeRoot',
    // Only the caller's own policies are asked: root has no policy that could trust anybody.
    resource: rootArn(account, scope),
    context: { 'sts:TaskPolicyArn': input.TaskPolicyArn.arn },
  };
}

/** @throws Fault AccessDenied, in the words of a missing permission, when the accounts do not stand to each other as it needs. */
async function requireAdministrator(account: string, scope: Scope): Promise<void> {
  const { organizations, principals, transaction } = scope;
  const [own, target] = await Promise.all(
    [scope.account, account].map((each) => organizations.standingOf(transaction, each, 'iam.amazonaws.com')),
  );
  const isAdministrator = own !== undefined && (own.managementAccount === scope.account || own.isDelegatedAdministrator);
  const isMember = target !== undefined && target.organizationId === own?.organizationId && target.managementAccount !== account;
  if (isAdministrator && isMember && own.isServiceTrusted) {
    if ((await principals.rootFeatures(transaction, own.organizationId)).includes('RootSessions')) return;
  }
  throw commonFault(
    'AccessDenied',
    `User: ${scope.caller.principal.arn} is not authorized to perform: sts:AssumeRoot on resource: ${rootArn(account, scope)}`,
  );
}

function targetOf({ TargetPrincipal: target }: AssumeRootRequest, { partition }: Scope): string {
  const arn = parseArn(target);
  const account = arn === undefined ? target : arn.account;
  const isRoot = arn === undefined || (arn.partition === partition && arn.service === 'iam' && arn.resource === 'root');
  if (!isRoot || !/^\d{12}$/.test(account)) throw commonFault('ValidationError', `${target} is not a member account or its root user`);
  return account;
}

function taskOf({ TaskPolicyArn }: AssumeRootRequest, { partition }: Scope): string {
  const policy = TaskPolicyArn.arn === undefined ? undefined : rootTaskPolicy(partition, TaskPolicyArn.arn);
  if (policy === undefined) throw commonFault('ValidationError', `${TaskPolicyArn.arn ?? ''} is not a task policy for root user sessions`);
  return policy;
}

function rootArn(account: string, { partition }: Scope): ResourceArn<'sts:root-user'> {
  return `arn:${partition}:iam::${account}:root`;
}
