// Organisational units. A unit is known by its mark, so that one that was renamed by hand is renamed back and not made twice.
import { listAll, memberOf, textIn } from '../api.ts';
import type { Found } from '../item.ts';
import { addressIn, marksOf } from '../marks.ts';
import { requireId, type World } from '../world.ts';
import { type Kind, lastOf } from './kind.ts';
import { tagsOf } from './tags.ts';

export const units: Kind = {
  name: 'unit',
  wanted: ({ file }) => file.units.map((path) => ({ address: `unit/${path}`, place: path.split('/'), properties: { name: lastOf(path) } })),
  async find(world, wanted) {
    if (world.rootId === '') return [];
    const addresses = new Set(wanted.map(({ address }) => address));
    return unitsUnder(world, '', world.rootId, addresses);
  },
  async create(world, { address }) {
    const path = pathOf(address);
    const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '/';
    const input = { ParentId: requireId(world.units, parent), Name: lastOf(path), Tags: marksOf(world.file.zone, address) };
    const answer = await world.api({ service: 'organizations', operation: 'CreateOrganizationalUnit', input });
    world.units.set(path, textIn(memberOf(answer, 'OrganizationalUnit') ?? {}, 'Id'));
  },
  async change(world, { address }, { id }) {
    const input = { OrganizationalUnitId: id, Name: lastOf(address) };
    await world.api({ service: 'organizations', operation: 'UpdateOrganizationalUnit', input });
  },
  async remove(world, { id }) {
    await world.api({ service: 'organizations', operation: 'DeleteOrganizationalUnit', input: { OrganizationalUnitId: id } });
  },
};

function pathOf(address: string): string {
  return address.slice('unit/'.length);
}

async function unitsUnder(world: World, path: string, parentId: string, addresses: ReadonlySet<string>): Promise<readonly Found[]> {
  const call = { service: 'organizations', operation: 'ListOrganizationalUnitsForParent', input: { ParentId: parentId } } as const;
  const found: Found[] = [];
  const children = await listAll(world.api, call, 'OrganizationalUnits');
  const marked = await Promise.all(
    children.map(async (child) => ({ child, address: addressIn(world.file.zone, await tagsOf(world, textIn(child, 'Id'))) })),
  );
  for (const { child, address } of marked) {
    const [id, name] = [textIn(child, 'Id'), textIn(child, 'Name')];
    if (address?.startsWith('unit/') === true) {
      const own = pathOf(address);
      world.units.set(own, id);
      found.push({ address, place: own.split('/'), id, properties: { name } });
      found.push(...(await unitsUnder(world, own, id, addresses)));
      continue;
    }
    const there = `unit/${path === '' ? name : `${path}/${name}`}`;
    const isNeeded = addresses.has(there) && !marked.some((other) => other.address === there);
    const foreign = `a unit of this name (${id}) is there, which this zone did not make`;
    if (isNeeded) found.push({ address: there, place: pathOf(there).split('/'), id, properties: { name }, foreign });
  }
  return found;
}
