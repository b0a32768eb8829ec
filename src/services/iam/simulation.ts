// The policy simulator: what the engine would decide, for policies and a context that the request gives.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html

import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import { type Explanation, explain, type LayerTrace } from '../../policy/explain.ts';
import type { AuthorizationRequest, Outcome, PolicyLayer, Principal } from '../../policy/policy.ts';
import { statementSpans } from '../../policy/positions.ts';
import { checkDocument } from '../../policy/validate-document.ts';
import type {
  EvaluationResult,
  PolicyEvaluationDecisionType,
  PolicySourceType,
  SimulateCustomPolicyRequest,
  SimulatePolicyResponse,
  Statement,
} from './api.gen.ts';
import { contextOf, keysOf } from './context-keys.ts';
import { fault, operation } from './service.ts';
import { inputPolicies, principalOf, type SimulatedPolicy, type SimulatedPrincipal, simulated } from './simulation-sources.ts';

const defaultPageSize = 100;
const decisions: Readonly<Record<Outcome, PolicyEvaluationDecisionType>> = {
  ALLOW: 'allowed',
  EXPLICIT_DENY: 'explicitDeny',
  IMPLICIT_DENY: 'implicitDeny',
};
/** What each scenario of EC2 needs among the resources. */
const scenarios: Readonly<Record<string, readonly string[]>> = {
  'EC2-VPC-InstanceStore': ['instance', 'image', 'security-group', 'network-interface'],
  'EC2-VPC-InstanceStore-Subnet': ['instance', 'image', 'security-group', 'network-interface', 'subnet'],
  'EC2-VPC-EBS': ['instance', 'image', 'security-group', 'network-interface', 'volume'],
  'EC2-VPC-EBS-Subnet': ['instance', 'image', 'security-group', 'network-interface', 'subnet', 'volume'],
};

export const SimulateCustomPolicy = operation('SimulateCustomPolicy', {
  access: () => ({ action: 'iam:SimulateCustomPolicy', resource: '*' }),
  handle(input, scope) {
    const caller = input.CallerArn === undefined ? undefined : callerOf(input.CallerArn);
    if (input.ResourcePolicy !== undefined && caller === undefined) throw needsCaller();
    const principal = caller ?? {
      kind: 'user' as const,
      arn: `arn:${scope.partition}:iam::${scope.account}:user/simulated`,
      account: scope.account,
    };
    return simulate(scope, input, { principal, userName: nameOf(caller), policies: [], boundary: undefined });
  },
});

export const SimulatePrincipalPolicy = operation('SimulatePrincipalPolicy', {
  access: (input) => ({
    action: 'iam:SimulatePrincipalPolicy',
    resource: resourceNamed<'iam:user' | 'iam:group' | 'iam:role'>(input.PolicySourceArn),
  }),
  async handle(input, scope) {
    const source = await principalOf(scope, input.PolicySourceArn);
    const isUser = source.userName !== undefined;
    if (input.ResourcePolicy !== undefined && !isUser && input.CallerArn === undefined) throw needsCaller();
    if (input.ResourcePolicy !== undefined && source.principal.kind === 'role-session') {
      throw fault('InvalidInput', "Simulation of resource-based policies isn't supported for IAM roles.");
    }
    const caller = input.CallerArn === undefined ? undefined : callerOf(input.CallerArn);
    const who = caller === undefined ? source : { ...source, principal: caller, userName: nameOf(caller) };
    return simulate(scope, { ...input, PolicyInputList: input.PolicyInputList ?? [] }, who);
  },
});

function needsCaller() {
  return fault('InvalidInput', 'You must specify a CallerArn when you include a ResourcePolicy and the policy source is not an IAM user.');
}

/** @throws Fault InvalidInput: AWS takes the ARNs of users only */
function callerOf(arn: string): Principal {
  const parts = parseArn(arn);
  if (parts?.service !== 'iam' || !parts.resource.startsWith('user/'))
    throw fault('InvalidInput', `Invalid CallerArn: ${arn} is not the ARN of an IAM user.`);
  return { kind: 'user', arn, account: parts.account };
}

function nameOf(principal: Principal | undefined): string | undefined {
  return principal?.arn.slice(principal.arn.lastIndexOf('/') + 1);
}

/** What all questions of one simulation share. */
interface Simulation {
  readonly request: Omit<AuthorizationRequest, 'action' | 'resource' | 'resourceAccount'>;
  readonly included: readonly SimulatedPolicy[];
  readonly byName: ReadonlyMap<string, SimulatedPolicy>;
  readonly resourceOwner: string | undefined;
  readonly hasOrganization: boolean;
}

async function simulate(scope: Scope, input: SimulateCustomPolicyRequest, who: SimulatedPrincipal): Promise<SimulatePolicyResponse> {
  const simulation = await prepared(scope, input, who);
  const resources = input.ResourceArns ?? ['*'];
  requireQuestions(input, resources);
  const questions = input.ActionNames.flatMap((action) => resources.map((resource) => ({ action, resource })));
  const from = input.Marker === undefined ? 0 : Number(decodeMarker(input.Marker, () => fault('InvalidInput', 'Invalid Marker')));
  const page = questions.slice(from, from + (input.MaxItems ?? defaultPageSize));
  const end = from + page.length;
  return {
    EvaluationResults: page.map(({ action, resource }) => resultOf(simulation, action, resource)),
    ...(end < questions.length ? { IsTruncated: true, Marker: encodeMarker(String(end)) } : { IsTruncated: false }),
  };
}

async function prepared(scope: Scope, input: SimulateCustomPolicyRequest, who: SimulatedPrincipal): Promise<Simulation> {
  const own = [...who.policies, ...inputPolicies(scope, input.PolicyInputList, 'PolicyInputList')];
  const [given] = inputPolicies(scope, input.PermissionsBoundaryPolicyInputList, 'PermissionsBoundaryPolicyInputList');
  const boundary = given ?? who.boundary;
  const resource = input.ResourcePolicy === undefined ? undefined : resourcePolicy(scope, input.ResourcePolicy);
  const { account } = who.principal;
  const place = account === undefined ? undefined : await scope.guardrails.placeOf(account, scope.transaction);
  const included = [...own, ...(boundary === undefined ? [] : [boundary]), ...(resource === undefined ? [] : [resource])];
  const owner = input.ResourceOwner === undefined ? undefined : (parseArn(input.ResourceOwner)?.account ?? input.ResourceOwner);
  return {
    included,
    byName: new Map(included.map((policy) => [policy.source.name, policy])),
    resourceOwner: owner,
    hasOrganization: place?.serviceControl !== undefined,
    request: {
      principal: who.principal,
      context: contextWith(input, who),
      identity: own.map(({ source }) => source),
      boundary: boundary?.source,
      session: undefined,
      resourcePolicy: resource === undefined ? undefined : { mode: 'optional', source: resource.source },
      serviceControl: place?.serviceControl,
      // AWS: the simulator does not evaluate resource control policies.
      resourceControl: undefined,
      vpcEndpoint: undefined,
    },
  };
}

/** @throws Fault InvalidInput */
function resourcePolicy(scope: Scope, text: string): SimulatedPolicy {
  const check = checkDocument('resource', text);
  if ('message' in check) throw fault('InvalidInput', check.message);
  return simulated(scope, 'ResourcePolicy', text, 'ResourcePolicy');
}

/** What is known of the caller counts as given, unless the request says otherwise. */
function contextWith(input: SimulateCustomPolicyRequest, { principal, userName }: SimulatedPrincipal): AuthorizationRequest['context'] {
  const given = contextOf(input.ContextEntries);
  const known: readonly (readonly [string, string | undefined])[] = [
    ['aws:principalarn', principal.arn],
    ['aws:principalaccount', principal.account],
    ['aws:username', userName],
    ['aws:userid', principal.uniqueId],
  ];
  for (const [key, value] of known) if (value !== undefined && !given.has(key)) given.set(key, value);
  return given;
}

/** @throws Fault InvalidInput */
function requireQuestions(input: SimulateCustomPolicyRequest, resources: readonly string[]): void {
  const action = input.ActionNames.find((name) => !/^[a-zA-Z0-9-]+:[a-zA-Z0-9]+$/.test(name));
  if (action !== undefined) throw fault('InvalidInput', `Invalid Action Name: ${action}`);
  const resource = resources.find((arn) => arn !== '*' && parseArn(arn) === undefined);
  if (resource !== undefined) throw fault('InvalidInput', `Invalid Resource ARN: ${resource}`);
  const { ResourceHandlingOption: option } = input;
  if (option === undefined) return;
  const needed = scenarios[option];
  if (needed === undefined) throw fault('InvalidInput', `Invalid ResourceHandlingOption: ${option}`);
  const missing = needed.filter((kind) => !resources.some((arn) => parseArn(arn)?.resource.startsWith(`${kind}/`)));
  if (missing.length > 0) throw fault('InvalidInput', `The scenario ${option} needs resources of these kinds: ${missing.join(', ')}`);
}

function resultOf(simulation: Simulation, action: string, resource: string): EvaluationResult {
  const resourceAccount = simulation.resourceOwner ?? accountOf(resource);
  const explanation = explain({ ...simulation.request, action, resource, resourceAccount });
  const EvalDecision = decisions[explanation.outcome];
  const MatchedStatements = matched(simulation, explanation);
  const MissingContextValues = missingKeys(simulation);
  const details = crossAccountDetails(simulation, explanation, resourceAccount);
  const boundary =
    simulation.request.boundary === undefined
      ? {}
      : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: layerAllows(explanation, 'boundary') } };
  const isSpecific = resource !== '*';
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision,
    MatchedStatements,
    MissingContextValues: isSpecific ? [] : MissingContextValues,
    ...(simulation.hasOrganization
      ? { OrganizationsDecisionDetail: { AllowedByOrganizations: layerAllows(explanation, 'service-control') } }
      : {}),
    ...boundary,
    ...(details === undefined && !isSpecific ? {} : { EvalDecisionDetails: details ?? {} }),
    ...(isSpecific
      ? {
          ResourceSpecificResults: [
            {
              EvalResourceName: resource,
              EvalResourceDecision: EvalDecision,
              MatchedStatements,
              MissingContextValues,
              ...(details === undefined ? {} : { EvalDecisionDetails: details }),
              ...boundary,
            },
          ],
        }
      : {}),
  };
}

function accountOf(resource: string): string | undefined {
  return parseArn(resource)?.account || undefined;
}

function layerAllows({ layers }: Explanation, layer: PolicyLayer): boolean {
  return layers.find((trace) => trace.layer === layer)?.result === 'allows';
}

/** The statements that made the decision: the denying ones, or else the allowing ones of what was allowed. */
function matched({ byName }: Simulation, { layers, outcome }: Explanation): readonly Statement[] {
  if (outcome === 'IMPLICIT_DENY') return [];
  const effect = outcome === 'ALLOW' ? 'Allow' : 'Deny';
  const deciding: readonly PolicyLayer[] = outcome === 'ALLOW' ? ['identity', 'resource'] : ['identity', 'resource', 'boundary'];
  return layers.filter(({ layer }) => deciding.includes(layer)).flatMap((trace) => matchedIn(trace, byName, effect));
}

function matchedIn({ layer, policies }: LayerTrace, byName: Simulation['byName'], effect: 'Allow' | 'Deny'): readonly Statement[] {
  return policies.flatMap(({ name, statements }) => {
    const policy = byName.get(name);
    if (policy === undefined) return [];
    const spans = statementSpans(policy.text);
    return statements
      .filter((statement) => statement.applies && statement.effect === effect)
      .map(({ index }) => ({
        SourcePolicyId: policy.id,
        // AWS: answers have these words and not the ones of the model. Encoding boundary.
        SourcePolicyType: (layer === 'resource' ? 'Resource Policy' : 'IAM Policy') as PolicySourceType,
        StartPosition: shown(spans[index]?.start),
        EndPosition: shown(spans[index]?.end),
      }));
  });
}

function shown(position: { readonly line: number; readonly column: number } | undefined) {
  return { Line: position?.line ?? 1, Column: position?.column ?? 1 };
}

function missingKeys({ included, request }: Simulation): readonly string[] {
  return keysOf(included.map(({ text }) => text)).filter((key) => request.context.get(key.toLowerCase()) === undefined);
}

/** Across accounts both sides decide, and each is shown. Undefined: within one account. */
function crossAccountDetails(
  { request }: Simulation,
  { layers }: Explanation,
  resourceAccount: string | undefined,
): Readonly<Record<string, PolicyEvaluationDecisionType>> | undefined {
  if (request.resourcePolicy === undefined || resourceAccount === undefined || resourceAccount === request.principal.account)
    return undefined;
  const decisionOf = (layer: PolicyLayer): PolicyEvaluationDecisionType => {
    const result = layers.find((trace) => trace.layer === layer)?.result;
    return result === 'denies' ? 'explicitDeny' : result === 'allows' ? 'allowed' : 'implicitDeny';
  };
  return { 'IAM Policy': decisionOf('identity'), 'Resource Policy': decisionOf('resource') };
}

export const simulationOperations = [SimulateCustomPolicy, SimulatePrincipalPolicy];
