// VPC endpoints of a real server, each with a listener of its own: the AWS CLI and the SDK meet the endpoint's policy, the admin API is not there, and
// a file with a mistake keeps the server from starting.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IAM } from '@aws-sdk/client-iam';
import { KMS } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const owner = '111122223333';
const kmsDoor = 'vpce-0a1b2c3d4e5f60001';
const stsDoor = 'vpce-0a1b2c3d4e5f60002';

let server: ServerProcess;
let directory: TemporaryDirectory;
let key = '';
const doors = new Map<string, string>();

beforeAll(async () => {
  directory = temporaryDirectory('vpc-endpoints');
  const file = join(directory.path, 'endpoints.json');
  writeFileSync(file, JSON.stringify({ VpcEndpoints: [kms, sts] }));
  server = await startServerProcess({
    dataDir: join(directory.path, 'data'),
    arguments: ['--root-account', owner, '--vpc-endpoints', file],
  });
  const info = await fetch(`${server.endpoint}/_castellan/info`, { headers: { authorization: `Bearer ${server.adminToken}` } });
  const { vpcEndpoints } = (await info.json()) as { readonly vpcEndpoints: readonly { readonly id: string; readonly address: string }[] };
  for (const { id, address } of vpcEndpoints) doors.set(id, address);
  key = (await client(KMS, server.endpoint).createKey({})).KeyMetadata?.Arn ?? '';
});
afterAll(async () => {
  await server?.stop();
  directory?.remove();
});

const onlyReading = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: ['kms:Describe*', 'kms:List*'], Resource: '*' }],
};
const kms = {
  VpcEndpointId: kmsDoor,
  VpcId: 'vpc-0a1b2c3d4e5f60000',
  OwnerId: owner,
  ServiceName: 'com.amazonaws.us-east-1.kms',
  PolicyDocument: onlyReading,
  Listener: { Address: '127.0.0.1', Port: 0 },
};
const sts = { ...kms, VpcEndpointId: stsDoor, ServiceName: 'com.amazonaws.us-east-1.sts', PolicyDocument: undefined };

function client<Client>(kind: new (settings: object) => Client, endpoint: string | undefined): Client {
  return new kind({ region: 'us-east-1', endpoint, credentials: server.credentials, maxAttempts: 1 });
}

test('the SDK reads through the endpoint, and is refused in AWS’s words what the endpoint does not let through', async () => {
  const through = client(KMS, doors.get(kmsDoor));
  expect((await through.describeKey({ KeyId: key })).KeyMetadata?.Arn).toBe(key);
  await client(KMS, server.endpoint).encrypt({ KeyId: key, Plaintext: new Uint8Array(1) });
  await expect(through.encrypt({ KeyId: key, Plaintext: new Uint8Array(1) })).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: `User: arn:aws:iam::${owner}:root is not authorized to perform: kms:Encrypt on resource: ${key} because no VPC endpoint policy allows the kms:Encrypt action`,
  });
});

test.skipIf(!isInstalled('aws'))('the AWS CLI is told the same, and `castellan explain` names the endpoint', async () => {
  const environment = { ...clientEnvironment(server), AWS_ENDPOINT_URL: doors.get(kmsDoor) ?? '' };
  const refused = await run('aws', ['kms', 'disable-key', '--key-id', key, '--debug'], environment);
  expect(refused.stderr).toContain('because no VPC endpoint policy allows the kms:DisableKey action');
  const id = /x-castellan-authorization-id['": ]+([0-9a-z]{25})/i.exec(refused.stderr)?.[1] ?? '';
  const explained = await run('node', ['bin/castellan.js', 'explain', id, '--data-dir', server.dataDir], {});
  expect(explained.stdout).toContain(`policy of VPC endpoint ${kmsDoor}`);
});

test('an endpoint without a policy lets everything through to its service, and to no other', async () => {
  await client(STSClient, doors.get(stsDoor)).send(new GetCallerIdentityCommand({}));
  await expect(client(IAM, doors.get(stsDoor)).listUsers({})).rejects.toThrow('does not lead to `iam`');
});

test('the admin API is not behind an endpoint', async () => {
  const answer = await fetch(`${doors.get(kmsDoor)}/_castellan/info`, { headers: { authorization: `Bearer ${server.adminToken}` } });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(await answer.text()).not.toContain('dataDir');
});

test('a file with a mistake keeps the server from starting and says what is wrong', async () => {
  const file = join(directory.path, 'mistaken.json');
  writeFileSync(file, JSON.stringify({ VpcEndpoints: [{ ...kms, Listener: { Address: '0.0.0.0', Port: 0 } }] }));
  const started = startServerProcess({ dataDir: join(directory.path, 'other'), arguments: ['--vpc-endpoints', file] });
  await expect(started).rejects.toThrow(/`Listener` of `vpce-0a1b2c3d4e5f60001` can be reached by others; give --tls-cert and --tls-key/);
});
