// Identity policies, permissions boundaries and session policies, as IAM and STS check them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
import { type PolicyDocument, parseDocument, type Statement } from './document.ts';
import type { DocumentCheck } from './validate-document.ts';
import { firstMessage, hasKnownOperators, hasOnlyPolicyCharacters, hasUniqueSids, hasUnreadableDate } from './validate-statement.ts';

/** `isSession`: AWS takes the older version of the language, which is also meant when none is named. */
export function checkIdentity(text: string, isSession = false): DocumentCheck {
  if (!hasOnlyPolicyCharacters(text)) return { message: 'The specified value for policyDocument is invalid.' };
  const parsed = parseDocument(text);
  if ('problem' in parsed) {
    return { message: parsed.problem.kind === 'effect' ? 'The policy failed legacy parsing' : 'Syntax errors in policy.' };
  }
  const { document } = parsed;
  const message = identityProblem(document, isSession);
  return message === undefined ? { document } : { message };
}

function identityProblem(document: PolicyDocument, isSession: boolean): string | undefined {
  const { statements, version } = document;
  return (
    firstMessage(statements, syntaxProblem) ??
    (isSession || version === '2012-10-17' ? undefined : 'Policy document must be version 2012-10-17 or greater.') ??
    firstMessage(statements, legacyProblem) ??
    (hasUniqueSids(document) ? undefined : 'Statement IDs (SID) in a single policy must be unique.') ??
    firstMessage(statements, ({ principals }) =>
      principals === undefined ? undefined : 'Policy document should not specify a principal.',
    ) ??
    firstMessage(statements, ({ actions }) => ((actions?.values.length ?? 0) > 0 ? undefined : 'Policy statement must contain actions.')) ??
    firstMessage(statements, ({ resources }) => firstMessage(resources?.values ?? [], resourceProblem)) ??
    firstMessage(statements, ({ actions }) => firstMessage(actions?.values ?? [], actionProblem)) ??
    firstMessage(statements, ({ resources }) =>
      (resources?.values.length ?? 0) > 0 ? undefined : 'Policy statement must contain resources.',
    )
  );
}

function syntaxProblem(statement: Statement): string | undefined {
  const { sid } = statement;
  if (sid !== undefined && !/^[A-Za-z0-9]*$/.test(sid))
    return 'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*';
  return hasKnownOperators(statement) ? undefined : 'Syntax errors in policy.';
}

function legacyProblem(statement: Statement): string | undefined {
  const { actions, resources } = statement;
  const hasBadResource = resources?.values.some((value) => value !== '*' && value.split(':').length < 6 && value.includes('::')) === true;
  const hasNoVendor = actions?.values.some((value) => value.startsWith(':')) === true;
  return hasUnreadableDate(statement) || hasBadResource || hasNoVendor ? 'The policy failed legacy parsing' : undefined;
}

const iamPaths = [
  'user/',
  'federated-user/',
  'role/',
  'group/',
  'instance-profile/',
  'mfa/',
  'server-certificate/',
  'policy/',
  'sms-mfa/',
  'saml-provider/',
  'oidc-provider/',
  'report/',
  'access-report/',
];

function resourceProblem(resource: string): string | undefined {
  if (resource === '*') return undefined;
  const parts = resource.split(':');
  const [scheme, partition = '', vendor = '', region = ''] = parts;
  if (scheme !== 'arn' || parts.length < 3) return `Resource ${resource} must be in ARN format or "*".`;
  if (!/^aws[a-z-]*$/.test(partition) && !/[*?]/.test(partition))
    return `Partition "${partition}" is not valid for resource "${resource}".`;
  if (vendor !== '*' && /[*?]/.test(vendor)) return 'Resource vendor must be fully qualified and cannot contain regexes.';
  if (vendor === 'iam') return iamResourceProblem(resource, parts);
  const isBucket = vendor === 's3' && !/^\d{12}$/.test(parts[4] ?? '');
  return isBucket && region !== '' && region !== '*' ? `Resource ${resource} can not contain region information.` : undefined;
}

function iamResourceProblem(resource: string, parts: readonly string[]): string | undefined {
  const region = parts[3] ?? '';
  if (region !== '' && region !== '*') return `IAM resource ${resource} cannot contain region information.`;
  if (parts.length < 6) return undefined;
  const name = parts.slice(5).join(':');
  // A wildcard may stand for the kind of entity or a part of it; `root` is what trust and resource policies write.
  if (/^(?:root$|[a-z-]*[*?$])/.test(name) || iamPaths.some((path) => name.startsWith(path))) return undefined;
  return `IAM resource path must either be "*" or start with ${iamPaths.join(', ')}.`;
}

function actionProblem(action: string): string | undefined {
  if (action === '*') return undefined;
  const parts = action.split(':');
  if (parts.length === 1) return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';
  if (parts.length > 2) return 'Actions/Condition can contain only one colon.';
  const vendor = parts[0] ?? '';
  return /^[A-Za-z0-9*?-]+$/.test(vendor) ? undefined : `Vendor ${vendor} is not valid`;
}
