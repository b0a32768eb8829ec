// Cases of AWS's evaluation logic as data: what is attached to whom, what is asked, and what AWS answers. Each names the rule that it pins.
import { compilePolicy } from './compile.ts';
import type { AuthorizationRequest, ConditionValue, Outcome, PolicySource, Principal, ResourcePolicy } from './policy.ts';

export interface PolicyCase {
  readonly name: string;
  readonly who?: Principal;
  readonly action: string;
  readonly resource?: string;
  readonly resourceAccount?: string;
  readonly context?: Readonly<Record<string, ConditionValue>>;
  readonly identity?: readonly object[];
  readonly boundary?: object;
  readonly session?: readonly object[];
  readonly resourcePolicy?: object;
  readonly mode?: ResourcePolicy['mode'];
  readonly serviceControl?: readonly (readonly object[])[];
  readonly resourceControl?: readonly (readonly object[])[];
  readonly granted?: boolean;
  readonly outcome: Outcome;
  /** The end of AWS's sentence, where it matters. */
  readonly because?: string;
}

const account = '111111111111';
export const alice: Principal = { kind: 'user', arn: `arn:aws:iam::${account}:user/alice`, account, uniqueId: 'AIDAALICE' };
export const root: Principal = { kind: 'root', arn: `arn:aws:iam::${account}:root`, account };
export const session: Principal = {
  kind: 'role-session',
  arn: `arn:aws:sts::${account}:assumed-role/R/s`,
  account,
  roleArn: `arn:aws:iam::${account}:role/R`,
  uniqueId: 'AROAR',
};
const federated: Principal = { kind: 'federated-user', arn: `arn:aws:sts::${account}:federated-user/bob`, account, issuerArn: alice.arn };
const anonymous: Principal = { kind: 'anonymous', arn: '*', account: undefined };
const service: Principal = { kind: 'service', arn: 'cloudtrail.amazonaws.com', account: undefined };

const object = 'arn:aws:s3:::b/k';
const version = '2012-10-17';

/** One statement as a document. */
export function allow(action: string | readonly string[], more: object = {}): object {
  return { Version: version, Statement: [{ Effect: 'Allow', Action: action, Resource: '*', ...more }] };
}

export function deny(action: string | readonly string[], more: object = {}): object {
  return { Version: version, Statement: [{ Effect: 'Deny', Action: action, Resource: '*', ...more }] };
}

const toS3 = { action: 's3:GetObject', resource: object };
const named = (principal: object | string, more: object = {}) => allow('s3:GetObject', { Principal: principal, ...more });
const when = (operator: string, key: string, value: unknown) => ({ Condition: { [operator]: { [key]: value } } });
const c0 = { 'aws:username': 'alice', 'aws:TagKeys': ['Dept', 'Cost'], 'aws:RequestTag/Dept': 'HR', 'aws:SourceIp': '203.0.113.7' };

/** A condition on an Allow decides between ALLOW and IMPLICIT_DENY. */
function condition(
  name: string,
  operator: string,
  key: string,
  value: unknown,
  holds: boolean,
  context: PolicyCase['context'] = c0,
): PolicyCase {
  return {
    name,
    action: 's3:GetObject',
    resource: object,
    context,
    identity: [allow('s3:*', when(operator, key, value))],
    outcome: holds ? 'ALLOW' : 'IMPLICIT_DENY',
  };
}

const grammar: readonly PolicyCase[] = [
  {
    name: 'under 2008-10-17 a variable is plain text',
    ...toS3,
    resource: 'arn:aws:s3:::b/alice/x',
    context: c0,
    identity: [{ Version: '2008-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::b/${aws:username}/*' }] }],
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'under 2012-10-17 a variable is filled in',
    ...toS3,
    resource: 'arn:aws:s3:::b/alice/x',
    context: c0,
    identity: [allow('*', { Resource: 'arn:aws:s3:::b/${aws:username}/*' })],
    outcome: 'ALLOW',
  },
  {
    name: 'what a variable brings is literal',
    ...toS3,
    resource: 'arn:aws:s3:::b/other/x',
    context: { 'aws:username': '*' },
    identity: [allow('*', { Resource: 'arn:aws:s3:::b/${aws:username}/*' })],
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'a default stands for an absent key',
    ...toS3,
    resource: 'arn:aws:s3:::b/none/x',
    identity: [allow('*', { Resource: "arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/*" })],
    outcome: 'ALLOW',
  },
  { name: 'actions are compared without regard to case', ...toS3, identity: [allow('S3:getobject')], outcome: 'ALLOW' },
  {
    name: 'resources are compared with regard to case',
    ...toS3,
    identity: [allow('s3:GetObject', { Resource: 'arn:aws:s3:::B/*' })],
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'NotAction allows everything else',
    action: 's3:ListAllMyBuckets',
    resource: '*',
    identity: [{ Version: version, Statement: [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }] }],
    outcome: 'ALLOW',
  },
  {
    name: 'NotAction does not allow what it names',
    action: 'iam:GetUser',
    resource: alice.arn,
    identity: [{ Version: version, Statement: [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }] }],
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'a NotResource that cannot be resolved excludes nothing',
    ...toS3,
    identity: [
      allow('*'),
      { Version: version, Statement: [{ Effect: 'Deny', Action: '*', NotResource: 'arn:aws:s3:::b/${aws:PrincipalTag/team}/*' }] },
    ],
    outcome: 'EXPLICIT_DENY',
  },
  {
    name: 'an action without resource-level permissions needs a pattern that covers everything',
    action: 'ec2:DescribeInstances',
    resource: '*',
    identity: [allow('ec2:Describe*', { Resource: 'arn:aws:ec2:us-east-1:111122223333:instance/i-1' })],
    outcome: 'IMPLICIT_DENY',
  },
  { name: 'white space in an action is not trimmed', ...toS3, identity: [allow(' s3:GetObject')], outcome: 'IMPLICIT_DENY' },
  {
    name: 'a wildcard of one part does not reach into the next',
    action: 's3:GetObject',
    resource: 'arn:aws:s3:us-east-1:1:b/k',
    identity: [allow('*', { Resource: 'arn:aws:s3*:b/k' })],
    outcome: 'IMPLICIT_DENY',
  },
];

const conditions: readonly PolicyCase[] = [
  condition('the key of a tag is compared without regard to case', 'StringEquals', 'aws:RequestTag/dept', 'HR', true),
  condition('the value of a tag is compared with regard to case', 'StringEquals', 'aws:RequestTag/dept', 'hr', false),
  condition('a negation of an absent key holds', 'StringNotEquals', 'aws:RequestTag/Team', 'X', true),
  condition('equality with an absent key fails', 'StringEquals', 'aws:RequestTag/Team', 'X', false),
  condition('IfExists lets an absent key pass', 'StringEqualsIfExists', 'aws:RequestTag/Team', 'X', true),
  condition('ForAllValues holds when every value is listed', 'ForAllValues:StringEquals', 'aws:TagKeys', ['Dept', 'Cost', 'Env'], true),
  condition('ForAllValues fails when one is not', 'ForAllValues:StringEquals', 'aws:TagKeys', ['Dept'], false),
  condition('ForAllValues holds for an absent key', 'ForAllValues:StringEquals', 'aws:TagKeys', ['Dept'], true, {}),
  condition('ForAnyValue fails when none is listed', 'ForAnyValue:StringEquals', 'aws:TagKeys', ['Env'], false),
  condition('ForAnyValue fails for an absent key', 'ForAnyValue:StringEquals', 'aws:TagKeys', ['Dept'], false, {}),
  condition('Bool fails for an absent key', 'Bool', 'aws:MultiFactorAuthPresent', 'false', false),
  condition('BoolIfExists holds for an absent key', 'BoolIfExists', 'aws:MultiFactorAuthPresent', 'false', true),
  condition('NotIpAddress fails inside one of the ranges', 'NotIpAddress', 'aws:SourceIp', ['10.0.0.0/8', '203.0.113.0/24'], false),
  condition('an IPv4 address is in no IPv6 range', 'NotIpAddress', 'aws:SourceIp', ['2001:db8::/32'], true),
  condition('IPv6 ranges hold', 'IpAddress', 'aws:SourceIp', '2001:db8::/32', true, { 'aws:SourceIp': '2001:DB8:0:0::1' }),
  condition('Null true holds for an absent key', 'Null', 'aws:TokenIssueTime', 'true', true),
  condition('Null false fails for an absent key', 'Null', 'aws:TokenIssueTime', 'false', false),
  condition('StringLike with a variable', 'StringLike', 's3:prefix', ['', 'home/${aws:username}/*'], true, {
    ...c0,
    's3:prefix': 'home/alice/x',
  }),
  condition('an empty string is not an absent key', 'StringLike', 's3:prefix', ['', 'home/'], false),
  condition('numbers that are none match nothing', 'NumericLessThanEquals', 's3:max-keys', '10', false, { 's3:max-keys': 'abc' }),
  condition('numbers compare as numbers', 'NumericLessThanEquals', 's3:max-keys', 10, true, { 's3:max-keys': '9' }),
  condition('${*} is a literal star', 'StringLike', 'aws:PrincipalTag/x', 'a${*}b', false, { 'aws:PrincipalTag/x': 'axb' }),
  condition('${*} matches a star', 'StringLike', 'aws:PrincipalTag/x', 'a${*}b', true, { 'aws:PrincipalTag/x': 'a*b' }),
  condition('ArnEquals takes wildcards', 'ArnEquals', 'aws:SourceArn', 'arn:aws:sns:*:111122223333:*', true, {
    'aws:SourceArn': 'arn:aws:sns:us-east-1:111122223333:t',
  }),
  condition('an ARN wildcard does not reach over a colon', 'ArnLike', 'aws:SourceArn', 'arn:aws:s:*:1:f/*', false, {
    'aws:SourceArn': 'arn:aws:s:us-east-2:9:store/abc:1:f/x',
  }),
  condition('dates compare as instants', 'DateGreaterThan', 'aws:CurrentTime', '2026-11-23', true, {
    'aws:CurrentTime': '2026-11-24T00:00:00Z',
  }),
  condition('an offset counts', 'DateEquals', 'aws:CurrentTime', '2026-11-24T01:00:00+01:00', true, {
    'aws:CurrentTime': '2026-11-24T00:00:00Z',
  }),
  condition('a negation must differ from all values', 'StringNotEquals', 'aws:PrincipalAccount', ['1', '2'], false, {
    'aws:PrincipalAccount': '2',
  }),
  condition('an unknown operator never holds', 'StringResembles', 'aws:username', 'alice', false),
];

const layers: readonly PolicyCase[] = [
  {
    name: 'without any policy nothing is allowed',
    ...toS3,
    outcome: 'IMPLICIT_DENY',
    because: 'because no identity-based policy allows the s3:GetObject action',
  },
  {
    name: 'a deny beats an allow',
    ...toS3,
    identity: [allow('*'), deny('s3:*')],
    outcome: 'EXPLICIT_DENY',
    because: 'with an explicit deny in an identity-based policy',
  },
  {
    name: 'a boundary must allow too',
    ...toS3,
    identity: [allow('*')],
    boundary: allow('ec2:*'),
    outcome: 'IMPLICIT_DENY',
    because: 'because no permissions boundary allows the s3:GetObject action',
  },
  {
    name: 'a session policy must allow too',
    who: session,
    ...toS3,
    identity: [allow('*')],
    session: [allow('ec2:*')],
    outcome: 'IMPLICIT_DENY',
    because: 'because no session policy allows the s3:GetObject action',
  },
  {
    name: 'V-3.1 a grant to the user is not limited by its boundary',
    ...toS3,
    boundary: allow('ec2:*'),
    resourcePolicy: named({ AWS: alice.arn }),
    outcome: 'ALLOW',
  },
  {
    name: 'V-3.2 a grant to the role is limited by the boundary',
    who: session,
    ...toS3,
    boundary: allow('ec2:*'),
    resourcePolicy: named({ AWS: session.roleArn }),
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'a grant to the role needs no identity policy',
    who: session,
    ...toS3,
    resourcePolicy: named({ AWS: session.roleArn }),
    outcome: 'ALLOW',
  },
  {
    name: 'V-3.3 a grant to the session is not limited by the boundary',
    who: session,
    ...toS3,
    boundary: allow('ec2:*'),
    resourcePolicy: named({ AWS: session.arn }),
    outcome: 'ALLOW',
  },
  {
    name: 'V-3.3 a deny of the boundary counts all the same',
    who: session,
    ...toS3,
    boundary: deny('s3:*'),
    resourcePolicy: named({ AWS: session.arn }),
    outcome: 'EXPLICIT_DENY',
  },
  {
    name: 'V-3.4 a grant to the account only delegates',
    ...toS3,
    resourcePolicy: named({ AWS: root.arn }),
    outcome: 'IMPLICIT_DENY',
    because: 'because no identity-based policy allows the s3:GetObject action',
  },
  {
    name: 'V-3.5 everybody with aws:PrincipalArn is not limited by a session policy',
    who: session,
    ...toS3,
    context: { 'aws:PrincipalArn': session.roleArn ?? '' },
    session: [allow('ec2:*')],
    resourcePolicy: named('*', when('ArnEquals', 'aws:PrincipalArn', session.roleArn)),
    outcome: 'ALLOW',
  },
  {
    name: 'V-3.6 across accounts the identity must allow',
    ...toS3,
    resourceAccount: '222222222222',
    resourcePolicy: named({ AWS: alice.arn }),
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'V-3.6 across accounts both together allow',
    ...toS3,
    resourceAccount: '222222222222',
    identity: [allow('s3:*')],
    resourcePolicy: named({ AWS: alice.arn }),
    outcome: 'ALLOW',
  },
  {
    name: 'across accounts the resource must allow',
    ...toS3,
    resourceAccount: '222222222222',
    identity: [allow('s3:*')],
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'V-3.6 a resource control policy denies outsiders',
    ...toS3,
    resourceAccount: '222222222222',
    identity: [allow('s3:*')],
    resourcePolicy: named({ AWS: alice.arn }),
    resourceControl: [[allow('*', { Principal: '*' }), deny('s3:*', { Principal: '*' })]],
    outcome: 'EXPLICIT_DENY',
  },
  {
    name: 'V-3.7 every level of service control policies must allow',
    action: 's3:ListAllMyBuckets',
    resource: '*',
    identity: [allow('*')],
    serviceControl: [[allow('*')], [allow('ec2:*')], [allow('*')]],
    outcome: 'IMPLICIT_DENY',
    because: 'because no service control policy allows the s3:ListAllMyBuckets action',
  },
  { name: 'V-3.8 an account outside any organisation has no guardrails', ...toS3, identity: [allow('*')], outcome: 'ALLOW' },
  {
    name: 'V-3.9 service-linked roles are exempt from service control policies',
    who: { ...session, isServiceLinkedRole: true },
    ...toS3,
    identity: [allow('*')],
    serviceControl: [[deny('*')]],
    outcome: 'ALLOW',
  },
  {
    name: 'root is subject to service control policies',
    who: root,
    ...toS3,
    serviceControl: [[allow('*')], [deny('s3:*')]],
    outcome: 'EXPLICIT_DENY',
  },
  { name: 'root needs no identity policy', who: root, ...toS3, outcome: 'ALLOW' },
  {
    name: 'V-3.10 a key policy that names another role refuses the administrator',
    action: 'kms:Decrypt',
    resource: 'arn:aws:kms:us-east-1:111111111111:key/k',
    identity: [allow('kms:*')],
    mode: 'key',
    resourcePolicy: allow('kms:*', { Principal: { AWS: session.roleArn } }),
    outcome: 'IMPLICIT_DENY',
    because: 'because no resource-based policy allows the kms:Decrypt action',
  },
  {
    name: 'V-3.11 the default key policy delegates to identity policies',
    action: 'kms:Decrypt',
    resource: 'arn:aws:kms:us-east-1:111111111111:key/k',
    identity: [allow('kms:Decrypt')],
    mode: 'key',
    resourcePolicy: allow('kms:*', { Principal: { AWS: root.arn } }),
    outcome: 'ALLOW',
  },
  {
    name: 'a key policy delegates no more than its statement allows',
    action: 'kms:Decrypt',
    resource: 'arn:aws:kms:us-east-1:111111111111:key/k',
    identity: [allow('kms:*')],
    mode: 'key',
    resourcePolicy: allow('kms:Describe*', { Principal: { AWS: root.arn } }),
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'V-3.12 a grant allows',
    action: 'kms:Decrypt',
    resource: 'arn:aws:kms:us-east-1:111111111111:key/k',
    mode: 'key',
    resourcePolicy: allow('kms:*', { Principal: { AWS: session.roleArn } }),
    granted: true,
    outcome: 'ALLOW',
  },
  {
    name: 'a deny beats a grant',
    action: 'kms:Decrypt',
    resource: 'arn:aws:kms:us-east-1:111111111111:key/k',
    mode: 'key',
    identity: [deny('kms:*')],
    granted: true,
    outcome: 'EXPLICIT_DENY',
  },
  {
    name: 'V-3.13 a trust policy that names the user is enough',
    action: 'sts:AssumeRole',
    resource: session.roleArn ?? '',
    mode: 'trust',
    resourcePolicy: trust(alice.arn),
    outcome: 'ALLOW',
  },
  {
    name: 'V-3.13 a trust policy that names the account needs the identity too',
    action: 'sts:AssumeRole',
    resource: session.roleArn ?? '',
    mode: 'trust',
    resourcePolicy: trust(root.arn),
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'an administrator cannot assume a role that does not trust it',
    action: 'sts:AssumeRole',
    resource: session.roleArn ?? '',
    mode: 'trust',
    identity: [allow('*')],
    resourcePolicy: trust('arn:aws:iam::111111111111:user/bob'),
    outcome: 'IMPLICIT_DENY',
    because: 'because no role trust policy allows the sts:AssumeRole action',
  },
  {
    name: 'V-3.14 a federated user without a policy may use what names it',
    who: federated,
    ...toS3,
    resourcePolicy: named({ AWS: federated.arn }),
    outcome: 'ALLOW',
  },
  {
    name: 'V-3.14 and not what names its issuer',
    who: federated,
    ...toS3,
    identity: [allow('*')],
    resourcePolicy: named({ AWS: alice.arn }),
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'V-3.15 anonymous callers are allowed by everybody',
    who: anonymous,
    ...toS3,
    resourceAccount: account,
    resourcePolicy: named('*'),
    outcome: 'ALLOW',
  },
  {
    name: 'V-3.15 and not by an account',
    who: anonymous,
    ...toS3,
    resourceAccount: account,
    resourcePolicy: named({ AWS: account }),
    outcome: 'IMPLICIT_DENY',
  },
  {
    name: 'V-3.15 a resource control policy keeps anonymous callers out',
    who: anonymous,
    ...toS3,
    resourceAccount: account,
    resourcePolicy: named('*'),
    resourceControl: [
      [allow('*', { Principal: '*' }), deny('s3:*', { Principal: '*', ...when('StringNotEqualsIfExists', 'aws:PrincipalOrgID', 'o-1') })],
    ],
    outcome: 'EXPLICIT_DENY',
  },
  {
    name: 'V-3.16 a service principal needs the resource policy, and no service control policy binds it',
    who: service,
    action: 's3:PutObject',
    resource: object,
    resourceAccount: account,
    resourcePolicy: allow('s3:PutObject', { Principal: { Service: 'cloudtrail.amazonaws.com' } }),
    serviceControl: [[deny('*')]],
    outcome: 'ALLOW',
  },
  {
    name: 'V-3.18 NotPrincipal with Deny spares whom it names',
    ...toS3,
    identity: [allow('*')],
    resourcePolicy: {
      Version: version,
      Statement: [{ Effect: 'Deny', NotPrincipal: { AWS: [alice.arn, root.arn] }, Action: '*', Resource: '*' }],
    },
    outcome: 'ALLOW',
  },
  {
    name: 'V-3.18 and nobody who has a boundary',
    ...toS3,
    identity: [allow('*')],
    boundary: allow('*'),
    resourcePolicy: {
      Version: version,
      Statement: [{ Effect: 'Deny', NotPrincipal: { AWS: [alice.arn, root.arn] }, Action: '*', Resource: '*' }],
    },
    outcome: 'EXPLICIT_DENY',
  },
];

function trust(principal: string): object {
  return { Version: version, Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' }] };
}

export const policyCases: readonly PolicyCase[] = [...grammar, ...conditions, ...layers];

export function requestOf(each: PolicyCase): AuthorizationRequest {
  const context = new Map(Object.entries(each.context ?? {}).map(([key, value]) => [key.toLowerCase(), value]));
  const source = (document: object, index: number): PolicySource => ({
    name: `policy ${index + 1}`,
    policy: compilePolicy(JSON.stringify(document)),
  });
  const levels = (documents: readonly (readonly object[])[] | undefined) => documents?.map((level) => level.map(source));
  return {
    principal: each.who ?? alice,
    action: each.action,
    resource: each.resource ?? '*',
    resourceAccount: each.resourceAccount,
    context,
    identity: (each.identity ?? []).map(source),
    boundary: each.boundary === undefined ? undefined : source(each.boundary, 0),
    session: each.session?.map(source),
    resourcePolicy:
      each.resourcePolicy === undefined && each.mode === undefined
        ? undefined
        : { source: each.resourcePolicy === undefined ? undefined : source(each.resourcePolicy, 0), mode: each.mode ?? 'optional' },
    serviceControl: levels(each.serviceControl),
    resourceControl: levels(each.resourceControl),
    vpcEndpoint: undefined,
    ...(each.granted === true ? { granted: { name: 'grant' } } : {}),
  };
}
