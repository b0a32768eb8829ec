// Whether a policy's text is what its type demands. AWS says only that it is not.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html

import { parseOperatorName } from '../../policy/conditions/condition.ts';
import { operators } from '../../policy/conditions/operators.ts';
import { type PolicyDocument, parseDocument, type Statement } from '../../policy/document.ts';
import type { PolicyType } from './api.gen.ts';
import { isManagementPolicy } from './management-policy.ts';
import { policyQuotas } from './quotas.ts';
import { constraint, fault } from './service.ts';

/** @throws Fault MalformedPolicyDocumentException, ConstraintViolationException */
export function checkContent(type: PolicyType, content: string): void {
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
      return isDocumentOf(content, isServiceControlStatement);
    case 'RESOURCE_CONTROL_POLICY':
      return isDocumentOf(content, isResourceControlStatement);
    default:
      return isManagementPolicy(type, content);
  }
}

function isDocumentOf(content: string, isGood: (statement: Statement) => boolean): boolean {
  const parsed = parseDocument(content);
  return 'document' in parsed && isDocument(parsed.document) && parsed.document.statements.every((each) => isCommon(each) && isGood(each));
}

function isDocument({ hasVersion, version, statements }: PolicyDocument): boolean {
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]));
  return hasVersion && version === '2012-10-17' && statements.length > 0 && new Set(sids).size === sids.length;
}

function isCommon({ actions, resources, conditions }: Statement): boolean {
  if (actions === undefined || actions.values.length === 0 || resources === undefined || resources.values.length === 0) return false;
  return actions.values.every(isAction) && resources.values.every(isResource) && conditions.every(({ operator }) => isOperator(operator));
}

function isServiceControlStatement({ principals }: Statement): boolean {
  return principals === undefined;
}

/** AWS: customers can only deny, to everybody, and name the services. */
function isResourceControlStatement({ effect, principals, actions }: Statement): boolean {
  const isEverybody = principals?.isStar === true && !principals.isNegated;
  return effect === 'Deny' && isEverybody && actions?.isNegated === false && actions.values.every((action) => action !== '*');
}

function isAction(action: string): boolean {
  return action === '*' || /^[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+$/.test(action);
}

function isResource(resource: string): boolean {
  return resource === '*' || /^arn:[^:]*:[^:]*:[^:]*:[^:]*:.+$/s.test(resource);
}

function isOperator(text: string): boolean {
  const { name, ifExists } = parseOperatorName(text);
  return name === 'null' ? !ifExists : operators.has(name);
}
