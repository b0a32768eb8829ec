// Finding managed policies by ARN, and what IAM authorises on them.
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import { findManagedPolicy, type ManagedPolicy } from './managed-policies.ts';
import type { PolicyRecord } from './records.ts';
import { fault } from './service.ts';

/** With the documents of all versions when asked for. @throws Fault NoSuchEntity, InvalidInput */
export async function requirePolicy(scope: Scope, arn: string, isWhole = false): Promise<ManagedPolicy> {
  requirePolicyArn(arn);
  const found = await findManagedPolicy(scope.transaction, arn, isWhole);
  if (found === undefined || (!found.isAwsManaged && found.record.account !== scope.account)) {
    throw fault('NoSuchEntity', `Policy ${arn} was not found.`);
  }
  return found;
}

/** @throws Fault InvalidInput */
export function requirePolicyArn(arn: string): void {
  const parts = parseArn(arn);
  if (parts?.service !== 'iam' || !parts.resource.startsWith('policy/')) throw fault('InvalidInput', `ARN ${arn} is not valid.`);
}

/** The policy for a change. @throws Fault NoSuchEntity; AccessDenied, with AWS's sentence, for policies of AWS: not even root changes them. */
export async function requireOwnPolicy(scope: Scope, arn: string): Promise<PolicyRecord> {
  const { record, isAwsManaged } = await requirePolicy(scope, arn);
  if (isAwsManaged) throw commonFault('AccessDenied', 'Policy is outside your own account.');
  return record;
}

export async function policyAccess(scope: Scope, action: Access['action'], arn: string, extra: Partial<Access> = {}): Promise<Access> {
  const found = await findManagedPolicy(scope.transaction, arn);
  const resource = resourceNamed<'iam:policy'>(arn);
  return { action, resource, shownAs: `policy ${arn}`, ...(found === undefined ? {} : { resourceTags: found.record.tags }), ...extra };
}

export function onPolicy<Input extends { readonly PolicyArn: string }>(action: Access['action']) {
  return (input: Input, scope: Scope): Promise<Access> => policyAccess(scope, action, input.PolicyArn);
}
