// The baseline guardrails as policy documents. Each says in one sentence what it is against; conditions follow AWS's own examples.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples.html
// https://docs.aws.amazon.com/whitepapers/latest/building-a-data-perimeter-on-aws/building-a-data-perimeter-on-aws.html
import type { Guardrail, Statement, ZoneFile } from './file.ts';
import { builderRole, itemMark } from './marks.ts';

export interface GuardrailDocument {
  readonly type: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY';
  readonly description: string;
  readonly statements: readonly Statement[];
}

export function guardrailDocument(file: ZoneFile, name: string, guardrail: Guardrail): GuardrailDocument {
  const service = (description: string, ...statements: readonly Statement[]): GuardrailDocument => ({
    type: 'SERVICE_CONTROL_POLICY',
    description: guardrail.description ?? description,
    statements,
  });
  const resource = (description: string, ...statements: readonly Statement[]): GuardrailDocument => ({
    type: 'RESOURCE_CONTROL_POLICY',
    description: guardrail.description ?? description,
    statements,
  });
  switch (guardrail.kind) {
    case 'no-leaving':
      return service('Accounts do not leave the organisation.', deny('DenyLeaving', ['organizations:LeaveOrganization']));
    case 'no-root-use':
      return service('Root of a member account does nothing but what a task session (sts:AssumeRoot) is for.', noRootUse);
    case 'region-limit':
      return service('Work is done in these regions only; services without a region are exempt.', regionLimit(file, guardrail));
    case 'protect-baseline':
      return service('Only the landing zone changes its own roles, groups and keys.', ...protectBaseline(file, guardrail));
    case 'protect-trails':
      return service(
        'Nobody, root included, stops or changes what is recorded, or destroys the keys of the records.',
        ...protectTrails(file),
      );
    case 'data-perimeter':
      return resource('Resources are reached by identities of the organisation, from expected networks.', ...dataPerimeter(guardrail));
    case 'resource-perimeter':
      return service('Identities reach resources of the organisation only.', resourcePerimeter(guardrail));
    case 'service-control':
      return service(name, ...(guardrail.statements ?? []));
    case 'resource-control':
      return resource(name, ...(guardrail.statements ?? []));
  }
}

function deny(Sid: string, Action: readonly string[], Resource: string | readonly string[] = '*', Condition?: object): Statement {
  return { Sid, Effect: 'Deny', Action, Resource, ...(Condition === undefined ? {} : { Condition }) };
}

/** Root's own key or password; a session for one task is the way that remains, and says so itself. */
const noRootUse = deny('DenyRoot', ['*'], '*', {
  ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:root' },
  BoolIfExists: { 'aws:AssumedRoot': 'false' },
});

/** Services with one endpoint for the world, or whose requests all go to one region. */
const globalServices =
  `account:* aws-portal:* billing:* billingconductor:* budgets:* ce:* chatbot:* cloudfront:* consolidatedbilling:* cur:*
  ec2:DescribeRegions freetier:* globalaccelerator:* health:* iam:* invoicing:* networkmanager:* organizations:* payments:* pricing:* route53:*
  route53domains:* route53-recovery-cluster:* route53-recovery-control-config:* route53-recovery-readiness:* s3:GetAccountPublicAccessBlock
  s3:ListAllMyBuckets s3:ListMultiRegionAccessPoints s3:PutAccountPublicAccessBlock savingsplans:* shield:* sts:* support:* supportplans:*
  sustainability:* tax:* trustedadvisor:* waf:* wafv2:* wellarchitected:*`.split(/\s+/);

function regionLimit(file: ZoneFile, { regions = file.regions, exempt = [] }: Guardrail): Statement {
  return {
    Sid: 'DenyOtherRegions',
    Effect: 'Deny',
    NotAction: [...globalServices, ...exempt],
    Resource: '*',
    Condition: { StringNotEquals: { 'aws:RequestedRegion': regions } },
  };
}

function protectBaseline({ zone }: ZoneFile, { exempt = [] }: Guardrail): readonly Statement[] {
  const unlessBuilder = { ArnNotLike: { 'aws:PrincipalArn': [`arn:aws:iam::*:role/${builderRole}`, ...exempt] } };
  return [
    deny(
      'ProtectRoles',
      [
        'iam:AttachRolePolicy',
        'iam:CreateRole',
        'iam:DeleteRole',
        'iam:DeleteRolePermissionsBoundary',
        'iam:DeleteRolePolicy',
        'iam:DetachRolePolicy',
        'iam:PutRolePermissionsBoundary',
        'iam:PutRolePolicy',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
      ],
      [`arn:aws:iam::*:role/${zone}/*`, `arn:aws:iam::*:role/${builderRole}`],
      unlessBuilder,
    ),
    deny(
      'ProtectGroups',
      [
        'iam:AttachGroupPolicy',
        'iam:CreateGroup',
        'iam:DeleteGroup',
        'iam:DeleteGroupPolicy',
        'iam:DetachGroupPolicy',
        'iam:PutGroupPolicy',
        'iam:UpdateGroup',
      ],
      `arn:aws:iam::*:group/${zone}/*`,
      unlessBuilder,
    ),
    deny(
      'ProtectKeys',
      ['kms:DisableKeyRotation', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:DisableKey', 'kms:TagResource', 'kms:UntagResource'],
      '*',
      { ...unlessBuilder, StringLike: { [`aws:ResourceTag/${itemMark}`]: 'key/*' } },
    ),
  ];
}

/** Without exemption: whoever must change a trail detaches the guardrail first, in the management account, where that is seen. */
function protectTrails({ zone }: ZoneFile): readonly Statement[] {
  return [
    deny('ProtectTrails', [
      'cloudtrail:DeleteChannel',
      'cloudtrail:DeleteEventDataStore',
      'cloudtrail:DeleteResourcePolicy',
      'cloudtrail:DeleteTrail',
      'cloudtrail:DeregisterOrganizationDelegatedAdmin',
      'cloudtrail:DisableFederation',
      'cloudtrail:PutEventConfiguration',
      'cloudtrail:PutEventSelectors',
      'cloudtrail:PutInsightSelectors',
      'cloudtrail:PutResourcePolicy',
      'cloudtrail:StopEventDataStoreIngestion',
      'cloudtrail:StopLogging',
      'cloudtrail:UpdateChannel',
      'cloudtrail:UpdateEventDataStore',
      'cloudtrail:UpdateTrail',
      'config:DeleteConfigurationRecorder',
      'config:DeleteDeliveryChannel',
      'config:StopConfigurationRecorder',
    ]),
    deny('ProtectKeysOfRecords', ['kms:DeleteImportedKeyMaterial', 'kms:DisableKey', 'kms:ScheduleKeyDeletion'], '*', {
      StringEquals: { [`aws:ResourceTag/${itemMark.replace(/-item$/, '')}`]: zone },
    }),
    deny('ProtectArchive', [
      's3:BypassGovernanceRetention',
      's3:DeleteBucket',
      's3:DeleteBucketPolicy',
      's3:PutBucketObjectLockConfiguration',
      's3:PutLifecycleConfiguration',
    ]),
  ];
}

/** Of STS: what works on a resource of the account, and not what tells callers who they are. */
const ofSts = [
  'AssumeRole',
  'DecodeAuthorizationMessage',
  'GetAccessKeyInfo',
  'GetFederationToken',
  'GetServiceBearerToken',
  'GetSessionToken',
  'SetContext',
];
const insideServices = ['kms', 's3', 'secretsmanager', 'sqs', 'sts'];

function actionsInside({ services = insideServices }: Guardrail): readonly string[] {
  return services.flatMap((service) => (service === 'sts' ? ofSts.map((name) => `sts:${name}`) : [`${service}:*`]));
}

/** Identity, network, and services that act for somebody else's account (the confused deputy). */
function dataPerimeter(guardrail: Guardrail): readonly Statement[] {
  const { networks = [], trustedAccounts = [], exempt = [] } = guardrail;
  const actions = actionsInside(guardrail);
  const partners = (key: string) => (trustedAccounts.length === 0 ? {} : { [key]: trustedAccounts });
  const everybody = (statement: Statement): Statement => ({ ...statement, Principal: '*' });
  const statements = [
    deny('OrganizationIdentitiesOnly', actions, '*', {
      StringNotEqualsIfExists: {
        'aws:PrincipalOrgID': '{{organization}}',
        ...partners('aws:PrincipalAccount'),
        'aws:ResourceTag/dp:exclude:identity': 'true',
      },
      BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
    }),
    deny('NoConfusedDeputy', actions, '*', {
      StringNotEqualsIfExists: {
        'aws:SourceOrgID': '{{organization}}',
        ...partners('aws:SourceAccount'),
        'aws:ResourceTag/dp:exclude:identity': 'true',
      },
      Null: { 'aws:SourceAccount': 'false' },
      Bool: { 'aws:PrincipalIsAWSService': 'true' },
    }),
    deny('ExpectedNetworksOnly', actions, '*', {
      NotIpAddressIfExists: { 'aws:SourceIp': networks },
      StringNotEqualsIfExists: {
        'aws:PrincipalTag/dp:exclude:network': 'true',
        ...partners('aws:PrincipalAccount'),
        'aws:ResourceTag/dp:exclude:network': 'true',
      },
      BoolIfExists: { 'aws:PrincipalIsAWSService': 'false', 'aws:ViaAWSService': 'false' },
      ...(exempt.length === 0 ? {} : { ArnNotLikeIfExists: { 'aws:PrincipalArn': exempt } }),
    }),
  ];
  return (networks.length === 0 ? statements.slice(0, 2) : statements).map(everybody);
}

function resourcePerimeter(guardrail: Guardrail): Statement {
  const { trustedAccounts = [], exempt = [] } = guardrail;
  return deny('OrganizationResourcesOnly', actionsInside(guardrail), '*', {
    StringNotEqualsIfExists: {
      'aws:ResourceOrgID': '{{organization}}',
      ...(trustedAccounts.length === 0 ? {} : { 'aws:ResourceAccount': trustedAccounts }),
      'aws:PrincipalTag/dp:exclude:resource': 'true',
    },
    BoolIfExists: { 'aws:ViaAWSService': 'false' },
    ...(exempt.length === 0 ? {} : { ArnNotLikeIfExists: { 'aws:PrincipalArn': exempt } }),
  });
}
