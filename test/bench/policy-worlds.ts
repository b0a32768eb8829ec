// Worlds for the policy benchmark: policies of the shapes and sizes that accounts have, made from numbers so that each run measures the same.
import { type CompiledPolicy, createPolicyCompiler } from '../../src/policy/compile.ts';
import type { AuthorizationRequest, ConditionValue, PolicySource, Principal } from '../../src/policy/policy.ts';
import { policyList } from '../../src/policy/policy-list.ts';

export const services = [
  's3',
  'ec2',
  'sqs',
  'sns',
  'kms',
  'dynamodb',
  'lambda',
  'logs',
  'ecr',
  'secretsmanager',
  'ssm',
  'cloudwatch',
  'iam',
  'rds',
  'events',
];
const verbs = ['Get', 'List', 'Describe', 'Put', 'Create', 'Delete', 'Update', 'Tag', 'Untag', 'Start', 'Stop'];
const nouns = [
  'Object',
  'Queue',
  'Item',
  'Key',
  'Function',
  'Group',
  'Stream',
  'Policy',
  'Secret',
  'Parameter',
  'Alarm',
  'Role',
  'Instance',
  'Rule',
];

const pick = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

export const actionOf = (service: string, number: number): string =>
  `${service}:${pick(verbs, number)}${pick(nouns, Math.floor(number / 3))}`;
const arnOf = (service: string, account: string, name: string): string => `arn:aws:${service}:eu-central-1:${account}:${name}`;

const statement = (
  effect: string,
  action: string | readonly string[],
  resource: string | readonly string[],
  more: object = {},
): object => ({
  Effect: effect,
  Action: action,
  Resource: resource,
  ...more,
});

const compile = createPolicyCompiler();

export function compiled(statements: readonly object[]): CompiledPolicy {
  return compile(JSON.stringify({ Version: '2012-10-17', Statement: statements }));
}

const variable = ['$', '{aws:PrincipalTag/team}'].join('');

/**
 * As AWS's managed policies are: most about one service and what belongs to it, in two to four statements of up to some twenty actions; every
 * tenth, like ReadOnlyAccess, about all services.
 */
export function managedPolicy(number: number): CompiledPolicy {
  const isBroad = number % 10 === 9;
  const some = isBroad ? services : Array.from({ length: 1 + (number % 3) }, (_each, at) => pick(services, number + at * 4));
  const broad = some.flatMap((service) => [`${service}:Describe*`, `${service}:List*`, `${service}:Get*`]);
  if (isBroad) return compiled([statement('Allow', broad, '*')]);
  const exact = some.flatMap((service) => Array.from({ length: 8 }, (_each, at) => actionOf(service, number + at * 5)));
  const prefix = number % 7 === 0 ? 'app' : 'prod';
  return compiled([
    statement('Allow', [...broad, ...exact.slice(0, 4)], '*'),
    statement(
      'Allow',
      exact,
      some.map((service) => `arn:aws:${service}:*:*:${prefix}-*`),
    ),
    statement(
      'Allow',
      some.map((service) => `${service}:Put*`),
      '*',
      { Condition: { StringEquals: { 'aws:ResourceTag/team': variable } } },
    ),
    ...(number % 2 === 0
      ? [
          statement('Allow', 'iam:PassRole', 'arn:aws:iam::*:role/service-*', {
            Condition: { StringLike: { 'iam:PassedToService': 'ec2.*' } },
          }),
        ]
      : []),
  ]);
}

/** A principal's own policy: a few statements about a few of its account's resources. */
export function ownPolicy(number: number, account: string): CompiledPolicy {
  const service = pick(services, number);
  return compiled([
    statement(
      'Allow',
      [actionOf(service, number), actionOf(service, number + 1), `${service}:Get*`],
      arnOf(service, account, `app-${number}/*`),
    ),
    statement('Allow', [`${pick(services, number + 1)}:Put*`], arnOf(pick(services, number + 1), account, `team-${number}-*`), {
      Condition: { StringEquals: { 'aws:RequestedRegion': ['eu-central-1', 'eu-west-1'] } },
    }),
    statement('Deny', [`${service}:Delete*`], '*', { Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } } }),
  ]);
}

export const boundaryPolicy = (): CompiledPolicy =>
  compiled([
    statement(
      'Allow',
      services.map((service) => `${service}:*`),
      '*',
    ),
    statement('Deny', ['iam:Delete*PermissionsBoundary', 'iam:CreateUser', 'organizations:*'], '*'),
  ]);
export const sessionPolicy = (): CompiledPolicy =>
  compiled([
    statement(
      'Allow',
      services.filter((service) => service !== 'iam').map((service) => `${service}:*`),
      '*',
    ),
  ]);

export function serviceControlLevels(seed: number): readonly (readonly CompiledPolicy[])[] {
  const full = compiled([statement('Allow', '*', '*')]);
  const regions = compiled([
    {
      Effect: 'Deny',
      NotAction: ['iam:*', 'organizations:*', 'route53:*', 'sts:*', 'support:*', 'cloudfront:*', 'waf:*', 'budgets:*'],
      Resource: '*',
      Condition: {
        StringNotEquals: { 'aws:RequestedRegion': ['eu-central-1', 'eu-west-1', 'eu-north-1'] },
        ArnNotLike: { 'aws:PrincipalArn': ['arn:aws:iam::*:role/break-glass', `arn:aws:iam::*:role/platform-${seed}`] },
      },
    },
    statement('Deny', ['cloudtrail:StopLogging', 'cloudtrail:DeleteTrail', 'guardduty:Delete*', 'config:Delete*', 'config:Stop*'], '*'),
  ]);
  const root = compiled([statement('Deny', '*', '*', { Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:root' } } })]);
  return [[full, root], [full, regions], [full]];
}

export const resourceControlLevels = (): readonly (readonly CompiledPolicy[])[] => [
  [
    compiled([{ ...statement('Allow', '*', '*'), Principal: '*' }]),
    compiled([
      {
        ...statement('Deny', ['s3:*', 'sqs:*', 'kms:*', 'secretsmanager:*', 'sts:AssumeRole'], '*'),
        Principal: '*',
        Condition: { StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-corp' }, BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } },
      },
    ]),
  ],
];

export function resourcePolicy(account: string, number: number): CompiledPolicy {
  return compiled([
    {
      ...statement('Allow', ['s3:Get*', 's3:List*'], '*'),
      Principal: { AWS: [`arn:aws:iam::${account}:root`, `arn:aws:iam::${account}:role/reader-${number}`] },
    },
    { ...statement('Deny', 's3:*', '*'), Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
  ]);
}

export const named = (name: string, policy: CompiledPolicy): PolicySource => ({ name, policy });
export const namedLevels = (levels: readonly (readonly CompiledPolicy[])[]): readonly (readonly PolicySource[])[] =>
  levels.map((level, index) => policyList(level.map((policy, at) => named(`level ${index} policy ${at}`, policy))));

export function contextOf(role: string): ReadonlyMap<string, ConditionValue> {
  return new Map<string, ConditionValue>([
    ['aws:requestedregion', 'eu-central-1'],
    ['aws:principalarn', role],
    ['aws:principalorgid', 'o-corp'],
    ['aws:principalisawsservice', 'false'],
    ['aws:securetransport', 'true'],
    ['aws:multifactorauthpresent', 'true'],
    ['aws:sourceip', '192.0.2.10'],
    ['aws:principaltag/team', 'red'],
    ['aws:resourcetag/team', 'red'],
  ]);
}

export function sessionOf(account: string, role: string): Principal {
  const roleArn = `arn:aws:iam::${account}:role/${role}`;
  return {
    kind: 'role-session',
    arn: `arn:aws:sts::${account}:assumed-role/${role}/s`,
    account,
    roleArn,
    uniqueId: 'AROAEXAMPLEEXAMPLEEXA',
  };
}

/** What a request has besides its policies; the world adds those. */
export function bareRequest(principal: Principal, action: string, resource: string): AuthorizationRequest {
  return {
    principal,
    action,
    resource,
    resourceAccount: principal.account,
    context: contextOf(principal.roleArn ?? principal.arn),
    identity: [],
    boundary: undefined,
    session: undefined,
    resourcePolicy: undefined,
    serviceControl: undefined,
    resourceControl: undefined,
    vpcEndpoint: undefined,
  };
}
