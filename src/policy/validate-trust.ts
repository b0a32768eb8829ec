// A role's trust policy, as IAM checks it. Whether the principals exist is IAM's to know.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import { parseOperatorName } from './conditions/condition.ts';
import { type DocumentProblem, type PolicyDocument, parseDocument, type Statement } from './document.ts';
import type { DocumentCheck } from './validate-document.ts';
import {
  firstMessage,
  hasKnownOperators,
  hasOnlyPolicyCharacters,
  hasUniqueSids,
  hasUnreadableDate,
  malformedPrincipal,
} from './validate-statement.ts';

export function checkTrust(text: string): DocumentCheck {
  if (!hasOnlyPolicyCharacters(text)) return { message: 'This policy contains invalid Json' };
  const parsed = parseDocument(text);
  if ('problem' in parsed) return { message: parsedProblem(parsed.problem) };
  const { document } = parsed;
  const message = trustProblem(document);
  return message === undefined ? { document } : { message };
}

/** The sentences of the parser that IAM's trust policies share with most services' resource policies. */
export function parsedProblem({ kind, element, value }: DocumentProblem): string {
  switch (kind) {
    case 'json':
    case 'duplicate-member':
      return 'This policy contains invalid Json';
    case 'version':
      return 'The policy must contain a valid version string';
    case 'empty-statement':
      return 'Could not parse the policy: Statement is empty!';
    case 'effect':
      return `Invalid effect: ${value ?? ''}`;
    case 'structure':
      return element === 'Effect' ? 'Missing required field Effect' : 'Syntax error in policy.';
  }
}

function trustProblem(document: PolicyDocument): string | undefined {
  const message = firstMessage(document.statements, statementProblem);
  return message ?? (hasUniqueSids(document) ? undefined : 'The Statement Ids in the policy are not unique');
}

function statementProblem(statement: Statement): string | undefined {
  const { actions, resources, principals, effect } = statement;
  if (principals === undefined) return 'Missing required field Principal';
  if (principals.isNegated)
    return effect === 'Allow' ? 'Allow with NotPrincipal is not allowed.' : 'AssumeRole policy must not contain NotPrincipal field.';
  if (principals.isStar) return 'Principal must be a JSON object.';
  if (principals.entries.length === 0) return 'Missing required field Principal cannot be empty!';
  if (resources !== undefined)
    return resources.isNegated ? 'AssumeRole policy must not contain resources.' : 'Has prohibited field Resource';
  if (actions === undefined || actions.values.length === 0) return 'Missing required field Action';
  if (!actions.values.every((action) => /^sts:/i.test(action))) return 'AssumeRole policy may only specify STS AssumeRole actions.';
  const malformed = malformedPrincipal(principals);
  if (malformed !== undefined) return `Invalid principal in policy: "${malformed.kind}":"${malformed.value}"`;
  if (!hasKnownOperators(statement) || hasUnreadableDate(statement)) return 'Syntax error in policy.';
  return federationProblem(statement);
}

/**
 * AWS: identity providers that many customers share must be narrowed to the customer's own part.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
 */
const sharedIssuers: Readonly<Record<string, string>> = {
  'token.actions.githubusercontent.com': 'sub',
  'gitlab.com': 'sub',
  'app.terraform.io': 'sub',
  'agent.buildkite.com': 'sub',
  'oidc.codefresh.io': 'sub',
  'scalr.io': 'sub',
  'api.pulumi.com/oidc': 'aud',
  'oidc.vercel.com': 'aud',
  'sandboxes.cloud': 'aud',
};

function federationProblem({ effect, principals, conditions }: Statement): string | undefined {
  if (effect === 'Deny') return undefined;
  const providers = principals?.entries.filter(({ kind }) => kind === 'Federated').map(({ value }) => value) ?? [];
  if (providers.includes('cognito-identity.amazonaws.com') && conditions.length === 0)
    return 'A condition block must be present for the Cognito provider';
  for (const [issuer, claim] of Object.entries(sharedIssuers)) {
    if (!providers.some((provider) => provider.endsWith(`:oidc-provider/${issuer}`))) continue;
    const key = `${issuer}:${claim}`;
    const isNarrow = conditions.some((condition) => condition.key.toLowerCase() === key && isNarrowing(condition));
    if (!isNarrow) return `The trust policy must have a condition on ${key} that is not only wildcards`;
  }
  return undefined;
}

function isNarrowing({ operator, values }: Statement['conditions'][number]): boolean {
  const { name, ifExists, quantifier } = parseOperatorName(operator);
  const isPositive = name === 'stringequals' || name === 'stringlike' || name === 'stringequalsignorecase';
  return isPositive && !ifExists && quantifier !== 'all' && values.length > 0 && values.every((value) => /[^*?]/.test(value));
}
