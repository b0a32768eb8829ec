// The smallest change that would allow a refused request: one entry per layer that stands in the way, found by applying each change and
// evaluating again until the answer is ALLOW.
import { compileDocument, documentOf, withStatements as policyWith, statementsOf } from './compile.ts';
import type { Statement } from './document.ts';
import { evaluate } from './evaluate.ts';
import type { AuthorizationRequest, Decision, PolicyLayer, PolicySource } from './policy.ts';

/** Plain JSON data. */
export interface Remedy {
  readonly layer: PolicyLayer;
  /** `add`: a statement is missing; `remove`: a Deny statement applies; `none`: nothing in policies can allow it. */
  readonly change: 'add' | 'remove' | 'none';
  readonly policy?: string | undefined;
  readonly statement?: object | undefined;
  readonly statementIndex?: number | undefined;
  readonly sentence: string;
}

const stepsMax = 32;

const where: Readonly<Record<PolicyLayer, string>> = {
  identity: "to one of the caller's identity-based policies",
  resource: "to the resource's policy",
  boundary: 'to the permissions boundary',
  session: 'to the session policy',
  'service-control': 'to a service control policy at every level that lacks it',
  'resource-control': 'to a resource control policy at every level that lacks it',
  'vpc-endpoint': 'to the VPC endpoint policy',
};

/** The changes in the order in which they are needed. Applied together they allow the request, unless one says `none`. */
export function remedyFor(request: AuthorizationRequest, decision: Decision): readonly Remedy[] {
  const remedies: Remedy[] = [];
  let changed = request;
  let current = decision;
  for (let step = 0; step < stepsMax && current.outcome !== 'ALLOW'; step += 1) {
    const { layer } = current;
    if (layer === undefined) break;
    const applied = current.outcome === 'EXPLICIT_DENY' ? withoutStatement(changed, current, layer) : withStatement(changed, layer);
    remedies.push(applied.remedy);
    if (applied.request === undefined) break;
    changed = applied.request;
    current = evaluate(changed);
  }
  return remedies;
}

interface Applied {
  readonly remedy: Remedy;
  /** Undefined when no change helps. */
  readonly request: AuthorizationRequest | undefined;
}

function withoutStatement(request: AuthorizationRequest, decision: Decision, layer: PolicyLayer): Applied {
  const { source, statementIndex = 0 } = decision;
  const sid = source === undefined ? undefined : documentOf(source.policy).statements[statementIndex]?.sid;
  const named = sid === undefined ? `statement ${statementIndex + 1}` : `statement \`${sid}\``;
  const sentence = `remove or narrow the Deny ${named} of ${source?.name ?? 'the policy'}`;
  const replace = (each: PolicySource): PolicySource => {
    if (each !== source) return each;
    const statements = statementsOf(each.policy).filter(({ index }) => index !== statementIndex);
    return { ...each, policy: policyWith(each.policy, statements) };
  };
  const remedy = { layer, change: 'remove' as const, policy: source?.arn ?? source?.name, statementIndex, sentence };
  return { remedy, request: mapLayer(request, layer, (sources) => sources.map(replace)) };
}

function withStatement(request: AuthorizationRequest, layer: PolicyLayer): Applied {
  const statement = { Effect: 'Allow', ...principalOf(request, layer), Action: request.action, ...resourceOf(request, layer) };
  const sentence = `add ${JSON.stringify(statement)} ${where[layer]}`;
  const source = sourceWith(request, layer);
  const changed =
    layer === 'identity' && request.principal.kind === 'anonymous'
      ? undefined
      : mapLayer(request, layer, (sources) => [...sources, source]);
  return { remedy: { layer, change: 'add', statement, sentence }, request: changed };
}

function principalOf({ principal }: AuthorizationRequest, layer: PolicyLayer): object {
  if (layer === 'resource-control') return { Principal: '*' };
  if (layer !== 'resource') return {};
  switch (principal.kind) {
    case 'service':
      return { Principal: { Service: principal.arn } };
    case 'anonymous':
      return { Principal: '*' };
    case 'saml':
    case 'web-identity':
      return { Principal: { Federated: principal.arn } };
    default:
      return { Principal: { AWS: principal.roleArn ?? principal.arn } };
  }
}

function resourceOf(request: AuthorizationRequest, layer: PolicyLayer): object {
  return layer === 'resource' && request.resourcePolicy?.mode === 'trust' ? {} : { Resource: request.resource };
}

function sourceWith(request: AuthorizationRequest, layer: PolicyLayer): PolicySource {
  const entries = { AWS: request.principal.roleArn ?? request.principal.arn };
  const statement: Statement = {
    sid: undefined,
    effect: 'Allow',
    actions: { isNegated: false, values: [request.action] },
    resources: undefined,
    principals: layer === 'resource' ? principalElement(request, entries.AWS) : undefined,
    conditions: [],
  };
  return {
    name: 'the added statement',
    policy: compileDocument({ version: '2012-10-17', hasVersion: true, id: undefined, statements: [statement] }),
  };
}

function principalElement({ principal }: AuthorizationRequest, arn: string): Statement['principals'] {
  const kind =
    principal.kind === 'service' ? 'Service' : principal.kind === 'saml' || principal.kind === 'web-identity' ? 'Federated' : 'AWS';
  const value = principal.kind === 'anonymous' ? '*' : kind === 'AWS' ? arn : principal.arn;
  return { isNegated: false, entries: [{ kind, value }], isStar: false };
}

function mapLayer(
  request: AuthorizationRequest,
  layer: PolicyLayer,
  change: (sources: readonly PolicySource[]) => readonly PolicySource[],
): AuthorizationRequest {
  const merged = (sources: readonly PolicySource[]): PolicySource | undefined => {
    const [first, ...rest] = change(sources);
    if (first === undefined) return undefined;
    const statements = [first, ...rest].flatMap(({ policy }) => statementsOf(policy));
    return { ...first, policy: policyWith(first.policy, statements) };
  };
  switch (layer) {
    case 'identity':
      return { ...request, identity: change(request.identity) };
    case 'session':
      return { ...request, session: change(request.session ?? []) };
    case 'boundary':
      return { ...request, boundary: merged(request.boundary === undefined ? [] : [request.boundary]) };
    case 'vpc-endpoint':
      return { ...request, vpcEndpoint: merged(request.vpcEndpoint === undefined ? [] : [request.vpcEndpoint]) };
    case 'service-control':
      return { ...request, serviceControl: request.serviceControl?.map((level) => change(level)) };
    case 'resource-control':
      return { ...request, resourceControl: request.resourceControl?.map((level) => change(level)) };
    case 'resource': {
      const { resourcePolicy } = request;
      const source = merged(resourcePolicy?.source === undefined ? [] : [resourcePolicy.source]);
      return { ...request, resourcePolicy: { mode: 'optional', ...resourcePolicy, source } };
    }
  }
}
