// AWS managed policies, as AWS documents them. Only policies that are here in full are here at all.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html

export interface AwsManagedPolicy {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly document: object;
}

const version = '2012-10-17';
const allow = (action: string | readonly string[]) => ({
  Version: version,
  Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }],
});

export const awsManagedPolicies: readonly AwsManagedPolicy[] = [
  {
    name: 'AdministratorAccess',
    path: '/',
    id: 'ANPAIWMBCKSKIEE64ZLYK',
    version: 'v1',
    description: 'Provides full access to AWS services and resources.',
    document: allow('*'),
  },
  {
    name: 'AWSDenyAll',
    path: '/',
    id: 'ANPAZ36VEGYFRNVCJQ4XQ',
    version: 'v2',
    description: 'Deny all access.',
    document: { Version: version, Statement: [{ Sid: 'DenyAll', Effect: 'Deny', Action: ['*'], Resource: '*' }] },
  },
  {
    name: 'IAMFullAccess',
    path: '/',
    id: 'ANPAI7XKCFMBPM3QQRRVQ',
    version: 'v2',
    description: 'Provides full access to IAM via the AWS Management Console.',
    document: allow([
      'iam:*',
      'organizations:DescribeAccount',
      'organizations:DescribeOrganization',
      'organizations:DescribeOrganizationalUnit',
      'organizations:DescribePolicy',
      'organizations:ListChildren',
      'organizations:ListParents',
      'organizations:ListPoliciesForTarget',
      'organizations:ListRoots',
      'organizations:ListPolicies',
      'organizations:ListTargetsForPolicy',
    ]),
  },
  {
    name: 'IAMReadOnlyAccess',
    path: '/',
    id: 'ANPAJKSO7NDY4T57MWDSQ',
    version: 'v4',
    description: 'Provides read only access to IAM via the AWS Management Console.',
    document: allow([
      'iam:GenerateCredentialReport',
      'iam:GenerateServiceLastAccessedDetails',
      'iam:Get*',
      'iam:List*',
      'iam:SimulateCustomPolicy',
      'iam:SimulatePrincipalPolicy',
    ]),
  },
  {
    name: 'AmazonS3FullAccess',
    path: '/',
    id: 'ANPAIFIR6V6BVTRAHWINE',
    version: 'v2',
    description: 'Provides full access to all buckets via the AWS Management Console.',
    document: allow(['s3:*', 's3-object-lambda:*']),
  },
  {
    name: 'AmazonS3ReadOnlyAccess',
    path: '/',
    id: 'ANPAIZTJ4DXE7G6AGAE6M',
    version: 'v3',
    description: 'Provides read only access to all buckets via the AWS Management Console.',
    document: allow(['s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*']),
  },
  {
    name: 'AmazonSQSFullAccess',
    path: '/',
    id: 'ANPAI65L554VRJ33ECQS6',
    version: 'v1',
    description: 'Provides full access to Amazon SQS via the AWS Management Console.',
    document: allow(['sqs:*']),
  },
  {
    name: 'AmazonSNSFullAccess',
    path: '/',
    id: 'ANPAJWEKLCXXUNT2SOLSG',
    version: 'v1',
    description: 'Provides full access to Amazon SNS via the AWS Management Console.',
    document: allow(['sns:*']),
  },
  {
    name: 'AWSLambdaBasicExecutionRole',
    path: '/service-role/',
    id: 'ANPAJNCQGXC42545SKXIK',
    version: 'v1',
    description: 'Provides write permissions to CloudWatch Logs.',
    document: allow(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']),
  },
];
