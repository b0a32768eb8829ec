// KMS keys with an alias, a policy and yearly rotation. A key is known by its tags, so that one whose alias was not made yet, or is gone, is
// found again.
import { type Answer, type Api, listAll, listIn, memberOf, textIn, unlessForbidden, unlessRefused } from '../api.ts';
import type { Key, ZoneFile } from '../file.ts';
import type { Found, Properties, Wanted } from '../item.ts';
import { addressIn, marksOf } from '../marks.ts';
import { apiIn, requireId, type World } from '../world.ts';
import { inEveryAccount, type Kind, lastOf, placeOfAccount } from './kind.ts';
import { policyJson } from './permissions.ts';
import { tagMap } from './tags.ts';

const waitingDays = 30;

export const keys: Kind = {
  name: 'key',
  removalNote: `deleted after ${waitingDays} days, and what it encrypted cannot be read from then on; until then \`aws kms cancel-key-deletion\` keeps it`,
  wanted: (world) =>
    Object.entries(world.file.keys).map(([name, key]) => ({ ...itemOf(world, name, key), properties: propertiesOf(name, key) })),
  find: (world, wanted) =>
    inEveryAccount(world, async ({ name: account, id }) => {
      const found: Found[] = [];
      for (const region of regionsOf(world.file)) found.push(...(await keysIn(world, { account, id, region }, wanted)));
      return found;
    }),
  async create(world, { address, properties }) {
    const kms = await kmsOf(world, address);
    const answer = await kms('CreateKey', {
      Description: properties['description'],
      Policy: policyJson(world, properties['policy']),
      Tags: marksOf(world.file.zone, address).map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })),
    });
    const KeyId = textIn(memberOf(answer, 'KeyMetadata') ?? {}, 'KeyId');
    await kms('CreateAlias', { AliasName: properties['alias'], TargetKeyId: KeyId });
    await kms('EnableKeyRotation', { KeyId });
  },
  async change(world, { address, properties }, { id: KeyId }, differences) {
    const kms = await kmsOf(world, address);
    const differs = (name: string) => differences.some(({ property }) => property === name);
    // A key that is disabled takes no other change.
    if (differs('state')) await kms('EnableKey', { KeyId });
    if (differs('policy')) await kms('PutKeyPolicy', { KeyId, PolicyName: 'default', Policy: policyJson(world, properties['policy']) });
    if (differs('description')) await kms('UpdateKeyDescription', { KeyId, Description: properties['description'] });
    if (differs('rotation')) await kms('EnableKeyRotation', { KeyId });
    if (!differs('alias')) return;
    const input = { AliasName: properties['alias'], TargetKeyId: KeyId };
    const isElsewhere = (await unlessRefused(kms('CreateAlias', input), /^AlreadyExists/, undefined)) === undefined;
    if (isElsewhere) await kms('UpdateAlias', input);
  },
  async remove(world, { address, id: KeyId, properties }) {
    const kms = await kmsOf(world, address);
    if (properties['alias'] !== '') await kms('DeleteAlias', { AliasName: properties['alias'] });
    await kms('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: waitingDays });
  },
};

function itemOf(world: World, name: string, { account, region }: Key) {
  const where = region ?? world.file.regions[0];
  return { address: `key/${account}/${where}/${name}`, place: [...placeOfAccount(world, account), `key ${name} (${where})`] };
}

function regionsOf(file: ZoneFile): readonly string[] {
  return [...new Set([...file.regions, ...Object.values(file.keys).flatMap(({ region }) => region ?? [])])];
}

type Kms = (operation: string, input: object) => Promise<Answer>;

async function kmsOf(world: World, address: string): Promise<Kms> {
  const [, account = '', region] = address.split('/');
  const api = await apiIn(world, requireId(world.accounts, account));
  return (operation, input) => api({ service: 'kms', operation, region, input: { ...input } });
}

function propertiesOf(name: string, key: Key): Properties {
  return {
    alias: `alias/${name}`,
    description: key.description ?? '',
    state: 'Enabled',
    rotation: 'on',
    policy: { policy: { Version: '2012-10-17', Statement: statementsOf(key) } },
  };
}

const reading = ['kms:Decrypt', 'kms:DescribeKey'];
const writing = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];

function statementsOf({ account, sharedWith, decryptOnly, services }: Key): readonly object[] {
  const own = {
    Sid: 'OwnAccount',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::{{account:${account}}}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  const shared = {
    Sid: 'Organization',
    Effect: 'Allow',
    Principal: { AWS: '*' },
    Action: decryptOnly === true ? reading : [...reading, ...writing],
    Resource: '*',
    Condition: { StringEquals: { 'aws:PrincipalOrgID': '{{organization}}' } },
  };
  const forServices = {
    Sid: 'ServicesForTheOrganization',
    Effect: 'Allow',
    Principal: { Service: services },
    Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'],
    Resource: '*',
    Condition: { StringEquals: { 'aws:SourceOrgID': '{{organization}}' } },
  };
  return [own, ...(sharedWith === 'organization' ? [shared] : []), ...(services === undefined ? [] : [forServices])];
}

interface Place {
  readonly account: string;
  readonly id: string;
  readonly region: string;
}

async function keysIn(world: World, { account, id, region }: Place, wanted: readonly Wanted[]): Promise<readonly Found[]> {
  const api = await apiIn(world, id);
  // In a region that a guardrail forbids, nothing can be seen, and most likely nothing is.
  const [ids, aliases] = await Promise.all([
    unlessForbidden(listAll(api, { service: 'kms', operation: 'ListKeys', region }, 'Keys'), []),
    unlessForbidden(listAll(api, { service: 'kms', operation: 'ListAliases', region }, 'Aliases'), []),
  ]);
  const found: Found[] = [];
  for (const each of ids) {
    const KeyId = textIn(each, 'KeyId');
    const names = aliases.filter((alias) => textIn(alias, 'TargetKeyId') === KeyId).map((alias) => textIn(alias, 'AliasName'));
    const key = await readKey(world, api, { account, region, KeyId, names });
    if (key !== undefined) found.push(key);
  }
  const start = `key/${account}/${region}/`;
  const missing = wanted.filter(({ address }) => address.startsWith(start) && !found.some((each) => each.address === address));
  return [...found, ...missing.flatMap((wish) => inTheWay(wish, aliases))];
}

async function readKey(
  world: World,
  api: Api,
  { account, region, KeyId, names }: { account: string; region: string; KeyId: string; names: readonly string[] },
): Promise<Found | undefined> {
  const kms: Kms = (operation, input) => api({ service: 'kms', operation, region, input: { ...input } });
  // A key whose policy shuts the account out cannot be one of the zone.
  const tags = await unlessRefused(kms('ListResourceTags', { KeyId }), /^AccessDenied/, {});
  const address = addressIn(world.file.zone, tagMap(listIn(tags, 'Tags')));
  if (address?.startsWith(`key/${account}/${region}/`) !== true) return undefined;
  const { KeyMetadata } = await kms('DescribeKey', { KeyId });
  const metadata = memberOf({ KeyMetadata }, 'KeyMetadata') ?? {};
  const state = textIn(metadata, 'KeyState');
  if (state === 'PendingDeletion') return undefined;
  const [policy, rotation] = await Promise.all([
    kms('GetKeyPolicy', { KeyId, PolicyName: 'default' }),
    kms('GetKeyRotationStatus', { KeyId }),
  ]);
  const name = lastOf(address);
  const properties = {
    alias: names.includes(`alias/${name}`) ? `alias/${name}` : '',
    description: textIn(metadata, 'Description'),
    state,
    rotation: rotation['KeyRotationEnabled'] === true ? 'on' : 'off',
    policy: { policy: JSON.parse(textIn(policy, 'Policy')) },
  };
  return { ...itemOf(world, name, { account, region }), id: KeyId, properties };
}

function inTheWay(wish: Wanted, aliases: readonly Answer[]): readonly Found[] {
  const alias = aliases.find((each) => textIn(each, 'AliasName') === wish.properties['alias']);
  if (alias === undefined) return [];
  const id = textIn(alias, 'TargetKeyId');
  return [{ ...wish, id, foreign: `the alias ${textIn(alias, 'AliasName')} belongs to the key ${id}, which this zone did not make` }];
}
