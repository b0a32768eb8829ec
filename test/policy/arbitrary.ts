// Random questions for the evaluator: small worlds in which policies and requests meet often, with every element and operator in them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { PlainPolicies, PlainRequest } from '../../src/policy/plain-request.ts';
import type { ConditionValue, Principal } from '../../src/policy/policy.ts';
import { casesFolder } from './case-files.ts';

const principals: readonly Principal[] = Object.values(JSON.parse(readFileSync(join(casesFolder, 'principals.json'), 'utf8')));

const actions = [
  's3:GetObject',
  's3:PutObject',
  'S3:getobject',
  's3:DeleteBucketPolicy',
  'kms:Decrypt',
  'kms:RetireGrant',
  'sts:AssumeRole',
  'sts:GetCallerIdentity',
  'iam:GetUser',
  'ec2:DescribeInstances',
];
const actionPatterns = [
  ...actions,
  '*',
  '*:*',
  's3:*',
  's3:Get*',
  's3:?etObject',
  's3:*Object*',
  's?:*',
  's*:*',
  'kms:*',
  'sts:*',
  'S3:*',
  's3',
  'i*:Get*',
  '**',
];
const resources = [
  '*',
  'arn:aws:s3:::b/k',
  'arn:aws:s3:::b/alice/x',
  'arn:aws:s3:::b',
  'arn:aws:kms:us-east-1:111111111111:key/k',
  'arn:aws:iam::111111111111:role/R',
  'arn:aws:iam::111111111111:role/aws-service-role/x/y',
  'arn:aws:s3:us-east-1:1:b/k',
  'not an arn',
];
const resourcePatterns = [
  ...resources,
  'arn:aws:s3:::b/*',
  'arn:aws:s3:::?/k',
  'arn:*:*:*:*:*',
  'arn:aws:s3:::*',
  'arn:aws:s3:*',
  'arn:aws*:s3*:b/k',
  'arn:aws:s3:*:*:b/k',
  'arn:aws:iam::*:role/*',
  'arn:aws:s3:::b/${aws:username}/*',
  'arn:aws:s3:::b/${k:any}*',
  "arn:aws:s3:::b/${k:none, 'alice'}/x",
  'arn:aws:s3:::${*}/k',
  'arn:*',
  'arn:aws:s3:::*a*x',
];
const principalElements = [
  '*',
  { AWS: '*' },
  { AWS: '111111111111' },
  { AWS: 'arn:aws:iam::111111111111:root' },
  { AWS: '222222222222' },
  ...principals.map((principal) => ({ AWS: principal.arn })),
  { AWS: principals.flatMap(({ roleArn }) => (roleArn === undefined ? [] : [roleArn])) },
  { AWS: ['AIDAALICEALICEALICEA', 'AROARRRRRRRRRRRRRRRRR'] },
  { Service: ['cloudtrail.amazonaws.com', 'x.amazonaws.com'] },
  { Service: 'cloudtrail.us-east-1.amazonaws.com', AWS: 'arn:aws:iam::111111111111:user/alice' },
  { Federated: 'accounts.google.com' },
  { Federated: '*' },
];

/** Condition keys with what they may hold; the policies' values come from the same lists, so that they meet. */
const families = [
  {
    key: 'k:any',
    names: ['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
  },
  {
    key: 'k:number',
    names: [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEquals',
    ],
  },
  {
    key: 'k:date',
    names: ['DateEquals', 'DateNotEquals', 'DateLessThan', 'DateLessThanEquals', 'DateGreaterThan', 'DateGreaterThanEquals'],
  },
  { key: 'k:ip', names: ['IpAddress', 'NotIpAddress'] },
  { key: 'k:arn', names: ['ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike', 'StringLike'] },
  { key: 'k:bool', names: ['Bool', 'StringEquals'] },
  { key: 'k:binary', names: ['BinaryEquals'] },
] as const;
const valuesOf: Readonly<Record<(typeof families)[number]['key'], readonly string[]>> = {
  'k:any': [
    'a',
    'A',
    'ab',
    'alice',
    'a*',
    '*',
    '?b',
    '',
    '${aws:username}',
    '${k:any}',
    "${k:none, 'ab'}",
    '${*}',
    'a?',
    '*l*i*',
    '${k:none}',
  ],
  'k:number': ['1', '2', '10', '-1', '1.50', '1.5', 'x', ''],
  'k:date': ['2026-11-24', '2026-11-24T00:00:00Z', '2026-11-24T01:00:00+01:00', '1795478400', '2026-11', 'never', '2026-11-24T00:00:00.5Z'],
  'k:ip': [
    '192.0.2.1',
    '192.0.2.0/24',
    '192.0.2.1/32',
    '0.0.0.0/0',
    '2001:db8::1',
    '2001:db8::/32',
    '::ffff:192.0.2.1',
    '192.0.2.128/25',
    'x',
    '10.0.0.0/33',
  ],
  'k:arn': [
    'arn:aws:s3:::b/k',
    'arn:aws:s3:::b/*',
    'arn:*:s3:::?/k',
    'arn:aws:s3:::${aws:username}',
    'arn:aws:s3:::alice',
    'arn:aws:sns:us-east-1:1:t:x',
    'arn:aws:*:*:t:x',
    '*',
    'arn:aws:s3:::${k:any}/*',
    'arn:aws',
  ],
  'k:bool': ['true', 'false', 'True', 'x', '${k:bool}'],
  'k:binary': ['YQ==', 'YWI=', 'YQ', 'YR=='],
};

const condition = fc
  .constantFrom(...families)
  .chain(({ key, names }) =>
    fc
      .tuple(
        fc.constantFrom('', '', '', 'ForAllValues:', 'ForAnyValue:', 'forallvalues:'),
        fc.constantFrom(...names),
        fc.constantFrom('', '', '', 'IfExists'),
        fc.constantFrom(key, key, key, key.toUpperCase(), 'k:absent', 'k:many'),
        fc.oneof(fc.constantFrom(...valuesOf[key]), fc.array(fc.constantFrom(...valuesOf[key]), { maxLength: 3 })),
      )
      .map(([quantifier, name, ifExists, asked, values]) => ({ [`${quantifier}${name}${ifExists}`]: { [asked]: values } })),
  );
const nullCondition = fc
  .tuple(fc.constantFrom('k:any', 'k:absent', 'k:many'), fc.constantFrom('true', 'false', true, false))
  .map(([key, value]) => ({ Null: { [key]: value } }));
const oddCondition = fc.constantFrom(
  { StringResembles: { 'k:any': 'a' } },
  { NullIfExists: { 'k:any': 'true' } },
  {},
  { NotBool: { 'k:bool': 'true' } },
);
const conditions = fc
  .array(fc.oneof({ weight: 8, arbitrary: condition }, { weight: 1, arbitrary: nullCondition }, { weight: 1, arbitrary: oddCondition }), {
    maxLength: 2,
  })
  .map((blocks) => Object.assign({}, ...blocks));

const oneOrMore = (values: readonly string[]): fc.Arbitrary<string | readonly string[]> =>
  fc.oneof(fc.constantFrom(...values), fc.array(fc.constantFrom(...values), { maxLength: 3 }));

/** `often`: the element that lets the statement apply, so that not everything is refused. */
const element = (name: string, values: readonly string[], often: string): fc.Arbitrary<object> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant({ [name]: often }) },
    { weight: 4, arbitrary: oneOrMore(values).map((value) => ({ [name]: value })) },
    { weight: 1, arbitrary: oneOrMore(values).map((value) => ({ [`Not${name}`]: value })) },
  );
const principal = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...principalElements).map((value) => ({ Principal: value })) },
  { weight: 1, arbitrary: fc.constantFrom(...principalElements).map((value) => ({ NotPrincipal: value })) },
);

export const statement: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc
  .tuple(
    fc.constantFrom('Allow', 'Allow', 'Allow', 'Allow', 'Allow', 'Allow', 'Allow', 'Deny'),
    element('Action', actionPatterns, '*'),
    element('Resource', resourcePatterns, '*'),
    fc.option(conditions, { nil: undefined, freq: 2 }),
  )
  .map(([effect, action, resource, block]) => ({
    Effect: effect,
    ...action,
    ...resource,
    ...(block === undefined ? {} : { Condition: block }),
  }));
const statementOfResource = fc.tuple(statement, principal).map(([each, who]) => ({ ...each, ...who }));

const documentOf = (each: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc
    .tuple(
      fc.constantFrom('2012-10-17', '2012-10-17', '2012-10-17', '2008-10-17', undefined),
      fc.array(each, { minLength: 1, maxLength: 3 }),
    )
    .map(([version, statements]) => ({ ...(version === undefined ? {} : { Version: version }), Statement: statements }));
export const document = documentOf(statement);
const documentOfResource = documentOf(statementOfResource);
const levels = (each: fc.Arbitrary<object>) => fc.array(fc.array(each, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 });

const present = (key: keyof typeof valuesOf): fc.Arbitrary<ConditionValue> => fc.constantFrom(...valuesOf[key]);
const context: fc.Arbitrary<Readonly<Record<string, ConditionValue>>> = fc
  .record(
    {
      'aws:username': fc.constantFrom('alice', 'b', '*'),
      'k:any': fc.oneof(present('k:any'), fc.string({ maxLength: 3 })),
      'k:number': present('k:number'),
      'k:date': present('k:date'),
      'k:ip': present('k:ip'),
      'k:arn': present('k:arn'),
      'k:bool': present('k:bool'),
      'k:binary': present('k:binary'),
      'k:many': fc.array(fc.oneof(...Object.keys(valuesOf).map((key) => present(key as keyof typeof valuesOf) as fc.Arbitrary<string>)), {
        maxLength: 3,
      }),
    },
    { requiredKeys: [] },
  )
  .map((keys) => keys);

const policies: fc.Arbitrary<PlainPolicies> = fc.record(
  {
    identity: fc.array(document, { maxLength: 2 }),
    boundary: document,
    session: fc.array(document, { maxLength: 2 }),
    resource: documentOfResource,
    shares: fc.array(documentOfResource, { maxLength: 2 }),
    resourceMode: fc.constantFrom('optional', 'trust', 'key'),
    serviceControl: levels(document),
    resourceControl: levels(documentOfResource),
    vpcEndpoint: documentOfResource,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<PlainPolicies>;

/** Each layer is absent more often than not, so that decisions reach the later ones. */
const sparsePolicies = fc
  .tuple(policies, fc.array(fc.constantFrom(false, false, true), { minLength: 9, maxLength: 9 }))
  .map(([all, isKept]) => {
    const kept = Object.entries(all).filter(([layer], index) => layer === 'identity' || layer === 'resourceMode' || isKept[index] === true);
    return Object.fromEntries(kept) as PlainPolicies;
  });

export const question: fc.Arbitrary<PlainRequest> = fc
  .record({
    // Those with policies of their own more often than the others.
    principal: fc.constantFrom(...principals, ...principals.filter(({ account }) => account !== undefined)),
    action: fc.constantFrom(...actions, 's3:GetObject', 's3:GetObject', 's3:PutObject', 'kms:Decrypt', 'sts:AssumeRole'),
    resource: fc.constantFrom(...resources),
    resourceAccount: fc.constantFrom(undefined, undefined, '111111111111', '222222222222'),
    context,
    policies: sparsePolicies,
    isGranted: fc.nat(24).map((number) => number === 24),
    isServiceOwned: fc.constantFrom(false, false, false, false, false, false, true),
  })
  .map((each) => each);
