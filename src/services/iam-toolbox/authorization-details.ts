// GetRequestAuthorizationDetails: every action that a refused request needed, every policy that was looked at, and which statements matched.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied-authorization-id.html
import { createHash } from 'node:crypto';
import { type Explained, forgetExplanations, storedExplanation } from '../../kit/decision-records.ts';
import type { Job } from '../../kit/jobs.ts';
import type { Explanation, LayerTrace, PolicyTrace } from '../../policy/explain.ts';
import type { ConditionValue, PolicyLayer } from '../../policy/policy.ts';
import type { Evaluation, MatchedPolicy, Policy, PolicyType } from './api.gen.ts';
import { fault, operation } from './service.ts';

const dayMs = 86_400_000;
/** AWS keeps them for a day or more. */
const keptMs = 7 * dayMs;
const forgottenAtOnce = 200;

const types: Readonly<Record<PolicyLayer, PolicyType>> = {
  identity: 'IDENTITY_BASED_POLICY',
  resource: 'RESOURCE_BASED_POLICY',
  boundary: 'PERMISSIONS_BOUNDARY',
  session: 'SESSION_POLICY',
  'service-control': 'SERVICE_CONTROL_POLICY',
  'resource-control': 'RESOURCE_CONTROL_POLICY',
  'vpc-endpoint': 'VPC_ENDPOINT_POLICY',
};

export const GetRequestAuthorizationDetails = operation('GetRequestAuthorizationDetails', {
  access: () => ({ action: 'iam:GetRequestAuthorizationDetails', resource: '*' }),
  async handle(input, context) {
    const explained = await storedExplanation(context.transaction, input.authorizationId);
    // The records of other accounts are not there for this one; neither are those whose time is over.
    if (
      explained === undefined ||
      explained.authorizationId !== input.authorizationId ||
      !isOf(explained, context.account) ||
      isOver(explained, context.now)
    ) {
      throw fault('ResourceNotFoundException', `Authorization details for ${input.authorizationId} were not found.`);
    }
    return {
      requestContext: shownContext(explained.context ?? {}),
      evaluations: explained.decisions.map((decision) => evaluationOf(decision)),
      policies: policiesOf(explained),
    };
  },
});

function isOf({ accounts = [] }: Explained, account: string): boolean {
  return accounts.includes(account);
}

function isOver({ timeMs }: Explained, now: number): boolean {
  return timeMs < now - keptMs;
}

/** AWS prints lists in brackets, and an address with its prefix length. */
function shownContext(context: Readonly<Record<string, ConditionValue>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(context).map(([key, value]) => {
      if (typeof value !== 'string') return [key, `[${value.join(', ')}]`];
      const isAddress = key === 'aws:SourceIp' && !value.includes('/');
      return [key, isAddress ? `${value}/${value.includes(':') ? 128 : 32}` : value];
    }),
  );
}

function evaluationOf(decision: Explanation): Evaluation {
  return {
    action: decision.action,
    resource: decision.resource,
    context: {},
    evaluatedEffect: decision.outcome,
    matchedPolicies: decision.layers.flatMap(({ policies }) => policies.flatMap((policy) => matchedPolicy(policy))),
  };
}

function matchedPolicy(policy: PolicyTrace): readonly MatchedPolicy[] {
  const matched = policy.statements.filter(({ applies }) => applies);
  if (matched.length === 0) return [];
  const matchedStatements = matched.map(({ sid, effect }) => ({
    ...(sid === undefined ? {} : { sid }),
    evaluatedEffect: effect === 'Allow' ? ('ALLOW' as const) : ('DENY' as const),
  }));
  return [{ uri: uriOf(policy), matchedStatements }];
}

/** Everything that was looked at, once, whether it matched or not. */
function policiesOf({ decisions }: Explained): readonly Policy[] {
  const found = new Map<string, Policy>();
  for (const decision of decisions) {
    for (const trace of decision.layers) {
      for (const policy of trace.policies) {
        const uri = uriOf(policy);
        if (!found.has(uri))
          found.set(uri, { type: types[trace.layer], inline: policy.arn === undefined, uri, attachedTo: attachedTo(trace, decision) });
      }
    }
  }
  return [...found.values()];
}

/** Guardrails are attached to nodes of the organisation, which the record does not name. */
function attachedTo({ layer }: LayerTrace, { principal, resource }: Explanation): NonNullable<Policy['attachedTo']> {
  switch (layer) {
    case 'resource':
      return [{ arn: resource }];
    case 'identity':
    case 'session':
    case 'boundary':
      return [{ arn: principal }];
    default:
      return [];
  }
}

/** Inline policies have no ARN; a name made of their own stands for them. */
function uriOf({ arn, name }: PolicyTrace): string {
  return arn ?? `inline:${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}

export const forgottenDecisions: Job = {
  name: 'forgotten-decisions',
  everyMs: 3_600_000,
  async run({ transaction, now }) {
    return (await forgetExplanations(transaction, now - keptMs, forgottenAtOnce)) ? 'more' : undefined;
  },
};
