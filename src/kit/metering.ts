// What a service says about its use, so that a bill can be made: what one of its requests counts as, and what it keeps that is counted by the hour.
// Nothing here is a price. Read by the service that keeps the usage (ce).
import type { Ids } from '../base/ids.ts';
import type { Transaction } from '../store/store.ts';
import { type Collection, collection } from './collection.ts';

/** Declared in a service's definition. */
export interface Metering {
  /** As bills name the service; by default its full name in AWS's model. */
  readonly product?: string;
  /** By default the product without spaces: `AWSSecretsManager`. */
  readonly productCode?: string;
  /** AWS: usage types begin with a code of their region (`EUC1-`), for some services with its name (`eu-central-1-`). */
  readonly regionPrefix?: 'code' | 'name';
  /** The usage type of one request, by its operation's name; by default `APIRequest`. */
  readonly requests?: (operation: string) => string;
  readonly stored?: readonly StoredMeter[];
}

/** A kind of usage. Amounts are counted in whole numbers, so that nothing is lost before money is. */
export interface UsageKind {
  /** Without its region: `KMS-Keys`. */
  readonly usageType: string;
  /** As bills print it: `Requests`, `Keys`, `GB-Mo`. */
  readonly unit: string;
  /** How many of what is counted make one unit, as a whole number: 1 for keys, 1073741824 for bytes in GB. */
  readonly divisor: string;
}

/** Something that is kept, counted for every hour that it is there; a unit is one month of it. */
export interface StoredMeter extends UsageKind {
  readonly operation: string;
  page(transaction: Transaction, after: string | undefined): Promise<StoredPage>;
}

interface StoredPage {
  readonly items: readonly StoredItem[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

export interface StoredItem {
  readonly account: string;
  readonly region: string;
  /** In whole parts of the unit. */
  readonly count: number;
  readonly sinceMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

const pageMax = 200;

/** A meter over a collection. */
export function storedMeter<Value extends object>(
  records: Collection<Value>,
  declaration: UsageKind & { readonly operation: string; readonly itemOf: (value: Value) => StoredItem | undefined },
): StoredMeter {
  const { itemOf, ...kind } = declaration;
  return {
    ...kind,
    async page(transaction, after) {
      const batch = await records.list(transaction, [], { limit: pageMax, ...(after === undefined ? {} : { after }) });
      return {
        items: batch.flatMap(({ value }) => itemOf(value) ?? []),
        next: batch.length < pageMax ? undefined : batch.at(-1)?.cursor,
      };
    },
  };
}

/** A service of the build as the meter sees it. */
export interface MeteredService {
  /** Its folder under src/services. */
  readonly name: string;
  readonly eventSource: string;
  readonly product: string;
  readonly productCode: string;
  readonly metering: Metering;
}

/** Usage that neither a request nor something stored tells: how long a function ran. Waits here until it is added up. */
interface NotedUsage extends UsageKind {
  /** The noting service's folder. */
  readonly service: string;
  readonly account: string;
  readonly region: string;
  readonly operation: string;
  readonly atMs: number;
  /** A whole number of what the divisor counts. */
  readonly quantity: string;
  readonly tags: Readonly<Record<string, string>>;
}

export const notedUsage: Collection<NotedUsage & { readonly id: string }> = collection('metering.noted', ({ id }) => [id]);

export function noteUsage(transaction: Transaction, ids: Ids, usage: NotedUsage): void {
  notedUsage.put(transaction, { ...usage, id: ids.uuid() });
}
