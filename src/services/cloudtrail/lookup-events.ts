// LookupEvents: the last 90 days of the account's ledger in this region, newest first.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
import type { Context, Scope } from '../../kit/context.ts';
import type { LedgerEntry, LedgerQuery } from '../../store/store.ts';
import type { Event, LookupAttribute, LookupEventsRequest } from './api.gen.ts';
import { fault, operation } from './service.ts';

const resultsMax = 50;
const keptMs = 90 * 24 * 60 * 60 * 1000;
/** How many entries one call looks through for those that match. What is left is found with the token, as AWS's pages may be short too. */
const scannedMax = 5_000;
const batchMax = 500;

export const LookupEvents = operation('LookupEvents', {
  access: () => ({ action: 'cloudtrail:LookupEvents', resource: '*' }),
  async handle(input, context) {
    const limit = resultsOf(input);
    const search = searchOf(input, context);
    const before = openToken(input, context);
    // No trail collects Insights events here, so there are none to be found.
    if (input.EventCategory === 'insight') return { Events: [] };
    const { found, next } = await scan(context, search, { limit, before });
    return { Events: found.map(eventOf), NextToken: next === undefined ? undefined : sealToken(input, context, next) };
  },
});

interface Search {
  readonly range: Omit<LedgerQuery, 'limit' | 'before' | 'attribute'>;
  readonly matches: (entry: LedgerEntry) => boolean;
}

interface Page {
  readonly found: readonly LedgerEntry[];
  /** Where the next page begins: after the entry of this sequence. Undefined at the end. */
  readonly next: number | undefined;
}

async function scan(
  { transaction }: Context,
  { range, matches }: Search,
  page: { limit: number; before: number | undefined },
): Promise<Page> {
  const found: LedgerEntry[] = [];
  let before = page.before;
  for (let scanned = 0; scanned < scannedMax; ) {
    const batch = await transaction.events({ ...range, limit: batchMax, ...(before === undefined ? {} : { before }) });
    for (const entry of batch) {
      if (matches(entry)) {
        if (found.length === page.limit) return { found, next: before };
        found.push(entry);
      }
      before = entry.sequence;
    }
    if (batch.length < batchMax) return { found, next: undefined };
    scanned += batch.length;
  }
  return { found, next: before };
}

function searchOf({ LookupAttributes = [], StartTime, EndTime }: LookupEventsRequest, { account, region, now }: Context): Search {
  if (LookupAttributes.length > 1)
    throw fault('InvalidLookupAttributesException', 'You can specify only one lookup attribute in a request.');
  if (StartTime !== undefined && EndTime !== undefined && StartTime > EndTime) {
    throw fault('InvalidTimeRangeException', 'The start time cannot be after the end time.');
  }
  const range = { account, region, fromMs: Math.max(StartTime ?? 0, now - keptMs) };
  return {
    // Events are printed in whole seconds, so the end of the range is the end of its second.
    range: EndTime === undefined ? range : { ...range, toMs: Math.floor(EndTime / 1000) * 1000 + 999 },
    matches: LookupAttributes[0] === undefined ? () => true : matcherOf(LookupAttributes[0]),
  };
}

function matcherOf({ AttributeKey: key, AttributeValue: value }: LookupAttribute): (entry: LedgerEntry) => boolean {
  switch (key) {
    case 'EventId':
      return ({ eventId }) => eventId === value;
    case 'EventName':
      return ({ eventName }) => eventName === value;
    case 'EventSource':
      return ({ eventSource }) => eventSource === value;
    case 'Username':
      return ({ username }) => username === value;
    case 'AccessKeyId':
      return ({ accessKeyId }) => accessKeyId === value;
    case 'ReadOnly':
      if (value !== 'true' && value !== 'false') {
        throw fault('InvalidLookupAttributesException', 'The value of the lookup attribute ReadOnly must be true or false.');
      }
      return ({ readOnly }) => String(readOnly) === value;
    case 'ResourceName':
      return ({ resources }) => resources.some(({ name }) => name === value);
    case 'ResourceType':
      return ({ resources }) => resources.some(({ type }) => type === value);
    default:
      throw fault('InvalidLookupAttributesException', `The lookup attribute ${String(key)} is not valid.`);
  }
}

/** The model's bounds are checked before; this is CloudTrail's own word for them. */
function resultsOf({ MaxResults = resultsMax }: LookupEventsRequest): number {
  if (MaxResults < 1 || MaxResults > resultsMax) {
    throw fault('InvalidMaxResultsException', `MaxResults must be between 1 and ${resultsMax}.`);
  }
  return MaxResults;
}

const purpose = 'cloudtrail:LookupEvents';

/** A token says where the next page begins, and belongs to one search of one account in one region. */
function sealToken(input: LookupEventsRequest, scope: Scope, next: number): string {
  return scope.sealer.seal(purpose, JSON.stringify([fingerprint(input, scope), next]));
}

function openToken(input: LookupEventsRequest, scope: Scope): number | undefined {
  if (input.NextToken === undefined) return undefined;
  const opened = scope.sealer.open(purpose, input.NextToken);
  if (opened === undefined) throw fault('InvalidNextTokenException', 'The token that was specified is not valid.');
  const [search, next]: readonly unknown[] = JSON.parse(opened);
  if (search !== fingerprint(input, scope) || typeof next !== 'number') {
    throw fault('InvalidNextTokenException', 'The token was returned for another request. You must use the same parameters.');
  }
  return next;
}

/** AWS: the page's size may change from page to page. */
function fingerprint(
  { LookupAttributes = [], StartTime, EndTime, EventCategory }: LookupEventsRequest,
  { account, region }: Scope,
): string {
  const attributes = LookupAttributes.map(({ AttributeKey, AttributeValue }) => [AttributeKey, AttributeValue]);
  return JSON.stringify([account, region, attributes, StartTime, EndTime, EventCategory]);
}

function eventOf(entry: LedgerEntry): Event {
  return {
    EventId: entry.eventId,
    EventName: entry.eventName,
    // AWS: text, not a boolean.
    ReadOnly: String(entry.readOnly),
    AccessKeyId: entry.accessKeyId,
    EventTime: Math.floor(entry.timeMs / 1000) * 1000,
    EventSource: entry.eventSource,
    Username: entry.username,
    Resources: entry.resources.map(({ type, name }) => ({ ResourceType: type, ResourceName: name })),
    CloudTrailEvent: entry.record,
  };
}
