// Calls of one service to another: in the caller's name or as the service, judged, recorded and undone like requests of their own.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../test/in-process.ts';
import { callsTo } from '../kit/calls.ts';
import type { Context } from '../kit/context.ts';
import type { Operations as Iam } from '../services/iam/api.gen.ts';
import type { Operations as Sts } from '../services/sts/api.gen.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('perform');
});
afterAll(() => server.stop());

const iam = callsTo<Iam>('iam');
const sts = callsTo<Sts>('sts');

/** As if CloudTrail did it by itself. */
function asCloudTrail<Result>(work: (context: Context) => Promise<Result>): Promise<Result> {
  return server.runService('cloudtrail', (contextFor) => work(contextFor({ account: server.account, region: 'eu-west-1' })));
}

async function records(eventName: string): Promise<readonly Record<string, unknown>[]> {
  const events = await server.store.transact((transaction) =>
    transaction.events({ attribute: { key: 'EventName', value: eventName }, limit: 10 }),
  );
  return events.map(({ record }) => JSON.parse(record) as Record<string, unknown>);
}

test('a service that calls is known by its principal, in the answer and in the ledger', async () => {
  const identity = await asCloudTrail((context) => sts(context, 'GetCallerIdentity', {}));
  expect(identity.Arn).toBe('cloudtrail.amazonaws.com');
  const [record] = await records('GetCallerIdentity');
  expect(record?.['userIdentity']).toMatchObject({ type: 'AWSService', invokedBy: 'cloudtrail.amazonaws.com' });
  expect(record?.['recipientAccountId']).toBe(server.account);
});

test('a service has no permission but what resource policies give, and its refusal stays in the ledger when it goes on', async () => {
  const message = await asCloudTrail((context) =>
    iam(context, 'CreateUser', { UserName: 'by-service' }).then(
      () => 'created',
      (error: Error) => error.message,
    ),
  );
  expect(message).toContain('is not authorized to perform: iam:CreateUser');
  expect((await records('CreateUser'))[0]).toMatchObject({ errorCode: 'AccessDenied' });
});

test('what a service does by itself is an event of its own kind', async () => {
  await asCloudTrail(async (context) => context.serviceEvent({ eventName: 'Digested', serviceEventDetails: { count: 1 } }));
  expect((await records('Digested'))[0]).toMatchObject({
    eventType: 'AwsServiceEvent',
    eventSource: 'cloudtrail.amazonaws.com',
    awsRegion: 'eu-west-1',
    serviceEventDetails: { count: 1 },
  });
});

test('a wrong input is refused by the callee’s model', async () => {
  const called = asCloudTrail((context) => iam(context, 'GetRole', { RoleName: '' }));
  await expect(called).rejects.toThrow("Value '' at 'roleName' failed to satisfy constraint");
});
