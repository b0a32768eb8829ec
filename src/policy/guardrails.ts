// Whom the guardrails of an organisation bind: service control policies follow the caller, resource control policies the resource.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html · …/orgs_manage_policies_rcps.html
import type { PolicySource } from './policy.ts';
import type { Subject } from './statement.ts';

type Levels = readonly (readonly PolicySource[])[];

/** Undefined: the request is not subject to service control policies. */
export function serviceControlLevels({ request }: Subject): Levels | undefined {
  const { kind, isServiceLinkedRole } = request.principal;
  const isExempt = kind === 'service' || kind === 'anonymous' || kind === 'web-identity' || kind === 'saml' || isServiceLinkedRole === true;
  return isExempt ? undefined : request.serviceControl;
}

/** Undefined: the request is not subject to resource control policies. */
export function resourceControlLevels({ request, service, lowerCaseAction }: Subject): Levels | undefined {
  const { resourceControl, principal, isServiceOwned, resource } = request;
  if (resourceControl === undefined || principal.isServiceLinkedRole === true || isServiceOwned === true) return undefined;
  if (!resourceControlServices.has(service) || lowerCaseAction === 'kms:retiregrant') return undefined;
  // The assumption of a service-linked role is exempt as its calls are.
  return service === 'sts' && resource.includes(':role/aws-service-role/') ? undefined : resourceControl;
}

/** AWS: the services whose resources resource control policies protect, by action prefix. */
const resourceControlServices: ReadonlySet<string> = new Set(
  `appconfig appstream aoss autoscaling autoscaling-plans budgets clouddirectory cloudfront cloudsearch cloudtrail-data codeartifact codebuild
  codecommit codepipeline cognito-identity cognito-idp comprehend comprehendmedical compute-optimizer cost-optimization-hub dax dsql dynamodb
  ecr ecr-public events firehose fis fms gamelift health inspector-scan kendra kinesisvideo kms logs memorydb networkmonitor notifications
  opensearch pca-connector-ad personalize polly pricing resource-groups rolesanywhere s3 secretsmanager servicediscovery signin sqs sts support
  swf textract timestream-influxdb transcribe transfer translate wafv2 workspaces xray`.split(/\s+/),
);
