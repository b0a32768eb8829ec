// Accounts: made in the root and moved to their unit, closed when they are removed. Known by their mark, whatever they are called.
import { type Answer, listAll, memberOf, textIn } from '../api.ts';
import type { Found, Wanted } from '../item.ts';
import { addressIn, marksOf } from '../marks.ts';
import { type KnownAccount, requireId, type World, ZoneError } from '../world.ts';
import { type Kind, lastOf, placeOfAccount } from './kind.ts';
import { tagsOf } from './tags.ts';

export const accounts: Kind = {
  name: 'account',
  removalNote: 'closed for good after 90 days; until then only AWS’s support opens it again, and its address is taken',
  wanted: (world) =>
    Object.entries(world.file.accounts).map(([name, { unit, email }]) => ({
      address: `account/${name}`,
      place: placeOfAccount(world, name),
      properties: { unit, email },
    })),
  async find(world, wanted) {
    if (world.rootId === '') return [];
    const listed = await listAll(world.api, { service: 'organizations', operation: 'ListAccounts' }, 'Accounts');
    world.allAccounts = await inBatches(listed, (account) => knownAccount(world, account));
    const found: Found[] = [];
    for (const account of world.allAccounts) {
      const address = account.isActive ? addressIn(world.file.zone, account.tags) : undefined;
      if (address?.startsWith('account/') !== true) continue;
      world.accounts.set(lastOf(address), account.id);
      found.push(foundAccount(world, account, address, wanted));
    }
    return [...found, ...inTheWay(world, found, wanted)];
  },
  async create(world, { address, properties }) {
    const name = lastOf(address);
    const started = (await unfinished(world, name)) ?? (await begin(world, name, String(properties['email'])));
    const account = await finished(world, started);
    world.accounts.set(name, account);
    const unit = requireId(world.units, String(properties['unit']));
    if (unit !== world.rootId) await move(world, account, world.rootId, unit);
  },
  async change(world, { properties }, { id }) {
    const parent = await parentOf(world, id);
    await move(world, id, parent, requireId(world.units, String(properties['unit'])));
  },
  async remove(world, { id, address }) {
    // A unit that holds a closed account could not be removed for ninety days.
    const parent = await parentOf(world, id);
    if (parent !== world.rootId) await move(world, id, parent, world.rootId);
    await world.api({ service: 'organizations', operation: 'CloseAccount', input: { AccountId: id } });
    world.accounts.delete(lastOf(address));
  },
};

async function knownAccount(world: World, account: Answer): Promise<KnownAccount> {
  const id = textIn(account, 'Id');
  const isActive = (textIn(account, 'State') || textIn(account, 'Status')) === 'ACTIVE';
  const tags = isActive ? await tagsOf(world, id) : new Map<string, string>();
  const isOwn = addressIn(world.file.zone, tags)?.startsWith('account/') === true;
  const parentId = isOwn ? await parentOf(world, id) : '';
  return { id, name: textIn(account, 'Name'), email: textIn(account, 'Email'), parentId, isActive, tags };
}

function foundAccount(world: World, account: KnownAccount, address: string, wanted: readonly Wanted[]): Found {
  const unit = [...world.units].find(([, id]) => id === account.parentId)?.[0] ?? account.parentId;
  const wish = wanted.find((each) => each.address === address);
  const place = wish?.place ?? [...(unit === '/' ? [] : unit.split('/')), lastOf(address)];
  const item = { address, place, id: account.id, properties: { unit, email: account.email } };
  const isOtherAddress = wish !== undefined && String(wish.properties['email']).toLowerCase() !== account.email.toLowerCase();
  if (!isOtherAddress) return { ...item, properties: { unit, email: wish?.properties['email'] ?? account.email } };
  return { ...item, foreign: `its address is ${account.email}; only the account itself changes it, so write that into the file` };
}

/** AWS lets an address be used once, by closed accounts too. */
function inTheWay(world: World, found: readonly Found[], wanted: readonly Wanted[]): readonly Found[] {
  const isThere = (address: string) => found.some((each) => each.address === address);
  return wanted.flatMap((wish) => {
    const email = String(wish.properties['email']).toLowerCase();
    const other = isThere(wish.address) ? undefined : world.allAccounts.find((each) => each.email.toLowerCase() === email);
    if (other === undefined) return [];
    const owner = `the address ${other.email} belongs to the account ${other.name} (${other.id})`;
    const closed =
      'which is closed: AWS frees the address when it removes the account, 90 days after; until then write another into the file';
    return [{ ...wish, id: other.id, foreign: `${owner}, ${other.isActive ? 'which this zone did not make' : closed}` }];
  });
}

async function begin(world: World, name: string, email: string): Promise<string> {
  const input = { AccountName: name, Email: email, Tags: marksOf(world.file.zone, `account/${name}`) };
  const answer = await world.api({ service: 'organizations', operation: 'CreateAccount', input });
  return textIn(memberOf(answer, 'CreateAccountStatus') ?? {}, 'Id');
}

/** What an apply that was interrupted has begun. */
async function unfinished(world: World, name: string): Promise<string | undefined> {
  const call = { service: 'organizations', operation: 'ListCreateAccountStatus', input: { States: ['IN_PROGRESS'] } } as const;
  const status = (await listAll(world.api, call, 'CreateAccountStatuses')).find((each) => textIn(each, 'AccountName') === name);
  return status === undefined ? undefined : textIn(status, 'Id');
}

const statusAsksMax = 600;

async function finished(world: World, CreateAccountRequestId: string): Promise<string> {
  for (let ask = 0; ask < statusAsksMax; ask += 1) {
    const answer = await world.api({
      service: 'organizations',
      operation: 'DescribeCreateAccountStatus',
      input: { CreateAccountRequestId },
    });
    const status = memberOf(answer, 'CreateAccountStatus') ?? {};
    if (textIn(status, 'State') === 'SUCCEEDED') return textIn(status, 'AccountId');
    if (textIn(status, 'State') === 'FAILED') {
      throw new ZoneError(`the account ${textIn(status, 'AccountName')} was not made: ${textIn(status, 'FailureReason')}`);
    }
    await world.wait(1_000);
  }
  throw new ZoneError('an account is still being made; apply again later');
}

async function parentOf(world: World, id: string): Promise<string> {
  const call = { service: 'organizations', operation: 'ListParents', input: { ChildId: id } } as const;
  const [parent = {}] = await listAll(world.api, call, 'Parents');
  return textIn(parent, 'Id');
}

async function move(world: World, AccountId: string, SourceParentId: string, DestinationParentId: string): Promise<void> {
  await world.api({ service: 'organizations', operation: 'MoveAccount', input: { AccountId, SourceParentId, DestinationParentId } });
}

const asksAtOnce = 8;

async function inBatches<From, To>(items: readonly From[], ask: (item: From) => Promise<To>): Promise<readonly To[]> {
  const answers: To[] = [];
  for (let at = 0; at < items.length; at += asksAtOnce) answers.push(...(await Promise.all(items.slice(at, at + asksAtOnce).map(ask))));
  return answers;
}
