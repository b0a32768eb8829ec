// What the account holds, counted, beside its quotas. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
import type { Scope } from '../../kit/context.ts';
import { countOf } from './account-counts.ts';
import { loginProfiles, mfasOfOwner, serverCertificates, signingCertificates, virtualMfas } from './credential-records.ts';
import { openIdProviders, samlProviders } from './identity-providers.ts';
import { quotas } from './quotas.ts';
import { accounts, keysOfUser, policies, users } from './records.ts';
import { operation } from './service.ts';

export const GetAccountSummary = operation('GetAccountSummary', {
  access: () => ({ action: 'iam:GetAccountSummary', resource: '*' }),
  handle: async (_input, context) => ({ SummaryMap: { ...(await held(context)), ...(await ofRoot(context)), ...quotaEntries } }),
});

async function held({ transaction, account }: Scope) {
  const devices = await virtualMfas.all(transaction, account);
  const versions = (await policies.all(transaction, account)).map((policy) => policy.versions.length);
  const providers = [...(await samlProviders.all(transaction, account)), ...(await openIdProviders.all(transaction, account))];
  return {
    Users: (await users.all(transaction, account)).length,
    Groups: await countOf(transaction, account, 'group'),
    Roles: await countOf(transaction, account, 'role'),
    Policies: versions.length,
    PolicyVersionsInUse: versions.reduce((sum, count) => sum + count, 0),
    InstanceProfiles: await countOf(transaction, account, 'instance-profile'),
    ServerCertificates: (await serverCertificates.all(transaction, account)).length,
    Providers: providers.length,
    MFADevices: devices.length,
    MFADevicesInUse: devices.filter(({ ownerId }) => ownerId !== undefined).length,
  };
}

async function ofRoot({ transaction, account }: Scope) {
  const has = (records: readonly unknown[]) => (records.length > 0 ? 1 : 0);
  return {
    AccountMFAEnabled: has(await mfasOfOwner.list(transaction, [account, account], { limit: 1 })),
    AccountAccessKeysPresent: has(await keysOfUser.list(transaction, [account, '<root>'], { limit: 1 })),
    AccountSigningCertificatesPresent: has(await signingCertificates.list(transaction, [account, account], { limit: 1 })),
    AccountPasswordPresent: (await loginProfiles.get(transaction, account, account)) === undefined ? 0 : 1,
    GlobalEndpointTokenVersion: (await accounts.get(transaction, account))?.globalTokenVersion ?? 1,
  };
}

const quotaEntries = {
  UsersQuota: quotas.UsersPerAccount,
  GroupsQuota: quotas.GroupsPerAccount,
  RolesQuota: quotas.RolesPerAccount,
  PoliciesQuota: quotas.PoliciesPerAccount,
  InstanceProfilesQuota: quotas.InstanceProfilesPerAccount,
  ServerCertificatesQuota: quotas.ServerCertificatesPerAccount,
  PolicySizeQuota: quotas.PolicySize,
  UserPolicySizeQuota: quotas.UserPolicySize,
  GroupPolicySizeQuota: quotas.GroupPolicySize,
  RolePolicySizeQuota: quotas.RolePolicySize,
  AssumeRolePolicySizeQuota: quotas.ACLSizePerRole,
  VersionsPerPolicyQuota: quotas.VersionsPerPolicy,
  PolicyVersionsInUseQuota: quotas.PolicyVersionsInUse,
  GroupsPerUserQuota: quotas.GroupsPerUser,
  AccessKeysPerUserQuota: quotas.AccessKeysPerUser,
  SigningCertificatesPerUserQuota: quotas.SigningCertificatesPerUser,
  AttachedPoliciesPerUserQuota: quotas.PoliciesPerUser,
  AttachedPoliciesPerGroupQuota: quotas.PoliciesPerGroup,
  AttachedPoliciesPerRoleQuota: quotas.PoliciesPerRole,
};

export const accountSummaryOperations = [GetAccountSummary];
