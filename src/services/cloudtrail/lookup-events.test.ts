// LookupEvents over a real ledger.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { testAccount, testContext, testNow, userCaller } from '../../../test/service-context.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/temporary.ts';
import { randomIds } from '../../base/ids.ts';
import { fixedRootKey } from '../../store/root-key.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite.ts';
import type { LedgerEvent, Store } from '../../store/store.ts';
import type { LookupEventsRequest, LookupEventsResponse } from './api.gen.ts';
import { LookupEvents } from './lookup-events.ts';

const day = 24 * 60 * 60 * 1000;
const roleArn = `arn:aws:iam::${testAccount}:role/r`;

/** Ten minutes apart, the first ten the oldest; `e0` is beyond retention. */
const events: readonly LedgerEvent[] = Array.from({ length: 10 }, (_, index) => ({
  eventId: `e${index}`,
  timeMs: index === 0 ? testNow - 91 * day : testNow - (10 - index) * 600_000,
  account: index === 8 ? '999900001111' : testAccount,
  region: index === 7 ? 'eu-west-1' : 'us-east-1',
  eventName: index % 2 === 0 ? 'AssumeRole' : 'CreateUser',
  eventSource: index % 2 === 0 ? 'sts.amazonaws.com' : 'iam.amazonaws.com',
  username: index === 3 ? undefined : 'alice',
  accessKeyId: index === 4 ? 'AKIA4' : undefined,
  readOnly: index % 2 === 0,
  resources: index === 5 ? [{ type: 'AWS::IAM::Role', name: roleArn }] : [],
  record: `{"eventID":"e${index}"}`,
}));

let directory: TemporaryDirectory;
let store: Store;
beforeAll(async () => {
  directory = temporaryDirectory('lookup-events');
  store = await openSqliteStore({ dataDir: directory.path, rootKeys: fixedRootKey(new Uint8Array(32)), ids: randomIds() });
  await store.transact(async (transaction) => {
    for (const event of events) transaction.append(event);
  });
});
afterAll(async () => {
  await store?.close();
  directory?.remove();
});

function lookup(
  input: LookupEventsRequest,
  options: { readonly region?: string; readonly account?: string } = {},
): Promise<LookupEventsResponse> {
  const alice = userCaller('alice');
  const caller = { ...alice, principal: { ...alice.principal, account: options.account ?? testAccount } };
  return store.transact(async (transaction) => {
    const context = testContext({ transaction, caller, ...(options.region === undefined ? {} : { region: options.region }) });
    return LookupEvents.handle({ ...input }, context);
  });
}

async function idsOf(...parameters: Parameters<typeof lookup>): Promise<readonly (string | undefined)[]> {
  return ((await lookup(...parameters)).Events ?? []).map(({ EventId }) => EventId);
}

test('finds the events of the account and region of the last 90 days, newest first', async () => {
  expect(await idsOf({})).toEqual(['e9', 'e6', 'e5', 'e4', 'e3', 'e2', 'e1']);
  expect(await idsOf({}, { region: 'eu-west-1' })).toEqual(['e7']);
  expect(await idsOf({}, { account: '999900001111' })).toEqual(['e8']);
  expect(await idsOf({ StartTime: 0 })).not.toContain('e0');
});

test.each([
  ['EventId', 'e2', ['e2']],
  ['EventName', 'AssumeRole', ['e6', 'e4', 'e2']],
  ['EventSource', 'iam.amazonaws.com', ['e9', 'e5', 'e3', 'e1']],
  ['ReadOnly', 'true', ['e6', 'e4', 'e2']],
  ['Username', 'alice', ['e9', 'e6', 'e5', 'e4', 'e2', 'e1']],
  ['AccessKeyId', 'AKIA4', ['e4']],
  ['ResourceName', roleArn, ['e5']],
  ['ResourceType', 'AWS::IAM::Role', ['e5']],
  ['EventName', 'assumerole', []],
] as const)('finds by %s %s', async (AttributeKey, AttributeValue, ids) => {
  expect(await idsOf({ LookupAttributes: [{ AttributeKey, AttributeValue }] })).toEqual(ids);
});

test('finds what happened in a span of time, with both ends', async () => {
  const at = (index: number) => Math.floor((events[index]?.timeMs ?? 0) / 1000) * 1000;
  expect(await idsOf({ StartTime: at(2), EndTime: at(4) })).toEqual(['e4', 'e3', 'e2']);
});

test('shows an event with its record', async () => {
  const { Events } = await lookup({ LookupAttributes: [{ AttributeKey: 'EventId', AttributeValue: 'e5' }] });
  expect(Events).toEqual([
    {
      EventId: 'e5',
      EventName: 'CreateUser',
      ReadOnly: 'false',
      AccessKeyId: undefined,
      EventTime: 1_795_531_423_000,
      EventSource: 'iam.amazonaws.com',
      Username: 'alice',
      Resources: [{ ResourceType: 'AWS::IAM::Role', ResourceName: roleArn }],
      CloudTrailEvent: '{"eventID":"e5"}',
    },
  ]);
});

test('pages through everything once, whatever the size of the pages', async () => {
  for (const MaxResults of [1, 2, 3, 7, 50]) {
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page: LookupEventsResponse = await lookup({ MaxResults, NextToken });
      seen.push(...(page.Events ?? []).map(({ EventId }) => EventId));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(seen).toEqual(['e9', 'e6', 'e5', 'e4', 'e3', 'e2', 'e1']);
  }
});

test('refuses a token of another search, account or region, and one that is none', async () => {
  const { NextToken } = await lookup({ MaxResults: 1 });
  const others: readonly Parameters<typeof lookup>[] = [
    [{ NextToken, LookupAttributes: [{ AttributeKey: 'ReadOnly', AttributeValue: 'true' }] }],
    [{ NextToken, StartTime: testNow - day }],
    [{ NextToken }, { region: 'eu-west-1' }],
    [{ NextToken }, { account: '999900001111' }],
    [{ NextToken: `${NextToken}A` }],
    [{ NextToken: 'x' }],
  ];
  for (const other of others) await expect(lookup(...other)).rejects.toMatchObject({ code: 'InvalidNextTokenException' });
});

const attribute = { AttributeKey: 'EventName', AttributeValue: 'x' } as const;
test.each<readonly [string, LookupEventsRequest]>([
  ['InvalidLookupAttributesException', { LookupAttributes: [attribute, attribute] }],
  ['InvalidLookupAttributesException', { LookupAttributes: [{ AttributeKey: 'ReadOnly', AttributeValue: 'True' }] }],
  ['InvalidTimeRangeException', { StartTime: testNow, EndTime: testNow - 1 }],
  ['InvalidMaxResultsException', { MaxResults: 0 }],
  ['InvalidMaxResultsException', { MaxResults: 51 }],
])('answers %s to %j', async (code, input) => {
  await expect(lookup(input)).rejects.toMatchObject({ code });
});

test('finds no Insights events', async () => {
  expect(await idsOf({ EventCategory: 'insight' })).toEqual([]);
});

test('looks through a bounded number of events and goes on with the token', async () => {
  const many = temporaryDirectory('lookup-many');
  const large = await openSqliteStore({ dataDir: many.path, rootKeys: fixedRootKey(new Uint8Array(32)), ids: randomIds() });
  const event = events[1];
  if (event === undefined) throw new Error('there is a second event');
  await large.transact(async (transaction) => {
    transaction.append({ ...event, eventId: 'needle' });
    for (let index = 0; index < 6_000; index += 1) transaction.append({ ...event, eventId: `hay-${index}` });
  });
  const search = { LookupAttributes: [{ AttributeKey: 'EventId', AttributeValue: 'needle' }] } as const;
  const page = (NextToken?: string): Promise<LookupEventsResponse> =>
    large.transact(async (transaction) => LookupEvents.handle({ ...search, NextToken }, testContext({ transaction })));
  const first = await page();
  expect(first).toMatchObject({ Events: [], NextToken: expect.any(String) });
  expect(await page(first.NextToken)).toMatchObject({ Events: [{ EventId: 'needle' }], NextToken: undefined });
  await large.close();
  many.remove();
});
