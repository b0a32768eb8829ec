// The encoded authorization message of a refusal, which sts:DecodeAuthorizationMessage opens: what was asked, by whom, and which
// statements matched. https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
import type { Sealer } from '../kit/context.ts';
import type { AuthorizationRequest, ConditionValue, Decision } from '../policy/policy.ts';

export const authorizationMessagePurpose = 'authorization-message';

const shownKeys = [
  'aws:PrincipalArn',
  'aws:PrincipalAccount',
  'aws:PrincipalType',
  'aws:RequestedRegion',
  'aws:ResourceAccount',
  'aws:SecureTransport',
  'aws:SourceIp',
  'aws:SourceVpc',
  'aws:SourceVpce',
  'aws:VpcSourceIp',
  'aws:VpceAccount',
  'aws:VpceOrgID',
  'aws:VpceOrgPaths',
  'aws:CurrentTime',
  'aws:UserAgent',
  'aws:userid',
  'aws:username',
  'aws:TokenIssueTime',
  'aws:MultiFactorAuthPresent',
];

export function encodeAuthorizationMessage(
  sealer: Sealer,
  request: AuthorizationRequest,
  decision: Decision,
  authorizationId: string,
): string {
  return sealer.seal(authorizationMessagePurpose, JSON.stringify({ ...authorizationMessage(request, decision), authorizationId }));
}

/** The condition keys of a request that may be shown, with their values. */
export function shownContext({ context }: AuthorizationRequest): Readonly<Record<string, ConditionValue>> {
  const shown: Record<string, ConditionValue> = {};
  for (const key of shownKeys) {
    const value = context.get(key.toLowerCase());
    if (value !== undefined) shown[key] = value;
  }
  return shown;
}

export function authorizationMessage(request: AuthorizationRequest, decision: Decision): object {
  const { principal } = request;
  const conditions = Object.entries(shownContext(request)).map(([key, value]) => ({
    key,
    values: list((typeof value === 'string' ? [value] : value).map((text) => ({ value: text }))),
  }));
  return {
    allowed: decision.outcome === 'ALLOW',
    explicitDeny: decision.outcome === 'EXPLICIT_DENY',
    matchedStatements: list(decision.outcome === 'EXPLICIT_DENY' ? [matchedStatement(decision)] : []),
    failures: list([]),
    context: {
      principal: { id: principal.uniqueId ?? principal.account ?? 'anonymous', arn: principal.arn },
      action: request.action,
      resource: request.resource,
      conditions: list(conditions),
    },
  };
}

function matchedStatement(decision: Decision): object {
  return { statementId: String(decision.statementIndex ?? ''), effect: 'DENY', policy: decision.source?.arn ?? decision.source?.name };
}

function list(items: readonly object[]): { readonly items: readonly object[] } {
  return { items };
}
