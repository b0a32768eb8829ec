// Configuring, starting and cancelling rotations. rotation-job.ts is what runs them.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html

import { parseArn } from '../../base/arn.ts';
import { Fault } from '../../base/fault.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { passRole } from '../../kit/pass-role.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { Operations as LambdaOperations } from '../lambda/api.gen.ts';
import { onSecret, secretAccess } from './access.ts';
import type { Operations, RotateSecretRequest } from './api.gen.ts';
import { open } from './envelope.ts';
import { current, holderOf, pending } from './labels.ts';
import { type RotationRecord, type SecretRecord, secrets, versions } from './records.ts';
import { scheduled, unscheduled, withRotation } from './rotations.ts';
import { builtInRotator, isBuiltIn } from './rotators/built-in.ts';
import { findSecret, requirePrimary } from './secret-ids.ts';
import { fault, operation } from './service.ts';
import { ownerOf, putEmptyVersion, putVersion } from './versions.ts';

const lambda = callsTo<LambdaOperations>('lambda');
const itself = callsTo<Operations>('secretsmanager');

/** AWS: who rotates a secret must also be allowed to invoke its function, and to pass the role that rotates at a partner. */
async function rotateAccess(input: RotateSecretRequest, scope: Scope): Promise<readonly Access[]> {
  const found = await findSecret(scope, input.SecretId);
  const { RotationLambdaARN, RotationRules, RotateImmediately = true, ExternalSecretRotationRoleArn } = input;
  const rotate = secretAccess(scope, 'secretsmanager:RotateSecret', input.SecretId, found, {
    context: {
      'secretsmanager:RotationLambdaARN': RotationLambdaARN,
      'secretsmanager:ModifyRotationRules': String(RotationRules !== undefined),
      'secretsmanager:RotateImmediately': String(RotateImmediately),
      'secretsmanager:ExternalSecretRotationRoleArn': ExternalSecretRotationRoleArn,
    },
  });
  const asked = [rotate];
  if (ExternalSecretRotationRoleArn !== undefined)
    asked.push(await passRole(scope, ExternalSecretRotationRoleArn, 'secretsmanager.amazonaws.com'));
  const functionArn = RotationLambdaARN ?? found?.secret.rotation?.functionArn;
  const arn = functionArn === undefined ? undefined : parseArn(functionArn);
  if (functionArn === undefined || arn?.service !== 'lambda') return asked;
  const resourceAccount = isBuiltIn(functionArn) ? scope.account : arn.account;
  return [...asked, { action: 'lambda:InvokeFunction', resource: resourceNamed<'lambda:function'>(functionArn), resourceAccount }];
}

export const RotateSecret = operation('RotateSecret', {
  access: rotateAccess,
  async handle(input, context) {
    const { secret, arn } = await requirePrimary(context, input.SecretId);
    const versionId = input.ClientRequestToken;
    if (versionId === undefined) {
      throw fault('InvalidRequestException', 'You must provide a ClientRequestToken value. We recommend a UUID-type value.');
    }
    const answer = { ARN: arn, Name: secret.name, VersionId: versionId };
    // The same request again: its version is announced, or has come into use already.
    if ((await versions.get(context.transaction, secret.account, secret.region, secret.name, versionId)) !== undefined) return answer;
    const functionArn = input.RotationLambdaARN ?? secret.rotation?.functionArn;
    if (!functionArn && secret.type === undefined) {
      throw fault('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.');
    }
    requireNoneRunning(secret);
    const rotation = functionArn ? await functionRotation(context, secret, input, functionArn) : externalRotation(secret, input);
    const planned = await scheduled(context, { ...secret, rotation: { ...rotation, dueAtMs: secret.rotation?.dueAtMs } });
    secrets.put(context.transaction, planned);
    if (functionArn) await start(context, planned, versionId, input.RotateImmediately === false ? 'test' : 'rotation');
    return answer;
  },
});

/** @throws Fault InvalidRequestException */
function requireNoneRunning({ labels, rotation }: SecretRecord): void {
  const waiting = holderOf(labels, pending);
  if (rotation?.running === undefined && (waiting === undefined || waiting === holderOf(labels, current))) return;
  throw fault('InvalidRequestException', "A previous rotation isn't complete. That rotation will be reattempted.");
}

/** The rotation as it is with what the request changes. */
async function functionRotation(
  context: Context,
  secret: SecretRecord,
  input: RotateSecretRequest,
  functionArn: string,
): Promise<RotationRecord> {
  const rotation = { ...secret.rotation, isEnabled: true, functionArn, rules: input.RotationRules ?? secret.rotation?.rules };
  if (!isBuiltIn(functionArn)) {
    await requireInvocable(context, secret, functionArn);
    return rotation;
  }
  const rotator = builtInRotator(functionArn);
  if (rotator === undefined) throw fault('InvalidParameterException', `There is no built-in rotation function ${functionArn}.`);
  return rotator.strategy === 'single-user' ? rotation : { ...rotation, masterArn: await masterOf(context, input.SecretId) };
}

/** Secrets of partners keep what their rotation needs; nothing here can rotate them at the partner. @throws Fault InvalidRequestException */
function externalRotation({ type, rotation }: SecretRecord, input: RotateSecretRequest): RotationRecord {
  if (input.RotateImmediately !== false) {
    throw fault('InvalidRequestException', `Secrets of the type ${type} are rotated by their partner, which can't be reached from here.`);
  }
  return {
    ...rotation,
    isEnabled: false,
    rules: input.RotationRules ?? rotation?.rules,
    externalMetadata: input.ExternalSecretRotationMetadata ?? rotation?.externalMetadata,
    externalRoleArn: input.ExternalSecretRotationRoleArn ?? rotation?.externalRoleArn,
  };
}

/** @throws Fault AccessDeniedException */
async function requireInvocable(context: Context, secret: SecretRecord, functionArn: string): Promise<void> {
  const { arn: sourceArn } = ownerOf(context, secret, '');
  try {
    await lambda(context, 'Invoke', { FunctionName: functionArn, InvocationType: 'DryRun' }, { as: 'service', sourceArn });
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'NotImplemented') throw error;
    throw new Fault(
      'AccessDeniedException',
      'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
      { status: 400, cause: error },
    );
  }
}

/**
 * The secret with which alternating users are changed. Whoever configures that must be allowed to read both secrets: the rotator uses the master
 * with the service's own right, and must not lend it to those who have none.
 */
async function masterOf(context: Context, SecretId: string): Promise<string> {
  const { SecretString = '' } = await itself(context, 'GetSecretValue', { SecretId });
  const [, masterArn] = /"masterarn"\s*:\s*"(arn:[^"\\]+)"/.exec(SecretString) ?? [];
  if (masterArn === undefined) {
    throw fault(
      'InvalidRequestException',
      'Alternating users need the ARN of a master secret under the key masterarn in the JSON of the secret.',
    );
  }
  await itself(context, 'GetSecretValue', { SecretId: masterArn });
  return masterArn;
}

/** Announces the pending version; the job does the rest. A test gets the current value, so that its step has something to try. */
async function start(context: Context, secret: SecretRecord, versionId: string, kind: 'rotation' | 'test'): Promise<void> {
  const { account, region, name, rotation } = secret;
  if (rotation === undefined) return;
  const running = withRotation(context, secret, { ...rotation, running: { versionId, kind, failedAttempts: 0 }, dueAtMs: context.now });
  const currentId = holderOf(secret.labels, current);
  const version = currentId && (await versions.get(context.transaction, account, region, name, currentId));
  if (kind === 'rotation' || currentId === undefined || !version || version.value === undefined) {
    await putEmptyVersion(context, running, versionId, pending);
    return;
  }
  const value = await open(context, ownerOf(context, secret, currentId), version.value);
  await putVersion(context, running, { versionId, value }, [pending]);
}

/** AWS: a rotation in progress is left where it is, with its labels. */
export const CancelRotateSecret = operation('CancelRotateSecret', {
  access: onSecret('secretsmanager:CancelRotateSecret'),
  async handle(input, context) {
    const { secret, arn } = await requirePrimary(context, input.SecretId);
    const { rotation } = secret;
    const cancelled = unscheduled(context, secret);
    secrets.put(context.transaction, {
      ...cancelled,
      ...(rotation === undefined ? {} : { rotation: { ...rotation, isEnabled: false, running: undefined, dueAtMs: undefined } }),
    });
    return { ARN: arn, Name: secret.name, VersionId: rotation?.running?.versionId };
  },
});

export const rotationOperations = [RotateSecret, CancelRotateSecret];
