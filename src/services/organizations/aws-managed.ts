// The policies that AWS manages: they allow everything, and stand on every root, unit and account from the start.
import type { PolicyType } from './api.gen.ts';

export interface AwsManagedPolicy {
  readonly policyId: string;
  readonly type: PolicyType;
  readonly name: string;
  readonly description: string;
  readonly content: string;
  readonly isDetachable: boolean;
}

const managed: readonly AwsManagedPolicy[] = [
  {
    policyId: 'p-FullAWSAccess',
    type: 'SERVICE_CONTROL_POLICY',
    name: 'FullAWSAccess',
    description: 'Allows access to every operation',
    content: document({ Effect: 'Allow', Action: '*', Resource: '*' }),
    isDetachable: true,
  },
  {
    policyId: 'p-RCPFullAWSAccess',
    type: 'RESOURCE_CONTROL_POLICY',
    name: 'RCPFullAWSAccess',
    description: 'Allows access to every operation',
    content: document({ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }),
    isDetachable: false,
  },
];

export function isAwsManaged(policyId: string): boolean {
  return managedPolicy(policyId) !== undefined;
}

export function managedPolicy(policyId: string): AwsManagedPolicy | undefined {
  return managed.find((policy) => policy.policyId === policyId);
}

export function managedPolicyOf(type: PolicyType): AwsManagedPolicy | undefined {
  return managed.find((policy) => policy.type === type);
}

function document(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2);
}
