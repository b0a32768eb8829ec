// What the three ways to assume a role have in common: reading the role's ARN, and making the session once everything is allowed.
import { parseArn } from '../../base/arn.ts';
import type { Context, EventFacts, SessionFacts } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import type { RoleFacts } from '../../kit/ports.ts';
import type { ConditionValue } from '../../policy/policy.ts';
import type { AssumedRoleUser, Credentials, PolicyDescriptorType } from './api.gen.ts';
import { issueCredentials } from './credentials.ts';
import { packedPolicySize, sessionPoliciesOf } from './session-policies.ts';
import type { SessionTags } from './session-tags.ts';

export const defaultSessionSeconds = 3_600;

export interface RoleSessionRequest {
  readonly role: RoleFacts;
  readonly name: string;
  readonly durationSeconds: number;
  readonly policies: { readonly Policy?: string | undefined; readonly PolicyArns?: readonly PolicyDescriptorType[] | undefined };
  readonly tags: SessionTags;
  readonly sourceIdentity: string | undefined;
  /** How it came about. */
  readonly origin?: Partial<Pick<SessionFacts, 'federatedProvider' | 'federatedKeys' | 'providedKeys' | 'isChained'>>;
  /** As the ledger prints them beside the model's own. */
  readonly requestParameters?: EventFacts['requestParameters'];
}

export interface RoleSession {
  readonly Credentials: Credentials;
  readonly AssumedRoleUser: AssumedRoleUser;
  readonly PackedPolicySize: number | undefined;
  readonly SourceIdentity: string | undefined;
}

export async function makeRoleSession(context: Context, request: RoleSessionRequest): Promise<RoleSession> {
  const { role, name, tags, sourceIdentity } = request;
  const policies = await sessionPoliciesOf(request.policies, role.account, context);
  const PackedPolicySize = packedPolicySize(policies, tags.tags);
  const Credentials = issueCredentials(context, {
    account: role.account,
    holder: { kind: 'role', roleArn: role.arn, roleId: role.roleId },
    name,
    durationSeconds: request.durationSeconds,
    policies,
    // AWS: sessions of roles never carry the second factor that was given for them.
    facts: { ...tags, sourceIdentity, ...request.origin },
  });
  const AssumedRoleUser = {
    AssumedRoleId: `${role.roleId}:${name}`,
    Arn: `arn:${context.partition}:sts::${role.account}:assumed-role/${role.name}/${name}`,
  };
  context.note({
    resources: [
      { type: 'AWS::IAM::AccessKey', name: Credentials.AccessKeyId },
      { type: 'AWS::STS::AssumedRole', name: AssumedRoleUser.AssumedRoleId },
      { type: 'AWS::IAM::Role', name: role.arn },
    ],
    ...(request.requestParameters === undefined ? {} : { requestParameters: request.requestParameters }),
  });
  return { Credentials, AssumedRoleUser, PackedPolicySize, SourceIdentity: sourceIdentity };
}

/** @throws Fault ValidationError when the session would be longer than the role allows. */
export function withinRole(seconds: number, role: RoleFacts): number {
  if (seconds > role.maxSessionSeconds) {
    throw commonFault('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  return seconds;
}

/** The account of a role's ARN. @throws Fault ValidationError */
export function accountOfRole(roleArn: string): string {
  const arn = parseArn(roleArn);
  if (!arn) throw commonFault('ValidationError', 'Request ARN is invalid');
  const isRole = arn.service === 'iam' && arn.region === '' && /^\d{12}$/.test(arn.account) && /^role\/./.test(arn.resource);
  if (!isRole) throw commonFault('ValidationError', `${roleArn} is invalid`);
  return arn.account;
}

/** The role's own tags as condition keys of IAM. */
export function roleTagKeys(role: RoleFacts | undefined): Readonly<Record<string, ConditionValue>> {
  return Object.fromEntries(Object.entries(role?.tags ?? {}).map(([key, value]) => [`iam:ResourceTag/${key}`, value]));
}
