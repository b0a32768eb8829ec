// Whether a resource policy lets everybody in: an Allow for all principals that no condition narrows to known ones.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
import { parseOperatorName } from '../../policy/conditions/condition.ts';
import type { ConditionElement, PolicyDocument, Statement } from '../../policy/document.ts';

/** Keys whose value, when it is fixed, tells who calls or from where. */
const narrowingKeys: ReadonlySet<string> = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceip',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  'aws:vpcsourceip',
]);
const narrowingOperators: ReadonlySet<string> = new Set([
  'stringequals',
  'stringequalsignorecase',
  'stringlike',
  'arnequals',
  'arnlike',
  'ipaddress',
]);

export function grantsPublicAccess({ statements }: PolicyDocument): boolean {
  return statements.some((statement) => statement.effect === 'Allow' && meansEverybody(statement) && !statement.conditions.some(narrows));
}

function meansEverybody({ principals }: Statement): boolean {
  if (principals === undefined) return false;
  return principals.isNegated || principals.entries.some(({ kind, value }) => value === '*' && (kind === 'AWS' || kind === 'Federated'));
}

function narrows({ operator, key, values }: ConditionElement): boolean {
  const { name, ifExists, quantifier } = parseOperatorName(operator);
  if (ifExists || quantifier === 'all' || !narrowingOperators.has(name) || !narrowingKeys.has(key.toLowerCase())) return false;
  return values.length > 0 && values.every((value) => isFixed(name, value));
}

/** `arn:aws:iam::111122223333:role/*` is somebody's, `arn:aws:iam::*:role/x` is anybody's. */
function isFixed(operator: string, value: string): boolean {
  if (operator === 'ipaddress') return !/^(?:0\.0\.0\.0|::)\/0$/.test(value);
  if (operator === 'stringequals' || operator === 'stringequalsignorecase') return true;
  return value.startsWith('arn:') ? /^\d{12}$/.test(value.split(':')[4] ?? '') : !/^[*?]/.test(value);
}
