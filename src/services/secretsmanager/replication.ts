// Operations on a secret's replicas.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
import { onSecret } from './access.ts';
import type { ReplicateSecretToRegionsRequest } from './api.gen.ts';
import { replicas, secrets, versionAges, versions } from './records.ts';
import { addReplicas, removeReplica, replicationStatus, requireRegions } from './replicas.ts';
import { requireActive, requirePrimary } from './secret-ids.ts';
import { fault, operation } from './service.ts';

export const ReplicateSecretToRegions = operation('ReplicateSecretToRegions', {
  access: onSecret<ReplicateSecretToRegionsRequest>(
    'secretsmanager:ReplicateSecretToRegions',
    ({ AddReplicaRegions, ForceOverwriteReplicaSecret: overwrites }) => ({
      context: {
        'secretsmanager:AddReplicaRegions': AddReplicaRegions.flatMap(({ Region }) => Region ?? []),
        'secretsmanager:ForceOverwriteReplicaSecret': overwrites === undefined ? undefined : String(overwrites),
      },
    }),
  ),
  async handle(input, context) {
    const { secret, arn } = await requirePrimary(context, input.SecretId);
    const wanted = await requireRegions(context, secret.region, input.AddReplicaRegions);
    for (const { Region: region } of wanted) {
      const replica = await replicas.get(context.transaction, secret.account, region, secret.name);
      if (replica?.primaryRegion === secret.region) {
        throw fault('InvalidParameterException', `The secret is already replicated to the Region ${region}.`);
      }
    }
    const replicaRegions = await addReplicas(context, secret, wanted, input.ForceOverwriteReplicaSecret ?? false);
    const next = { ...secret, replicaRegions };
    secrets.put(context.transaction, next);
    return { ARN: arn, ReplicationStatus: await replicationStatus(context, next) };
  },
});

export const RemoveRegionsFromReplication = operation('RemoveRegionsFromReplication', {
  access: onSecret('secretsmanager:RemoveRegionsFromReplication'),
  async handle(input, context) {
    const { secret, arn } = await requirePrimary(context, input.SecretId);
    for (const region of input.RemoveReplicaRegions) {
      if (!secret.replicaRegions.includes(region)) {
        throw fault('InvalidParameterException', `The secret is not replicated to the Region ${region}.`);
      }
      await removeReplica(context, secret, region);
    }
    const next = { ...secret, replicaRegions: secret.replicaRegions.filter((region) => !input.RemoveReplicaRegions.includes(region)) };
    secrets.put(context.transaction, next);
    return { ARN: arn, ReplicationStatus: await replicationStatus(context, next) };
  },
});

/** The replica becomes a secret of its own, with the ARN that it has. */
export const StopReplicationToReplica = operation('StopReplicationToReplica', {
  access: onSecret('secretsmanager:StopReplicationToReplica'),
  async handle(input, context) {
    const { secret, replica, arn } = await requireActive(context, input.SecretId);
    if (replica === undefined) {
      throw fault('InvalidRequestException', 'The secret is not a replica. Call must be made in the region of the replica.');
    }
    const { account, region, name, kmsKeyId, accessedAtMs } = replica;
    replicas.remove(context.transaction, replica);
    secrets.put(context.transaction, { ...secret, replicaRegions: secret.replicaRegions.filter((each) => each !== region) });
    const copies = await versions.all(context.transaction, account, region, name);
    for (const { versionId, createdAtMs } of copies)
      versionAges.put(context.transaction, { account, region, name, versionId, createdAtMs });
    const { rotation: _staysWithThePrimary, ...shared } = secret;
    const labels = secret.labels.filter(({ versionId }) => copies.some((copy) => copy.versionId === versionId));
    secrets.put(context.transaction, {
      ...shared,
      region,
      kmsKeyId,
      accessedAtMs,
      labels,
      versionCount: copies.length,
      replicaRegions: [],
      changedAtMs: context.now,
    });
    return { ARN: arn };
  },
});

export const replicationOperations = [ReplicateSecretToRegions, RemoveRegionsFromReplication, StopReplicationToReplica];
