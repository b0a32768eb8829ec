// IAM's quotas, in AWS's names. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
import { fault } from './service.ts';

export const quotas = {
  AccessKeysPerUser: 2,
  GroupsPerUser: 10,
  AttachedPoliciesPerUser: 10,
  AttachedPoliciesPerGroup: 10,
  AttachedPoliciesPerRole: 20,
  VersionsPerPolicy: 5,
  PolicySize: 6_144,
  UserPolicySize: 2_048,
  GroupPolicySize: 5_120,
  RolePolicySize: 10_240,
  ACLSizePerRole: 2_048,
  TagsPerResource: 50,
  MFADevicesPerUser: 8,
  ServiceSpecificCredentialsPerUser: 2,
  SSHPublicKeysPerUser: 5,
  SigningCertificatesPerUser: 2,
  ServerCertificates: 20,
  InstanceProfiles: 1_000,
  Users: 5_000,
  Groups: 300,
  Roles: 1_000,
  Policies: 1_500,
} as const;

/** @throws Fault LimitExceeded when `used` more than fill the quota. */
export function withinQuota(name: keyof typeof quotas, used: number): void {
  if (used > quotas[name]) throw fault('LimitExceeded', `Cannot exceed quota for ${name}: ${quotas[name]}`);
}
