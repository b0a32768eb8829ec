// Finding managed policies by ARN, and what IAM authorises on them.
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { findManagedPolicy, type ManagedPolicy } from './managed-policies.ts';
import type { PolicyRecord } from './records.ts';
import { fault } from './service.ts';

/** @throws Fault NoSuchEntity */
export async function requirePolicy(scope: Scope, arn: string): Promise<ManagedPolicy> {
  const found = await findManagedPolicy(scope.transaction, arn);
  if (found === undefined || (!found.isAwsManaged && found.record.account !== scope.account)) {
    throw fault('NoSuchEntity', `Policy ${arn} was not found.`);
  }
  return found;
}

/** The policy for a change. Those of AWS never get here: nobody is authorised to change them. @throws Fault NoSuchEntity */
export async function requireOwnPolicy(scope: Scope, arn: string): Promise<PolicyRecord> {
  const { record, isAwsManaged } = await requirePolicy(scope, arn);
  if (isAwsManaged) throw fault('InvalidInput', `Policy ${arn} is managed by AWS and cannot be changed.`);
  return record;
}

export async function policyAccess(scope: Scope, action: string, arn: string, extra: Partial<Access> = {}): Promise<Access> {
  const found = await findManagedPolicy(scope.transaction, arn);
  return { action, resource: arn, shownAs: `policy ${arn}`, ...(found === undefined ? {} : { resourceTags: found.record.tags }), ...extra };
}

export function onPolicy<Input extends { readonly PolicyArn: string }>(action: string) {
  return (input: Input, scope: Scope): Promise<Access> => policyAccess(scope, action, input.PolicyArn);
}

/** AWS: policies of AWS are another account's resources, so that even root is refused to change them. */
export function changingPolicy(scope: Scope, action: string, arn: string, extra: Partial<Access> = {}): Promise<Access> {
  const account = parseArn(arn)?.account;
  return policyAccess(scope, action, arn, { ...extra, ...(account === 'aws' ? { resourceAccount: account } : {}) });
}

export function onOwnPolicy<Input extends { readonly PolicyArn: string }>(action: string) {
  return (input: Input, scope: Scope): Promise<Access> => changingPolicy(scope, action, input.PolicyArn);
}
