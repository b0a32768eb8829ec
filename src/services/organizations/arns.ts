// The ARNs of Organizations: all carry the management account and the organisation.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
import type { PolicyType } from './api.gen.ts';
import { isAwsManaged } from './aws-managed.ts';
import type { OrganizationRecord } from './records.ts';

type Owner = Pick<OrganizationRecord, 'organizationId' | 'managementAccount'>;

function arn(partition: string, { managementAccount, organizationId }: Owner, kind: string, rest: string): string {
  return `arn:${partition}:organizations::${managementAccount}:${kind}/${organizationId}${rest}`;
}

export function organizationArn(partition: string, owner: Owner): string {
  return arn(partition, owner, 'organization', '');
}

export function accountArn(partition: string, owner: Owner, account: string): string {
  return arn(partition, owner, 'account', `/${account}`);
}

export function rootArn(partition: string, owner: Owner, rootId: string): string {
  return arn(partition, owner, 'root', `/${rootId}`);
}

export function unitArn(partition: string, owner: Owner, unitId: string): string {
  return arn(partition, owner, 'ou', `/${unitId}`);
}

export function policyArn(partition: string, owner: Owner, type: PolicyType, policyId: string): string {
  const kind = type.toLowerCase();
  return isAwsManaged(policyId)
    ? `arn:${partition}:organizations::aws:policy/${kind}/${policyId}`
    : arn(partition, owner, 'policy', `/${kind}/${policyId}`);
}

export function handshakeArn(partition: string, owner: Owner, action: string, handshakeId: string): string {
  return arn(partition, owner, 'handshake', `/${action.toLowerCase()}/${handshakeId}`);
}

export function resourcePolicyArn(partition: string, owner: Owner, policyId: string): string {
  return arn(partition, owner, 'resourcepolicy', `/${policyId}`);
}

export function transferArn(partition: string, owner: Owner, direction: 'inbound' | 'outbound', id: string): string {
  return arn(partition, owner, 'transfer', `/billing/${direction}/${id}`);
}
