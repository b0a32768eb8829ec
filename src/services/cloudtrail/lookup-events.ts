// LookupEvents: the last 90 days of the account's ledger in this region, newest first.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
import type { Context } from '../../kit/context.ts';
import type { LedgerEntry, LedgerQuery } from '../../store/store.ts';
import type { Event, LookupEventsRequest } from './api.gen.ts';
import { fault, operation } from './service.ts';

const defaultResults = 50;
const keptMs = 90 * 24 * 60 * 60 * 1000;
const purpose = 'cloudtrail:LookupEvents';

export const LookupEvents = operation('LookupEvents', {
  access: () => ({ action: 'cloudtrail:LookupEvents', resource: '*' }),
  async handle(input, context) {
    const query = queryOf(input, context);
    const limit = input.MaxResults ?? defaultResults;
    const before = positionOf(input, context);
    const found = await context.transaction.events({ ...query, limit: limit + 1, ...(before === undefined ? {} : { before }) });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      Events: page.map((entry) => eventShape(entry)),
      ...(found.length > limit && last !== undefined
        ? { NextToken: context.sealer.seal(purpose, JSON.stringify([fingerprint(input), last.sequence])) }
        : {}),
    };
  },
});

function queryOf(input: LookupEventsRequest, { account, region, now }: Context): Omit<LedgerQuery, 'limit'> {
  const { LookupAttributes: attributes = [], StartTime: start, EndTime: end } = input;
  if (attributes.length > 1) throw fault('InvalidLookupAttributesException', 'You can specify only one lookup attribute in a request.');
  if (start !== undefined && end !== undefined && start > end)
    throw fault('InvalidTimeRangeException', 'The start time must be before the end time.');
  const [attribute] = attributes;
  return {
    account,
    region,
    fromMs: Math.max(start ?? 0, now - keptMs),
    ...(end === undefined ? {} : { toMs: end }),
    ...(attribute === undefined ? {} : { attribute: { key: attribute.AttributeKey, value: attribute.AttributeValue } }),
  };
}

/** Tokens belong to the search that they came from. */
function positionOf(input: LookupEventsRequest, { sealer }: Context): number | undefined {
  if (input.NextToken === undefined) return undefined;
  const opened = sealer.open(purpose, input.NextToken);
  const [search, sequence]: readonly unknown[] = opened === undefined ? [] : JSON.parse(opened);
  if (search !== fingerprint(input) || typeof sequence !== 'number') {
    throw fault('InvalidNextTokenException', 'The next token is invalid, or it was returned for a request with other parameters.');
  }
  return sequence;
}

function fingerprint({ LookupAttributes, StartTime, EndTime, EventCategory }: LookupEventsRequest): string {
  return JSON.stringify([LookupAttributes ?? [], StartTime, EndTime, EventCategory]);
}

function eventShape(entry: LedgerEntry): Event {
  return {
    EventId: entry.eventId,
    EventName: entry.eventName,
    ReadOnly: String(entry.readOnly),
    ...(entry.accessKeyId === undefined ? {} : { AccessKeyId: entry.accessKeyId }),
    EventTime: Math.floor(entry.timeMs / 1000) * 1000,
    EventSource: entry.eventSource,
    ...(entry.username === undefined ? {} : { Username: entry.username }),
    Resources: entry.resources.map(({ type, name }) => ({ ResourceType: type, ResourceName: name })),
    CloudTrailEvent: entry.record,
  };
}
