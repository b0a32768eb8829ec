// The ways in which a key is named (id, ARN, alias, alias ARN) and what they lead to.
// https://docs.aws.amazon.com/kms/latest/developerguide/find-cmk-id-arn.html

import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import { managedKeyFor } from './managed-keys.ts';
import { aliases, type KeyRecord, keys } from './records.ts';
import { fault } from './service.ts';

/** A name, understood, and the key behind it if there is one. */
export interface ResolvedKey {
  readonly account: string;
  readonly region: string;
  /** ARN that the name stands for: of the key, or of the alias when no key is behind it. */
  readonly arn: ResourceArn<'kms:key' | 'kms:alias'>;
  readonly key: KeyRecord | undefined;
  /** `alias/name`, when the client used one. */
  readonly alias: string | undefined;
  /** The sentence for a key that is not there. */
  readonly missing: string;
}

export function keyArn(
  { partition }: { readonly partition: string },
  { account, region, keyId }: Pick<KeyRecord, 'account' | 'region' | 'keyId'>,
): ResourceArn<'kms:key'> {
  return `arn:${partition}:kms:${region}:${account}:key/${keyId}`;
}

export function aliasArn(
  { partition }: { readonly partition: string },
  account: string,
  region: string,
  aliasName: string,
): ResourceArn<'kms:alias'> {
  return resourceNamed<'kms:alias'>(`arn:${partition}:kms:${region}:${account}:${aliasName}`);
}

/** Never throws for a key that does not exist: whether the caller may know that is for its permissions to say. */
export async function resolveKey(scope: Scope, keyId: string, { isDescribed = false } = {}): Promise<ResolvedKey> {
  const { transaction } = scope;
  const { account, region, name } = placeOf(scope, keyId);
  if (name.startsWith('alias/')) {
    const arn = aliasArn(scope, account, region, name);
    const alias = await aliases.get(transaction, account, region, name);
    const key =
      alias === undefined
        ? await managedKeyFor(scope, { account, region, aliasName: name, isDescribed })
        : await keys.get(transaction, account, region, alias.keyId);
    const missing = `Alias ${arn} is not found.`;
    return { account, region, arn: key === undefined ? arn : keyArn(scope, key), key, alias: name, missing };
  }
  const id = name.replace(/^key\//, '');
  const arn = keyArn(scope, { account, region, keyId: id });
  const isWellFormed = /^(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/.test(id);
  const key = isWellFormed ? await keys.get(transaction, account, region, id) : undefined;
  const missing =
    region !== scope.region ? `Invalid arn ${region}` : isWellFormed ? `Key '${arn}' does not exist` : `Invalid keyId '${id}'`;
  // A key of another region is not reachable from this one, even where it exists.
  return { account, region, arn, key: region === scope.region ? key : undefined, alias: undefined, missing };
}

function placeOf(scope: Scope, keyId: string): { readonly account: string; readonly region: string; readonly name: string } {
  const arn = keyId.startsWith('arn:') ? parseArn(keyId) : undefined;
  // What is no ARN of a key or an alias is a name that nothing has.
  if (arn?.service !== 'kms' || !/^(?:key|alias)\//.test(arn.resource))
    return { account: scope.account, region: scope.region, name: keyId };
  return { account: arn.account, region: arn.region, name: arn.resource };
}

/** The key behind the name. @throws Fault NotFoundException */
export async function requireKey(scope: Scope, keyId: string): Promise<KeyRecord> {
  const { key, missing } = await resolveKey(scope, keyId);
  if (key === undefined) throw fault('NotFoundException', missing);
  return key;
}

/** As `requireKey`, for operations that take a key itself. @throws Fault NotFoundException for aliases too */
export async function requireKeyById(scope: Scope, keyId: string): Promise<KeyRecord> {
  const { key, alias, missing } = await resolveKey(scope, keyId);
  if (alias !== undefined) throw fault('NotFoundException', `Invalid keyId '${keyId}'`);
  if (key === undefined) throw fault('NotFoundException', missing);
  return key;
}
