// Policies on secrets: who else may use them, and the checks that keep them from everybody.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
import { parseArn } from '../../base/arn.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { compileDocument } from '../../policy/compile.ts';
import { type PolicyDocument, parseDocument, type Statement } from '../../policy/document.ts';
import { evaluate } from '../../policy/evaluate.ts';
import { isOperator } from '../../policy/validate-statement.ts';
import { onSecret } from './access.ts';
import type { PutResourcePolicyRequest, ValidateResourcePolicyRequest, ValidationErrorsEntry } from './api.gen.ts';
import { grantsPublicAccess } from './public-access.ts';
import { secrets } from './records.ts';
import { requireActive, requirePrimary } from './secret-ids.ts';
import { fault, operation } from './service.ts';

export const PutResourcePolicy = operation('PutResourcePolicy', {
  access: onSecret<PutResourcePolicyRequest>('secretsmanager:PutResourcePolicy', ({ BlockPublicPolicy }) => ({
    context: { 'secretsmanager:BlockPublicPolicy': BlockPublicPolicy === undefined ? undefined : String(BlockPublicPolicy) },
  })),
  async handle(input, context) {
    const { secret, arn } = await requirePrimary(context, input.SecretId);
    const document = await requireDocument(context, input.ResourcePolicy);
    if (input.BlockPublicPolicy === true && grantsPublicAccess(document)) throw fault('PublicPolicyException', sentences.blocked);
    if (locksOut(context, document, arn)) throw fault('InvalidParameterException', sentences.lockout);
    const resourcePolicy = await context.principals.keptPolicy(context, input.ResourcePolicy);
    secrets.put(context.transaction, { ...secret, resourcePolicy, changedAtMs: context.now });
    return { ARN: arn, Name: secret.name };
  },
});

export const GetResourcePolicy = operation('GetResourcePolicy', {
  access: onSecret('secretsmanager:GetResourcePolicy'),
  async handle(input, context) {
    const { secret, arn } = await requireActive(context, input.SecretId);
    const { resourcePolicy } = secret;
    const shown = resourcePolicy === undefined ? undefined : await context.principals.shownPolicy(context, resourcePolicy);
    return { ARN: arn, Name: secret.name, ResourcePolicy: shown };
  },
});

export const DeleteResourcePolicy = operation('DeleteResourcePolicy', {
  access: onSecret('secretsmanager:DeleteResourcePolicy'),
  async handle(input, context) {
    const { secret, arn } = await requirePrimary(context, input.SecretId);
    secrets.put(context.transaction, { ...secret, resourcePolicy: undefined, changedAtMs: context.now });
    return { ARN: arn, Name: secret.name };
  },
});

/** AWS: who validates a policy must be allowed to put it as well. */
export const ValidateResourcePolicy = operation('ValidateResourcePolicy', {
  access: async ({ SecretId, ...input }, scope) => {
    const actions = ['secretsmanager:ValidateResourcePolicy', 'secretsmanager:PutResourcePolicy'] as const;
    if (SecretId === undefined) return actions.map((action) => ({ action, resource: '*' }));
    return Promise.all(actions.map((action) => onSecret(action)({ ...input, SecretId }, scope)));
  },
  async handle(input, context) {
    const ValidationErrors = await validationErrors(input, context);
    return { PolicyValidationPassed: ValidationErrors.length === 0, ValidationErrors };
  },
});

async function validationErrors(input: ValidateResourcePolicyRequest, context: Context): Promise<readonly ValidationErrorsEntry[]> {
  const found = input.SecretId === undefined ? undefined : await requireActive(context, input.SecretId);
  const document = await requireDocument(context, input.ResourcePolicy);
  return [
    ...(grantsPublicAccess(document) ? [{ CheckName: 'PublicAccess', ErrorMessage: sentences.broad }] : []),
    ...(found !== undefined && locksOut(context, document, found.arn)
      ? [{ CheckName: 'CallerLockout', ErrorMessage: sentences.lockout }]
      : []),
  ];
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_secret-policy.html */
const sentences = {
  blocked: "You can't attach a resource-based policy that allows broad access to the secret.",
  broad:
    'This resource policy grants broad access to your secret. Secrets Manager does not allow creating and applying such policies in the console.',
  lockout: 'Your requested changes will not allow you to manage this secret in the future.',
};

/** @throws Fault MalformedPolicyDocumentException */
async function requireDocument(scope: Scope, text: string): Promise<PolicyDocument> {
  const parsed = parseDocument(text);
  if ('problem' in parsed) {
    const { kind } = parsed.problem;
    throw malformed(kind === 'json' ? 'This resource policy contains invalid Json.' : 'This resource policy contains a syntax error.');
  }
  for (const statement of parsed.document.statements) await requireStatement(scope, statement);
  return parsed.document;
}

async function requireStatement(scope: Scope, { principals, actions, resources, conditions }: Statement): Promise<void> {
  if (principals === undefined || principals.entries.length === 0)
    throw malformed('This resource policy contains an unsupported principal.');
  if (actions === undefined || !actions.values.every((action) => action === '*' || /^secretsmanager:/i.test(action))) {
    throw malformed('This resource policy contains an unsupported action.');
  }
  if (resources === undefined) throw malformed('This resource policy contains a syntax error.');
  for (const resource of resources.values) {
    if (resource !== '*' && parseArn(resource)?.service !== 'secretsmanager')
      throw malformed('This resource policy contains an unsupported resource.');
  }
  if (!conditions.every(({ operator }) => isOperator(operator))) throw malformed('This resource policy contains a syntax error.');
  for (const { kind, value } of principals.entries) {
    if (kind === 'Service' && !/^[a-z0-9][a-z0-9.-]*\.amazonaws\.com(?:\.cn)?$/.test(value)) {
      throw malformed('This resource policy contains an unsupported service principal.');
    }
    if (kind === 'CanonicalUser' || (kind === 'AWS' && !(await isPrincipal(scope, value)))) {
      throw malformed('This resource policy contains an unsupported principal.');
    }
  }
}

/** AWS: users and roles must exist. */
async function isPrincipal({ principals, transaction, partition }: Scope, value: string): Promise<boolean> {
  if (value === '*' || /^\d{12}$/.test(value) || /^A(?:IDA|ROA)[A-Z2-7]{17}$/.test(value)) return true;
  const arn = parseArn(value);
  if (arn === undefined || arn.partition !== partition || !/^\d{12}$/.test(arn.account)) return false;
  if (arn.service === 'sts') return /^(?:assumed-role|federated-user)\/./.test(arn.resource);
  return arn.service === 'iam' && (arn.resource === 'root' || (await principals.principalId(transaction, value)) !== undefined);
}

/**
 * Whether the policy's denials, as far as they have no conditions, keep its author from changing it again. Root always can.
 * What the caller's own policies say is not asked: they allowed this very call.
 */
function locksOut({ caller }: Context, document: PolicyDocument, arn: string): boolean {
  if (caller.principal.kind === 'root') return false;
  const unconditional = { ...document, statements: document.statements.filter(({ conditions }) => conditions.length === 0) };
  const decision = evaluate({
    principal: caller.principal,
    action: 'secretsmanager:PutResourcePolicy',
    resource: arn,
    resourceAccount: undefined,
    context: new Map(),
    identity: [],
    boundary: undefined,
    session: undefined,
    resourcePolicy: { mode: 'optional', source: { name: 'new resource policy', policy: compileDocument(unconditional) } },
    serviceControl: undefined,
    resourceControl: undefined,
    vpcEndpoint: undefined,
  });
  return decision.outcome === 'EXPLICIT_DENY';
}

function malformed(message: string) {
  return fault('MalformedPolicyDocumentException', message);
}

export const resourcePolicyOperations = [PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy, ValidateResourcePolicy];
