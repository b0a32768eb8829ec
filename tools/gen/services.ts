// The services whose models are vendored: botocore's name (which is the folder under src/services) and the IAM prefixes of its actions.
// The first prefix is the service's own.

export interface VendoredService {
  readonly name: string;
  readonly iamPrefixes: readonly string[];
}

const prefixes: Readonly<Record<string, readonly string[]>> = {
  accessanalyzer: ['access-analyzer'],
  account: ['account'],
  acm: ['acm'],
  'acm-pca': ['acm-pca'],
  artifact: ['artifact'],
  budgets: ['budgets'],
  ce: ['ce'],
  clouddirectory: ['clouddirectory'],
  cloudfront: ['cloudfront'],
  cloudhsmv2: ['cloudhsm'],
  cloudtrail: ['cloudtrail'],
  cloudwatch: ['cloudwatch'],
  'cognito-identity': ['cognito-identity'],
  'cognito-idp': ['cognito-idp'],
  config: ['config'],
  detective: ['detective'],
  ds: ['ds'],
  dynamodb: ['dynamodb'],
  ec2: ['ec2'],
  events: ['events'],
  firehose: ['firehose'],
  guardduty: ['guardduty'],
  iam: ['iam'],
  identitystore: ['identitystore'],
  inspector2: ['inspector2'],
  kms: ['kms'],
  lambda: ['lambda'],
  logs: ['logs'],
  'network-firewall': ['network-firewall'],
  organizations: ['organizations'],
  ram: ['ram'],
  'resource-groups': ['resource-groups'],
  resourcegroupstaggingapi: ['tag'],
  rolesanywhere: ['rolesanywhere'],
  route53: ['route53'],
  s3: ['s3'],
  secretsmanager: ['secretsmanager'],
  securityhub: ['securityhub'],
  servicecatalog: ['servicecatalog'],
  shield: ['shield'],
  signin: ['signin'],
  sns: ['sns'],
  sqs: ['sqs'],
  ssm: ['ssm'],
  sso: ['sso'],
  'sso-admin': ['sso', 'sso-directory'],
  'sso-oidc': ['sso-oauth'],
  sts: ['sts'],
  wafv2: ['wafv2'],
};

/** Alphabetical, so that everything that is generated from it is too. */
export const vendoredServices: readonly VendoredService[] = Object.entries(prefixes).map(([name, iamPrefixes]) => ({ name, iamPrefixes }));

/** Services whose models botocore does not have: written by hand from AWS's API reference, in the same form, and read from where they stand. */
export const handwrittenServices: readonly VendoredService[] = [{ name: 'iam-toolbox', iamPrefixes: ['iam'] }];
