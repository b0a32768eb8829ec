// Lists of secrets and of a secret's versions.
import type { Context } from '../../kit/context.ts';
import { decodeMarker, encodeMarker, type Page, pageOf } from '../../kit/paging.ts';
import { onSecret } from './access.ts';
import type { ListSecretsRequest, SecretListEntry, SecretVersionsListEntry } from './api.gen.ts';
import { matcherOf } from './filters.ts';
import { labelsByVersion, labelsOf } from './labels.ts';
import { walkListed } from './listing.ts';
import { replicas, secrets, versionAges } from './records.ts';
import { arnOf, type FoundSecret, requireSecret, secretAt } from './secret-ids.ts';
import { detailsOf } from './secrets.ts';
import { fault, operation } from './service.ts';
import { versionAt } from './versions.ts';

const pageMax = 100;
const badToken = () => fault('InvalidNextTokenException', 'The NextToken value is invalid.');

export const ListSecrets = operation('ListSecrets', {
  access: () => ({ action: 'secretsmanager:ListSecrets', resource: '*' }),
  async handle(input, context) {
    const page = await secretsPage(context, input);
    return {
      SecretList: page.items.map(
        (found): SecretListEntry => ({ ...detailsOf(found), SecretVersionsToStages: labelsByVersion(found.secret.labels) }),
      ),
      NextToken: page.marker,
    };
  },
});

/** The region's secrets that match, in the order that was asked for. */
export async function secretsPage(context: Context, input: ListSecretsRequest): Promise<Page<FoundSecret>> {
  const isFilter = matcherOf(input.Filters);
  const matches = (found: FoundSecret): boolean =>
    (input.IncludePlannedDeletion === true || found.secret.deletion === undefined) && isFilter(found);
  const order = input.SortBy ?? 'created-date';
  const descending = input.SortOrder === 'desc';
  const limit = input.MaxResults ?? pageMax;
  if (order === 'last-accessed-date' || order === 'last-changed-date') return sortedPage(context, input, { order, matches, limit });
  const prefix = `${order}${descending ? '-' : '+'}`;
  const token = input.NextToken === undefined ? prefix : decodeMarker(input.NextToken, badToken);
  // AWS: a token is good for the list that it was given for.
  if (!token.startsWith(prefix)) throw badToken();
  const after = token.slice(prefix.length) || undefined;
  const { items, cursor } = await walkListed(context, { order, descending, limit, after, matches });
  return { items, marker: cursor === undefined ? undefined : encodeMarker(prefix + cursor) };
}

interface Sorted {
  readonly order: keyof typeof sortKeys;
  readonly matches: (found: FoundSecret) => boolean;
  readonly limit: number;
}

/** Orders that change with every use have no index: all is read. A token names the last secret of the page before. */
async function sortedPage(context: Context, input: ListSecretsRequest, { order, matches, limit }: Sorted): Promise<Page<FoundSecret>> {
  const after = input.NextToken === undefined ? undefined : positionOf(input.NextToken);
  const { [order]: keyOf } = sortKeys;
  const direction = input.SortOrder === 'desc' ? -1 : 1;
  const compare = (a: Position, b: Position): number => direction * (compareKeys(a.key, b.key) || compareKeys(a.name, b.name));
  const sorted = (await secretsOf(context))
    .filter(matches)
    .map((found) => ({ found, position: { key: keyOf(found), name: found.secret.name } }))
    .filter(({ position }) => after === undefined || compare(position, after) > 0)
    .toSorted((a, b) => compare(a.position, b.position));
  const items = sorted.slice(0, limit);
  const last = items.at(-1)?.position;
  return { items: items.map(({ found }) => found), marker: sorted.length > items.length ? encodeMarker(JSON.stringify(last)) : undefined };
}

interface Position {
  readonly key: number;
  readonly name: string;
}

const sortKeys = {
  'last-accessed-date': ({ secret, replica }: FoundSecret): number => (replica ?? secret).accessedAtMs ?? 0,
  'last-changed-date': ({ secret }: FoundSecret): number => secret.changedAtMs,
} as const;

function compareKeys<Key extends string | number>(a: Key, b: Key): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function positionOf(token: string): Position {
  try {
    const position: unknown = JSON.parse(decodeMarker(token, badToken));
    if (isPosition(position)) return position;
  } catch {
    // Whatever is wrong with it, it is no token of ours.
  }
  throw badToken();
}

function isPosition(value: unknown): value is Position {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('name' in value)) return false;
  return typeof value.name === 'string' && typeof value.key === 'number';
}

/** Secrets and replicas of the region. */
async function secretsOf(context: Context): Promise<readonly FoundSecret[]> {
  const { transaction, account, region } = context;
  const own = (await secrets.all(transaction, account, region)).map((secret): FoundSecret => {
    return { secret, replica: undefined, region, arn: arnOf(context, secret) };
  });
  const copies = await Promise.all((await replicas.all(transaction, account, region)).map((replica) => secretAt(context, replica)));
  return [...own, ...copies.flatMap((found) => found ?? [])];
}

export const ListSecretVersionIds = operation('ListSecretVersionIds', {
  access: onSecret('secretsmanager:ListSecretVersionIds'),
  async handle(input, context) {
    const found = await requireSecret(context, input.SecretId);
    const { secret, arn } = found;
    const page = await pageOf(
      context.transaction,
      versionAges,
      {
        under: [secret.account, secret.region, secret.name],
        limit: input.MaxResults ?? pageMax,
        marker: input.NextToken,
        onBadMarker: badToken,
      },
      ({ versionId }) => input.IncludeDeprecated === true || labelsOf(secret.labels, versionId).length > 0,
    );
    const shown = await Promise.all(page.items.map(({ versionId }) => versionShape(context, found, versionId)));
    return { Versions: shown.flatMap((version) => version ?? []), NextToken: page.marker, ARN: arn, Name: secret.name };
  },
});

async function versionShape(context: Context, found: FoundSecret, versionId: string): Promise<SecretVersionsListEntry | undefined> {
  const version = await versionAt(context, found, versionId);
  if (version === undefined) return undefined;
  const stages = labelsOf(found.secret.labels, versionId);
  return {
    VersionId: versionId,
    VersionStages: stages.length === 0 ? undefined : stages,
    LastAccessedDate: version.accessedAtMs,
    CreatedDate: version.createdAtMs,
    KmsKeyIds: version.value && [version.value.keyArn ?? 'DefaultEncryptionKey'],
  };
}

export const listOperations = [ListSecrets, ListSecretVersionIds];
