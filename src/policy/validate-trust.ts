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
  if (malformed?.kind === 'Federated') return 'Federated principals must be valid domain names or SAML metadata ARNs';
  if (malformed !== undefined) return `Invalid principal in policy: "${malformed.kind.toUpperCase()}":"${malformed.value}"`;
  if (!hasKnownOperators(statement) || hasUnreadableDate(statement)) return 'Syntax error in policy.';
  return federationProblem(statement);
}

/**
 * AWS: identity providers that many customers share must be narrowed to the customer's own part.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
 */
const sharedIssuers: Readonly<Record<string, string>> = {
  'agent.buildkite.com': 'sub',
  'api.pulumi.com/oidc': 'aud',
  'app.terraform.io': 'sub',
  'gitlab.com': 'sub',
  'oidc-configuration.audit-log.githubusercontent.com': 'sub',
  'oidc.codefresh.io': 'sub',
  // IBM Turbonomic, under several addresses.
  'oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb': 'sub',
  'rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7': 'sub',
  'rh-oidc.s3.us-east-1.amazonaws.com/23e3sd27sju1hoou6ohfs68vbno607tr': 'sub',
  'rh-oidc.s3.us-east-1.amazonaws.com/23ne21h005qjl3n33d8dui5dlrmv2tmg': 'sub',
  'rh-oidc.s3.us-east-1.amazonaws.com/24jrf12m5dj7ljlfb4ta2frhrcoadm26': 'sub',
  'oidc.vercel.com': 'aud',
  'proidc.upbound.io': 'sub',
  'sandboxes.cloud': 'aud',
  'scalr.io': 'sub',
  'studio.datachain.ai/api': 'sub',
  'token.actions.githubusercontent.com': 'sub',
  'tokens.cloud.shisho.dev': 'sub',
  'vstoken.actions.githubusercontent.com': 'sub',
};

/** Azure Sentinel: its tenants stand in the session's name. */
const sharedIssuerOfSentinel = 'sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d';

function federationProblem({ effect, principals, conditions }: Statement): string | undefined {
  if (effect === 'Deny') return undefined;
  const providers = principals?.entries.filter(({ kind }) => kind === 'Federated').map(({ value }) => value) ?? [];
  if (providers.includes('cognito-identity.amazonaws.com') && conditions.length === 0)
    return 'A condition block must be present for the Cognito provider';
  for (const key of providers.map(requiredKeyOf)) {
    if (key === undefined) continue;
    const isNarrow = conditions.some((condition) => condition.key.toLowerCase() === key.toLowerCase() && isNarrowing(condition));
    if (!isNarrow) return `The trust policy must have a condition on ${key} that is not only wildcards`;
  }
  return undefined;
}

function requiredKeyOf(provider: string): string | undefined {
  if (provider === 'cognito-identity.amazonaws.com') return `${provider}:aud`;
  const issuer = /:oidc-provider\/(.+)$/.exec(provider)?.[1] ?? '';
  if (issuer === sharedIssuerOfSentinel) return 'sts:RoleSessionName';
  const claim = sharedIssuers[issuer];
  return claim === undefined ? undefined : `${issuer}:${claim}`;
}

function isNarrowing({ operator, values }: Statement['conditions'][number]): boolean {
  const { name, ifExists, quantifier } = parseOperatorName(operator);
  const isPositive = name === 'stringequals' || name === 'stringlike' || name === 'stringequalsignorecase';
  return isPositive && !ifExists && quantifier !== 'all' && values.length > 0 && values.every((value) => /[^*?]/.test(value));
}
