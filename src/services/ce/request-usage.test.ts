// What of the ledger is charged, whatever names clients put into their requests.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MeteredService } from '../../kit/metering.ts';
import type { LedgerEntry } from '../../store/store.ts';
import { measure } from './request-usage.ts';

const kms: MeteredService = { name: 'kms', eventSource: 'kms.amazonaws.com', product: 'KMS', productCode: 'awskms', metering: {} };

function entry(record: object, more: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    sequence: 1,
    eventId: 'e',
    timeMs: 1_795_534_423_250,
    account: '111122223333',
    region: 'us-east-1',
    eventName: 'Decrypt',
    eventSource: 'kms.amazonaws.com',
    username: undefined,
    accessKeyId: undefined,
    readOnly: true,
    resources: [],
    record: JSON.stringify(record),
    ...more,
  };
}

const charged = (event: LedgerEntry): number => measure([event], [kms]).reduce((sum, { amounts }) => sum + Number(amounts[0]?.quantity), 0);

const cases: readonly (readonly [string, object, number])[] = [
  ['a call', { eventType: 'AwsApiCall' }, 1],
  ['a call that failed', { errorCode: 'AccessDenied', eventType: 'AwsApiCall' }, 0],
  ['something that a service did by itself', { eventType: 'AwsServiceEvent' }, 0],
  ['a sign-in', { eventType: 'AwsConsoleSignIn' }, 0],
  ['the caller’s event of two', { userIdentity: { accountId: '111122223333' }, eventType: 'AwsApiCall', sharedEventID: 'x' }, 1],
  ['the owner’s event of two', { userIdentity: { accountId: '444455556666' }, eventType: 'AwsApiCall', sharedEventID: 'x' }, 0],
  [
    'a call with such names in its parameters',
    { requestParameters: { errorCode: 'x', eventType: 'AwsServiceEvent', sharedEventID: 'y' }, eventType: 'AwsApiCall' },
    1,
  ],
  [
    'a service’s event with such a name in its details',
    { eventType: 'AwsServiceEvent', serviceEventDetails: { eventType: 'AwsApiCall' } },
    0,
  ],
  [
    'a failure that hides behind its parameters',
    { errorCode: 'x', requestParameters: { eventType: 'AwsApiCall' }, eventType: 'AwsApiCall' },
    0,
  ],
];
test.each(cases)('%s counts as it should', (_what, record, count) => {
  expect(charged(entry(record))).toBe(count);
});

test('whether an event is charged does not depend on what is in its parameters', () => {
  const name = fc.oneof(fc.constantFrom('eventType', 'errorCode', 'sharedEventID', '"eventType":"AwsApiCall"'), fc.string());
  const value = fc.oneof(fc.constantFrom('AwsApiCall', 'AwsServiceEvent', '"errorCode"'), fc.string());
  const outcome = fc.constantFrom(
    { eventType: 'AwsApiCall' },
    { errorCode: 'x', eventType: 'AwsApiCall' },
    { eventType: 'AwsServiceEvent' },
  );
  fc.assert(
    fc.property(outcome, fc.dictionary(name, value, { noNullPrototype: true }), (record, requestParameters) => {
      expect(charged(entry({ requestParameters, ...record }))).toBe(charged(entry(record)));
    }),
  );
});

test('calls are added up by hour, account, region and operation', () => {
  const call = { eventType: 'AwsApiCall' };
  const events = [entry(call), entry(call), entry(call, { region: 'eu-west-1' }), entry(call, { timeMs: 1_795_538_023_250 })];
  expect(measure(events, [kms]).map(({ region, amounts }) => [region, amounts[0]?.quantity])).toEqual([
    ['us-east-1', 2n],
    ['eu-west-1', 1n],
    ['us-east-1', 1n],
  ]);
});
