// Whether a policy's text is what its type demands. AWS says only that it is not.
import { checkResourceControl, checkServiceControl } from '../../policy/validate-organization.ts';
import type { PolicyType } from './api.gen.ts';
import { isManagementPolicy } from './management-policy.ts';
import { policyQuotas } from './quotas.ts';
import { constraint, fault } from './service.ts';

/** @throws Fault MalformedPolicyDocumentException, ConstraintViolationException */
export function checkContent(type: PolicyType, content: string): void {
  // AWS: white space counts when it comes through the API.
  if (content.length > policyQuotas[type].characters) {
    throw constraint('POLICY_CONTENT_LIMIT_EXCEEDED', 'You have exceeded the maximum size allowed for a policy of this type.');
  }
  if (!isContentOf(type, content)) {
    throw fault(
      'MalformedPolicyDocumentException',
      'The provided policy document does not meet the requirements of the specified policy type.',
    );
  }
}

function isContentOf(type: PolicyType, content: string): boolean {
  switch (type) {
    case 'SERVICE_CONTROL_POLICY':
      return 'document' in checkServiceControl(content);
    case 'RESOURCE_CONTROL_POLICY':
      return 'document' in checkResourceControl(content);
    default:
      return isManagementPolicy(type, content);
  }
}
