// Two nodes on one PostgreSQL: what one revokes the other refuses, and a node that is killed in the middle of load loses nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { createClient } from '../client.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import type { ServerProcess } from '../server-process.ts';
import { startTwoNodes, type TwoNodes } from '../two-nodes.ts';

const postgres: TestPostgres | undefined = await startPostgres();

describe.skipIf(postgres === undefined)('two nodes', () => {
  let nodes: TwoNodes | undefined;
  let one: ServerProcess;
  let two: ServerProcess;

  beforeAll(async () => {
    nodes = await startTwoNodes('two-nodes', (await postgres?.database()) ?? '');
    ({ one, two } = nodes);
  });
  afterAll(async () => {
    await nodes?.stop();
    await postgres?.stop();
  });

  test('a key that is deactivated through one is refused by the other within one second', async () => {
    const admin = createClient(one.port, one.credentials);
    const other = createClient(two.port, two.credentials);
    await admin.query('iam', { Action: 'CreateUser', UserName: 'eve' });
    const { body } = await admin.query('iam', { Action: 'CreateAccessKey', UserName: 'eve' });
    const member = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(body)?.[1] ?? '';
    const eve = { accessKeyId: member('AccessKeyId'), secretAccessKey: new Secret(member('SecretAccessKey')) };
    const call = () => other.query('sts', { Action: 'GetCallerIdentity' }, eve);
    for (let warm = 0; warm < 5; warm += 1) expect((await call()).status).toBe(200);
    await admin.query('iam', { Action: 'UpdateAccessKey', UserName: 'eve', AccessKeyId: eve.accessKeyId, Status: 'Inactive' });
    const acknowledgedAt = performance.now();
    const answer = await call();
    expect(performance.now() - acknowledgedAt).toBeLessThan(1_000);
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('InvalidClientTokenId');
    admin.close();
    other.close();
  });

  test('a guardrail that is attached through one binds at the next request to the other', async () => {
    const admin = createClient(one.port, one.credentials);
    const other = createClient(two.port, two.credentials);
    const call = async (operation: string, input: object) => {
      const { body } = await admin.json(`AWSOrganizationsV20161128.${operation}`, 'organizations', input);
      return (name: string) => new RegExp(`"${name}":"([^"]+)"`).exec(body)?.[1] ?? '';
    };
    await call('CreateOrganization', {});
    const rootId = (await call('ListRoots', {}))('Id');
    const account = (await call('CreateAccount', { AccountName: 'bound', Email: 'bound@example.org' }))('AccountId');
    const session = async () => {
      await admin.query('iam', { Action: 'CreateUser', UserName: 'hopper' });
      const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
      await admin.query('iam', { Action: 'PutUserPolicy', UserName: 'hopper', PolicyName: 'p', PolicyDocument: JSON.stringify(document) });
      const { body: key } = await admin.query('iam', { Action: 'CreateAccessKey', UserName: 'hopper' });
      const of = (body: string, name: string) => new RegExp(`<${name}>([^<]+)<`).exec(body)?.[1] ?? '';
      const user = { accessKeyId: of(key, 'AccessKeyId'), secretAccessKey: new Secret(of(key, 'SecretAccessKey')) };
      const RoleArn = `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`;
      const { body } = await admin.query('sts', { Action: 'AssumeRole', RoleArn, RoleSessionName: 'inside' }, user);
      const secretAccessKey = new Secret(of(body, 'SecretAccessKey'));
      return { accessKeyId: of(body, 'AccessKeyId'), secretAccessKey, sessionToken: of(body, 'SessionToken') };
    };
    const inside = await session();
    const listUsers = () => other.query('iam', { Action: 'ListUsers' }, inside);
    for (let warm = 0; warm < 5; warm += 1) expect((await listUsers()).status).toBe(200);
    const Content = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'iam:ListUsers', Resource: '*' }] });
    const PolicyId = (await call('CreatePolicy', { Name: 'n', Description: '', Type: 'SERVICE_CONTROL_POLICY', Content }))('Id');
    const unit = (await call('CreateOrganizationalUnit', { ParentId: rootId, Name: 'u' }))('Id');
    await call('AttachPolicy', { PolicyId, TargetId: unit });
    expect((await listUsers()).status).toBe(200);
    await call('MoveAccount', { AccountId: account, SourceParentId: rootId, DestinationParentId: unit });
    expect((await listUsers()).body).toContain('service control policy');
    await call('DetachPolicy', { PolicyId, TargetId: unit });
    expect((await listUsers()).status).toBe(200);
    await call('AttachPolicy', { PolicyId, TargetId: account });
    expect((await listUsers()).body).toContain('service control policy');
    admin.close();
    other.close();
  });

  test('a node that is killed in the middle of load loses nothing that it acknowledged', async () => {
    const doomed = createClient(one.port, one.credentials, 8);
    const survivor = createClient(two.port, two.credentials, 8);
    const acknowledged: string[] = [];
    let count = 0;
    let fromDoomed = 0;
    const writer = async (client: typeof doomed): Promise<void> => {
      for (let index = 0; index < 40; index += 1) {
        count += 1;
        const name = `load-${count}`;
        const answer = await client.query('iam', { Action: 'CreateUser', UserName: name }).catch(() => undefined);
        if (answer === undefined) return;
        expect([200, 400]).toContain(answer.status);
        if (answer.status !== 200) continue;
        acknowledged.push(name);
        // In the middle of its load, however fast the machine is.
        if (client === doomed) fromDoomed += 1;
        if (fromDoomed === 30) one.child.kill('SIGKILL');
      }
    };
    await Promise.all([...Array.from({ length: 6 }, () => writer(doomed)), ...Array.from({ length: 6 }, () => writer(survivor))]);
    const names = new Set<string>();
    let marker: string | undefined;
    do {
      const { body } = await survivor.query('iam', {
        Action: 'ListUsers',
        MaxItems: '1000',
        ...(marker === undefined ? {} : { Marker: marker }),
      });
      for (const [, name = ''] of body.matchAll(/<UserName>([^<]+)</g)) names.add(name);
      marker = /<Marker>([^<]+)</.exec(body)?.[1];
    } while (marker !== undefined);
    expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
    expect(fromDoomed).toBeGreaterThanOrEqual(30);
    expect(fromDoomed).toBeLessThan(240);
    expect(acknowledged.length - fromDoomed).toBeGreaterThan(100);
    doomed.close();
    survivor.close();
  });
});
