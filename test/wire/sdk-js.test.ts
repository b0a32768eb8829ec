// The AWS SDK for JavaScript v3 against a fresh server.
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  GetUserCommand,
  IAMClient,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';

let server: ServerProcess;
let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = temporaryDirectory('sdk-js');
  server = await startServerProcess({ dataDir: directory.path });
});
afterAll(async () => {
  await server?.stop();
  directory?.remove();
});

function settings(credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = server.credentials) {
  return { region: 'us-east-1', endpoint: server.endpoint, credentials };
}

test('creates, reads and is refused with typed exceptions', async () => {
  const iam = new IAMClient(settings());
  const { User: user } = await iam.send(new CreateUserCommand({ UserName: 'carol', Tags: [{ Key: 'team', Value: 'blue' }] }));
  expect(user?.UserId).toMatch(/^AIDA[A-Z2-7]{17}$/);
  expect(user?.CreateDate).toBeInstanceOf(Date);
  const read = await iam.send(new GetUserCommand({ UserName: 'carol' }));
  expect(read.User?.Tags).toEqual([{ Key: 'team', Value: 'blue' }]);
  await expect(iam.send(new CreateUserCommand({ UserName: 'carol' }))).rejects.toMatchObject({
    name: 'EntityAlreadyExistsException',
    message: 'User with name carol already exists.',
    $metadata: { httpStatusCode: 409 },
  });
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'carol' }));
  const carol = new IAMClient(settings({ accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' }));
  await expect(carol.send(new ListUsersCommand({}))).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
});

test('a session token works until the role is gone', async () => {
  const iam = new IAMClient(settings());
  const sts = new STSClient(settings());
  const { Account: account } = await sts.send(new GetCallerIdentityCommand({}));
  const { AccessKey: key } = await createUserWithKey(iam, 'dave');
  const dave = settings({ accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' });
  const trust = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${account}:user/dave` },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'secret-handshake' } },
      },
    ],
  };
  const { Role: role } = await iam.send(new CreateRoleCommand({ RoleName: 'guarded', AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const request = { RoleArn: role?.Arn ?? '', RoleSessionName: 'visit' };
  await expect(new STSClient(dave).send(new AssumeRoleCommand(request))).rejects.toMatchObject({ name: 'AccessDenied' });
  const { Credentials: credentials } = await new STSClient(dave).send(
    new AssumeRoleCommand({ ...request, ExternalId: 'secret-handshake' }),
  );
  const session = settings({
    accessKeyId: credentials?.AccessKeyId ?? '',
    secretAccessKey: credentials?.SecretAccessKey ?? '',
    sessionToken: credentials?.SessionToken ?? '',
  });
  const who = await new STSClient(session).send(new GetCallerIdentityCommand({}));
  expect(who.UserId).toBe(`${role?.RoleId}:visit`);
});

test('finds its own calls in the ledger, without secrets', async () => {
  const trail = new CloudTrailClient(settings());
  const { Events: events } = await trail.send(
    new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'CreateAccessKey' }] }),
  );
  expect(events?.length).toBe(2);
  for (const event of events ?? []) expect(event.CloudTrailEvent).not.toMatch(/secretAccessKey":"(?!HIDDEN)/i);
});

async function createUserWithKey(iam: IAMClient, userName: string) {
  await iam.send(new CreateUserCommand({ UserName: userName }));
  return iam.send(new CreateAccessKeyCommand({ UserName: userName }));
}
