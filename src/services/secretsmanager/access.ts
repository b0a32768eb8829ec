// What IAM must allow on a secret: the action on its ARN, with its tags, its policy, and the condition keys that describe it.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import type { ConditionValue } from '../../policy/policy.ts';
import { accountOf, type FoundSecret, findSecret, unknownArn } from './secret-ids.ts';

type Conditions = Readonly<Record<string, ConditionValue | undefined>>;
/** What the request adds to the facts of the secret. */
export type RequestFacts = Pick<Access, 'requestTags'> & { readonly context?: Conditions };

/** The rule of operations on one secret. */
export function onSecret<Input extends { readonly SecretId: string }>(
  action: Access['action'],
  facts: (input: Input, found: FoundSecret | undefined) => RequestFacts = () => ({}),
): (input: Input, scope: Scope) => Promise<Access> {
  return async (input, scope) => {
    const found = await findSecret(scope, input.SecretId);
    return secretAccess(scope, action, input.SecretId, found, facts(input, found));
  };
}

export function secretAccess(
  scope: Scope,
  action: Access['action'],
  secretId: string,
  found: FoundSecret | undefined,
  { context, ...facts }: RequestFacts = {},
): Access {
  const resourceAccount = accountOf(scope, secretId);
  // AWS: a secret that cannot be found is named in the refusal as the caller named it.
  if (found === undefined)
    return { action, resource: unknownArn(scope, secretId), resourceAccount, shownAs: secretId, ...facts, context: context ?? {} };
  return { ...ofSecret(scope, action, found), ...facts, context: { ...secretConditions(found), ...context } };
}

function ofSecret({ compile }: Scope, action: Access['action'], { secret, arn }: FoundSecret): Access {
  const policy = secret.resourcePolicy;
  return {
    action,
    resource: arn,
    resourceAccount: secret.account,
    resourceTags: secret.tags,
    resourcePolicy: {
      mode: 'optional',
      source: policy === undefined ? undefined : { name: `resource policy of ${secret.name}`, policy: compile(policy) },
    },
  };
}

function secretConditions({ secret, arn }: FoundSecret): Conditions {
  return {
    'secretsmanager:SecretId': arn,
    'secretsmanager:SecretPrimaryRegion': secret.region,
    'secretsmanager:resource/AllowRotationLambdaArn': secret.rotation?.functionArn,
    'secretsmanager:resource/Type': secret.type,
    ...tagConditions(secret.tags),
  };
}

/** `secretsmanager:ResourceTag/dept`: the service's own spelling of aws:ResourceTag. */
export function tagConditions(tags: Readonly<Record<string, string>>): Conditions {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`secretsmanager:ResourceTag/${key}`, value]));
}

/** The ARN of a key that is named by ARN or id. An alias is resolved by KMS alone, and so gives no secretsmanager:KmsKeyArn. */
export function keyConditions({ partition, region, account }: Scope, keyId: string | undefined): Conditions {
  if (keyId === undefined) return {};
  const isId = /^(?:mrk-)?[0-9a-f-]{32,36}$/.test(keyId);
  const arn = isId ? `arn:${partition}:kms:${region}:${account}:key/${keyId}` : keyId.startsWith('arn:') ? keyId : undefined;
  return { 'secretsmanager:KmsKeyId': keyId, 'secretsmanager:KmsKeyArn': arn };
}
