// What AWS checks when a policy is saved, with its sentences, in its order. The code is MalformedPolicyDocument everywhere.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
import { parseOperatorName } from './conditions/condition.ts';
import { parseInstant } from './conditions/dates.ts';
import { operators } from './conditions/operators.ts';
import { type PolicyDocument, parseDocument, type Statement } from './document.ts';

export type DocumentCheck = { readonly document: PolicyDocument } | { readonly message: string };

/** Characters that count against IAM's size limits: white space does not. */
export function countedSize(text: string): number {
  return text.replace(/\s+/g, '').length;
}

/** An identity policy, a boundary or a session policy. */
export function checkIdentityDocument(text: string): DocumentCheck {
  const parsed = parseText(text);
  if ('message' in parsed) return parsed;
  const { document } = parsed;
  const message =
    firstMessage(document, syntaxProblem) ??
    (document.version === '2012-10-17' ? undefined : 'Policy document must be version 2012-10-17 or greater.') ??
    firstMessage(document, legacyProblem) ??
    sidProblem(document, 'Statement IDs (SID) in a single policy must be unique.') ??
    firstMessage(document, identityStatementProblem);
  return message === undefined ? { document } : { message };
}

/** A role's trust policy. */
export function checkTrustDocument(text: string): DocumentCheck {
  const parsed = parseDocument(text);
  if ('problem' in parsed) {
    const { kind, element } = parsed.problem;
    if (kind === 'json') return { message: 'This policy contains invalid Json' };
    if (kind === 'version') return { message: 'The policy must contain a valid version string' };
    if (kind === 'empty-statement') return { message: 'Could not parse the policy: Statement is empty!' };
    if (kind === 'effect') return { message: `Invalid effect: ${quoted(text, 'Effect')}` };
    if (element === 'Effect') return { message: 'Missing required field Effect' };
    return { message: 'Syntax error in policy.' };
  }
  const { document } = parsed;
  const message = sidProblem(document, 'The Statement Ids in the policy are not unique') ?? firstMessage(document, trustStatementProblem);
  return message === undefined ? { document } : { message };
}

function parseText(text: string): DocumentCheck {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that AWS lets into a policy
  if (!/^[\u0009\u000a\u000d\u0020-\u00ff]+$/.test(text)) return { message: 'The specified value for policyDocument is invalid.' };
  const parsed = parseDocument(text);
  if ('document' in parsed) return parsed;
  const { kind } = parsed.problem;
  return { message: kind === 'effect' ? 'The policy failed legacy parsing' : 'Syntax errors in policy.' };
}

function firstMessage(document: PolicyDocument, check: (statement: Statement) => string | undefined): string | undefined {
  for (const statement of document.statements) {
    const message = check(statement);
    if (message !== undefined) return message;
  }
  return undefined;
}

function syntaxProblem({ conditions, sid }: Statement): string | undefined {
  if (sid !== undefined && !/^[A-Za-z0-9]*$/.test(sid))
    return 'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*';
  return conditions.every(({ operator }) => isOperator(operator)) ? undefined : 'Syntax errors in policy.';
}

/** Whether it names a condition operator, with its qualifiers. */
export function isOperator(text: string): boolean {
  const { name, ifExists } = parseOperatorName(text);
  return name === 'null' ? !ifExists : operators.has(name);
}

function legacyProblem({ conditions, resources }: Statement): string | undefined {
  const hasBadDate = conditions.some(
    ({ operator, values }) =>
      parseOperatorName(operator).name.startsWith('date') && values.some((value) => parseInstant(value) === undefined),
  );
  const hasBadResource = resources?.values.some((value) => value !== '*' && value.split(':').length < 6 && value.includes('::')) === true;
  return hasBadDate || hasBadResource ? 'The policy failed legacy parsing' : undefined;
}

function sidProblem(document: PolicyDocument, message: string): string | undefined {
  const sids = document.statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]));
  return new Set(sids).size === sids.length ? undefined : message;
}

function identityStatementProblem(statement: Statement): string | undefined {
  const { actions, resources, principals } = statement;
  if (principals !== undefined) return 'Policy document should not specify a principal.';
  if (actions === undefined || actions.values.length === 0) return 'Policy statement must contain actions.';
  if (resources === undefined || resources.values.length === 0) return 'Policy statement must contain resources.';
  return first(resources.values, resourceProblem) ?? first(actions.values, actionProblem);
}

function resourceProblem(resource: string): string | undefined {
  if (resource === '*') return undefined;
  const [arn, partition, vendor = '', region = ''] = resource.split(':');
  if (arn !== 'arn' || resource.split(':').length < 3) return `Resource ${resource} must be in ARN format or "*".`;
  if (!/^(?:aws[a-z-]*|\*)$/.test(partition ?? '') && !/[*?]/.test(partition ?? ''))
    return `Partition "${partition}" is not valid for resource "${resource}".`;
  if (vendor === 'iam' && region !== '' && region !== '*') return `IAM resource ${resource} cannot contain region information.`;
  if (vendor === 's3' && region !== '' && region !== '*' && !/^arn:[^:]*:s3:[^:]*:\d{12}:/.test(resource))
    return `Resource ${resource} can not contain region information.`;
  return undefined;
}

function actionProblem(action: string): string | undefined {
  if (action === '*') return undefined;
  const parts = action.split(':');
  if (parts.length === 1) return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';
  if (parts.length > 2) return 'Actions/Condition can contain only one colon.';
  const vendor = parts[0] ?? '';
  return /^[A-Za-z0-9*?-]+$/.test(vendor) ? undefined : `Vendor ${vendor} is not valid`;
}

function trustStatementProblem({ actions, resources, principals, conditions, effect }: Statement): string | undefined {
  if (principals === undefined) return 'Missing required field Principal';
  if (principals.isNegated)
    return effect === 'Allow' ? 'Allow with NotPrincipal is not allowed.' : 'AssumeRole policy must not contain NotPrincipal field.';
  if (principals.isStar) return 'Principal must be a JSON object.';
  if (principals.entries.length === 0) return 'Missing required field Principal cannot be empty!';
  if (resources !== undefined)
    return resources.isNegated ? 'AssumeRole policy must not contain resources.' : 'Has prohibited field Resource';
  if (actions === undefined) return 'Missing required field Action';
  if (!actions.values.every((action) => /^sts:/i.test(action))) return 'AssumeRole policy may only specify STS AssumeRole actions.';
  return conditions.every(({ operator }) => isOperator(operator)) ? undefined : 'Syntax error in policy.';
}

function first(values: readonly string[], check: (value: string) => string | undefined): string | undefined {
  for (const value of values) {
    const message = check(value);
    if (message !== undefined) return message;
  }
  return undefined;
}

/** The first text value of a member, for messages that repeat it. */
function quoted(text: string, member: string): string {
  return new RegExp(`"${member}"\\s*:\\s*"([^"\\\\]{0,64})"`).exec(text)?.[1] ?? '';
}
