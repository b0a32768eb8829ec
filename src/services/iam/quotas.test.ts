// Quotas hold when sixty-four clients ask at once, on each engine.
import { afterAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { startPostgres } from '../../../test/postgres.ts';

const server = await startPostgres();
afterAll(async () => {
  await server?.stop();
});

const clients = 64;
const document = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] });

/** How many of the calls succeeded, and in which words the others were refused. */
async function race(call: (index: number) => Promise<unknown>): Promise<{ readonly won: number; readonly refusals: readonly string[] }> {
  const results = await Promise.allSettled(Array.from({ length: clients }, (_, index) => call(index)));
  const refusals = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason.message)] : []));
  return { won: clients - refusals.length, refusals: [...new Set(refusals)] };
}

describe.each(server === undefined ? ['sqlite'] : ['sqlite', 'postgres'])('on %s', (engine) => {
  let castellan: InProcess;
  afterAll(async () => {
    await castellan.stop();
  });

  test('sixty-four clients at once get two access keys, ten policies, ten groups, five versions, and one of each name', async () => {
    castellan = await startInProcess(`quotas-${engine}`, engine === 'postgres' && server ? { postgres: await server.database() } : {});
    const iam = castellan.iam();
    await iam.createUser({ UserName: 'busy' });
    await Promise.all(
      Array.from({ length: clients }, async (_, index) => {
        await iam.createGroup({ GroupName: `group-${index}` });
        await iam.createPolicy({ PolicyName: `policy-${index}`, PolicyDocument: document });
      }),
    );
    expect(await race(() => iam.createAccessKey({ UserName: 'busy' }))).toEqual({
      won: 2,
      refusals: ['Cannot exceed quota for AccessKeysPerUser: 2'],
    });
    const arnOf = (index: number) => `arn:aws:iam::${castellan.account}:policy/policy-${index}`;
    expect(await race((index) => iam.attachUserPolicy({ UserName: 'busy', PolicyArn: arnOf(index) }))).toEqual({
      won: 10,
      refusals: ['Cannot exceed quota for PoliciesPerUser: 10'],
    });
    expect(await race((index) => iam.addUserToGroup({ UserName: 'busy', GroupName: `group-${index}` }))).toEqual({
      won: 10,
      refusals: ['Cannot exceed quota for GroupsPerUser: 10'],
    });
    expect((await race(() => iam.createPolicyVersion({ PolicyArn: arnOf(0), PolicyDocument: document }))).won).toBe(4);
    expect((await race(() => iam.createUser({ UserName: 'wanted' }))).won).toBe(1);
    expect((await iam.getAccountSummary({})).SummaryMap).toMatchObject({ Groups: clients, Policies: clients });
  });
});
