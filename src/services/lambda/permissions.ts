// The resource-based policy of a function, version or alias, added to and taken from by statements.
// https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html

import { parseArn } from '../../base/arn.ts';
import { isRecord } from '../../base/record.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { AddPermissionRequest } from './api.gen.ts';
import { functionAccess, functionArn, type Named, namedFunction, requireVersion } from './names.ts';
import { latest, type PermissionsRecord, permissions } from './records.ts';
import { byUser, fault, operation } from './service.ts';

/** AWS: 20 KB. */
const policyBytesMax = 20_480;

export const AddPermission = operation('AddPermission', {
  access: (input, scope) =>
    functionAccess(scope, 'lambda:AddPermission', namedFunction(scope, input.FunctionName, input.Qualifier), {
      context: { 'lambda:Principal': input.Principal, 'lambda:FunctionUrlAuthType': input.FunctionUrlAuthType },
    }),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    await requireVersion(context, named);
    const record = await permissionsOf(context, named);
    requirePolicyRevision(record, input.RevisionId);
    if (record?.statements.some((statement) => statement['Sid'] === input.StatementId)) {
      throw fault(
        'ResourceConflictException',
        `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        byUser,
      );
    }
    const statement = await statementOf(context, named, input);
    const statements = [...(record?.statements ?? []), await keptStatement(context, statement)];
    if (Buffer.byteLength(JSON.stringify(statements), 'utf8') > policyBytesMax) {
      throw fault('PolicyLengthExceededException', `The final policy size is bigger than the limit (${policyBytesMax}).`, byUser);
    }
    permissions.put(context.transaction, { ...keyOf(named), statements, revisionId: context.ids.uuid() });
    return { Statement: JSON.stringify(statement) };
  },
});

export const RemovePermission = operation('RemovePermission', {
  access: (input, scope) => functionAccess(scope, 'lambda:RemovePermission', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    await requireVersion(context, named);
    const record = await permissionsOf(context, named);
    const statements = record?.statements.filter((statement) => statement['Sid'] !== input.StatementId);
    if (record === undefined || statements?.length === record.statements.length || statements === undefined) {
      throw fault('ResourceNotFoundException', `Statement ${input.StatementId} is not found in resource policy.`, byUser);
    }
    requirePolicyRevision(record, input.RevisionId);
    if (statements.length === 0) permissions.remove(context.transaction, record);
    else permissions.put(context.transaction, { ...record, statements, revisionId: context.ids.uuid() });
    return {};
  },
});

export const GetPolicy = operation('GetPolicy', {
  access: (input, scope) => functionAccess(scope, 'lambda:GetPolicy', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    await requireVersion(context, named);
    const record = await permissionsOf(context, named);
    if (record === undefined) throw fault('ResourceNotFoundException', 'The resource you requested does not exist.', byUser);
    const document = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: record.statements });
    return {
      Policy: await context.principals.shownPolicy(context, document),
      RevisionId: record.revisionId,
    };
  },
});

function permissionsOf(
  { transaction }: Scope,
  { account, region, name, qualifier = latest }: Named,
): Promise<PermissionsRecord | undefined> {
  return permissions.get(transaction, account, region, name, qualifier);
}

function keyOf({ account, region, name, qualifier = latest }: Named): Pick<PermissionsRecord, 'account' | 'region' | 'name' | 'qualifier'> {
  return { account, region, name, qualifier };
}

function requirePolicyRevision(record: PermissionsRecord | undefined, given: string | undefined): void {
  if (given === undefined || given === record?.revisionId) return;
  throw fault(
    'PreconditionFailedException',
    'The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id',
    byUser,
  );
}

async function statementOf(scope: Scope, named: Named, input: AddPermissionRequest): Promise<Readonly<Record<string, unknown>>> {
  const given = (members: Readonly<Record<string, string | undefined>>) =>
    Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  const operators = {
    StringEquals: given({
      'AWS:SourceAccount': input.SourceAccount,
      'aws:PrincipalOrgID': input.PrincipalOrgID,
      'lambda:EventSourceToken': input.EventSourceToken,
      'lambda:FunctionUrlAuthType': input.FunctionUrlAuthType,
    }),
    ArnLike: given({ 'AWS:SourceArn': input.SourceArn }),
    Bool: given({
      'lambda:InvokedViaFunctionUrl': input.InvokedViaFunctionUrl === undefined ? undefined : String(input.InvokedViaFunctionUrl),
    }),
  };
  const condition = Object.fromEntries(Object.entries(operators).filter(([, keys]) => Object.keys(keys).length > 0));
  return {
    Sid: input.StatementId,
    Effect: 'Allow',
    Principal: await principalOf(scope, input.Principal),
    Action: input.Action,
    Resource: functionArn(scope, named),
    ...(Object.keys(condition).length === 0 ? {} : { Condition: condition }),
  };
}

/** AWS: a user or role is kept by its unique id. */
async function keptStatement(context: Context, statement: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
  const kept: unknown = JSON.parse(await context.principals.keptPolicy(context, JSON.stringify({ Statement: statement })));
  const { Statement: only } = isRecord(kept) ? kept : {};
  return isRecord(only) ? only : statement;
}

/** AWS: users and roles must exist. @throws Fault InvalidParameterValueException */
async function principalOf({ partition, principals, transaction }: Scope, principal: string): Promise<unknown> {
  if (principal === '*') return '*';
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(principal)) return { Service: principal };
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:${partition}:iam::${principal}:root` };
  const arn = parseArn(principal);
  const isSure = arn !== undefined && (arn.service !== 'iam' || arn.resource === 'root');
  if (isSure || (await principals.principalId(transaction, principal)) !== undefined) return { AWS: principal };
  throw fault('InvalidParameterValueException', 'The provided principal was invalid. Please check the principal and try again.', byUser);
}

export const permissionOperations = [AddPermission, RemovePermission, GetPolicy];
