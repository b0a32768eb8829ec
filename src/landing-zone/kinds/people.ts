// Groups and users of the identity account. A group takes no tags, so what is under the zone's path is the zone's.
import { type Api, ifExists, listAll, listIn, memberOf, textIn } from '../api.ts';
import { type Difference, differencesOf, type Found, type Wanted } from '../item.ts';
import { addressIn, marksOf } from '../marks.ts';
import { apiIn, requireId, type World } from '../world.ts';
import { inEveryAccount, type Kind, placeOfAccount } from './kind.ts';
import { listOf, permissionsOf, readPermissions, writePermissions } from './permissions.ts';
import { tagMap } from './tags.ts';
import { removeUserWithCredentials } from './user-removal.ts';

function itemOf(world: World, account: string, kind: 'group' | 'user', name: string) {
  return { address: `${kind}/${account}/${name}`, place: [...placeOfAccount(world, account), `${kind} ${name}`] };
}

function nameOf(address: string): string {
  return address.split('/').slice(2).join('/');
}

function apiOf(world: World, address: string): Promise<Api> {
  return apiIn(world, requireId(world.accounts, address.split('/')[1] ?? ''));
}

export const users: Kind = {
  name: 'user',
  removalNote: 'its access keys, password and devices go with it',
  wanted(world) {
    const { identity } = world.file;
    return Object.keys(identity?.users ?? {}).map((name) => ({ ...itemOf(world, identity?.account ?? '', 'user', name), properties: {} }));
  },
  find: (world, wanted) =>
    inEveryAccount(world, async ({ name: account, id }) => {
      const api = await apiIn(world, id);
      const call = { service: 'iam', operation: 'ListUsers', input: { PathPrefix: `/${world.file.zone}/` } } as const;
      const names = (await listAll(api, call, 'Users')).map((user) => textIn(user, 'UserName'));
      const wishes = wanted.filter(({ address }) => address.startsWith(`user/${account}/`)).map(({ address }) => nameOf(address));
      const all = [...new Set([...names, ...wishes])];
      return (await Promise.all(all.map((name) => readUser(world, api, account, name)))).filter((each) => each !== undefined);
    }),
  async create(world, { address }) {
    const api = await apiOf(world, address);
    const input = { UserName: nameOf(address), Path: `/${world.file.zone}/`, Tags: marksOf(world.file.zone, address) };
    await api({ service: 'iam', operation: 'CreateUser', input });
  },
  change: async () => undefined,
  async remove(world, { address }) {
    await removeUserWithCredentials(await apiOf(world, address), nameOf(address));
  },
};

async function readUser(world: World, api: Api, account: string, UserName: string): Promise<Found | undefined> {
  const answer = await ifExists(api({ service: 'iam', operation: 'GetUser', input: { UserName } }));
  if (answer === undefined) return undefined;
  const user = memberOf(answer, 'User') ?? {};
  const item = itemOf(world, account, 'user', UserName);
  const isOwn = addressIn(world.file.zone, tagMap(listIn(user, 'Tags'))) === item.address;
  const foreign = `the user ${textIn(user, 'Arn')} is there without the zone's tags`;
  return { ...item, id: UserName, properties: {}, ...(isOwn ? {} : { foreign }) };
}

export const groups: Kind = {
  name: 'group',
  wanted(world) {
    const { identity } = world.file;
    if (identity === undefined) return [];
    return Object.entries(identity.groups).map(([name, group]) => ({
      ...itemOf(world, identity.account, 'group', name),
      properties: {
        members: Object.entries(identity.users)
          .flatMap(([user, { groups: own = [] }]) => (own.includes(name) ? [user] : []))
          .toSorted(),
        ...permissionsOf(world.file.zone, group),
      },
    }));
  },
  find: (world, wanted) =>
    inEveryAccount(world, async ({ name: account, id }) => {
      const api = await apiIn(world, id);
      const call = { service: 'iam', operation: 'ListGroups', input: { PathPrefix: `/${world.file.zone}/` } } as const;
      const names = (await listAll(api, call, 'Groups')).map((group) => textIn(group, 'GroupName'));
      const own = await Promise.all(names.map((name) => readGroup(world, api, account, name)));
      const others = wanted.filter(({ address }) => address.startsWith(`group/${account}/`) && !names.includes(nameOf(address)));
      return [...own, ...(await Promise.all(others.map((wish) => inTheWay(api, wish)))).flat()];
    }),
  async create(world, { address, properties }) {
    const api = await apiOf(world, address);
    const GroupName = nameOf(address);
    await api({ service: 'iam', operation: 'CreateGroup', input: { GroupName, Path: `/${world.file.zone}/` } });
    await write(world, api, GroupName, differencesOf(undefined, properties));
  },
  async change(world, { address }, _found, differences) {
    await write(world, await apiOf(world, address), nameOf(address), differences);
  },
  async remove(world, { address, properties }) {
    const api = await apiOf(world, address);
    const nothing = { members: [], policies: [], permissions: '', others: [] };
    await write(world, api, nameOf(address), differencesOf(properties, nothing));
    await api({ service: 'iam', operation: 'DeleteGroup', input: { GroupName: nameOf(address) } });
  },
};

async function readGroup(world: World, api: Api, account: string, GroupName: string): Promise<Found> {
  const call = { service: 'iam', operation: 'GetGroup', input: { GroupName } } as const;
  const [members, permissions] = await Promise.all([
    listAll(api, call, 'Users'),
    readPermissions(api, world.file.zone, 'Group', GroupName),
  ]);
  const properties = { members: members.map((user) => textIn(user, 'UserName')).toSorted(), ...permissions };
  return { ...itemOf(world, account, 'group', GroupName), id: GroupName, properties };
}

async function inTheWay(api: Api, wish: Wanted): Promise<readonly Found[]> {
  const other = await ifExists(api({ service: 'iam', operation: 'GetGroup', input: { GroupName: nameOf(wish.address) } }));
  if (other === undefined) return [];
  const arn = textIn(memberOf(other, 'Group') ?? {}, 'Arn');
  return [{ ...wish, id: arn, foreign: `the group ${arn} has this name, and this zone did not make it` }];
}

async function write(world: World, api: Api, GroupName: string, differences: readonly Difference[]): Promise<void> {
  const members = differences.find(({ property }) => property === 'members');
  const [old, wanted] = [listOf(members?.before), listOf(members?.after)];
  for (const UserName of wanted.filter((each) => !old.includes(each))) {
    await api({ service: 'iam', operation: 'AddUserToGroup', input: { GroupName, UserName } });
  }
  for (const UserName of old.filter((each) => !wanted.includes(each))) {
    await api({ service: 'iam', operation: 'RemoveUserFromGroup', input: { GroupName, UserName } });
  }
  await writePermissions({ world, api, holder: 'Group', name: GroupName }, differences);
}
