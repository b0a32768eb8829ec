// Rows of the ledger's table as both engines give them (one of them with large numbers as text), and the entries that they are.
import type { AskedEntry, LedgerEntry } from './store.ts';

export interface LedgerRow {
  readonly sequence: number | string;
  readonly time_ms: number | string;
  readonly account: string;
  readonly region: string;
  readonly event_id: string;
  readonly event_name: string;
  readonly event_source: string;
  readonly username: string | null;
  readonly access_key_id: string | null;
  readonly read_only: number | boolean;
  readonly resources: string;
  readonly record: string;
}

export const entryColumns =
  'sequence, time_ms, account, region, event_id, event_name, event_source, username, access_key_id, read_only, resources, record';

export function rowToEntry(row: LedgerRow): LedgerEntry {
  return {
    sequence: Number(row.sequence),
    eventId: row.event_id,
    timeMs: Number(row.time_ms),
    account: row.account,
    region: row.region,
    eventName: row.event_name,
    eventSource: row.event_source,
    username: row.username ?? undefined,
    accessKeyId: row.access_key_id ?? undefined,
    readOnly: row.read_only === 1 || row.read_only === true,
    resources: row.resources === '[]' ? [] : JSON.parse(row.resources),
    record: row.record,
  };
}

export interface AskedRow
  extends Pick<LedgerRow, 'sequence' | 'time_ms' | 'account' | 'region' | 'event_id' | 'event_name' | 'event_source'> {
  readonly asked: string | null;
  readonly context: string | null;
}

export const askedColumns = 'sequence, time_ms, account, region, event_id, event_name, event_source, asked, context';

export function rowToAsked(row: AskedRow): AskedEntry {
  return {
    sequence: Number(row.sequence),
    eventId: row.event_id,
    timeMs: Number(row.time_ms),
    account: row.account,
    region: row.region,
    eventName: row.event_name,
    eventSource: row.event_source,
    text: row.asked ?? undefined,
    contextId: row.context ?? undefined,
  };
}
