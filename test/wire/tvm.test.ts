// `castellan tvm` against a running server: switched on from the command line, used over HTTP, switched off again.
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  GetUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { run } from './command.ts';

const directory = temporaryDirectory('tvm');
let server: ServerProcess;
beforeAll(async () => {
  server = await startServerProcess({ dataDir: directory.path });
});
afterAll(async () => {
  await server?.stop();
  directory.remove();
});

async function castellan(...parameters: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run('node', ['bin/castellan.js', ...parameters, '--data-dir', directory.path], {});
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const post = async (path: string, body: object) => {
  const answer = await fetch(`${server.endpoint}/tvm/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
};

test('devices get sessions of the role while the machine is on', async () => {
  expect(await castellan('tvm')).toContain('anonymous   off');
  expect((await post('anonymous/devices', {})).status).toBe(404);
  const settings = { endpoint: server.endpoint, region: 'us-east-1' };
  const iam = new IAMClient({ ...settings, credentials: server.credentials });
  await iam.send(new CreateUserCommand({ UserName: 'broker' }));
  const account = (await iam.send(new GetUserCommand({ UserName: 'broker' }))).User?.Arn?.split(':')[4];
  const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  const Action = ['sts:AssumeRole', 'sts:TagSession'];
  const policy = document({ Effect: 'Allow', Action, Resource: '*' });
  await iam.send(new PutUserPolicyCommand({ UserName: 'broker', PolicyName: 'assume', PolicyDocument: policy }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'broker' }));
  const trust = document({ Effect: 'Allow', Principal: { AWS: account }, Action });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'devices', AssumeRolePolicyDocument: trust }));

  const shown = await castellan('tvm', 'on', 'anonymous', '--role-arn', Role?.Arn ?? '', '--broker-access-key-id', key?.AccessKeyId ?? '');
  expect(shown).toContain(`anonymous   ${Role?.Arn}, 3600 seconds`);
  const { body: device } = await post('anonymous/devices', {});
  const { body } = await post('anonymous/credentials', device);
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = body.Credentials;
  const sts = new STSClient({ ...settings, credentials: { accessKeyId, secretAccessKey, sessionToken } });
  const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
  expect(Arn).toBe(`arn:aws:sts::${account}:assumed-role/devices/device-${device.deviceId}`);

  await castellan('tvm', 'off', 'anonymous');
  expect((await post('anonymous/credentials', device)).status).toBe(404);
  await expect(castellan('tvm', 'on', 'everybody')).rejects.toThrow('tvm on anonymous|identity');
});
