// UpdateSecretVersionStage: moving a staging label from version to version, or taking it away.
import type { Context } from '../../kit/context.ts';
import { onSecret } from './access.ts';
import type { UpdateSecretVersionStageRequest } from './api.gen.ts';
import { current, holderOf, withLabels, withoutLabel } from './labels.ts';
import { secrets } from './records.ts';
import { type FoundSecret, requirePrimary } from './secret-ids.ts';
import { fault, operation } from './service.ts';
import { versionAt } from './versions.ts';

export const UpdateSecretVersionStage = operation('UpdateSecretVersionStage', {
  access: onSecret<UpdateSecretVersionStageRequest>('secretsmanager:UpdateSecretVersionStage', ({ VersionStage }) => ({
    context: { 'secretsmanager:VersionStage': VersionStage },
  })),
  async handle(input, context) {
    const found = await requirePrimary(context, input.SecretId);
    const { secret, arn } = found;
    const { VersionStage: label, MoveToVersionId: target } = input;
    if (target !== undefined) await requireTarget(context, found, label, target);
    requireSource(input, holderOf(secret.labels, label));
    const labels = target === undefined ? withoutLabel(secret.labels, label) : withLabels(secret.labels, target, [label]);
    secrets.put(context.transaction, { ...secret, labels, changedAtMs: context.now });
    return { ARN: arn, Name: secret.name };
  },
});

/** @throws Fault ResourceNotFoundException, InvalidRequestException */
async function requireTarget(context: Context, found: FoundSecret, label: string, target: string): Promise<void> {
  const version = await versionAt(context, found, target);
  if (version === undefined) {
    throw fault('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for VersionId: ${target}`);
  }
  if (label === current && version.value === undefined) {
    throw fault(
      'InvalidRequestException',
      `You can't move staging label ${current} to version ${target} because it has no secret value yet.`,
    );
  }
}

/** Whoever moves a label must know from where, so that two who move it at once do not undo each other. @throws Fault InvalidParameterException */
function requireSource(
  { VersionStage: label, MoveToVersionId: target, RemoveFromVersionId: source }: UpdateSecretVersionStageRequest,
  holder: string | undefined,
): void {
  if (target === undefined) {
    if (source === undefined) throw fault('InvalidParameterException', 'You must provide either MoveToVersionId or RemoveFromVersionId.');
    if (label === current) {
      throw fault(
        'InvalidParameterException',
        `You can only move staging label ${current} to a different secret version. It can't be completely removed.`,
      );
    }
    if (holder === source) return;
    throw fault('InvalidParameterException', `The staging label ${label} is not attached to version ${source}.`);
  }
  if (holder === undefined || holder === target) return;
  if (source === undefined) {
    throw fault(
      'InvalidParameterException',
      `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  if (source !== holder) {
    throw fault(
      'InvalidParameterException',
      `When you move staging label ${label}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label ${label}.`,
    );
  }
}

export const stageOperations = [UpdateSecretVersionStage];
