// The ARNs of Organizations: all carry the management account and the organisation.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceArn, ResourceType } from '../../kit/resources.gen.ts';
import type { PolicyType } from './api.gen.ts';
import { isAwsManaged } from './aws-managed.ts';
import type { OrganizationRecord } from './records.ts';

type Owner = Pick<OrganizationRecord, 'organizationId' | 'managementAccount'>;

function arn<Type extends ResourceType>(
  partition: string,
  { managementAccount, organizationId }: Owner,
  kind: string,
  rest: string,
): ResourceArn<Type> {
  return resourceNamed<Type>(`arn:${partition}:organizations::${managementAccount}:${kind}/${organizationId}${rest}`);
}

export function organizationArn(partition: string, owner: Owner): ResourceArn<'organizations:organization'> {
  return arn<'organizations:organization'>(partition, owner, 'organization', '');
}

export function accountArn(partition: string, owner: Owner, account: string): ResourceArn<'organizations:account'> {
  return arn<'organizations:account'>(partition, owner, 'account', `/${account}`);
}

export function rootArn(partition: string, owner: Owner, rootId: string): ResourceArn<'organizations:root'> {
  return arn<'organizations:root'>(partition, owner, 'root', `/${rootId}`);
}

export function unitArn(partition: string, owner: Owner, unitId: string): ResourceArn<'organizations:organizationalunit'> {
  return arn<'organizations:organizationalunit'>(partition, owner, 'ou', `/${unitId}`);
}

export function policyArn(
  partition: string,
  owner: Owner,
  type: PolicyType,
  policyId: string,
): ResourceArn<'organizations:policy' | 'organizations:awspolicy'> {
  const kind = type.toLowerCase();
  return isAwsManaged(policyId)
    ? resourceNamed<'organizations:awspolicy'>(`arn:${partition}:organizations::aws:policy/${kind}/${policyId}`)
    : arn<'organizations:policy'>(partition, owner, 'policy', `/${kind}/${policyId}`);
}

export function handshakeArn(partition: string, owner: Owner, action: string, handshakeId: string): ResourceArn<'organizations:handshake'> {
  return arn<'organizations:handshake'>(partition, owner, 'handshake', `/${action.toLowerCase()}/${handshakeId}`);
}

export function resourcePolicyArn(partition: string, owner: Owner, policyId: string): ResourceArn<'organizations:resourcepolicy'> {
  return arn<'organizations:resourcepolicy'>(partition, owner, 'resourcepolicy', `/${policyId}`);
}

export function transferArn(
  partition: string,
  owner: Owner,
  direction: 'inbound' | 'outbound',
  id: string,
): ResourceArn<'organizations:responsibilitytransfer'> {
  return arn<'organizations:responsibilitytransfer'>(partition, owner, 'transfer', `/billing/${direction}/${id}`);
}
