// Records what concurrent clients did to shared keys, and judges whether some order one by one explains it. Every write carries a version of
// its own, so that a read tells whose write it saw; from that follow who must come before whom, and a cycle is an anomaly.
// Adya, "Weak Consistency" (1999); Kingsbury and Alvaro, "Elle" (2020).
import { seededIds } from '../base/ids.ts';
import type { Store } from './store.ts';

/** One unit of work that was acknowledged. */
export interface HistoryUnit {
  readonly id: number;
  /** Key to the version that was seen; undefined: the key was absent. */
  readonly reads: ReadonlyMap<string, number | undefined>;
  /** Key to the version that was written. Every written key was read first, so versions of a key form a chain. */
  readonly writes: ReadonlyMap<string, number>;
  /** Deleted keys leave a version too, kept in a tombstone. */
  readonly began: number;
  readonly ended: number;
}

export interface HistoryOptions {
  readonly clients: number;
  readonly unitsPerClient: number;
  readonly keys: number;
  readonly seed: string;
}

const collection = 'history';

/** Runs clients that create, update, delete and read shared keys in small units of work. */
export async function recordHistory(store: Store, options: HistoryOptions): Promise<readonly HistoryUnit[]> {
  const units: HistoryUnit[] = [];
  let version = 0;
  let step = 0;
  const client = async (number: number): Promise<void> => {
    const chance = seededIds(`${options.seed}/${number}`);
    for (let count = 0; count < options.unitsPerClient; count += 1) {
      const [first = 0, second = 0, kind = 0] = chance.bytes(3);
      const keys = [...new Set([`k${first % options.keys}`, `k${second % options.keys}`])];
      step += 1;
      const began = step;
      const done = await store.transact(async (transaction) => {
        const reads = new Map<string, number | undefined>();
        const writes = new Map<string, number>();
        if (kind % 5 === 0) {
          const found = await transaction.list(collection, { limit: 1_000 });
          for (let index = 0; index < options.keys; index += 1) reads.set(`k${index}`, undefined);
          for (const { key, value } of found) reads.set(key, Number(value['version']));
        }
        for (const key of keys) reads.set(key, versionOf(await transaction.get(collection, key)));
        await pause();
        if (kind % 3 !== 0) {
          for (const key of keys) {
            version += 1;
            // A tombstone is a document that says so: deletion keeps its place in the chain of versions.
            transaction.put(collection, key, { version, isDeleted: kind % 7 === 0 });
            writes.set(key, version);
          }
        }
        return { reads, writes };
      });
      step += 1;
      units.push({ id: units.length, ...done, began, ended: step });
    }
  };
  await Promise.all(Array.from({ length: options.clients }, (_each, number) => client(number)));
  return units;
}

/** Whether the units could have run one by one in an order that also respects real time. */
export function isSerialisable(units: readonly HistoryUnit[]): boolean {
  const writerOf = new Map<number, HistoryUnit>();
  for (const unit of units) for (const version of unit.writes.values()) writerOf.set(version, unit);
  /** The write that replaced a version: the one that read it and wrote the key. Two of them are a lost update. */
  const successors = new Map<string, HistoryUnit>();
  for (const unit of units) {
    for (const key of unit.writes.keys()) {
      const place = `${key}@${unit.reads.get(key) ?? 'absent'}`;
      if (successors.has(place)) return false;
      successors.set(place, unit);
    }
  }
  const edges = new Map<number, Set<number>>();
  const add = (from: HistoryUnit, to: HistoryUnit): void => {
    if (from === to) return;
    const targets = edges.get(from.id);
    if (targets === undefined) edges.set(from.id, new Set([to.id]));
    else targets.add(to.id);
  };
  for (const unit of units) {
    for (const [key, seen] of unit.reads) {
      const writer = seen === undefined ? undefined : writerOf.get(seen);
      if (seen !== undefined && writer === undefined) return false;
      if (writer !== undefined) add(writer, unit);
      const next = successors.get(`${key}@${seen ?? 'absent'}`);
      if (next !== undefined) add(unit, next);
    }
    for (const other of units) if (unit.ended < other.began) add(unit, other);
  }
  return isAcyclic(units.length, edges);
}

/** Kahn's algorithm. */
function isAcyclic(count: number, edges: ReadonlyMap<number, ReadonlySet<number>>): boolean {
  const incoming = new Array<number>(count).fill(0);
  for (const targets of edges.values()) for (const target of targets) incoming[target] = (incoming[target] ?? 0) + 1;
  const ready = incoming.flatMap((number, id) => (number === 0 ? [id] : []));
  let removed = 0;
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    removed += 1;
    for (const target of edges.get(id) ?? []) {
      incoming[target] = (incoming[target] ?? 0) - 1;
      if (incoming[target] === 0) ready.push(target);
    }
  }
  return removed === count;
}

function versionOf(document: { readonly [key: string]: unknown } | undefined): number | undefined {
  return document === undefined ? undefined : Number(document['version']);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
