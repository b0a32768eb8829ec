// Ranges and ledger searches as PostgreSQL's SQL.
import { limits } from '../../base/limits.ts';
import { askedColumns, entryColumns } from '../ledger-row.ts';
import type { AskedQuery, LedgerQuery, Range } from '../store.ts';

interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/** Collects conditions and numbers their parameters. */
function conditions(): {
  readonly add: (build: (parameter: string) => string, value: unknown) => void;
  readonly parts: string[];
  readonly values: unknown[];
} {
  const parts: string[] = [];
  const values: unknown[] = [];
  return {
    parts,
    values,
    add(build, value) {
      values.push(value);
      parts.push(build(`$${values.length}`));
    },
  };
}

export function listStatement(collection: string, range: Range): Statement {
  const { add, parts, values } = conditions();
  add((parameter) => `collection = ${parameter}`, collection);
  if (range.prefix !== undefined && range.prefix !== '') {
    add((parameter) => `key >= ${parameter}`, range.prefix);
    // The highest code point follows every key that starts with the prefix.
    add((parameter) => `key < ${parameter}`, `${range.prefix}\u{10ffff}`);
  }
  if (range.after !== undefined) add((parameter) => `key ${range.descending ? '<' : '>'} ${parameter}`, range.after);
  values.push(range.limit);
  const order = range.descending ? 'DESC' : 'ASC';
  return {
    text: `SELECT key, value FROM castellan_documents WHERE ${parts.join(' AND ')} ORDER BY key ${order} LIMIT $${values.length}`,
    values,
  };
}

export function ledgerStatement(query: LedgerQuery): Statement {
  const { add, parts, values } = conditions();
  if (query.account !== undefined) add((parameter) => `account = ${parameter}`, query.account);
  if (query.region !== undefined) add((parameter) => `region = ${parameter}`, query.region);
  if (query.fromMs !== undefined) add((parameter) => `time_ms >= ${parameter}`, query.fromMs);
  if (query.toMs !== undefined) add((parameter) => `time_ms <= ${parameter}`, query.toMs);
  if (query.before !== undefined) add((parameter) => `sequence < ${parameter}`, query.before);
  if (query.attribute !== undefined) addAttribute(query.attribute, add);
  values.push(Math.min(query.limit, limits.listBatchMax));
  const where = parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`;
  return { text: `SELECT ${entryColumns} FROM castellan_events ${where} ORDER BY sequence DESC LIMIT $${values.length}`, values };
}

export function askedStatement({ after, until, account }: AskedQuery): Statement {
  const values = [after, until, ...(account === undefined ? [] : [account])];
  const where = `sequence > $1 AND sequence <= $2${account === undefined ? '' : ' AND account = $3'}`;
  return { text: `SELECT ${askedColumns} FROM castellan_events WHERE ${where} ORDER BY sequence`, values };
}

/**
 * The events of transactions before the oldest one that still runs, so that nothing can become visible behind the cursor later.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export function followingStatement(cursor: string | undefined, limit: number): Statement {
  const [transactionId = '0', sequence = '0'] = (cursor ?? '').split(' ').filter((part) => part !== '');
  return {
    text: `SELECT ${entryColumns}, transaction_id::text AS transaction FROM castellan_events
      WHERE (transaction_id, sequence) > ($1::xid8, $2::bigint) AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY transaction_id, sequence LIMIT $3`,
    values: [transactionId, sequence, limit],
  };
}

const columns = {
  EventId: 'event_id',
  EventName: 'event_name',
  EventSource: 'event_source',
  Username: 'username',
  AccessKeyId: 'access_key_id',
} as const;

function addAttribute(
  { key, value }: NonNullable<LedgerQuery['attribute']>,
  add: (build: (parameter: string) => string, value: unknown) => void,
): void {
  switch (key) {
    case 'ReadOnly':
      return add((parameter) => `read_only = ${parameter}`, value === 'true');
    case 'ResourceName':
      return add((parameter) => `resources::jsonb @> jsonb_build_array(jsonb_build_object('name', ${parameter}::text))`, value);
    case 'ResourceType':
      return add((parameter) => `resources::jsonb @> jsonb_build_array(jsonb_build_object('type', ${parameter}::text))`, value);
    default:
      return add((parameter) => `${columns[key]} = ${parameter}`, value);
  }
}
