// AWS managed keys (`alias/aws/secretsmanager`): one per service, account and region, made when the service first needs it or it is described. Only requests that
// come through the service may use it; nobody may change it. https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
import type { Scope } from '../../kit/context.ts';
import { generateMaterial, materialIdOf } from './key-material.ts';
import { aliases, aliasesOfKey, due, type KeyRecord, keys, materials } from './records.ts';

/** Names after `alias/aws/` and what KMS says of the key. */
const descriptions: Readonly<Record<string, string>> = {
  acm: 'Default key that protects my ACM private keys when no other key is defined',
  backup: 'Default key that protects my Backup data when no other key is defined',
  cloud9: 'Default key that protects my Cloud9 data when no other key is defined',
  codecommit: 'Default key that protects my CodeCommit repositories when no other key is defined',
  connect: 'Default key that protects my Connect data when no other key is defined',
  dms: 'Default key that protects my DMS replication instances when no other key is defined',
  dynamodb: 'Default key that protects my DynamoDB data when no other key is defined',
  ebs: 'Default key that protects my EBS volumes when no other key is defined',
  elasticfilesystem: 'Default key that protects my EFS filesystems when no other key is defined',
  es: 'Default key that protects my Elasticsearch data when no other key is defined',
  fsx: 'Default key that protects my FSx resources when no other key is defined',
  glue: 'Default key that protects my Glue data when no other key is defined',
  kinesis: 'Default key that protects my Kinesis data when no other key is defined',
  kinesisvideo: 'Default key that protects my Kinesis Video data when no other key is defined',
  lambda: 'Default key that protects my Lambda functions when no other key is defined',
  rds: 'Default key that protects my RDS database volumes when no other key is defined',
  redshift: 'Default key that protects my Redshift clusters when no other key is defined',
  s3: 'Default key that protects my S3 objects when no other key is defined',
  secretsmanager: 'Default key that protects my Secrets Manager data when no other key is defined',
  sns: 'Default key that protects my SNS data when no other key is defined',
  sqs: 'Default key that protects my SQS messages when no other key is defined',
  ssm: 'Default key that protects my SSM parameters when no other key is defined',
  workmail: 'Default key that protects my WorkMail data when no other key is defined',
  workspaces: 'Default key that protects my WorkSpaces volumes when no other key is defined',
  xray: 'Default key that protects my X-Ray data when no other key is defined',
};

const yearDays = 365;
const dayMs = 86_400_000;

interface ManagedAlias {
  readonly account: string;
  readonly region: string;
  readonly aliasName: string;
  /** AWS: describing a predefined alias that has no key yet gives it one, whoever asks. */
  readonly isDescribed: boolean;
}

/** The managed key that the alias stands for, made now if the calling service is the one that it is for. */
export async function managedKeyFor(
  scope: Scope,
  { account, region, aliasName, isDescribed }: ManagedAlias,
): Promise<KeyRecord | undefined> {
  const service = /^alias\/aws\/([a-z0-9]+)$/.exec(aliasName)?.[1];
  const description = service === undefined ? undefined : descriptions[service];
  if (service === undefined || description === undefined || account !== scope.account || region !== scope.region) return undefined;
  if (!isDescribed && callingService(scope) !== `${service}.amazonaws.com`) return undefined;
  const { transaction, ids, now } = scope;
  const keyId = ids.uuid();
  const { material } = await generateMaterial(ids, 'SYMMETRIC_DEFAULT');
  const materialId = materialIdOf(keyId, material);
  const rotation = { periodDays: yearDays, nextAtMs: now + yearDays * dayMs };
  const key: KeyRecord = {
    account,
    region,
    keyId,
    spec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
    origin: 'AWS_KMS',
    manager: 'AWS',
    description,
    state: 'Enabled',
    createdAtMs: now,
    policy: managedPolicy(scope.partition, account, `${service}.${region}.amazonaws.com`),
    tags: {},
    currentMaterialId: materialId,
    rotation,
    onDemandRotations: 0,
  };
  keys.put(transaction, key);
  materials.put(transaction, { account, region, keyId, materialId, material, number: 0, sinceMs: now, isImported: false });
  due.put(transaction, { atMs: rotation.nextAtMs, what: 'rotate', account, region, keyId });
  const alias = { account, region, aliasName, keyId, createdAtMs: now, updatedAtMs: now };
  aliases.put(transaction, alias);
  aliasesOfKey.put(transaction, alias);
  return key;
}

/** The principal of the service through which, or as which, the request comes. */
function callingService({ caller, via }: Scope): string | undefined {
  return via.at(-1) ?? (caller.principal.kind === 'service' ? caller.principal.arn : undefined);
}

/** As AWS writes it for a service whose callers are asked through it. */
function managedPolicy(partition: string, account: string, viaService: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Id: `auto-${viaService.split('.')[0]}-2`,
    Statement: [
      {
        Sid: `Allow access through ${viaService.split('.')[0]} for all principals in the account that are authorized to use it`,
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:CreateGrant', 'kms:DescribeKey'],
        Resource: '*',
        Condition: { StringEquals: { 'kms:CallerAccount': account, 'kms:ViaService': viaService } },
      },
      {
        Sid: 'Allow data key generation through the service',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: 'kms:GenerateDataKey*',
        Resource: '*',
        Condition: { StringEquals: { 'kms:CallerAccount': account }, StringLike: { 'kms:ViaService': viaService } },
      },
      {
        // What the service does by itself, for instance when a secret rotates.
        Sid: 'Allow the service itself',
        Effect: 'Allow',
        Principal: { Service: viaService.replace(/\..*$/, '.amazonaws.com') },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:SourceAccount': account } },
      },
      {
        Sid: 'Allow direct access to key metadata to the account',
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${account}:root` },
        Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
        Resource: '*',
      },
    ],
  });
}
