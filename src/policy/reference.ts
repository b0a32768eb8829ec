// The reference evaluator: AWS's evaluation logic written to be read, on the documents as JSON, without regard to speed. The fast evaluator
// must always agree with it; it serves tests only.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
import type { PlainRequest } from './plain-request.ts';
import type { Outcome, PolicyLayer } from './policy.ts';
import { applies, type Facts, type Naming, type RawStatement } from './reference-statement.ts';

export interface ReferenceDecision {
  readonly outcome: Outcome;
  readonly layer: PolicyLayer | undefined;
}

export function referenceDecision(request: PlainRequest): ReferenceDecision {
  const question = { request, levels: levelsOf(request) };
  const action = request.action.toLowerCase();
  if (['sts:getcalleridentity', 'sts:getsessiontoken'].includes(action) && request.principal.kind !== 'anonymous')
    return allowedBy(undefined);
  // An explicit deny anywhere ends it.
  for (const layer of denyOrder) if (denies(question, layer)) return { outcome: 'EXPLICIT_DENY', layer };
  // Guardrails: every level must allow.
  for (const layer of ['resource-control', 'service-control', 'vpc-endpoint'] as const) {
    const levels = question.levels[layer];
    if (levels?.every((level) => allows(question, level)) === false) return refusedFor(layer);
  }
  if (request.isGranted === true) return allowedBy(undefined);
  return betweenCallerAndResource(question);
}

type Document = Readonly<Record<string, unknown>>;
/** Undefined: the layer does not exist for this request. */
type Levels = Readonly<Record<PolicyLayer, readonly (readonly Document[])[] | undefined>>;

interface Question {
  readonly request: PlainRequest;
  readonly levels: Levels;
}

const denyOrder: readonly PolicyLayer[] = [
  'service-control',
  'resource-control',
  'vpc-endpoint',
  'boundary',
  'session',
  'identity',
  'resource',
];

function allowedBy(layer: PolicyLayer | undefined): ReferenceDecision {
  return { outcome: 'ALLOW', layer };
}

function refusedFor(layer: PolicyLayer): ReferenceDecision {
  return { outcome: 'IMPLICIT_DENY', layer };
}

function levelsOf(request: PlainRequest): Levels {
  const policies = request.policies ?? {};
  const one = (document: object | undefined) => (document === undefined ? undefined : [[document as Document]]);
  const many = (documents: readonly object[] | undefined) => (documents === undefined ? undefined : [documents as readonly Document[]]);
  const levels = (documents: readonly (readonly object[])[] | undefined) => documents as readonly (readonly Document[])[] | undefined;
  return {
    identity: many(policies.identity ?? []),
    resource: many(policies.resource === undefined ? policies.shares : [policies.resource, ...(policies.shares ?? [])]),
    boundary: one(policies.boundary),
    session: many(policies.session),
    'vpc-endpoint': one(policies.vpcEndpoint),
    'service-control': hasServiceControl(request) ? levels(policies.serviceControl) : undefined,
    'resource-control': hasResourceControl(request) ? levels(policies.resourceControl) : undefined,
  };
}

/** Service control policies bind the principals of member accounts: their users, roles and root, and nobody else. */
function hasServiceControl({ principal }: PlainRequest): boolean {
  return ['root', 'user', 'role-session', 'federated-user'].includes(principal.kind) && principal.isServiceLinkedRole !== true;
}

/** Resource control policies bind everybody who touches a resource of a supported service, but for AWS's own business. */
function hasResourceControl({ principal, action, resource, isServiceOwned }: PlainRequest): boolean {
  const [service = ''] = action.toLowerCase().split(':');
  if (principal.isServiceLinkedRole === true || isServiceOwned === true) return false;
  if (action.toLowerCase() === 'kms:retiregrant') return false;
  if (service === 'sts' && resource?.includes(':role/aws-service-role/') === true) return false;
  return protectedServices.has(service);
}

const protectedServices = new Set(
  (
    'appstream dsql clouddirectory cloudfront cloudsearch logs networkmonitor cognito-identity cognito-idp comprehend comprehendmedical firehose ' +
    'dynamodb dax autoscaling ecr ecr-public gamelift inspector-scan kendra kinesisvideo memorydb aoss personalize polly s3 swf sqs textract ' +
    'timestream-influxdb transcribe translate workspaces appconfig autoscaling-plans budgets servicediscovery cloudtrail-data codeartifact ' +
    'codebuild codecommit codepipeline compute-optimizer cost-optimization-hub events fms fis health rolesanywhere kms opensearch pricing ' +
    'pca-connector-ad resource-groups secretsmanager sts signin support transfer notifications wafv2 xray'
  ).split(' '),
);

function statementsOf(documents: readonly Document[]): readonly { readonly statement: RawStatement; readonly hasVariables: boolean }[] {
  return documents.flatMap((document) => {
    const statements = (Array.isArray(document['Statement']) ? document['Statement'] : [document['Statement']]) as readonly RawStatement[];
    return statements.map((statement) => ({ statement, hasVariables: document['Version'] === '2012-10-17' }));
  });
}

/** How the statements of one effect that apply name the caller. */
function namings({ request }: Question, effect: 'Allow' | 'Deny', documents: readonly Document[]): readonly Naming[] {
  const context = new Map(Object.entries(request.context ?? {}).map(([key, value]) => [key.toLowerCase(), value]));
  const facts: Omit<Facts, 'hasVariables'> = {
    principal: request.principal,
    action: request.action,
    resource: request.resource ?? '*',
    context,
    hasBoundary: request.policies?.boundary !== undefined,
  };
  return statementsOf(documents)
    .filter(({ statement }) => statement['Effect'] === effect)
    .map(({ statement, hasVariables }) => applies(statement, { ...facts, hasVariables }))
    .filter((naming) => naming !== undefined);
}

function denies(question: Question, layer: PolicyLayer): boolean {
  if (layer === 'resource' && rootUnlocks(question.request)) return false;
  return question.levels[layer]?.some((level) => namings(question, 'Deny', level).length > 0) === true;
}

/** The root user can always undo a policy of its own account's bucket or queue that locks everybody out. */
function rootUnlocks(request: PlainRequest): boolean {
  const unlocking = [
    's3:getbucketpolicy',
    's3:putbucketpolicy',
    's3:deletebucketpolicy',
    'sqs:getqueueattributes',
    'sqs:setqueueattributes',
  ];
  return request.principal.kind === 'root' && isSameAccount(request) && unlocking.includes(request.action.toLowerCase());
}

function isSameAccount({ principal, resourceAccount }: PlainRequest): boolean {
  return resourceAccount === undefined || resourceAccount === principal.account;
}

function allows(question: Question, documents: readonly Document[]): boolean {
  return namings(question, 'Allow', documents).length > 0;
}

function betweenCallerAndResource(question: Question): ReferenceDecision {
  const { request, levels } = question;
  const { kind } = request.principal;
  const mode = request.policies?.resourceMode ?? 'optional';
  const named = namings(question, 'Allow', levels.resource?.[0] ?? []);
  const names = (naming: Naming): boolean => named.includes(naming);
  // Whoever has no policies of its own can only be allowed by the resource.
  if (['anonymous', 'service', 'web-identity', 'saml'].includes(kind))
    return names('direct') ? allowedBy('resource') : refusedFor('resource');
  const ceiling = missingCeiling(question);
  const hasIdentity = kind === 'root' || allows(question, levels.identity?.[0] ?? []);
  const callersSide = hasIdentity ? ceiling : 'identity';
  const byIdentity = kind === 'root' ? undefined : ('identity' as const);
  if (!isSameAccount(request)) {
    if (callersSide !== undefined) return refusedFor(callersSide);
    return named.length > 0 ? allowedBy('resource') : refusedFor('resource');
  }
  if (names('direct')) return allowedBy('resource');
  const isHeldByRole = names('role') || names('issuer');
  if (mode === 'optional') {
    if (isHeldByRole && ceiling === undefined) return allowedBy('resource');
    return callersSide === undefined ? allowedBy(byIdentity) : refusedFor(callersSide);
  }
  if (isHeldByRole) return ceiling === undefined ? allowedBy('resource') : refusedFor(ceiling);
  if (!names('account')) return refusedFor('resource');
  return callersSide === undefined ? allowedBy(byIdentity) : refusedFor(callersSide);
}

/** What keeps the caller's own permissions down: its boundary, then the policies of its session. */
function missingCeiling(question: Question): 'boundary' | 'session' | undefined {
  const { levels, request } = question;
  if (levels.boundary !== undefined && !allows(question, levels.boundary[0] ?? [])) return 'boundary';
  if (levels.session === undefined) return request.principal.kind === 'federated-user' ? 'session' : undefined;
  return allows(question, levels.session[0] ?? []) ? undefined : 'session';
}
