// Key policies: the default one, what may stand in one, and the check against locking oneself out.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
import type { Context, Scope } from '../../kit/context.ts';
import { parseDocument } from '../../policy/document.ts';
import { evaluate } from '../../policy/evaluate.ts';
import type { ConditionContext } from '../../policy/policy.ts';
import { keyAccess } from './key-access.ts';
import { keyArn, requireKeyById } from './key-names.ts';
import { keys } from './records.ts';
import { fault, operation } from './service.ts';

const policyName = 'default';
const policyBytesMax = 32_768;

/** AWS: the whole key to the account, whose own policies then decide. */
export function defaultKeyPolicy({ partition, account }: Pick<Scope, 'partition' | 'account'>): string {
  const statement = {
    Sid: 'Enable IAM User Permissions',
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  return JSON.stringify({ Version: '2012-10-17', Id: 'key-default-1', Statement: [statement] }, undefined, 2);
}

/** @throws Fault MalformedPolicyDocumentException, LimitExceededException */
export async function requireKeyPolicy(context: Context, policy: string, arn: string, bypassesCheck: boolean): Promise<void> {
  if (Buffer.byteLength(policy, 'utf8') > policyBytesMax) {
    throw fault('LimitExceededException', `The key policy is larger than ${policyBytesMax} bytes.`);
  }
  const parsed = parseDocument(policy);
  if ('problem' in parsed) throw malformed();
  const principals = parsed.document.statements.map((statement) => statement.principals);
  if (principals.some((each) => each === undefined || each.entries.length === 0)) throw malformed();
  for (const { kind, value } of principals.flatMap((each) => each?.entries ?? [])) {
    if (kind === 'AWS' && !(await isKnownPrincipal(context, value)))
      throw malformed('Policy contains a statement with one or more invalid principals.');
  }
  for (const { operator, key } of parsed.document.statements.flatMap((statement) => statement.conditions)) {
    const what = singleValued(key);
    if (what !== undefined && /^ForAllValues:/i.test(operator)) throw malformed(overlyPermissive(what));
  }
  if (!bypassesCheck && !letsCallerChangeIt(context, policy, arn)) {
    throw malformed('The new key policy will not allow you to update the key policy in the future.');
  }
}

/** Condition keys with a name of the request's in them, of which a set operator makes a hole. */
function singleValued(key: string): 'encryption context' | 'tag' | undefined {
  if (/^kms:EncryptionContext:/i.test(key)) return 'encryption context';
  return /^aws:RequestTag\//i.test(key) ? 'tag' : undefined;
}

/** AWS's sentence. */
function overlyPermissive(what: string): string {
  const requests = `matches requests without the specified ${what} or with an unspecified ${what}`;
  return `OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key ${requests}. To fix, remove ForAllValues.`;
}

function malformed(message = 'The specified key policy is not a valid policy document.') {
  return fault('MalformedPolicyDocumentException', message);
}

/** AWS: users and roles that a policy names must exist. */
async function isKnownPrincipal({ transaction, principals, partition }: Context, value: string): Promise<boolean> {
  if (value === '*' || /^\d{12}$/.test(value) || /^arn:[a-z-]+:iam::\d{12}:root$/.test(value)) return true;
  if (/^arn:[a-z-]+:sts::\d{12}:(?:assumed-role|federated-user)\/./.test(value)) return true;
  if (/^A(?:IDA|ROA)[A-Z2-7]{17}$/.test(value)) return true;
  return value.startsWith(`arn:${partition}:iam::`) && (await principals.principalId(transaction, value)) !== undefined;
}

/** Whether the policy, by itself or through the account, lets the caller put the next one. */
function letsCallerChangeIt({ caller, compile, account }: Context, policy: string, arn: string): boolean {
  const source = { name: 'the new key policy', policy: compile(policy) };
  const everything = {
    name: 'everything',
    policy: compile('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'),
  };
  const facts: ConditionContext = {
    get: (key) => (key === 'kms:calleraccount' ? account : key === 'aws:principalarn' ? caller.principal.arn : undefined),
  };
  const { outcome } = evaluate({
    principal: caller.principal,
    action: 'kms:PutKeyPolicy',
    resource: arn,
    resourceAccount: account,
    context: facts,
    identity: [everything],
    boundary: undefined,
    session: caller.principal.kind === 'federated-user' ? [everything] : undefined,
    resourcePolicy: { mode: 'key', source },
    serviceControl: undefined,
    resourceControl: undefined,
    vpcEndpoint: undefined,
  });
  return outcome === 'ALLOW';
}

/** AWS: absent unless the request has it, so that policies can ask for that. */
export function bypassKey({ BypassPolicyLockoutSafetyCheck: bypass }: { readonly BypassPolicyLockoutSafetyCheck?: boolean | undefined }) {
  return bypass === undefined ? undefined : String(bypass);
}

export const GetKeyPolicy = operation('GetKeyPolicy', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:GetKeyPolicy' }),
  async handle(input, context) {
    requirePolicyName(input.PolicyName);
    const key = await requireKeyById(context, input.KeyId);
    return { Policy: await context.principals.shownPolicy(context, key.policy), PolicyName: policyName };
  },
});

export const PutKeyPolicy = operation('PutKeyPolicy', {
  access: (input, scope) =>
    keyAccess(scope, input.KeyId, {
      action: 'kms:PutKeyPolicy',
      context: { 'kms:BypassPolicyLockoutSafetyCheck': bypassKey(input) },
    }),
  async handle(input, context) {
    requirePolicyName(input.PolicyName);
    const key = await requireKeyById(context, input.KeyId);
    await requireKeyPolicy(context, input.Policy, keyArn(context, key), input.BypassPolicyLockoutSafetyCheck ?? false);
    keys.put(context.transaction, { ...key, policy: await context.principals.keptPolicy(context, input.Policy) });
    return {};
  },
});

export const ListKeyPolicies = operation('ListKeyPolicies', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:ListKeyPolicies' }),
  async handle(input, context) {
    await requireKeyById(context, input.KeyId);
    return { PolicyNames: [policyName], Truncated: false };
  },
});

function requirePolicyName(name: string | undefined): void {
  if (name !== undefined && name !== policyName) throw fault('NotFoundException', 'No such policy exists');
}

export const keyPolicyOperations = [GetKeyPolicy, PutKeyPolicy, ListKeyPolicies];
