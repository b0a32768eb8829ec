// The claims that trust policies can ask for, as `<provider>:<claim>`. Every provider has aud, sub, amr and oaud; some have more.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
import type { ConditionValue } from '../../policy/policy.ts';
import { type Audience, type OidcToken, stringsOf } from './oidc-token.ts';

const github = [
  'actor',
  'actor_id',
  'enterprise_id',
  'environment',
  'job_workflow_ref',
  'ref',
  'repository',
  'repository_id',
  'repository_owner_id',
  'workflow',
];
const buildkite = ['build_branch', 'cluster_id', 'cluster_name', 'organization_id', 'organization_slug', 'pipeline_id', 'pipeline_slug'];
const gitlab = [
  'namespace_id',
  'pipeline_source',
  'project_id',
  'ref_protected',
  'runner_environment',
  'user_access_level',
  'user_email',
  'user_id',
  'user_login',
];

/** AWS: further claims are keys only for the providers that it names (see authz.json). */
const further: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^accounts\.google\.com$/, ['google/organization_number']],
  [/^token\.actions\.githubusercontent\.com(?:\/.+)?$/, github],
  [/^token\.actions\.[a-z0-9-]+\.ghe\.com$/, github],
  [/^agent\.buildkite\.com$|^agent\.[a-z0-9-]+\.buildkite\.(?:dev|site)$/, buildkite],
  [/^gitlab\.com$/, gitlab],
  [/^idcs-[a-z0-9]+\.identity\.oraclecloud\.com$/, ['rpst_id']],
  [/^oidc\.circleci\.com\/org\/[a-z0-9-]+$/, ['oidc.circleci.com/project-id']],
];

/** Keys that stay with the session. */
export function lastingOidcKeys(
  provider: string,
  token: OidcToken,
  { audience }: Audience,
  subject: string,
): Readonly<Record<string, ConditionValue>> {
  const amr = stringsOf(token.claims['amr']);
  return { [`${provider}:aud`]: audience, [`${provider}:sub`]: subject, ...(amr === undefined ? {} : { [`${provider}:amr`]: amr }) };
}

/** Keys of the call alone. */
export function furtherOidcKeys(provider: string, token: OidcToken, { original }: Audience): Readonly<Record<string, ConditionValue>> {
  const keys: Record<string, ConditionValue> = {};
  if (original !== undefined) keys[`${provider}:oaud`] = original.length === 1 && original[0] !== undefined ? original[0] : original;
  const claims = further.find(([pattern]) => pattern.test(provider))?.[1] ?? [];
  for (const claim of claims) {
    const value = conditionValue(token.claims[claim]);
    if (value !== undefined) keys[`${provider}:${claim}`] = value;
  }
  return keys;
}

function conditionValue(claim: unknown): ConditionValue | undefined {
  if (typeof claim === 'string') return claim;
  if (typeof claim === 'number' || typeof claim === 'boolean') return String(claim);
  return stringsOf(claim);
}
