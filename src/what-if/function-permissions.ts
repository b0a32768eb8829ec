// The policy of a function as the API builds it: statement by statement, with AddPermission and RemovePermission. A statement that AddPermission
// could not have written cannot be supposed.
import type { ArnParts } from '../base/arn.ts';
import { isRecord } from '../base/record.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { Hands } from './operations.ts';

interface Target {
  readonly arn: string;
  readonly parts: ArnParts;
}

/** Puts the statements of a document beside those that the function has. */
export async function addStatements(target: Target, text: string, hands: Hands): Promise<void> {
  for (const permission of permissionsOf(target, text)) await runOn(target, 'AddPermission', permission, hands);
}

/** Makes the document the function's only statements. */
export async function replaceStatements(target: Target, text: string, hands: Hands): Promise<void> {
  const permissions = permissionsOf(target, text);
  const { Policy } = await runOn(target, 'GetPolicy', {}, hands).catch((): Structure => ({}));
  for (const { Sid } of typeof Policy === 'string' ? statementsOf(Policy) : []) await removeStatement(target, String(Sid), hands);
  for (const permission of permissions) await runOn(target, 'AddPermission', permission, hands);
}

export async function removeStatement(target: Target, StatementId: string, hands: Hands): Promise<void> {
  await runOn(target, 'RemovePermission', { StatementId }, hands);
}

function runOn({ arn, parts: { account, region } }: Target, name: string, input: Structure, { run }: Hands): Promise<Structure> {
  return run({ service: 'lambda', name, account, region }, { FunctionName: arn, ...input });
}

/** One for each action and principal: AddPermission knows no lists. */
function permissionsOf(target: Target, text: string): readonly Structure[] {
  const statements = statementsOf(text);
  if (statements.length === 0) throw new Error('the document has no statements');
  return statements.flatMap((statement, at) => {
    const { Sid, Effect, Action, Principal, Resource = target.arn, Condition, ...rest } = statement;
    if (Effect !== 'Allow') throw inexpressible('its Effect is not Allow');
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) throw inexpressible(`it has ${unknown}`);
    if (textsOf(Resource).some((each) => each !== target.arn)) throw inexpressible('its Resource is not the function');
    const conditions = conditionsOf(Condition);
    const pairs = textsOf(Action).flatMap((action) => principalsOf(Principal).map((principal) => [action, principal] as const));
    if (pairs.length === 0) throw inexpressible('it needs an Action and a Principal');
    const id = typeof Sid === 'string' ? Sid : `what-if-${at + 1}`;
    return pairs.map(([action, principal], index) => ({
      StatementId: index === 0 ? id : `${id}-${index + 1}`,
      Action: action,
      Principal: principal,
      ...conditions,
    }));
  });
}

function statementsOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  const document: unknown = JSON.parse(text);
  const statement = isRecord(document) ? document['Statement'] : undefined;
  return (Array.isArray(statement) ? statement : [statement]).filter(isRecord);
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');
}

function principalsOf(principal: unknown): readonly string[] {
  if (!isRecord(principal)) return textsOf(principal);
  const unlike = Object.keys(principal).find((kind) => kind !== 'AWS' && kind !== 'Service');
  if (unlike !== undefined) throw inexpressible(`it has a principal of the kind ${unlike}`);
  return [...textsOf(principal['AWS']), ...textsOf(principal['Service'])];
}

/** By operator and key, in lower case: the member that AddPermission writes so. */
const members: Readonly<Record<string, string>> = {
  'stringequals aws:sourceaccount': 'SourceAccount',
  'stringequals aws:principalorgid': 'PrincipalOrgID',
  'arnlike aws:sourcearn': 'SourceArn',
  'stringequals lambda:eventsourcetoken': 'EventSourceToken',
  'stringequals lambda:functionurlauthtype': 'FunctionUrlAuthType',
  'bool lambda:invokedviafunctionurl': 'InvokedViaFunctionUrl',
};

function conditionsOf(condition: unknown): Structure {
  const input: Record<string, string | boolean> = {};
  for (const [operator, keys] of Object.entries(isRecord(condition) ? condition : {})) {
    for (const [key, value] of Object.entries(isRecord(keys) ? keys : {})) {
      const member = members[`${operator} ${key}`.toLowerCase()];
      if (member === undefined || typeof value !== 'string') throw inexpressible(`of its condition ${operator} on ${key}`);
      input[member] = member === 'InvokedViaFunctionUrl' ? value === 'true' : value;
    }
  }
  return input;
}

function inexpressible(why: string): Error {
  return new Error(`lambda:AddPermission cannot write such a statement, because ${why}`);
}
