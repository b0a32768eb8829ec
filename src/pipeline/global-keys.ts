// Every global condition key of AWS's documentation, in its order: when a request has it and how its value is made, or why this build has none.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
import { isoSeconds } from '../base/clock.ts';
import type { Access } from '../kit/operation.ts';
import type { AccountPlace, Identity } from '../kit/ports.ts';
import type { ConditionValue } from '../policy/policy.ts';
import type { RequestFacts } from './request-facts.ts';

/** A kind for each way in which a key gets its value: computed, one of several tags, given to the session, or not at all. */
export type GlobalKey = KeyFacts &
  (
    | { readonly present: string; readonly value: KeySource }
    | { readonly present: string; readonly tags: TagSource }
    | { readonly present: string; readonly isOfSession: true }
    | { readonly absentBecause: string }
  );

interface KeyFacts {
  readonly name: string;
  readonly type: 'String' | 'ARN' | 'Boolean' | 'Date' | 'Numeric' | 'IPAddress';
  readonly isMultivalued?: true;
}

type KeySource = (facts: RequestFacts, access: Access) => ConditionValue | undefined;
type TagSource = (facts: RequestFacts, access: Access) => Readonly<Record<string, string>> | undefined;

const principalTypes = {
  root: 'Account',
  user: 'User',
  'role-session': 'AssumedRole',
  'federated-user': 'FederatedUser',
  'web-identity': 'AssumedRole',
  saml: 'AssumedRole',
  service: 'Service',
  anonymous: 'Anonymous',
} as const;

const viaEndpoint = 'a client calls, through a VPC endpoint';

export const globalKeys: readonly GlobalKey[] = [
  { name: 'aws:PrincipalArn', type: 'ARN', present: 'every request with a caller; of a role session it is the role', value: principalArn },
  {
    name: 'aws:PrincipalAccount',
    type: 'String',
    present: 'every request; `anonymous` without a caller',
    value: ({ identity }) => identity.caller.principal.account ?? 'anonymous',
  },
  {
    name: 'aws:PrincipalOrgPaths',
    type: 'String',
    isMultivalued: true,
    present: "the caller's account is in an organisation",
    value: ({ places }) => pathsOf(places.principal),
  },
  {
    name: 'aws:PrincipalOrgID',
    type: 'String',
    present: "the caller's account is in an organisation",
    value: ({ places }) => places.principal?.organizationId,
  },
  {
    name: 'aws:PrincipalTag/${TagKey}',
    type: 'String',
    present: "the user, role or session has the tag; a session's own tags stand over those of its role",
    tags: ({ identity }) => identity.caller.tags,
  },
  {
    name: 'aws:PrincipalIsAWSService',
    type: 'Boolean',
    present: 'every request',
    value: ({ identity }) => String(identity.caller.principal.kind === 'service'),
  },
  {
    name: 'aws:PrincipalServiceName',
    type: 'String',
    present: 'a service calls as itself',
    value: ({ identity: { caller } }) => (caller.principal.kind === 'service' ? caller.principal.arn : undefined),
  },
  { name: 'aws:PrincipalServiceNamesList', type: 'String', isMultivalued: true, present: 'a service calls as itself', value: serviceNames },
  {
    name: 'aws:PrincipalType',
    type: 'String',
    present: 'every request',
    value: ({ identity }) => principalTypes[identity.caller.principal.kind],
  },
  { name: 'aws:userid', type: 'String', present: 'every request with a caller', value: ({ identity }) => identity.caller.userId },
  { name: 'aws:username', type: 'String', present: 'an IAM user calls', value: ({ identity }) => identity.caller.userName },
  { name: 'aws:AssumedRoot', type: 'Boolean', present: 'temporary credentials; `true` for those of sts:AssumeRoot', value: assumedRoot },
  { name: 'aws:FederatedProvider', type: 'String', present: 'the session began with AssumeRoleWithWebIdentity', value: federatedProvider },
  {
    name: 'aws:TokenIssueTime',
    type: 'Date',
    present: 'temporary credentials',
    value: ({ identity }) => dateOf(identity.caller.session?.issuedAtMs),
  },
  { name: 'aws:SignInSessionArn', type: 'ARN', absentBecause: 'sessions of the console are not kept as resources' },
  {
    name: 'aws:MultiFactorAuthAge',
    type: 'Numeric',
    present: 'the session began with a second factor',
    value: ({ identity, now }, access) => (access.hasSecondFactor ? '0' : secondsSince(identity.caller.session?.mfaAtMs, now)),
  },
  {
    name: 'aws:MultiFactorAuthPresent',
    type: 'Boolean',
    present: 'temporary credentials that no identity provider vouched for',
    value: ({ identity }, access) => (access.hasSecondFactor ? 'true' : secondFactor(identity)),
  },
  { name: 'aws:ChatbotSourceArn', type: 'ARN', absentBecause: 'there are no chat applications' },
  { name: 'aws:Ec2InstanceSourceVpc', type: 'String', absentBecause: 'there are no EC2 instances' },
  { name: 'aws:Ec2InstanceSourcePrivateIPv4', type: 'IPAddress', absentBecause: 'there are no EC2 instances' },
  {
    name: 'aws:SourceIdentity',
    type: 'String',
    present: 'the role was assumed with a source identity',
    value: ({ identity }) => identity.caller.session?.sourceIdentity,
  },
  { name: 'ec2:RoleDelivery', type: 'Numeric', absentBecause: 'there are no EC2 instances' },
  { name: 'ec2:SourceInstanceArn', type: 'ARN', absentBecause: 'there are no EC2 instances' },
  { name: 'glue:RoleAssumedBy', type: 'String', absentBecause: 'there is no AWS Glue' },
  { name: 'glue:CredentialIssuingService', type: 'String', absentBecause: 'there is no AWS Glue' },
  { name: 'codebuild:BuildArn', type: 'ARN', absentBecause: 'there is no AWS CodeBuild' },
  { name: 'codebuild:ProjectArn', type: 'ARN', absentBecause: 'there is no AWS CodeBuild' },
  { name: 'lambda:SourceFunctionArn', type: 'ARN', absentBecause: 'sessions of functions do not name their function' },
  { name: 'ssm:SourceInstanceArn', type: 'ARN', absentBecause: 'there are no managed instances' },
  {
    name: 'identitystore:UserId',
    type: 'String',
    present: 'a context provider gave it to the session (sts:AssumeRole with ProvidedContexts)',
    isOfSession: true,
  },
  {
    name: 'aws:SourceIp',
    type: 'IPAddress',
    present: 'a client calls, by the public address',
    value: ({ sourceIp, vpcEndpoint }) => (vpcEndpoint === undefined ? sourceIp : undefined),
  },
  { name: 'aws:SourceVpc', type: 'String', present: viaEndpoint, value: ({ vpcEndpoint }) => vpcEndpoint?.vpcId },
  { name: 'aws:SourceVpcArn', type: 'ARN', present: viaEndpoint, value: ({ vpcEndpoint }) => vpcEndpoint?.vpcArn },
  { name: 'aws:SourceVpce', type: 'String', present: viaEndpoint, value: ({ vpcEndpoint }) => vpcEndpoint?.id },
  { name: 'aws:VpceAccount', type: 'String', present: viaEndpoint, value: ({ vpcEndpoint }) => vpcEndpoint?.ownerAccount },
  {
    name: 'aws:VpceOrgID',
    type: 'String',
    present: `${viaEndpoint} of an account in an organisation`,
    value: ({ places }) => places.vpcEndpoint?.organizationId,
  },
  {
    name: 'aws:VpceOrgPaths',
    type: 'String',
    isMultivalued: true,
    present: `${viaEndpoint} of an account in an organisation`,
    value: ({ places }) => pathsOf(places.vpcEndpoint),
  },
  {
    name: 'aws:VpcSourceIp',
    type: 'IPAddress',
    present: viaEndpoint,
    value: ({ vpcEndpoint, sourceIp }) => (vpcEndpoint === undefined ? undefined : sourceIp),
  },
  {
    name: 'aws:ResourceAccount',
    type: 'String',
    present: 'every request',
    value: ({ identity }, access) => access.resourceAccount ?? identity.caller.principal.account,
  },
  {
    name: 'aws:ResourceOrgID',
    type: 'String',
    present: "the resource's account is in an organisation",
    value: ({ places }) => places.resource?.organizationId,
  },
  {
    name: 'aws:ResourceOrgPaths',
    type: 'String',
    isMultivalued: true,
    present: "the resource's account is in an organisation",
    value: ({ places }) => pathsOf(places.resource),
  },
  {
    name: 'aws:ResourceTag/${TagKey}',
    type: 'String',
    present: 'the resource has the tag and its service takes part in attribute-based access control',
    tags: (_facts, access) => access.resourceTags,
  },
  {
    name: 'aws:CalledVia',
    type: 'String',
    isMultivalued: true,
    present: 'a service calls on behalf of the caller',
    value: ({ via }) => (via.length === 0 ? undefined : via),
  },
  { name: 'aws:CalledViaFirst', type: 'String', present: 'a service calls on behalf of the caller', value: ({ via }) => via[0] },
  { name: 'aws:CalledViaLast', type: 'String', present: 'a service calls on behalf of the caller', value: ({ via }) => via.at(-1) },
  { name: 'aws:CalledViaAWSMCP', type: 'String', absentBecause: 'there are no MCP servers of AWS' },
  { name: 'aws:ViaAWSService', type: 'Boolean', present: 'every request', value: ({ via }) => String(via.length > 0) },
  { name: 'aws:ViaAWSMCPService', type: 'Boolean', absentBecause: 'there are no MCP servers of AWS' },
  { name: 'aws:CurrentTime', type: 'Date', present: 'every request', value: ({ now }) => isoSeconds(now) },
  { name: 'aws:EpochTime', type: 'Date', present: 'every request', value: ({ now }) => String(Math.floor(now / 1000)) },
  { name: 'aws:referer', type: 'String', present: 'the client sent the header', value: ({ referer }) => referer },
  { name: 'aws:RequestedRegion', type: 'String', present: 'every request', value: ({ region }) => region },
  {
    name: 'aws:RequestTag/${TagKey}',
    type: 'String',
    present: 'the request carries the tag',
    tags: (_facts, access) => access.requestTags,
  },
  {
    name: 'aws:TagKeys',
    type: 'String',
    isMultivalued: true,
    present: 'the request carries tags, or keys of tags to remove',
    value: tagKeys,
  },
  { name: 'aws:SecureTransport', type: 'Boolean', present: 'every request', value: ({ isTls }) => String(isTls) },
  { name: 'aws:SourceAccount', type: 'String', present: 'a service calls as itself', value: ({ source }) => source?.account },
  { name: 'aws:SourceArn', type: 'ARN', present: 'a service calls as itself for a resource', value: ({ source }) => source?.arn },
  {
    name: 'aws:SourceOrgID',
    type: 'String',
    present: 'a service calls as itself for an account of an organisation',
    value: ({ places }) => places.source?.organizationId,
  },
  {
    name: 'aws:SourceOrgPaths',
    type: 'String',
    isMultivalued: true,
    present: 'a service calls as itself for an account of an organisation',
    value: ({ places }) => pathsOf(places.source),
  },
  { name: 'aws:UserAgent', type: 'String', present: 'the client sent the header', value: ({ userAgent }) => userAgent },
  { name: 'aws:IsMcpServiceAction', type: 'Boolean', absentBecause: 'there are no MCP servers of AWS' },
];

function principalArn({ identity: { caller } }: RequestFacts): string | undefined {
  return caller.principal.kind === 'anonymous' ? undefined : (caller.principal.roleArn ?? caller.principal.arn);
}

function serviceNames({ identity: { caller } }: RequestFacts): readonly string[] | undefined {
  return caller.principal.kind === 'service' ? [caller.principal.arn, ...(caller.principal.serviceNames ?? [])] : undefined;
}

function assumedRoot({ identity: { caller } }: RequestFacts): string | undefined {
  return caller.session === undefined ? undefined : String(caller.session.isAssumedRoot === true);
}

function federatedProvider({ identity: { caller } }: RequestFacts): string | undefined {
  return caller.session?.federatedProvider ?? (caller.principal.kind === 'web-identity' ? caller.principal.arn : undefined);
}

function tagKeys(_facts: RequestFacts, access: Access): readonly string[] | undefined {
  return access.requestTags === undefined ? undefined : Object.keys(access.requestTags);
}

function pathsOf(place: AccountPlace | undefined): readonly string[] | undefined {
  return place === undefined ? undefined : [place.path];
}

/** AWS: absent for long-term credentials and federated identities, `false` or `true` for the sessions of IAM's own users. */
function secondFactor(identity: Identity): string | undefined {
  const { session } = identity.caller;
  if (session === undefined || session.federatedProvider !== undefined || session.federatedKeys !== undefined) return undefined;
  return String(session.mfaAtMs !== undefined);
}

function dateOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : isoSeconds(ms);
}

function secondsSince(ms: number | undefined, now: number): string | undefined {
  return ms === undefined ? undefined : String(Math.floor((now - ms) / 1000));
}
