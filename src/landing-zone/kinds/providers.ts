// Identity providers in the identity account: OpenID Connect and SAML.
import { type Api, ifExists, listIn, textIn, valuesIn } from '../api.ts';
import type { ZoneFile } from '../file.ts';
import type { Difference, Found, Wanted } from '../item.ts';
import { addressIn, marksOf } from '../marks.ts';
import { apiIn, requireId, type World, ZoneError } from '../world.ts';
import { inEveryAccount, type Kind, placeOfAccount } from './kind.ts';
import { listOf } from './permissions.ts';
import { tagMap } from './tags.ts';

/** Without its scheme, as it is in ARNs and condition keys. */
function hostOf(url: string): string {
  return url.replace(/^https:\/\//, '').replace(/\/$/, '');
}

/** AWS: a provider that gives its people tags or a source identity needs a permission for it. */
const ofSessions = ['sts:SetSourceIdentity', 'sts:TagSession'];

export function providerTrust(file: ZoneFile, name: string): object {
  const account = `{{account:${file.identity?.account ?? ''}}}`;
  const oidc = file.identity?.openIdConnect[name];
  if (oidc !== undefined) {
    const host = hostOf(oidc.url);
    return {
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${host}` },
      Action: ['sts:AssumeRoleWithWebIdentity', ...ofSessions],
      Condition: { StringEquals: { [`${host}:aud`]: oidc.clients } },
    };
  }
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${account}:saml-provider/${name}` },
    Action: ['sts:AssumeRoleWithSAML', ...ofSessions],
    Condition: { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
  };
}

function itemOf(world: World, account: string, kind: 'openid' | 'saml', name: string) {
  return { address: `${kind}/${account}/${name}`, place: [...placeOfAccount(world, account), `${kind} provider ${name}`] };
}

export const openIdProviders: Kind = {
  name: 'openid',
  wanted(world) {
    const { identity } = world.file;
    return Object.entries(identity?.openIdConnect ?? {}).map(([name, { url, clients, thumbprints = [] }]) => ({
      ...itemOf(world, identity?.account ?? '', 'openid', name),
      properties: { url: hostOf(url), clients: clients.toSorted(), thumbprints: thumbprints.map((each) => each.toLowerCase()).toSorted() },
    }));
  },
  find: (world, wanted) =>
    inEveryAccount(world, async ({ name: account, id }) => {
      const api = await apiIn(world, id);
      const answer = await api({ service: 'iam', operation: 'ListOpenIDConnectProviders' });
      const arns = listIn(answer, 'OpenIDConnectProviderList').map((each) => textIn(each, 'Arn'));
      const found = await Promise.all(arns.map((arn) => readOpenId(world, api, account, arn, wanted)));
      return found.filter((each) => each !== undefined);
    }),
  async create(world, { address, properties }) {
    const api = await apiOf(world, address);
    const input = {
      Url: `https://${String(properties['url'])}`,
      ClientIDList: properties['clients'],
      ThumbprintList: properties['thumbprints'],
      Tags: marksOf(world.file.zone, address),
    };
    await api({ service: 'iam', operation: 'CreateOpenIDConnectProvider', input });
  },
  async change(world, { address, properties }, { id }, differences) {
    const api = await apiOf(world, address);
    for (const difference of differences) {
      if (difference.property === 'url') throw new ZoneError(`the URL of ${address} cannot be changed; give the new provider another name`);
      if (difference.property === 'clients') await changeClients(api, id, difference);
      if (difference.property !== 'thumbprints') continue;
      const input = { OpenIDConnectProviderArn: id, ThumbprintList: properties['thumbprints'] };
      await api({ service: 'iam', operation: 'UpdateOpenIDConnectProviderThumbprint', input });
    }
  },
  async remove(world, { address, id }) {
    const api = await apiOf(world, address);
    await api({ service: 'iam', operation: 'DeleteOpenIDConnectProvider', input: { OpenIDConnectProviderArn: id } });
  },
};

function apiOf(world: World, address: string): Promise<Api> {
  return apiIn(world, requireId(world.accounts, address.split('/')[1] ?? ''));
}

async function readOpenId(world: World, api: Api, account: string, arn: string, wanted: readonly Wanted[]): Promise<Found | undefined> {
  const answer = await api({ service: 'iam', operation: 'GetOpenIDConnectProvider', input: { OpenIDConnectProviderArn: arn } });
  const url = hostOf(textIn(answer, 'Url'));
  const address = addressIn(world.file.zone, tagMap(listIn(answer, 'Tags')));
  if (address?.startsWith(`openid/${account}/`) !== true) {
    const wish = wanted.find((each) => each.address.startsWith(`openid/${account}/`) && each.properties['url'] === url);
    return wish && { ...wish, id: arn, foreign: `the provider ${arn} is there, and this zone did not make it` };
  }
  const sorted = (member: string) => valuesIn(answer, member).map(String).toSorted();
  const properties = { url, clients: sorted('ClientIDList'), thumbprints: sorted('ThumbprintList') };
  const wish = wanted.find((each) => each.address === address);
  // AWS looks up a thumbprint itself when none is given.
  const isAny = listOf(wish?.properties['thumbprints']).length === 0;
  return {
    ...itemOf(world, account, 'openid', address.split('/')[2] ?? ''),
    id: arn,
    properties: isAny ? { ...properties, thumbprints: [] } : properties,
  };
}

async function changeClients(api: Api, OpenIDConnectProviderArn: string, { before, after }: Difference): Promise<void> {
  const [old, wanted] = [listOf(before), listOf(after)];
  for (const ClientID of wanted.filter((each) => !old.includes(each))) {
    await api({ service: 'iam', operation: 'AddClientIDToOpenIDConnectProvider', input: { OpenIDConnectProviderArn, ClientID } });
  }
  for (const ClientID of old.filter((each) => !wanted.includes(each))) {
    await api({ service: 'iam', operation: 'RemoveClientIDFromOpenIDConnectProvider', input: { OpenIDConnectProviderArn, ClientID } });
  }
}

export const samlProviders: Kind = {
  name: 'saml',
  wanted(world) {
    const { identity } = world.file;
    return Object.entries(identity?.saml ?? {}).map(([name, { metadata }]) => ({
      ...itemOf(world, identity?.account ?? '', 'saml', name),
      properties: { metadata: metadata.trim() },
    }));
  },
  find: (world, wanted) =>
    inEveryAccount(world, async ({ name: account, id }) => {
      const api = await apiIn(world, id);
      const answer = await api({ service: 'iam', operation: 'ListSAMLProviders' });
      const arns = listIn(answer, 'SAMLProviderList').map((each) => textIn(each, 'Arn'));
      const found = await Promise.all(arns.map((arn) => readSaml(world, api, account, arn, wanted)));
      return found.filter((each) => each !== undefined);
    }),
  async create(world, { address, properties }) {
    const api = await apiOf(world, address);
    const input = { Name: address.split('/')[2], SAMLMetadataDocument: properties['metadata'], Tags: marksOf(world.file.zone, address) };
    await api({ service: 'iam', operation: 'CreateSAMLProvider', input });
  },
  async change(world, { address, properties }, { id }) {
    const api = await apiOf(world, address);
    const input = { SAMLProviderArn: id, SAMLMetadataDocument: properties['metadata'] };
    await api({ service: 'iam', operation: 'UpdateSAMLProvider', input });
  },
  async remove(world, { address, id }) {
    const api = await apiOf(world, address);
    await api({ service: 'iam', operation: 'DeleteSAMLProvider', input: { SAMLProviderArn: id } });
  },
};

async function readSaml(world: World, api: Api, account: string, arn: string, wanted: readonly Wanted[]): Promise<Found | undefined> {
  const answer = await ifExists(api({ service: 'iam', operation: 'GetSAMLProvider', input: { SAMLProviderArn: arn } }));
  if (answer === undefined) return undefined;
  const item = itemOf(world, account, 'saml', arn.slice(arn.lastIndexOf('/') + 1));
  const properties = { metadata: textIn(answer, 'SAMLMetadataDocument').trim() };
  if (addressIn(world.file.zone, tagMap(listIn(answer, 'Tags'))) === item.address) return { ...item, id: arn, properties };
  const wish = wanted.find(({ address }) => address === item.address);
  return wish && { ...wish, id: arn, foreign: `the provider ${arn} is there, and this zone did not make it` };
}
