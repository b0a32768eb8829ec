// The AWS CLI against a fresh server: the tour of the README, and what it must refuse.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { type Credentials, clientEnvironment, isInstalled, run } from './command.ts';

const hasCli = isInstalled('aws');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed (`apt-get install awscli` or `pip install awscli`)');

describe.skipIf(!hasCli)('the AWS CLI', () => {
  let server: ServerProcess;
  let directory: TemporaryDirectory;

  beforeAll(async () => {
    directory = temporaryDirectory('aws-cli');
    server = await startServerProcess({ dataDir: directory.path, arguments: ['--allow-time-travel'] });
  });
  afterAll(async () => {
    await server?.stop();
    directory?.remove();
  });

  async function aws(parameters: readonly string[], credentials?: Credentials) {
    return run('aws', parameters, clientEnvironment(server, credentials));
  }

  async function answer(parameters: readonly string[], credentials?: Credentials): Promise<Record<string, unknown>> {
    const finished = await aws(parameters, credentials);
    expect(finished.stderr).toBe('');
    expect(finished.status).toBe(0);
    return finished.stdout.trim() === '' ? {} : (JSON.parse(finished.stdout) as Record<string, unknown>);
  }

  async function newKey(userName: string): Promise<Credentials> {
    const { AccessKey: key } = (await answer(['iam', 'create-access-key', '--user-name', userName])) as {
      AccessKey: { AccessKeyId: string; SecretAccessKey: string };
    };
    return { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
  }

  test('allows what the policy names, refuses the rest in AWS’s words, explains it, and records both', async () => {
    const identity = await answer(['sts', 'get-caller-identity']);
    const account = String(identity['Account']);
    expect(identity).toEqual({ UserId: account, Account: account, Arn: `arn:aws:iam::${account}:root` });

    await answer(['iam', 'create-user', '--user-name', 'alice']);
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }] };
    await answer(['iam', 'put-user-policy', '--user-name', 'alice', '--policy-name', 'list', '--policy-document', JSON.stringify(policy)]);
    const key = await newKey('alice');

    const listed = (await answer(['iam', 'list-users'], key)) as { Users: { UserName: string }[] };
    expect(listed.Users.map((user) => user.UserName)).toEqual(['alice']);

    const refused = await aws(['iam', 'create-user', '--user-name', 'mallory'], key);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain(
      `An error occurred (AccessDenied) when calling the CreateUser operation: User: arn:aws:iam::${account}:user/alice is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::${account}:user/mallory because no identity-based policy allows the iam:CreateUser action`,
    );

    const { Events: events } = (await answer([
      'cloudtrail',
      'lookup-events',
      '--lookup-attributes',
      'AttributeKey=Username,AttributeValue=alice',
    ])) as {
      Events: { EventName: string; CloudTrailEvent: string }[];
    };
    expect(events.map((event) => event.EventName)).toEqual(['CreateUser', 'ListUsers']);
    const record = JSON.parse(events[0]?.CloudTrailEvent ?? '{}') as { errorCode: string; requestID: string };
    expect(record.errorCode).toBe('AccessDenied');

    const explained = await run('node', ['bin/castellan.js', 'explain', record.requestID, '--data-dir', directory.path], {});
    expect(explained.stdout).toContain('iam:CreateUser');
  });

  test('assumes a role whose trust policy names the caller, and lets the session expire with the clock', async () => {
    const { Account: account } = (await answer(['sts', 'get-caller-identity'])) as { Account: string };
    await answer(['iam', 'create-user', '--user-name', 'bob']);
    const bob = await newKey('bob');
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:user/bob` }, Action: 'sts:AssumeRole' }],
    };
    await answer(['iam', 'create-role', '--role-name', 'reader', '--assume-role-policy-document', JSON.stringify(trust)]);
    const arn = `arn:aws:iam::${account}:role/reader`;
    const assumed = (await answer(['sts', 'assume-role', '--role-arn', arn, '--role-session-name', 's1'], bob)) as {
      Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string };
    };
    const session = {
      accessKeyId: assumed.Credentials.AccessKeyId,
      secretAccessKey: assumed.Credentials.SecretAccessKey,
      sessionToken: assumed.Credentials.SessionToken,
    };
    const who = await answer(['sts', 'get-caller-identity'], session);
    expect(who['Arn']).toBe(`arn:aws:sts::${account}:assumed-role/reader/s1`);

    const advanced = await run('node', ['bin/castellan.js', 'time', 'advance', '2h', '--data-dir', directory.path], {});
    expect(advanced.status).toBe(0);
    const expired = await aws(['sts', 'get-caller-identity'], session);
    expect(expired.stderr).toContain('(ExpiredToken)');
  });

  test('refuses unknown keys and wrong secrets', async () => {
    const unknown = await aws(['sts', 'get-caller-identity'], { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' });
    expect(unknown.stderr).toContain('(InvalidClientTokenId)');
    const wrong = await aws(['sts', 'get-caller-identity'], { ...server.credentials, secretAccessKey: 'wrong' });
    expect(wrong.stderr).toContain('(SignatureDoesNotMatch)');
    const json = await aws(['cloudtrail', 'lookup-events'], { ...server.credentials, secretAccessKey: 'wrong' });
    expect(json.stderr).toContain('(InvalidSignatureException)');
  });

  test('names the operation that is not implemented', async () => {
    const absent = await aws(['ec2', 'describe-instances']);
    expect(absent.stderr).toContain('DescribeInstances');
  });
});
