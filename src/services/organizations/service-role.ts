// AWSServiceRoleForOrganizations, which lets trusted services make their own roles in an account.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html#orgs_integrate_services-using_slrs
import type { Context } from '../../kit/context.ts';

const servicePrincipal = 'organizations.amazonaws.com';

export async function ensureServiceLinkedRole(context: Context, account: string): Promise<void> {
  const { transaction, principals, ids, now, partition } = context;
  await principals.addRole(transaction, {
    account,
    path: `/aws-service-role/${servicePrincipal}/`,
    roleName: 'AWSServiceRoleForOrganizations',
    description: 'Service-linked role used by AWS Organizations to enable integration of other AWS services with Organizations.',
    trust: trustIn({ Service: servicePrincipal }),
    policyArns: [`arn:${partition}:iam::aws:policy/aws-service-role/AWSOrganizationsServiceTrustPolicy`],
    ids,
    now,
  });
}

export function trustIn(principal: Readonly<Record<string, string>>): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }] });
}
