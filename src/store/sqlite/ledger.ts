// Reading the ledger from SQLite: LookupEvents' filters as SQL, newest first.
import { limits } from '../../base/limits.ts';
import { entryColumns } from '../ledger-row.ts';
import type { LedgerQuery } from '../store.ts';

export function ledgerStatement(query: LedgerQuery): { readonly sql: string; readonly parameters: readonly unknown[] } {
  const conditions: string[] = [];
  const parameters: unknown[] = [];
  const add = (condition: string, parameter: unknown): void => {
    conditions.push(condition);
    parameters.push(parameter);
  };
  if (query.account !== undefined) add('account = ?', query.account);
  if (query.region !== undefined) add('region = ?', query.region);
  if (query.fromMs !== undefined) add('time_ms >= ?', query.fromMs);
  if (query.toMs !== undefined) add('time_ms <= ?', query.toMs);
  if (query.before !== undefined) add('sequence < ?', query.before);
  if (query.attribute !== undefined) addAttribute(query.attribute, add);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  parameters.push(Math.min(query.limit, limits.listBatchMax));
  return { sql: `SELECT ${entryColumns} FROM events ${where} ORDER BY sequence DESC LIMIT ?`, parameters };
}

function addAttribute({ key, value }: NonNullable<LedgerQuery['attribute']>, add: (condition: string, parameter: unknown) => void): void {
  switch (key) {
    case 'EventId':
      return add('event_id = ?', value);
    case 'EventName':
      return add('event_name = ?', value);
    case 'EventSource':
      return add('event_source = ?', value);
    case 'Username':
      return add('username = ?', value);
    case 'AccessKeyId':
      return add('access_key_id = ?', value);
    case 'ReadOnly':
      return add('read_only = ?', value === 'true' ? 1 : 0);
    case 'ResourceName':
      return add("EXISTS (SELECT 1 FROM json_each(resources) WHERE json_extract(json_each.value, '$.name') = ?)", value);
    case 'ResourceType':
      return add("EXISTS (SELECT 1 FROM json_each(resources) WHERE json_extract(json_each.value, '$.type') = ?)", value);
  }
}
