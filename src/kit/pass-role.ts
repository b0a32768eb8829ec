// Handing a role to a service: whoever does it must be allowed iam:PassRole on that role, for that service.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html

import { parseArn } from '../base/arn.ts';
import type { Scope } from './context.ts';
import type { Access } from './operation.ts';
import { resourceNamed } from './resource-arns.ts';

/**
 * What an operation that gives `roleArn` to `service` (`lambda.amazonaws.com`) asks beside its own action. `associatedResourceArn` is the
 * resource that will use the role, where AWS names one.
 */
export async function passRole(scope: Scope, roleArn: string, service: string, associatedResourceArn?: string): Promise<Access> {
  const role = await scope.principals.role(scope.transaction, roleArn);
  const account = parseArn(roleArn)?.account;
  const tags = Object.entries(role?.tags ?? {}).map(([key, value]) => [`iam:ResourceTag/${key}`, value] as const);
  return {
    action: 'iam:PassRole',
    resource: resourceNamed<'iam:role'>(roleArn),
    ...(account === undefined || account === '' ? {} : { resourceAccount: account }),
    ...(role === undefined ? {} : { resourceTags: role.tags }),
    context: { 'iam:PassedToService': service, 'iam:AssociatedResourceArn': associatedResourceArn, ...Object.fromEntries(tags) },
  };
}
