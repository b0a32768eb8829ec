// The few facts that belong to the whole installation: its home account and how far its clock was moved. Kept in the store, so that every
// node and every later start agree on them.
import type { MovableClock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Store, Transaction } from '../store/store.ts';

const collection = 'installation';

export interface Installation {
  readonly account: string;
  /** This call made it. */
  readonly created: boolean;
}

/** The home account; made at the first start, with the given id or a random one. @throws Error when another id is given later. */
export async function openInstallation(store: Store, givenAccount: string | undefined, ids: Ids): Promise<Installation> {
  return store.transact(async (transaction) => {
    const known = (await transaction.get(collection, 'account'))?.['id'];
    if (typeof known === 'string') {
      if (givenAccount !== undefined && givenAccount !== known) {
        throw new Error(
          `the data belongs to the account \`${known}\`; start without --root-account, or use another --data-dir for \`${givenAccount}\``,
        );
      }
      return { account: known, created: false };
    }
    const account = givenAccount ?? randomAccount(ids);
    transaction.put(collection, 'account', { id: account });
    return { account, created: true };
  });
}

/** How often a node looks whether another one moved the clock. */
const followEveryMs = 500;

/** Moves the clock to where it was left and, with several nodes, keeps following it. Returns how to stop that. */
export async function resumeClock(store: Store, clock: MovableClock, hasOtherNodes: boolean): Promise<() => void> {
  const follow = async (): Promise<void> => {
    const offset = await store.transact(async (transaction) => storedOffset(transaction));
    if (offset > clock.offsetMs) clock.advance(offset - clock.offsetMs);
  };
  await follow();
  if (!hasOtherNodes) return () => undefined;
  // A node that cannot reach the store serves nothing anyway, so a failure waits for the next turn.
  const timer = setInterval(() => void follow().catch(() => undefined), followEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Moves the installation's clock forward; other nodes follow within a second. A store that was cleared is behind the clock, not before it. */
export async function advanceClock(store: Store, clock: MovableClock, ms: number): Promise<void> {
  const offset = await store.transact(async (transaction) => {
    const next = Math.max(await storedOffset(transaction), clock.offsetMs) + ms;
    transaction.put(collection, 'clock', { offsetMs: next });
    return next;
  });
  if (offset > clock.offsetMs) clock.advance(offset - clock.offsetMs);
}

async function storedOffset(transaction: Transaction): Promise<number> {
  const offset = (await transaction.get(collection, 'clock'))?.['offsetMs'];
  return typeof offset === 'number' ? offset : 0;
}

/** Twelve digits; AWS's own never begin with zero. */
function randomAccount(ids: Ids): string {
  let number = 0n;
  for (const byte of ids.bytes(8)) number = (number << 8n) | BigInt(byte);
  return (100_000_000_000n + (number % 900_000_000_000n)).toString();
}
