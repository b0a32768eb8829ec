// The quotas of Organizations. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
// AWS raises the number of accounts on request; here it is what AWS raises it to.
import type { PolicyType } from './api.gen.ts';

export const quotas = {
  accounts: 10_000,
  organizationalUnits: 2_000,
  organizationalUnitDepth: 5,
  tagsPerResource: 50,
  /** Created accounts cannot be removed earlier. */
  createdAccountDaysMin: 4,
  delegatedAdministratorsPerService: 10,
  closedAccountsPer30Days: { floor: 250, percent: 20, ceiling: 1_000 },
  resourcePolicyCharacters: 40_000,
  invitationDays: 15,
  allFeaturesDays: 90,
  /** How long an answered handshake can be seen. */
  handshakeVisibleDays: 30,
  closedAccountDays: 90,
  responsibilityTransfersInbound: 500,
} as const;

export interface PolicyQuota {
  readonly characters: number;
  readonly perTarget: number;
  readonly perOrganization: number;
}

export const policyQuotas: Readonly<Record<PolicyType, PolicyQuota>> = {
  SERVICE_CONTROL_POLICY: { characters: 10_240, perTarget: 10, perOrganization: 10_000 },
  RESOURCE_CONTROL_POLICY: { characters: 5_120, perTarget: 5, perOrganization: 2_000 },
  TAG_POLICY: { characters: 10_000, perTarget: 10, perOrganization: 1_000 },
  BACKUP_POLICY: { characters: 10_000, perTarget: 10, perOrganization: 1_000 },
  AISERVICES_OPT_OUT_POLICY: { characters: 2_500, perTarget: 5, perOrganization: 1_000 },
  CHATBOT_POLICY: { characters: 10_000, perTarget: 5, perOrganization: 1_000 },
  DECLARATIVE_POLICY_EC2: { characters: 10_000, perTarget: 10, perOrganization: 1_000 },
  SECURITYHUB_POLICY: { characters: 10_000, perTarget: 10, perOrganization: 1_000 },
  INSPECTOR_POLICY: { characters: 10_000, perTarget: 10, perOrganization: 1_000 },
  UPGRADE_ROLLOUT_POLICY: { characters: 10_000, perTarget: 10, perOrganization: 1_000 },
  BEDROCK_POLICY: { characters: 10_000, perTarget: 10, perOrganization: 1_000 },
  S3_POLICY: { characters: 10_000, perTarget: 10, perOrganization: 1_000 },
  NETWORK_SECURITY_DIRECTOR_POLICY: { characters: 10_000, perTarget: 10, perOrganization: 1_000 },
};

export const dayMs = 86_400_000;
