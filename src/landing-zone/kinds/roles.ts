// Roles in the accounts, trusted by the identity account or by others of the zone.
import { type Answer, type Api, ifExists, listAll, listIn, memberOf, textIn } from '../api.ts';
import type { Role, ZoneFile } from '../file.ts';
import { differencesOf, type Found, type Properties, type Wanted } from '../item.ts';
import { addressIn, marksOf } from '../marks.ts';
import { accountsOf } from '../references.ts';
import { apiIn, requireId, type World } from '../world.ts';
import { inEveryAccount, type Kind, placeOfAccount } from './kind.ts';
import { documentOf, permissionsOf, policyJson, readPermissions, writePermissions } from './permissions.ts';
import { providerTrust } from './providers.ts';
import { tagMap } from './tags.ts';

export const roles: Kind = {
  name: 'role',
  wanted: (world) =>
    Object.entries(world.file.roles).flatMap(([name, role]) =>
      accountsOf(world.file, role).map((account) => ({ ...itemOf(world, account, name), properties: propertiesOf(world.file, role) })),
    ),
  find: (world, wanted) =>
    inEveryAccount(world, async ({ name: account, id }) => {
      const api = await apiIn(world, id);
      const call = { service: 'iam', operation: 'ListRoles', input: { PathPrefix: `/${world.file.zone}/` } } as const;
      const names = (await listAll(api, call, 'Roles')).map((role) => textIn(role, 'RoleName'));
      const own = await Promise.all(names.map((name) => readRole(world, api, account, name)));
      const others = wanted.filter(({ address }) => address.startsWith(`role/${account}/`) && !names.includes(nameOf(address)));
      return [...own, ...(await Promise.all(others.map((wish) => inTheWay(api, wish)))).flat()];
    }),
  async create(world, { address, properties }) {
    const api = await apiOf(world, address);
    const RoleName = nameOf(address);
    const input = {
      RoleName,
      Path: `/${world.file.zone}/`,
      AssumeRolePolicyDocument: policyJson(world, properties['trust']),
      MaxSessionDuration: properties['sessionSeconds'],
      ...(properties['description'] === '' ? {} : { Description: properties['description'] }),
      Tags: marksOf(world.file.zone, address),
    };
    await api({ service: 'iam', operation: 'CreateRole', input });
    await writePermissions({ world, api, holder: 'Role', name: RoleName }, differencesOf(undefined, properties));
  },
  async change(world, { address, properties }, _found, differences) {
    const api = await apiOf(world, address);
    const RoleName = nameOf(address);
    const differs = (name: string) => differences.some(({ property }) => property === name);
    if (differs('trust')) {
      const input = { RoleName, PolicyDocument: policyJson(world, properties['trust']) };
      await api({ service: 'iam', operation: 'UpdateAssumeRolePolicy', input });
    }
    if (differs('sessionSeconds') || differs('description')) {
      const input = { RoleName, MaxSessionDuration: properties['sessionSeconds'], Description: properties['description'] };
      await api({ service: 'iam', operation: 'UpdateRole', input });
    }
    await writePermissions({ world, api, holder: 'Role', name: RoleName }, differences);
  },
  async remove(world, { address, properties }) {
    const api = await apiOf(world, address);
    const RoleName = nameOf(address);
    const nothing: Properties = { policies: [], permissions: '', others: [] };
    await writePermissions({ world, api, holder: 'Role', name: RoleName }, differencesOf(properties, nothing));
    await api({ service: 'iam', operation: 'DeleteRole', input: { RoleName } });
  },
};

function itemOf(world: World, account: string, name: string) {
  return { address: `role/${account}/${name}`, place: [...placeOfAccount(world, account), `role ${name}`] };
}

function nameOf(address: string): string {
  return address.split('/')[2] ?? '';
}

function apiOf(world: World, address: string): Promise<Api> {
  return apiIn(world, requireId(world.accounts, address.split('/')[1] ?? ''));
}

function propertiesOf(file: ZoneFile, role: Role): Properties {
  return {
    description: role.description ?? '',
    sessionSeconds: String((role.sessionHours ?? 1) * 3600),
    trust: { policy: { Version: '2012-10-17', Statement: trustOf(file, role) } },
    ...permissionsOf(file.zone, role),
  };
}

/** The identity account, unless the role says whom it trusts. */
export function trustedAccounts({ identity }: ZoneFile, { trusts, trustsServices, trustsProviders }: Role): readonly string[] {
  const isNobodyNamed = trusts === undefined && trustsServices === undefined && trustsProviders === undefined;
  return trusts ?? (isNobodyNamed && identity !== undefined ? [identity.account] : []);
}

function trustOf(file: ZoneFile, role: Role): readonly object[] {
  const accounts = trustedAccounts(file, role);
  const people = {
    Effect: 'Allow',
    Principal: { AWS: accounts.map((account) => `arn:aws:iam::{{account:${account}}}:root`) },
    Action: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'],
    ...(role.mfa === true ? { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } } : {}),
  };
  const services = { Effect: 'Allow', Principal: { Service: role.trustsServices }, Action: 'sts:AssumeRole' };
  return [
    ...(accounts.length === 0 ? [] : [people]),
    ...(role.trustsServices === undefined ? [] : [services]),
    ...(role.trustsProviders ?? []).map((provider) => providerTrust(file, provider)),
  ];
}

async function readRole(world: World, api: Api, account: string, RoleName: string): Promise<Found> {
  const [answer, permissions] = await Promise.all([
    api({ service: 'iam', operation: 'GetRole', input: { RoleName } }),
    readPermissions(api, world.file.zone, 'Role', RoleName),
  ]);
  const role: Answer = memberOf(answer, 'Role') ?? {};
  const item = itemOf(world, account, RoleName);
  const properties = {
    description: textIn(role, 'Description'),
    sessionSeconds: textIn(role, 'MaxSessionDuration'),
    trust: documentOf(textIn(role, 'AssumeRolePolicyDocument')),
    ...permissions,
  };
  const isOwn = addressIn(world.file.zone, tagMap(listIn(role, 'Tags'))) === item.address;
  const foreign = `a role of this path and name is there without the zone's tags`;
  return { ...item, id: RoleName, properties, ...(isOwn ? {} : { foreign }) };
}

/** AWS: the names of roles are unique whatever their path. */
async function inTheWay(api: Api, wish: Wanted): Promise<readonly Found[]> {
  const other = await ifExists(api({ service: 'iam', operation: 'GetRole', input: { RoleName: nameOf(wish.address) } }));
  if (other === undefined) return [];
  const arn = textIn(memberOf(other, 'Role') ?? {}, 'Arn');
  return [{ ...wish, id: arn, foreign: `the role ${arn} has this name, and this zone did not make it` }];
}
