// Service control and resource control policies, as Organizations checks them: one sentence for everything that is wrong.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html · …/orgs_manage_policies_rcps_syntax.html
import { type PolicyDocument, parseDocument, type Statement } from './document.ts';
import type { DocumentCheck } from './validate-document.ts';
import {
  hasKnownOperators,
  hasOnlyPolicyCharacters,
  hasUniqueSids,
  hasUnreadableDate,
  isActionPattern,
  isResourcePattern,
} from './validate-statement.ts';

const refused = { message: 'The provided policy document does not meet the requirements of the specified policy type.' };

/** Since September 2025 all of IAM's language but principals, for Allow as for Deny. */
export function checkServiceControl(text: string): DocumentCheck {
  return check(text, (statement) => {
    const { actions, resources, principals } = statement;
    const hasActions = actions?.values.every((action) => action === '*' || isActionPattern(action)) === true;
    return principals === undefined && hasActions && hasResources(resources);
  });
}

/** Only Deny, for everybody, of actions whose service is named; Allow is reserved for RCPFullAWSAccess. */
export function checkResourceControl(text: string): DocumentCheck {
  return check(
    text,
    ({ actions, effect, principals, resources }) =>
      effect === 'Deny' &&
      principals?.isStar === true &&
      !principals.isNegated &&
      actions?.isNegated === false &&
      actions.values.length > 0 &&
      actions.values.every(isActionPattern) &&
      hasResources(resources),
    ({ hasVersion, version }) => hasVersion && version === '2012-10-17',
  );
}

function check(
  text: string,
  isRight: (statement: Statement) => boolean,
  isRightAsWhole: (document: PolicyDocument) => boolean = () => true,
) {
  const parsed = hasOnlyPolicyCharacters(text) ? parseDocument(text) : undefined;
  if (parsed === undefined || 'problem' in parsed) return refused;
  const { document } = parsed;
  const areRight = document.statements.every((each) => isRight(each) && hasKnownOperators(each) && !hasUnreadableDate(each));
  return areRight && hasUniqueSids(document) && isRightAsWhole(document) ? { document } : refused;
}

function hasResources(resources: Statement['resources']): boolean {
  return resources !== undefined && resources.values.length > 0 && resources.values.every(isResourcePattern);
}
