// Quotas hold when sixty-four clients ask at once, on each engine.
import { randomBytes } from 'node:crypto';
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

  test('sixty-four clients at once get ten policies on a role and on a group, two credentials for a service, five keys, fifty tags', async () => {
    const iam = castellan.iam();
    const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }] };
    await iam.createRole({ RoleName: 'busy', AssumeRolePolicyDocument: JSON.stringify(trust) });
    await iam.createGroup({ GroupName: 'busy' });
    const arnOf = (index: number) => `arn:aws:iam::${castellan.account}:policy/policy-${index}`;
    expect(await race((index) => iam.attachRolePolicy({ RoleName: 'busy', PolicyArn: arnOf(index) }))).toEqual({
      won: 10,
      refusals: ['Cannot exceed quota for PoliciesPerRole: 10'],
    });
    expect(await race((index) => iam.attachGroupPolicy({ GroupName: 'busy', PolicyArn: arnOf(index) }))).toEqual({
      won: 10,
      refusals: ['Cannot exceed quota for PoliciesPerGroup: 10'],
    });
    const git = { UserName: 'busy', ServiceName: 'codecommit.amazonaws.com' };
    expect((await race(() => iam.createServiceSpecificCredential(git))).won).toBe(2);
    const keys = Array.from({ length: clients }, sshKey);
    expect((await race((index) => iam.uploadSSHPublicKey({ UserName: 'busy', SSHPublicKeyBody: keys[index] }))).won).toBe(5);
    expect(await race((index) => iam.tagUser({ UserName: 'busy', Tags: [{ Key: `key-${index}`, Value: '' }] }))).toEqual({
      won: 50,
      refusals: ['The number of tags has reached the maximum limit.'],
    });
    // Sizes are summed under the same lock: each of these fits alone, and two fit together.
    const large = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: `s3:${'G'.repeat(900)}`, Resource: '*' }],
    });
    const inline = (index: number) => iam.putUserPolicy({ UserName: 'busy', PolicyName: `p${index}`, PolicyDocument: large });
    expect(await race(inline)).toEqual({ won: 2, refusals: ['Maximum policy size of 2048 bytes exceeded for user busy'] });
    await iam.createInstanceProfile({ InstanceProfileName: 'busy' });
    expect((await race(() => iam.addRoleToInstanceProfile({ InstanceProfileName: 'busy', RoleName: 'busy' }))).won).toBe(1);
  });
});

/** A key's modulus need not be a good one to be counted. */
function sshKey(): string {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes]);
  const modulus = Buffer.concat([Buffer.from([0, 0x80]), randomBytes(255)]);
  const blob = Buffer.concat([field(Buffer.from('ssh-rsa')), field(Buffer.from([1, 0, 1])), field(modulus)]);
  return `ssh-rsa ${blob.toString('base64')} somebody`;
}
