// Groups, as resource shares (ram) give them to other accounts.
import type { ShareableType } from '../../kit/shareables.ts';
import { groupWithArn } from './names.ts';

const actions = ['resource-groups:GetGroup', 'resource-groups:GetGroupConfiguration', 'resource-groups:ListGroupResources'] as const;

/** https://docs.aws.amazon.com/ram/latest/userguide/shareable.html#shareable-arg */
export const shareableGroups: ShareableType = {
  type: 'resource-groups:Group',
  // Of application groups with their id; tag-sync tasks, whose ARNs go on from there, are none.
  isArn: (arn) => /^arn:[^:]+:resource-groups:[^:]+:\d{12}:group\/[^/]+(?:\/[^/]+)?$/.test(arn),
  exists: async (transaction, arn) => (await groupWithArn(transaction, arn)) !== undefined,
  hasPrincipals: false,
  isForOutsiders: true,
  hasCustomerPermissions: true,
  invitationHours: 12,
  actions,
  permissions: [{ name: 'AWSRAMDefaultPermissionResourceGroup', statements: [{ Effect: 'Allow', Action: actions }] }],
  policyAction: 'resource-groups:PutGroupPolicy',
};
