// IAM's quotas, in AWS's names. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
import { fault } from './service.ts';

export const quotas = {
  AccessKeysPerUser: 2,
  GroupsPerUser: 10,
  PoliciesPerUser: 10,
  PoliciesPerGroup: 10,
  PoliciesPerRole: 10,
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
  InstanceSessionsPerInstanceProfile: 1,
  UsersPerAccount: 5_000,
  GroupsPerAccount: 300,
  RolesPerAccount: 1_000,
  PoliciesPerAccount: 1_500,
  InstanceProfilesPerAccount: 1_000,
  ServerCertificatesPerAccount: 20,
  PolicyVersionsInUse: 10_000,
} as const;

/** @throws Fault LimitExceeded when `used` more than fill the quota. */
export function withinQuota(name: keyof typeof quotas, used: number): void {
  if (used > quotas[name]) throw fault('LimitExceeded', `Cannot exceed quota for ${name}: ${quotas[name]}`);
}
