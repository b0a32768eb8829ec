// What a permission grants, as its text: a statement without principal and resource, which the share fills in.
// https://docs.aws.amazon.com/ram/latest/userguide/create-customer-managed-permissions.html
import { isRecord } from '../../base/record.ts';
import type { PermissionStatement, ShareableType } from '../../kit/shareables.ts';
import { checkDocument } from '../../policy/validate-document.ts';
import { quotas } from './quotas.ts';
import { fault } from './service.ts';

export function templateOf(statements: readonly PermissionStatement[]): string {
  const [first] = statements;
  return JSON.stringify(statements.length === 1 ? first : statements);
}

export function statementsOfTemplate(template: string): readonly PermissionStatement[] {
  // Decoding boundary: only what was checked below, or declared by a service, is kept.
  const statements = JSON.parse(template) as PermissionStatement | readonly PermissionStatement[];
  return 'Effect' in statements ? [statements] : statements;
}

/** The template as it is kept. @throws Fault MalformedPolicyTemplateException, InvalidPolicyException */
export function requireTemplate(type: ShareableType, template: string): string {
  if (Buffer.byteLength(template) > quotas.templateBytes) {
    throw malformed(`The policy template is longer than ${quotas.templateBytes} bytes.`);
  }
  const statement = parsed(template);
  const foreign = Object.keys(statement).find((key) => !['Effect', 'Action', 'Condition'].includes(key));
  if (foreign !== undefined) throw malformed(`The policy template must not contain the element ${foreign}.`);
  if (String(statement['Effect']).toLowerCase() !== 'allow') throw malformed('The Effect of the policy template must be Allow.');
  const action = statement['Action'];
  const actions = typeof action === 'string' ? [action] : action;
  if (!Array.isArray(actions) || actions.length === 0 || !actions.every((each) => typeof each === 'string')) {
    throw malformed('The policy template must name at least one action.');
  }
  const supported = new Set(type.actions.map((each) => each.toLowerCase()));
  const unsupported = actions.find((each) => !supported.has(each.toLowerCase()));
  if (unsupported !== undefined) {
    throw invalidPolicy(`The action ${unsupported} is not supported for the resource type ${type.type}.`);
  }
  requireConditions(statement['Condition']);
  const whole = { Version: '2012-10-17', Statement: [{ ...statement, Effect: 'Allow', Principal: '*', Resource: '*' }] };
  const check = checkDocument('resource', JSON.stringify(whole));
  if ('message' in check) throw invalidPolicy(check.message);
  return JSON.stringify({ ...statement, Effect: 'Allow', Action: actions });
}

/** What says who comes is the share's to say. https://docs.aws.amazon.com/ram/latest/userguide/managed-permission-considerations.html */
const reservedKeys: ReadonlySet<string> = new Set([
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principalaccount',
  'aws:sourcearn',
  'aws:sourceaccount',
]);
const systemTag = /^aws:(?:principaltag|resourcetag|requesttag)\/aws:/;

/** @throws Fault InvalidPolicyException */
function requireConditions(condition: unknown): void {
  if (!isRecord(condition)) return;
  const operators = Object.keys(condition);
  const negating = operators.find((operator) => /(?:^|:)[a-z]*not[a-z]+$/i.test(operator));
  if (negating !== undefined) throw invalidPolicy(`The condition operator ${negating} is not supported in customer managed permissions.`);
  if (operators.length > 1) throw invalidPolicy('Customer managed permissions support a single condition operator.');
  const keys = operators.flatMap((operator) => Object.keys(isRecord(condition[operator]) ? condition[operator] : {}));
  const reserved = keys.find((key) => reservedKeys.has(key.toLowerCase()) || systemTag.test(key.toLowerCase()));
  if (reserved !== undefined) throw invalidPolicy(`The condition key ${reserved} is not supported in customer managed permissions.`);
}

function invalidPolicy(message: string): Error {
  return fault('InvalidPolicyException', message);
}

function parsed(template: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(template);
  } catch {
    value = undefined;
  }
  if (!isRecord(value)) throw malformed('The policy template is not a JSON object.');
  return value;
}

function malformed(message: string): Error {
  return fault('MalformedPolicyTemplateException', message);
}

/** Whether two templates grant the same, in whatever order they say it. */
export function isSameTemplate(left: string, right: string): boolean {
  return canonical(left) === canonical(right);
}

function canonical(template: string): string {
  const statements = statementsOfTemplate(template).map(({ Action, Condition }) =>
    JSON.stringify([[...Action].map((each) => each.toLowerCase()).sort(), Condition ?? {}]),
  );
  return JSON.stringify(statements.sort());
}
