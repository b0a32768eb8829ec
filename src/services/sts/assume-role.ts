// A session of a role, for whom the role trusts.

import { assert } from '../../base/assert.ts';
import type { Caller, Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import type { RoleFacts } from '../../kit/ports.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ConditionValue } from '../../policy/policy.ts';
import type { AssumeRoleRequest, AssumeRoleResponse } from './api.gen.ts';
import { verifyMfa } from './mfa.ts';
import { providedKeys } from './provided-contexts.ts';
import { accountOfRole, defaultSessionSeconds, makeRoleSession, roleTagKeys, withinRole } from './role-session.ts';
import { operation } from './service.ts';
import { inheritedTags, requestedTags, sessionTagsOf } from './session-tags.ts';

const chainedSecondsMax = 3_600;

// AWS: CloudTrail counts it as read-only, and records its response all the same.
export const AssumeRole = operation('AssumeRole', { access, handle, readOnly: true, recordsResponse: true });

async function access(input: AssumeRoleRequest, scope: Scope): Promise<readonly Access[]> {
  if (scope.caller.principal.kind === 'root') throw commonFault('AccessDenied', 'Roles may not be assumed by root accounts.');
  const account = accountOfRole(input.RoleArn);
  const hasSecondFactor = await verifyMfa(input, scope);
  keepSourceIdentity(input, scope.caller);
  // AWS: a role that does not exist is refused in the same words as one that does not trust the caller: without a trust policy.
  const role = await scope.principals.role(scope.transaction, input.RoleArn);
  const onRole = {
    resource: resourceNamed<'sts:role'>(input.RoleArn),
    resourceAccount: account,
    resourceTags: role?.tags ?? {},
    requestTags: requestedTags(input),
    resourcePolicy: { mode: 'trust', source: role?.trust },
    hasSecondFactor,
    context: { ...conditions(input, scope.caller, role), ...providedKeys(input.ProvidedContexts, scope).ofCall },
  } as const;
  return actions(input, scope.caller).map((action) => ({ action, ...onRole }));
}

/** What the caller does beside assuming the role must be allowed too, and so must what its session hands on. */
function actions(input: AssumeRoleRequest, caller: Caller): readonly Access['action'][] {
  const passesTags = (input.Tags?.length ?? 0) > 0 || inheritedTags(caller.session).transitiveTagKeys.length > 0;
  const passesIdentity = sourceIdentityOf(input, caller) !== undefined;
  return [
    'sts:AssumeRole',
    ...(passesTags ? ['sts:TagSession' as const] : []),
    ...(passesIdentity ? ['sts:SetSourceIdentity' as const] : []),
    ...(input.ProvidedContexts?.length ? ['sts:SetContext' as const] : []),
  ];
}

function conditions(input: AssumeRoleRequest, caller: Caller, role: RoleFacts | undefined): Record<string, ConditionValue | undefined> {
  return {
    'sts:ExternalId': input.ExternalId,
    'sts:RoleSessionName': input.RoleSessionName,
    'sts:SourceIdentity': sourceIdentityOf(input, caller),
    'sts:TransitiveTagKeys': input.TransitiveTagKeys?.length ? input.TransitiveTagKeys : undefined,
    ...roleTagKeys(role),
  };
}

async function handle(input: AssumeRoleRequest, context: Context): Promise<AssumeRoleResponse> {
  const role = await context.principals.role(context.transaction, input.RoleArn);
  assert(role, 'a caller is authorised only for a role that exists');
  return makeRoleSession(context, {
    role,
    name: input.RoleSessionName,
    durationSeconds: durationOf(input, context.caller, role),
    policies: input,
    tags: sessionTagsOf(input, context.caller.session),
    sourceIdentity: sourceIdentityOf(input, context.caller),
    origin: { isChained: context.caller.principal.kind === 'role-session', ...contextOf(input, context) },
    ...(input.Tags?.length ? { requestParameters: { tags: undefined, principalTags: requestedTags(input) } } : {}),
  });
}

/** Keys that came with the request and stay with the session. */
function contextOf(input: AssumeRoleRequest, context: Context): { readonly providedKeys?: Readonly<Record<string, ConditionValue>> } {
  const { lasting } = providedKeys(input.ProvidedContexts, context);
  return Object.keys(lasting).length > 0 ? { providedKeys: lasting } : {};
}

function durationOf(input: AssumeRoleRequest, caller: Caller, role: RoleFacts): number {
  const seconds = input.DurationSeconds ?? defaultSessionSeconds;
  if (caller.principal.kind === 'role-session' && seconds > chainedSecondsMax) {
    throw commonFault(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  }
  return withinRole(seconds, role);
}

/** Once set, a source identity goes through every hop. */
function sourceIdentityOf(input: AssumeRoleRequest, caller: Caller): string | undefined {
  return caller.session?.sourceIdentity ?? input.SourceIdentity;
}

function keepSourceIdentity(input: AssumeRoleRequest, caller: Caller): void {
  const inherited = caller.session?.sourceIdentity;
  if (inherited === undefined || input.SourceIdentity === undefined || input.SourceIdentity === inherited) return;
  throw commonFault(
    'AccessDenied',
    `User: ${caller.principal.arn} is not authorized to perform: sts:SetSourceIdentity on resource: ${input.RoleArn}`,
  );
}
