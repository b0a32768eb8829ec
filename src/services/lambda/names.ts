// The ways in which a function is named, and what they lead to: a name, a partial or whole ARN, each with or without a version or alias.
// https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html

import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import type { PolicySource } from '../../policy/policy.ts';
import { type AliasRecord, aliases, type FunctionRecord, functions, latest, permissions } from './records.ts';
import { byUser, fault } from './service.ts';

/** Where a function is and which version or alias of it is meant. */
export interface Named {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** Undefined: not qualified. */
  readonly qualifier: string | undefined;
}

const form =
  /^(?:arn:[a-z-]+:lambda:([a-z0-9-]+):)?(?:(\d{12}):)?(?:function:)?([A-Za-z0-9_-]{1,64})(?::(\$LATEST|[A-Za-z0-9_-]{1,128}))?$/;

/** @throws Fault when the name is none, or its qualifier is not the given one. */
export function namedFunction(scope: Scope, functionName: string, qualifier?: string | undefined): Named {
  const match = form.exec(functionName);
  if (match === null) throw fault('InvalidParameterValueException', `Invalid function name or ARN: ${functionName}`, byUser);
  const [, region = scope.region, account = scope.account, name = '', own] = match;
  if (own !== undefined && qualifier !== undefined && own !== qualifier) {
    throw fault(
      'InvalidParameterValueException',
      'The derived qualifier from the function name does not match the specified qualifier.',
      byUser,
    );
  }
  if (region !== scope.region) {
    throw fault('ResourceNotFoundException', `Functions from '${region}' are not reachable in this region ('${scope.region}')`, byUser);
  }
  return { account, region, name, qualifier: qualifier ?? own };
}

export function functionArn(
  scope: { readonly partition: string },
  { account, region, name, qualifier }: Named,
): ResourceArn<'lambda:function' | 'lambda:function version'> {
  const base = `arn:${scope.partition}:lambda:${region}:${account}:function:${name}` as const;
  return qualifier === undefined ? base : `${base}:${qualifier}`;
}

/** `$LATEST` of the function. @throws Fault ResourceNotFoundException */
export async function requireFunction(scope: Scope, named: Named): Promise<FunctionRecord> {
  const found = await functions.get(scope.transaction, named.account, named.region, named.name, latest);
  if (found === undefined) throw notFound(scope, named);
  return found;
}

/** The version that the qualifier leads to, through an alias if it names one. @throws Fault ResourceNotFoundException */
export async function requireVersion(scope: Scope, named: Named): Promise<FunctionRecord> {
  const { account, region, name, qualifier = latest } = named;
  const alias = isAliasName(qualifier) ? await aliases.get(scope.transaction, account, region, name, qualifier) : undefined;
  const found = await functions.get(scope.transaction, account, region, name, alias?.version ?? qualifier);
  if (found === undefined) throw notFound(scope, named);
  return found;
}

export async function requireAlias(scope: Scope, named: Named, alias: string): Promise<AliasRecord> {
  const found = await aliases.get(scope.transaction, named.account, named.region, named.name, alias);
  if (found === undefined) {
    throw fault('ResourceNotFoundException', `Cannot find alias arn: ${functionArn(scope, { ...named, qualifier: alias })}`, byUser);
  }
  return found;
}

/** A client that says which revision it has seen must have seen the last one. */
export function requireRevision(record: { readonly revisionId: string }, given: string | undefined): void {
  if (given === undefined || given === record.revisionId) return;
  throw fault(
    'PreconditionFailedException',
    'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    byUser,
  );
}

/** Versions are `$LATEST` and numbers; every other qualifier is an alias. */
export function isAliasName(qualifier: string): boolean {
  return !/^(\$LATEST|\d+)$/.test(qualifier);
}

function notFound(scope: Scope, named: Named) {
  return fault('ResourceNotFoundException', `Function not found: ${functionArn(scope, named)}`, byUser);
}

/** What IAM is asked about a function: with its tags and the permissions that were added to it. */
export async function functionAccess(
  scope: Scope,
  action: Access['action'],
  named: Named,
  extra: Pick<Access, 'requestTags' | 'context'> = {},
): Promise<Access> {
  const { account, region, name } = named;
  const found = await functions.get(scope.transaction, account, region, name, latest);
  return {
    ...extra,
    action,
    resource: functionArn(scope, named),
    resourceAccount: account,
    ...(found === undefined ? {} : { resourceTags: found.tags }),
    resourcePolicy: { mode: 'optional', source: await permissionsSource(scope, named) },
  };
}

async function permissionsSource(scope: Scope, { account, region, name, qualifier = latest }: Named): Promise<PolicySource | undefined> {
  const record = await permissions.get(scope.transaction, account, region, name, qualifier);
  if (record === undefined) return undefined;
  const document = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: record.statements });
  return { name: `permissions of function ${name}${qualifier === latest ? '' : `:${qualifier}`}`, policy: scope.compile(document) };
}
