// IAM through real clients: boto3 drives the whole life of each resource (iam-life.py), and the AWS CLI has a credential report made.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';
import { credentials } from './credentials-of-test.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
const hasCli = isInstalled('aws');
if (!hasBoto) console.warn('skipped: boto3 is not installed (`apt-get install python3-boto3` or `pip install boto3`)');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed (`apt-get install awscli` or `pip install awscli`)');

let server: ServerProcess;
let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = temporaryDirectory('iam-life');
  server = await startServerProcess({ dataDir: directory.path });
});
afterAll(async () => {
  await server?.stop();
  directory?.remove();
});

describe.skipIf(!hasBoto)('boto3', () => {
  test('drives the whole life of each resource', async () => {
    const script = join(projectRoot, 'test/wire/iam-life.py');
    const finished = await run('python3', [script], { ...clientEnvironment(server), ...(await credentials()) });
    expect(finished.stderr).toBe('');
    expect(JSON.parse(finished.stdout)).toEqual({
      users: ['ann', 'bob', 'cat'],
      tags: ['a', 'life'],
      'duplicate tags': 'InvalidInput',
      members: ['ann', 'bob', 'cat'],
      groups: ['team', 'team'],
      'inline of user': ['p1', 'p2', 'p3'],
      'inline of group': ['p1', 'p2', 'p3'],
      'inline document': 's3:*',
      'sixth version': 'LimitExceeded',
      versions: ['v5', 'v4', 'v3', 'v2', 'v1'],
      attached: ['managed'],
      entities: ['ann', 'team'],
      'local policies': ['managed'],
      trust: { Service: 'ec2.amazonaws.com' },
      profiles: ['web', 'web'],
      weak: 'PasswordPolicyViolation',
      reset: true,
      'third key': 'LimitExceeded',
      keys: 2,
      unused: { ServiceName: 'N/A', Region: 'N/A' },
      picture: '89504e47',
      'wrong codes': 'InvalidAuthenticationCode',
      devices: true,
      assigned: ['ann'],
      session: 'ASIA',
      'code again': 'AccessDenied',
      ssh: 'ssh-rsa ',
      'ssh keys': 1,
      signing: true,
      server: ['site'],
      git: true,
      alias: ['life-of-iam'],
      summary: [3, 1, 1, 1, 1, 1],
      details: ['ann', 'bob', 'cat'],
      'detail document': 's3:*',
      report: ['user', '<root_account>', 'ann', 'bob', 'cat'],
      'report of ann': ['true', 'true'],
      conflicts: Array.from({ length: 6 }, () => 'DeleteConflict'),
      deletion: 'SUCCEEDED',
      left: [0, 0, 0, 0, 0, 0, 0],
    });
  });
});

describe.skipIf(!hasCli)('the AWS CLI', () => {
  test('has a credential report made and reads it', async () => {
    const aws = (...parameters: string[]) => run('aws', ['iam', ...parameters, '--output', 'json'], clientEnvironment(server));
    let state = '';
    for (let attempt = 0; attempt < 20 && state !== 'COMPLETE'; attempt += 1) {
      state = String(JSON.parse((await aws('generate-credential-report')).stdout)['State']);
    }
    expect(state).toBe('COMPLETE');
    const report = JSON.parse((await aws('get-credential-report')).stdout);
    expect(report['ReportFormat']).toBe('text/csv');
    expect(Buffer.from(String(report['Content']), 'base64').toString('utf8')).toMatch(
      /^user,arn,user_creation_time,.*\n<root_account>,arn:aws:iam::/,
    );
  });
});
