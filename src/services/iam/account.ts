// The account itself: its alias and what it holds.
import { quotas } from './quotas.ts';
import { accounts, groups, keysOfUser, policies, roles, users } from './records.ts';
import { fault, operation } from './service.ts';

export const CreateAccountAlias = operation('CreateAccountAlias', {
  access: () => ({ action: 'iam:CreateAccountAlias', resource: '*' }),
  async handle(input, { transaction, account }) {
    const record = await accounts.get(transaction, account);
    if (record !== undefined) accounts.put(transaction, { ...record, alias: input.AccountAlias });
    return {};
  },
});

export const DeleteAccountAlias = operation('DeleteAccountAlias', {
  access: () => ({ action: 'iam:DeleteAccountAlias', resource: '*' }),
  async handle(input, { transaction, account }) {
    const record = await accounts.get(transaction, account);
    if (record?.alias !== input.AccountAlias) throw fault('NoSuchEntity', `The account alias ${input.AccountAlias} cannot be found.`);
    const { alias: _alias, ...rest } = record;
    accounts.put(transaction, rest);
    return {};
  },
});

export const ListAccountAliases = operation('ListAccountAliases', {
  access: () => ({ action: 'iam:ListAccountAliases', resource: '*' }),
  async handle(_input, { transaction, account }) {
    const alias = (await accounts.get(transaction, account))?.alias;
    return { AccountAliases: alias === undefined ? [] : [alias], IsTruncated: false };
  },
});

export const GetAccountSummary = operation('GetAccountSummary', {
  access: () => ({ action: 'iam:GetAccountSummary', resource: '*' }),
  async handle(_input, { transaction, account }) {
    const [allUsers, allGroups, allRoles, allPolicies, rootKeys] = await Promise.all([
      users.all(transaction, account),
      groups.all(transaction, account),
      roles.all(transaction, account),
      policies.all(transaction, account),
      keysOfUser.all(transaction, account, '<root>'),
    ]);
    return {
      SummaryMap: {
        Users: allUsers.length,
        UsersQuota: quotas.Users,
        Groups: allGroups.length,
        GroupsQuota: quotas.Groups,
        Roles: allRoles.length,
        RolesQuota: quotas.Roles,
        Policies: allPolicies.length,
        PoliciesQuota: quotas.Policies,
        PolicySizeQuota: quotas.PolicySize,
        UserPolicySizeQuota: quotas.UserPolicySize,
        GroupPolicySizeQuota: quotas.GroupPolicySize,
        AssumeRolePolicySizeQuota: quotas.ACLSizePerRole,
        GroupsPerUserQuota: quotas.GroupsPerUser,
        AccessKeysPerUserQuota: quotas.AccessKeysPerUser,
        AttachedPoliciesPerUserQuota: quotas.AttachedPoliciesPerUser,
        AttachedPoliciesPerGroupQuota: quotas.AttachedPoliciesPerGroup,
        AttachedPoliciesPerRoleQuota: quotas.AttachedPoliciesPerRole,
        VersionsPerPolicyQuota: quotas.VersionsPerPolicy,
        AccountAccessKeysPresent: rootKeys.length > 0 ? 1 : 0,
        MFADevices: 0,
        MFADevicesInUse: 0,
        AccountMFAEnabled: 0,
      },
    };
  },
});

export const accountOperations = [CreateAccountAlias, DeleteAccountAlias, ListAccountAliases, GetAccountSummary];
