// AWS's sentence for a refusal. https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
import type { AuthorizationRequest, Decision, PolicyLayer } from './policy.ts';

const nouns: Readonly<Record<PolicyLayer, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  'service-control': 'service control policy',
  'resource-control': 'resource control policy',
  'vpc-endpoint': 'VPC endpoint policy',
};

/** `shownAs` replaces the ARN where the service names the resource in another way. */
export function refusalMessage(request: AuthorizationRequest, decision: Decision, shownAs?: string): string {
  const { action, principal } = request;
  // AWS: callers whom an identity provider vouches for are told no more.
  if (principal.kind === 'saml' || principal.kind === 'web-identity') return `Not authorized to perform ${action}`;
  const who = principal.kind === 'anonymous' ? 'anonymous' : principal.arn;
  const head = `User: ${who} is not authorized to perform: ${action} on`;
  if (shownAs === ofCiphertext) return `${head} ${ofCiphertext} ${reasonOfCiphertext(request, decision)}`;
  return sentence(`${head} resource: ${shownAs ?? request.resource}`, reasonOf(request, decision));
}

/** AWS: how KMS names a key that only a ciphertext names; `shownAs` of such a question. */
export const ofCiphertext = 'the resource associated with this ciphertext';

/** AWS: whether the key is not there or its policy does not let the caller use it is not told. */
const unknownReason =
  'because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access';

/** What a caller is told who may use keys, of a ciphertext whose key is not there: the same as of one whose policy refuses. */
export function unknownCiphertextMessage(principalArn: string, action: string): string {
  return `User: ${principalArn} is not authorized to perform: ${action} on ${ofCiphertext} ${unknownReason}`;
}

function reasonOfCiphertext(request: AuthorizationRequest, decision: Decision): string {
  return decision.layer === 'resource' ? unknownReason : (reasonOf(request, decision) ?? unknownReason);
}

function sentence(head: string, reason: string | undefined): string {
  return reason === undefined ? head : `${head} ${reason}`;
}

/** AWS: across accounts nothing is said about the other side's policies, and ARNs of policies only within an organisation. */
function reasonOf(request: AuthorizationRequest, decision: Decision): string | undefined {
  const { layer, source } = decision;
  if (layer === undefined) return undefined;
  const isForeign = request.resourceAccount !== undefined && request.resourceAccount !== request.principal.account;
  const isStranger = isForeign && request.isSameOrganization !== true;
  if ((isForeign && layer === 'resource') || (isStranger && layer === 'resource-control')) return undefined;
  const noun = layer === 'resource' && request.resourcePolicy?.mode === 'trust' ? 'role trust policy' : nouns[layer];
  if (decision.outcome === 'IMPLICIT_DENY') return `because no ${noun} allows the ${request.action} action`;
  const article = noun === 'role trust policy' ? 'the' : /^[aeiou]/.test(noun) ? 'an' : 'a';
  const suffix = source?.arn !== undefined && layer !== 'resource' && layer !== 'vpc-endpoint' && !isStranger ? `: ${source.arn}` : '';
  return `with an explicit deny in ${article} ${noun}${suffix}`;
}
