// AssumeRole: the role's trust policy decides, together with the caller's own policies.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
import { parseArn } from '../../base/arn.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import type { RoleFacts } from '../../kit/ports.ts';
import type { AssumeRoleRequest, AssumeRoleResponse } from './api.gen.ts';
import { issueCredentials } from './credentials.ts';
import { operation } from './service.ts';
import { readSessionPolicies } from './session-policies.ts';

const defaultSeconds = 3_600;
const chainedSecondsMax = 3_600;

export const AssumeRole = operation('AssumeRole', { access: assumeRoleAccess, handle: assumeRole, recordsResponse: true });

async function assumeRoleAccess(input: AssumeRoleRequest, scope: Scope): Promise<readonly Access[]> {
  const role = await scope.principals.role(scope.transaction, input.RoleArn);
  const actions = ['sts:AssumeRole'];
  if (input.SourceIdentity !== undefined) actions.push('sts:SetSourceIdentity');
  if ((input.Tags ?? []).length > 0) actions.push('sts:TagSession');
  return actions.map((action) => accessOf(action, input, role, scope));
}

function accessOf(action: string, input: AssumeRoleRequest, role: RoleFacts | undefined, scope: Scope): Access {
  const requestTags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  return {
    action,
    resource: input.RoleArn,
    // A role that does not exist is refused like one that does not trust the caller, so nobody can probe for names.
    resourceAccount: role?.account ?? parseArn(input.RoleArn)?.account ?? scope.account,
    resourcePolicy: { source: role?.trust, mode: 'trust' },
    ...(role === undefined ? {} : { resourceTags: role.tags }),
    ...(input.Tags === undefined ? {} : { requestTags }),
    context: {
      'sts:ExternalId': input.ExternalId,
      'sts:RoleSessionName': input.RoleSessionName,
      'sts:SourceIdentity': input.SourceIdentity,
      'sts:TransitiveTagKeys': input.TransitiveTagKeys,
      'sts:DurationSeconds': input.DurationSeconds === undefined ? undefined : String(input.DurationSeconds),
    },
  };
}

async function assumeRole(input: AssumeRoleRequest, context: Context): Promise<AssumeRoleResponse> {
  const { caller } = context;
  if (caller.principal.kind === 'root') throw commonFault('AccessDenied', 'Roles may not be assumed by root accounts.');
  const role = await context.principals.role(context.transaction, input.RoleArn);
  if (role === undefined)
    throw commonFault(
      'AccessDenied',
      `User: ${caller.principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`,
    );
  const durationSeconds = durationOf(input, role, caller.principal.kind === 'role-session');
  if (input.SerialNumber !== undefined || input.TokenCode !== undefined) {
    throw commonFault('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code. ');
  }
  const { policy, policyArns, tags, packedSize } = await readSessionPolicies(context, input, role.account);
  const inherited = inheritedTags(context, tags);
  const credentials = issueCredentials(context, {
    account: role.account,
    holder: { kind: 'role', roleArn: role.arn, roleId: role.roleId },
    policy,
    policyArns,
    durationSeconds,
    facts: {
      name: input.RoleSessionName,
      mfaAtMs: caller.session?.mfaAtMs,
      sourceIdentity: sourceIdentity(input, context),
      tags: { ...tags, ...inherited },
      transitiveTagKeys: [...Object.keys(inherited), ...(input.TransitiveTagKeys ?? [])],
      federatedProvider: undefined,
    },
  });
  context.note({ resources: [{ type: 'AWS::IAM::Role', name: role.arn }] });
  return {
    Credentials: credentials,
    AssumedRoleUser: {
      AssumedRoleId: `${role.roleId}:${input.RoleSessionName}`,
      Arn: `arn:${context.partition}:sts::${role.account}:assumed-role/${role.name}/${input.RoleSessionName}`,
    },
    ...(packedSize === undefined ? {} : { PackedPolicySize: packedSize }),
    ...(input.SourceIdentity === undefined ? {} : { SourceIdentity: input.SourceIdentity }),
  };
}

/** @throws Fault ValidationError beyond the role's maximum, or one hour for a session that comes from a session. */
function durationOf(input: AssumeRoleRequest, role: RoleFacts, isChained: boolean): number {
  const seconds = input.DurationSeconds ?? Math.min(defaultSeconds, role.maxSessionSeconds);
  if (isChained && seconds > chainedSecondsMax) {
    throw commonFault(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  }
  if (seconds > role.maxSessionSeconds) {
    throw commonFault('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  return seconds;
}

/** Transitive tags follow the session into the next one and cannot be set anew. */
function inheritedTags({ caller }: Context, tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { session } = caller;
  if (session === undefined) return {};
  const inherited: Record<string, string> = {};
  for (const key of session.transitiveTagKeys) {
    const isSetAgain = Object.keys(tags).some((name) => name.toLowerCase() === key.toLowerCase());
    if (isSetAgain)
      throw commonFault(
        'InvalidInput',
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
      );
    const value = session.tags[key];
    if (value !== undefined) inherited[key] = value;
  }
  return inherited;
}

/** A source identity stays as it was first set. */
function sourceIdentity(input: AssumeRoleRequest, { caller }: Context): string | undefined {
  const known = caller.session?.sourceIdentity;
  if (known !== undefined && input.SourceIdentity !== undefined && input.SourceIdentity !== known) {
    throw commonFault('AccessDenied', 'The source identity of the calling session cannot be changed.');
  }
  return known ?? input.SourceIdentity;
}
