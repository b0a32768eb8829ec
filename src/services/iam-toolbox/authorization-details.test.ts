// A refusal's decision record, by every way to it: the API, the ledger, the encoded message; for those whom it concerns, while it is kept.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

let server: InProcess;
let user: ClientCredentials;
beforeAll(async () => {
  server = await startInProcess('iam-toolbox');
  const iam = server.iam();
  await iam.createUser({ UserName: 'ann' });
  const document = { Version: '2012-10-17', Statement: [{ Sid: 'NoMallory', Effect: 'Deny', Action: 'iam:CreateUser', Resource: '*' }] };
  const { Policy } = await iam.createPolicy({ PolicyName: 'limits', PolicyDocument: JSON.stringify(document) });
  await iam.attachUserPolicy({ UserName: 'ann', PolicyArn: Policy?.Arn });
  const { AccessKey } = await iam.createAccessKey({ UserName: 'ann' });
  user = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
});
afterAll(() => server.stop());

const details = (authorizationId: string, credentials?: ClientCredentials) =>
  server.call('iam-toolbox', 'GetRequestAuthorizationDetails', { authorizationId }, credentials);

async function refusedId(): Promise<string> {
  await server
    .iam(user)
    .createUser({ UserName: 'mallory' })
    .catch(() => undefined);
  const [event] = await server.store.transact((transaction) =>
    transaction.events({ attribute: { key: 'EventName', value: 'CreateUser' }, limit: 1 }),
  );
  return JSON.parse(event?.record ?? '{}').additionalEventData.authorizationId;
}

test('the API tells which statement of which policy refused, and what else was looked at', async () => {
  const id = await refusedId();
  expect(id).toMatch(/^[0-9a-z]{25}$/);
  const answer = await details(id);
  expect(answer.status).toBe(200);
  const arn = `arn:aws:iam::${server.account}:policy/limits`;
  expect(answer.output['evaluations']).toEqual([
    {
      action: 'iam:CreateUser',
      resource: `arn:aws:iam::${server.account}:user/mallory`,
      context: {},
      evaluatedEffect: 'EXPLICIT_DENY',
      matchedPolicies: [{ uri: arn, matchedStatements: [{ sid: 'NoMallory', evaluatedEffect: 'DENY' }] }],
    },
  ]);
  expect(answer.output['policies']).toEqual([
    { type: 'IDENTITY_BASED_POLICY', inline: false, uri: arn, attachedTo: [{ arn: `arn:aws:iam::${server.account}:user/ann` }] },
  ]);
  expect(answer.output['requestContext']).toMatchObject({
    'aws:PrincipalArn': `arn:aws:iam::${server.account}:user/ann`,
    'aws:SourceIp': '192.0.2.1/32',
  });
  expect((await server.explain(id))?.authorizationId).toBe(id);
});

test('other accounts do not see it, callers without permission may not ask, and nobody finds what is none or over', async () => {
  const id = await refusedId();
  const other = await server.addAccount('999988887777');
  expect((await details(id, other)).status).toBe(404);
  const refused = await details(id, user);
  expect([refused.status, refused.error]).toEqual([403, 'AccessDeniedException']);
  expect((await details('0000')).status).toBe(404);
  expect((await details('NOT-ONE')).status).toBe(400);
  server.clock.advance(8 * 86_400_000);
  expect((await details(id)).status).toBe(404);
  await server.work.settle();
  expect(await server.explain(id)).toBeUndefined();
});
