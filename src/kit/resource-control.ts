// Which calls resource control policies reach: those on resources of the services that support them.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
import type { Access } from './operation.ts';

const supportedServices: ReadonlySet<string> = new Set(
  [
    'aoss appconfig appstream autoscaling autoscaling-plans budgets clouddirectory cloudfront cloudsearch cloudtrail-data codeartifact',
    'codebuild codecommit codepipeline cognito-identity cognito-idp comprehend comprehendmedical compute-optimizer cost-optimization-hub',
    'dax dsql dynamodb ecr ecr-public events firehose fis fms gamelift health inspector-scan kendra kinesisvideo kms logs memorydb',
    'networkmonitor opensearch pca-connector-ad personalize polly pricing resource-groups rolesanywhere s3 secretsmanager',
    'servicediscovery signin sqs sts support swf textract timestream-influxdb transcribe transfer translate wafv2 workspaces xray',
    'notifications',
  ].flatMap((line) => line.split(' ')),
);

/** AWS: kms:RetireGrant and AWS managed keys are exempt. */
export function isUnderResourceControl({ action, isAwsManaged }: Access): boolean {
  if (isAwsManaged === true || action.toLowerCase() === 'kms:retiregrant') return false;
  return supportedServices.has(action.slice(0, action.indexOf(':')).toLowerCase());
}
