// AWS Identity and Access Management: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { accessKeyOperations } from './access-keys.ts';
import { accountOperations } from './account.ts';
import { accountAuthorizationOperations } from './account-authorization-details.ts';
import { accountSummaryOperations } from './account-summary.ts';
import { attachmentOperations } from './attachments.ts';
import { boundaryOperations } from './boundaries.ts';
import { contextKeyOperations } from './context-keys.ts';
import { credentialReportJob, credentialReportOperations } from './credential-report.ts';
import { delegationRequestOperations } from './delegation-requests.ts';
import { groupOperations } from './groups.ts';
import { inlinePolicyOperations } from './inline-policies.ts';
import { instanceProfileOperations } from './instance-profiles.ts';
import { lastAccessReader } from './last-accessed.ts';
import { lastAccessedOperations } from './last-accessed-reports.ts';
import { loginProfileOperations } from './login-profiles.ts';
import { mfaDeviceOperations } from './mfa-devices.ts';
import { patternSentence } from './name-sentences.ts';
import { openIdConnectProviderOperations } from './open-id-connect-providers.ts';
import { organizationAccessReportOperations } from './organization-access-reports.ts';
import { outboundFederationOperations } from './outbound-federation.ts';
import { passwordPolicyOperations } from './password-policy.ts';
import { policyOperations } from './policies.ts';
import { roleOperations } from './roles.ts';
import { rootAccessOperations } from './root-access.ts';
import { samlProviderOperations } from './saml-providers.ts';
import { serverCertificateOperations } from './server-certificates.ts';
import { serviceCredentialOperations } from './service-credentials.ts';
import { roleDeletionJob, serviceLinkedRoleOperations } from './service-linked-roles.ts';
import { signingCertificateOperations } from './signing-certificates.ts';
import { simulationOperations } from './simulation.ts';
import { sshPublicKeyOperations } from './ssh-public-keys.ts';
import { iamTaggables } from './taggables.ts';
import { tagOperations } from './tags.ts';
import { userOperations } from './users.ts';

export const iam: ServiceDefinition = {
  name: 'iam',
  quirks: { isGlobal: true, patternSentence },
  jobs: [roleDeletionJob, credentialReportJob],
  readers: [lastAccessReader],
  taggables: iamTaggables,
  operations: [
    ...userOperations,
    ...groupOperations,
    ...roleOperations,
    ...serviceLinkedRoleOperations,
    ...instanceProfileOperations,
    ...policyOperations,
    ...inlinePolicyOperations,
    ...attachmentOperations,
    ...boundaryOperations,
    ...accessKeyOperations,
    ...loginProfileOperations,
    ...passwordPolicyOperations,
    ...mfaDeviceOperations,
    ...serviceCredentialOperations,
    ...sshPublicKeyOperations,
    ...signingCertificateOperations,
    ...serverCertificateOperations,
    ...tagOperations,
    ...contextKeyOperations,
    ...simulationOperations,
    ...accountOperations,
    ...accountSummaryOperations,
    ...accountAuthorizationOperations,
    ...credentialReportOperations,
    ...lastAccessedOperations,
    ...organizationAccessReportOperations,
    ...rootAccessOperations,
    ...outboundFederationOperations,
    ...delegationRequestOperations,
    ...samlProviderOperations,
    ...openIdConnectProviderOperations,
  ],
};
