// From a SecretId to the secret: by name, by ARN, or by a partial ARN, here or as a replica.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen

import { parseArn } from '../../base/arn.ts';
import { type Ids, randomText } from '../../base/ids.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import { type ReplicaRecord, replicas, type SecretRecord, secrets } from './records.ts';
import { fault } from './service.ts';

/** A secret as it is seen in a region. */
export interface FoundSecret {
  /** The primary's record. */
  readonly secret: SecretRecord;
  /** Undefined in the primary region. */
  readonly replica: ReplicaRecord | undefined;
  readonly region: string;
  readonly arn: ResourceArn<'secretsmanager:Secret'>;
}

interface Address {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  /** Undefined when only the name is known. */
  readonly suffix: string | undefined;
}

const suffixLength = 6;
const suffixPattern = new RegExp(`^(.+)-([A-Za-z0-9]{${suffixLength}})$`, 's');

export function arnOf(
  scope: Pick<Scope, 'partition'>,
  { account, region, name, suffix }: Address & { readonly suffix: string },
): ResourceArn<'secretsmanager:Secret'> {
  const { partition } = scope;
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
}

export function newSuffix(ids: Ids): string {
  return randomText(ids, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', suffixLength);
}

/** The account in which the id looks for its secret: a name is always the caller's own. */
export function accountOf(scope: Scope, secretId: string): string {
  return parseArn(secretId)?.account ?? scope.account;
}

/** The ARN under which an id that leads to nothing is authorised: AWS does not say whether a secret exists to those who may not know. */
export function unknownArn(scope: Scope, secretId: string): ResourceArn<'secretsmanager:Secret'> {
  return secretId.startsWith('arn:')
    ? resourceNamed<'secretsmanager:Secret'>(secretId)
    : arnOf(scope, { ...scope, name: secretId, suffix: '??????' });
}

export async function findSecret(scope: Scope, secretId: string): Promise<FoundSecret | undefined> {
  for (const address of addressesOf(scope, secretId)) {
    const found = await secretAt(scope, address);
    if (found !== undefined && (address.suffix === undefined || address.suffix === found.secret.suffix)) return found;
  }
  return undefined;
}

/** The secret, which the ledger's entry is then about. @throws Fault ResourceNotFoundException */
export async function requireSecret(context: Context, secretId: string): Promise<FoundSecret> {
  if (!secretId.startsWith('arn:')) requireName(secretId);
  const found = await findSecret(context, secretId);
  if (found === undefined) throw fault('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  noteSecret(context, found.secret.account, found.arn);
  return found;
}

/** A secret of another account is in that account's ledger too. */
export function noteSecret(context: Context, account: string, arn: string): void {
  context.note({ resources: [{ type: 'AWS::SecretsManager::Secret', name: arn }], sharedWith: account });
}

/** A secret that is not marked for deletion. @throws Fault ResourceNotFoundException, InvalidRequestException */
export async function requireActive(context: Context, secretId: string): Promise<FoundSecret> {
  const found = await requireSecret(context, secretId);
  if (found.secret.deletion === undefined) return found;
  throw fault('InvalidRequestException', "You can't perform this operation on the secret because it was marked for deletion.");
}

/** A secret that can be changed here. @throws Fault ResourceNotFoundException, InvalidRequestException, InvalidParameterException */
export async function requirePrimary(context: Context, secretId: string): Promise<FoundSecret> {
  return requireNoReplica(await requireActive(context, secretId));
}

/** AWS: a replica changes with its primary. @throws Fault InvalidParameterException */
export function requireNoReplica(found: FoundSecret): FoundSecret {
  if (found.replica === undefined) return found;
  throw fault('InvalidParameterException', "Operation not permitted on a replica secret. Call must be made in primary secret's region.");
}

/** @throws Fault ValidationException */
export function requireName(name: string): void {
  if (/^[A-Za-z0-9/_+=.@!-]+$/.test(name)) return;
  throw commonFault(
    'ValidationException',
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  );
}

/** The secret of this name in this region, as itself or as a replica. */
export async function secretAt(scope: Scope, { account, region, name }: Omit<Address, 'suffix'>): Promise<FoundSecret | undefined> {
  const secret = await secrets.get(scope.transaction, account, region, name);
  if (secret !== undefined) return { secret, replica: undefined, region, arn: arnOf(scope, secret) };
  const replica = await replicas.get(scope.transaction, account, region, name);
  const primary = replica && (await secrets.get(scope.transaction, account, replica.primaryRegion, name));
  return primary && { secret: primary, replica, region, arn: arnOf(scope, { ...primary, region }) };
}

/**
 * Where the id may lead, the likeliest first. AWS: what looks like the six random characters of an ARN counts as them, so that a name that ends in
 * a hyphen and six characters is found by a partial ARN only when no secret has them as its suffix.
 */
function addressesOf({ account, region }: Scope, secretId: string): readonly Address[] {
  if (!secretId.startsWith('arn:')) return [{ account, region, name: secretId, suffix: undefined }];
  const arn = parseArn(secretId);
  if (arn === undefined || arn.service !== 'secretsmanager' || arn.region !== region || !arn.resource.startsWith('secret:')) return [];
  const name = arn.resource.slice('secret:'.length);
  const partial = { account: arn.account, region, name, suffix: undefined };
  const [, stem, suffix] = suffixPattern.exec(name) ?? [];
  return stem === undefined ? [partial] : [{ ...partial, name: stem, suffix }, partial];
}
