// Secrets themselves: making, describing and changing them.
import { Fault } from '../../base/fault.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { keyConditions, onSecret, secretAccess, tagConditions } from './access.ts';
import type { CreateSecretRequest, CreateSecretResponse, DescribeSecretResponse, UpdateSecretRequest } from './api.gen.ts';
import { givenKey, open, seal } from './envelope.ts';
import { current, holderOf, labelsByVersion, pending, previous } from './labels.ts';
import { putListed } from './listing.ts';
import { type SecretRecord, secrets, versions } from './records.ts';
import { addReplicas, rekeyReplica, replicationStatus, requireRegions } from './replicas.ts';
import {
  arnOf,
  type FoundSecret,
  newSuffix,
  noteSecret,
  requireActive,
  requireName,
  requireNoReplica,
  requireSecret,
  secretAt,
} from './secret-ids.ts';
import { fault, operation } from './service.ts';
import { tagList, tagRecord, withTags } from './tags.ts';
import { hasValue, type NewVersion, newVersionOf, ownerOf, putVersion } from './versions.ts';

/** AWS: tags and replicas in the request need the permission to add them as well. */
function createAccess(input: CreateSecretRequest, scope: Scope): readonly Access[] {
  const { Name, Description, Tags, AddReplicaRegions, ForceOverwriteReplicaSecret } = input;
  const on = (action: Access['action'], context: Access['context'] = {}): Access =>
    secretAccess(scope, action, Name, undefined, {
      ...(Tags === undefined ? {} : { requestTags: tagRecord(Tags) }),
      context: { 'secretsmanager:Name': Name, ...tagConditions(tagRecord(Tags)), ...context },
    });
  const replication = {
    'secretsmanager:AddReplicaRegions': AddReplicaRegions?.flatMap(({ Region }) => Region ?? []),
    'secretsmanager:ForceOverwriteReplicaSecret':
      ForceOverwriteReplicaSecret === undefined ? undefined : String(ForceOverwriteReplicaSecret),
  };
  return [
    on('secretsmanager:CreateSecret', {
      'secretsmanager:Description': Description,
      'secretsmanager:Type': input.Type,
      ...keyConditions(scope, input.KmsKeyId),
      ...replication,
    }),
    ...(Tags?.length ? [on('secretsmanager:TagResource')] : []),
    ...(AddReplicaRegions?.length ? [on('secretsmanager:ReplicateSecretToRegions', replication)] : []),
  ];
}

export const CreateSecret = operation('CreateSecret', {
  access: createAccess,
  async handle(input, context) {
    requireName(input.Name);
    const version = newVersionOf(input);
    const wanted = requireRegions(context.region, input.AddReplicaRegions ?? []);
    const existing = await secretAt(context, { ...context, name: input.Name });
    if (existing !== undefined) return createdBefore(context, existing, version);
    const { account, region, now } = context;
    const bare: SecretRecord = {
      account,
      region,
      name: input.Name,
      suffix: newSuffix(context.ids),
      createdAtMs: now,
      changedAtMs: now,
      ...(input.Description === undefined ? {} : { description: input.Description }),
      ...(input.Type === undefined ? {} : { type: input.Type }),
      kmsKeyId: givenKey(input.KmsKeyId),
      tags: withTags({}, input.Tags),
      labels: [],
      versionCount: 0,
      replicaRegions: [],
    };
    const filled = version === undefined ? bare : await putVersion(context, bare, version, [current]);
    const replicaRegions = await addReplicas(context, filled, wanted, input.ForceOverwriteReplicaSecret ?? false);
    const secret = { ...filled, replicaRegions };
    secrets.put(context.transaction, secret);
    putListed(context.transaction, secret, region);
    return createdShape(context, secret, version?.versionId);
  },
});

/** The same request again is answered again; any other finds the name taken. @throws Fault ResourceExistsException */
async function createdBefore(context: Context, { secret }: FoundSecret, version: NewVersion | undefined): Promise<CreateSecretResponse> {
  if (secret.deletion !== undefined) {
    throw fault(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  const { account, region, name } = secret;
  const stored = version && (await versions.get(context.transaction, account, region, name, version.versionId));
  if (
    version !== undefined &&
    stored !== undefined &&
    region === context.region &&
    (await hasValue(context, secret, stored, version.value))
  ) {
    return createdShape(context, secret, version.versionId);
  }
  throw fault('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
}

async function createdShape(context: Context, secret: SecretRecord, versionId: string | undefined): Promise<CreateSecretResponse> {
  const ARN = arnOf(context, secret);
  noteSecret(context, secret.account, ARN);
  return {
    ARN,
    Name: secret.name,
    VersionId: versionId,
    ReplicationStatus: secret.replicaRegions.length === 0 ? undefined : await replicationStatus(context, secret),
  };
}

export const DescribeSecret = operation('DescribeSecret', {
  access: onSecret('secretsmanager:DescribeSecret'),
  async handle(input, context): Promise<DescribeSecretResponse> {
    const found = await requireSecret(context, input.SecretId);
    const { secret, replica } = found;
    return {
      ...detailsOf(found),
      VersionIdsToStages: labelsByVersion(secret.labels),
      ReplicationStatus: secret.replicaRegions.length === 0 || replica !== undefined ? undefined : await replicationStatus(context, secret),
    };
  },
});

/** What DescribeSecret and ListSecrets both tell. */
export function detailsOf({ secret, replica, arn }: FoundSecret) {
  const { rotation, deletion, replicaRegions } = secret;
  const isReplicated = replica !== undefined || replicaRegions.length > 0;
  return {
    ARN: arn,
    Name: secret.name,
    Type: secret.type,
    Description: secret.description,
    KmsKeyId: (replica ?? secret).kmsKeyId,
    RotationEnabled: rotation?.isEnabled,
    RotationLambdaARN: rotation?.functionArn,
    RotationRules: rotation?.rules,
    ExternalSecretRotationMetadata: rotation?.externalMetadata,
    ExternalSecretRotationRoleArn: rotation?.externalRoleArn,
    LastRotatedDate: rotation?.lastRotatedAtMs,
    LastChangedDate: secret.changedAtMs,
    LastAccessedDate: (replica ?? secret).accessedAtMs,
    DeletedDate: deletion?.dueAtMs,
    NextRotationDate: rotation?.isEnabled ? rotation.nextRotationAtMs : undefined,
    Tags: Object.keys(secret.tags).length === 0 ? undefined : tagList(secret.tags),
    CreatedDate: secret.createdAtMs,
    PrimaryRegion: isReplicated ? secret.region : undefined,
  };
}

export const UpdateSecret = operation('UpdateSecret', {
  access: (input, scope) =>
    onSecret<UpdateSecretRequest>('secretsmanager:UpdateSecret', ({ Description, KmsKeyId, Type }) => ({
      context: { 'secretsmanager:Description': Description, 'secretsmanager:Type': Type, ...keyConditions(scope, KmsKeyId) },
    }))(input, scope),
  async handle(input, context) {
    const version = newVersionOf(input);
    const found = await requireActive(context, input.SecretId);
    const { secret, arn, replica } = found;
    const { KmsKeyId, SecretId: _, ClientRequestToken: __, ...others } = input;
    if (replica !== undefined && KmsKeyId !== undefined && Object.values(others).every((value) => value === undefined)) {
      await rekeyReplica(context, secret, replica, KmsKeyId);
      return { ARN: arn, Name: secret.name };
    }
    requireNoReplica(found);
    const described = {
      ...secret,
      changedAtMs: context.now,
      ...(input.Description === undefined ? {} : { description: input.Description }),
      ...(input.Type === undefined ? {} : { type: input.Type }),
    };
    const rekeyed = input.KmsKeyId === undefined ? described : await withKey(context, described, input.KmsKeyId);
    secrets.put(context.transaction, rekeyed);
    if (version !== undefined) await putVersion(context, rekeyed, version, [current]);
    return { ARN: arn, Name: secret.name, VersionId: version?.versionId };
  },
});

/** The versions in use go under the new key. AWS: they keep the old one when the caller may not encrypt with the new one. */
async function withKey(context: Context, secret: SecretRecord, keyId: string): Promise<SecretRecord> {
  const { account, region, name } = secret;
  const next = { ...secret, kmsKeyId: givenKey(keyId) };
  for (const versionId of new Set([current, pending, previous].flatMap((label) => holderOf(secret.labels, label) ?? []))) {
    const version = await versions.get(context.transaction, account, region, name, versionId);
    if (version?.value === undefined) continue;
    const value = await open(context, ownerOf(context, secret, versionId), version.value);
    const sealed = await seal(context, ownerOf(context, next, versionId), value).catch(whenRefused);
    if (sealed !== undefined) versions.put(context.transaction, { ...version, value: sealed });
  }
  return next;
}

function whenRefused(error: unknown): undefined {
  if (!(error instanceof Fault && error.code === 'AccessDeniedException')) throw error;
}

export const secretOperations = [CreateSecret, DescribeSecret, UpdateSecret];
