// The table of managed-policies.ts: which AWS managed policies ship, and what each is for.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
import type { AccessLevels, ManagedPolicyDeclaration } from './managed-policies.ts';

export const allow = (action: readonly string[], resource: string | readonly string[] = '*', more: object = {}) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...more,
});
export const whole = (...prefixes: readonly string[]): readonly string[] => prefixes.map((prefix) => `${prefix}:*`);
const known = ({ prefixes }: AccessLevels, wanted: readonly string[]): readonly string[] =>
  wanted.filter((prefix) => prefixes.includes(prefix));
const passing = (...roles: readonly string[]) =>
  allow(
    ['iam:PassRole'],
    roles.map((role) => `arn:aws:iam::*:role/${role}`),
  );

export const administrative: readonly ManagedPolicyDeclaration[] = [
  {
    name: 'AdministratorAccess',
    description: 'Provides full access to AWS services and resources.',
    statements: () => [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  },
  {
    name: 'PowerUserAccess',
    description: 'Provides full access to AWS services and resources, but does not allow management of Users and groups.',
    statements: () => [
      { Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' },
      allow([
        'account:GetAccountInformation',
        'account:GetPrimaryEmail',
        'account:ListRegions',
        'iam:CreateServiceLinkedRole',
        'iam:DeleteServiceLinkedRole',
        'iam:ListRoles',
        'organizations:DescribeEffectivePolicy',
        'organizations:DescribeOrganization',
      ]),
    ],
  },
  {
    name: 'ReadOnlyAccess',
    description: 'Provides read-only access to AWS services and resources.',
    statements: (levels) => [allow(levels.read(levels.prefixes))],
  },
  {
    name: 'SecurityAudit',
    description: 'The security audit template grants access to read security configuration metadata.',
    statements: (levels) => [allow(levels.audit(levels.prefixes))],
  },
  {
    name: 'AWSDenyAll',
    description: 'Deny all access.',
    statements: () => [{ Sid: 'DenyAll', Effect: 'Deny', Action: ['*'], Resource: '*' }],
  },
  {
    name: 'AWSSupportAccess',
    description: 'Allows users to access the AWS Support Center.',
    statements: () => [allow(whole('support', 'support-console'))],
  },
  {
    name: 'AWSCloudShellFullAccess',
    description: 'Grants using AWS CloudShell with all features.',
    statements: () => [allow(whole('cloudshell'))],
  },
  {
    name: 'IAMUserChangePassword',
    description: 'Provides the ability for an IAM user to change their own password.',
    statements: () => [
      // The variable is the policy language's, not this file's.
      allow(['iam:ChangePassword'], ['arn:aws:iam::*:user/$' + '{aws:username}', 'arn:aws:iam::*:user/*/$' + '{aws:username}']),
      allow(['iam:GetAccountPasswordPolicy']),
    ],
  },
  {
    name: 'IAMUserSSHKeys',
    description: 'Provides the ability for an IAM user to manage their own SSH keys.',
    statements: () => [
      allow(
        ['iam:DeleteSSHPublicKey', 'iam:GetSSHPublicKey', 'iam:ListSSHPublicKeys', 'iam:UpdateSSHPublicKey', 'iam:UploadSSHPublicKey'],
        'arn:aws:iam::*:user/$' + '{aws:username}',
      ),
    ],
  },
  {
    name: 'IAMFullAccess',
    description: 'Provides full access to IAM via the AWS Management Console.',
    statements: () => [
      allow([
        ...whole('iam'),
        'organizations:DescribeAccount',
        'organizations:DescribeOrganization',
        'organizations:DescribeOrganizationalUnit',
        'organizations:DescribePolicy',
        'organizations:ListChildren',
        'organizations:ListParents',
        'organizations:ListPolicies',
        'organizations:ListPoliciesForTarget',
        'organizations:ListRoots',
        'organizations:ListTargetsForPolicy',
      ]),
    ],
  },
  {
    name: 'IAMReadOnlyAccess',
    description: 'Provides read only access to IAM via the AWS Management Console.',
    statements: () => [
      allow([
        'iam:GenerateCredentialReport',
        'iam:GenerateServiceLastAccessedDetails',
        'iam:Get*',
        'iam:List*',
        'iam:SimulateCustomPolicy',
        'iam:SimulatePrincipalPolicy',
      ]),
    ],
  },
  {
    name: 'IAMAccessAdvisorReadOnly',
    description: 'Provides access to read last accessed information and what it is about.',
    statements: () => [
      allow([
        'iam:GenerateOrganizationsAccessReport',
        'iam:GenerateServiceLastAccessedDetails',
        'iam:Get*',
        'iam:List*',
        'organizations:Describe*',
        'organizations:List*',
      ]),
    ],
  },
];

const billingPrefixes = [
  'aws-portal',
  'bcm-data-exports',
  'bcm-pricing-calculator',
  'billing',
  'budgets',
  'ce',
  'consolidatedbilling',
  'cost-optimization-hub',
  'cur',
  'freetier',
  'invoicing',
  'payments',
  'pricing',
  'purchase-orders',
  'sustainability',
  'tax',
];

export const jobFunctions: readonly ManagedPolicyDeclaration[] = [
  {
    name: 'ViewOnlyAccess',
    path: '/job-function/',
    description: 'This policy grants permissions to view resources and basic metadata across all AWS services.',
    statements: (levels) => [allow(levels.list(levels.prefixes))],
  },
  {
    name: 'Billing',
    path: '/job-function/',
    description: 'Grants permissions for billing and cost management, including viewing usage and modifying budgets and payment methods.',
    statements: (levels) => [allow(['account:GetAccountInformation', ...whole(...known(levels, billingPrefixes))])],
  },
  {
    name: 'DatabaseAdministrator',
    path: '/job-function/',
    description: 'Grants full access permissions to AWS services and actions required to set up and configure AWS database services.',
    statements: (levels) => [
      allow([
        ...whole(...known(levels, ['dynamodb', 'elasticache', 'rds', 'redshift'])),
        ...levels.read(['cloudwatch', 'logs']),
        'cloudwatch:DeleteAlarms',
        'cloudwatch:PutMetricAlarm',
        'ec2:DescribeAccountAttributes',
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListRoles',
        'kms:ListAliases',
        'kms:ListKeys',
        'sns:CreateTopic',
        'sns:ListSubscriptions',
        'sns:ListTopics',
        'sns:SetTopicAttributes',
        'sns:Subscribe',
      ]),
      passing(
        'rds-monitoring-role',
        'rdbms-lambda-access',
        'lambda_exec_role',
        'lambda-dynamodb-*',
        'lambda-vpc-execution-role',
        'DataPipelineDefaultRole',
        'DataPipelineDefaultResourceRole',
      ),
    ],
  },
  {
    name: 'DataScientist',
    path: '/job-function/',
    description: 'Grants permissions to AWS data analytics services.',
    statements: (levels) => [
      allow([
        ...whole(
          ...known(levels, [
            'athena',
            'cloudwatch',
            'dynamodb',
            'elasticmapreduce',
            'kinesis',
            'kinesisanalytics',
            'rds',
            'redshift',
            's3',
          ]),
        ),
        ...levels.read(['ec2', 'iam', 'logs', 'sns']),
      ]),
      passing('DataPipelineDefaultRole', 'DataPipelineDefaultResourceRole', 'EMR_EC2_DefaultRole', 'EMR_DefaultRole', 'kinesis-*'),
    ],
  },
  {
    name: 'NetworkAdministrator',
    path: '/job-function/',
    description: 'Grants full access permissions to AWS services and actions required to set up and configure AWS network resources.',
    statements: (levels) => [
      allow([
        ...whole(...known(levels, ['cloudfront', 'directconnect', 'network-firewall', 'networkmanager', 'route53', 'route53domains'])),
        ...levels.read(['cloudwatch', 'ec2', 'elasticloadbalancing', 'logs', 'sns']),
        'ec2:*Address*',
        'ec2:*CustomerGateway*',
        'ec2:*DhcpOptions',
        'ec2:*EgressOnlyInternetGateway*',
        'ec2:*FlowLogs',
        'ec2:*InternetGateway*',
        'ec2:*NatGateway*',
        'ec2:*NetworkAcl*',
        'ec2:*NetworkInterface*',
        'ec2:*PlacementGroup',
        'ec2:*PrefixList*',
        'ec2:*Route*',
        'ec2:*SecurityGroup*',
        'ec2:*Subnet*',
        'ec2:*TransitGateway*',
        'ec2:*Vpc*',
        'ec2:*Vpn*',
        'ec2:CreateTags',
        'ec2:DeleteTags',
        'iam:GetRole',
        'iam:ListRoles',
        'logs:CreateLogGroup',
      ]),
      passing('flow-logs-*'),
    ],
  },
  {
    name: 'SupportUser',
    path: '/job-function/',
    description: 'This policy grants permissions to troubleshoot and resolve issues in an AWS account.',
    statements: (levels) => [allow([...whole('support'), ...levels.audit(levels.prefixes)])],
  },
  {
    name: 'SystemAdministrator',
    path: '/job-function/',
    description: 'Grants full access permissions necessary for resources required for application and development operations.',
    statements: (levels) => [
      allow([
        ...whole(
          ...known(levels, ['autoscaling', 'cloudtrail', 'cloudwatch', 'config', 'lambda', 'logs', 'rds', 'sns', 'sqs', 'trustedadvisor']),
        ),
        ...levels.read(['ec2', 'iam', 'kms', 's3']),
        'ec2:CreateTags',
        'ec2:DeleteTags',
        'ec2:RebootInstances',
        'ec2:RunInstances',
        'ec2:StartInstances',
        'ec2:StopInstances',
        'ec2:TerminateInstances',
        's3:CreateBucket',
        's3:DeleteObject',
        's3:PutObject',
      ]),
      passing('rds-monitoring-role', 'ec2-sysadmin-*', 'ecr-sysadmin-*', 'lambda-sysadmin-*'),
    ],
  },
];

export const logging = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
const serviceRole = (name: string, description: string, actions: readonly string[]): ManagedPolicyDeclaration => ({
  name,
  path: '/service-role/',
  description,
  statements: () => [allow(actions)],
});

export const serviceRoles: readonly ManagedPolicyDeclaration[] = [
  serviceRole('AWSLambdaBasicExecutionRole', 'Provides write permissions to CloudWatch Logs.', logging),
  serviceRole('AWSLambdaVPCAccessExecutionRole', 'Provides minimum permissions for a Lambda function to execute while accessing a VPC.', [
    ...logging,
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcs',
    'ec2:UnassignPrivateIpAddresses',
  ]),
  serviceRole('AWSLambdaSQSQueueExecutionRole', 'Provides receive and delete of messages, attribute access to SQS queues, and logging.', [
    ...logging,
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
  ]),
  serviceRole('AWSLambdaDynamoDBExecutionRole', 'Provides list and read access to DynamoDB streams and logging.', [
    ...logging,
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
  ]),
  serviceRole('AWSLambdaKinesisExecutionRole', 'Provides list and read access to Kinesis streams and logging.', [
    ...logging,
    'kinesis:DescribeStream',
    'kinesis:DescribeStreamSummary',
    'kinesis:GetRecords',
    'kinesis:GetShardIterator',
    'kinesis:ListShards',
    'kinesis:ListStreams',
    'kinesis:SubscribeToShard',
  ]),
  serviceRole('AWSLambdaRole', 'Default policy of a role that invokes Lambda functions.', ['lambda:InvokeFunction']),
  {
    name: 'AWS_ConfigRole',
    path: '/service-role/',
    description: 'Default policy for the AWS Config service role: read what is recorded.',
    statements: (levels) => [allow(levels.audit(levels.prefixes)), allow(['config:Put*', 'config:Get*', 'config:List*', 'config:Select*'])],
  },
  serviceRole('AWSConfigRulesExecutionRole', 'Allows a Lambda function to read what AWS Config delivers and to report compliance.', [
    'config:BatchGet*',
    'config:Describe*',
    'config:Get*',
    'config:List*',
    'config:Put*',
    's3:GetObject',
  ]),
];

const linkedRolePolicy = (name: string, description: string, statements: readonly object[]): ManagedPolicyDeclaration => ({
  name,
  path: '/aws-service-role/',
  description,
  statements: () => statements,
});

/** Of the service-linked roles that services of the build make or need. */
export const linkedRolePolicies: readonly ManagedPolicyDeclaration[] = [
  linkedRolePolicy(
    'AWSOrganizationsServiceTrustPolicy',
    'Allows AWS Organizations to make the service-linked roles of the services that are trusted in the organization.',
    [
      allow(['iam:DeleteRole'], 'arn:aws:iam::*:role/aws-service-role/organizations.amazonaws.com/*'),
      allow(['iam:CreateServiceLinkedRole']),
    ],
  ),
  linkedRolePolicy(
    'AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy',
    'Allows AWS KMS to keep the shared properties of multi-Region keys the same.',
    [allow(['kms:SynchronizeMultiRegionKey'])],
  ),
  linkedRolePolicy(
    'AWSResourceAccessManagerServiceRolePolicy',
    'Allows AWS RAM to read the structure of the organization in which resources are shared.',
    [
      allow([
        'organizations:DescribeAccount',
        'organizations:DescribeOrganization',
        'organizations:DescribeOrganizationalUnit',
        'organizations:ListAccounts',
        'organizations:ListAccountsForParent',
        'organizations:ListChildren',
        'organizations:ListOrganizationalUnitsForParent',
        'organizations:ListParents',
        'organizations:ListRoots',
      ]),
      allow(['iam:DeleteRole'], 'arn:aws:iam::*:role/aws-service-role/ram.amazonaws.com/*'),
    ],
  ),
];
