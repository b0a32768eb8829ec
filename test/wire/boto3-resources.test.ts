// boto3's resource API for IAM, and what inventories ask first, against a fresh server.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
if (!hasBoto) console.warn('skipped: boto3 is not installed (`apt-get install python3-boto3` or `pip install boto3`)');

test.skipIf(!hasBoto)('boto3’s resources of IAM have their attributes, collections, actions and waiters', async () => {
  const directory = temporaryDirectory('boto3-resources');
  const server = await startServerProcess({ dataDir: directory.path });
  const finished = await run('python3', [join(projectRoot, 'test/wire/iam-resources.py')], clientEnvironment(server));
  await server.stop();
  directory.remove();
  expect(finished.stderr).toBe('');
  expect(JSON.parse(finished.stdout)).toEqual({
    user: ['/a/', [{ Key: 'k', Value: 'v' }], ['Inactive'], ['inline'], ['arn:aws:iam::aws:policy/SecurityAudit']],
    inline: 's3:*',
    renamed: ['/b/', null, ['rosa']],
    group: [['rosa'], ['readers']],
    role: [7200, ['inline'], ['machines'], 'reader'],
    versions: [['v2', 'v1'], 'v2'],
    policy: [3, ['rosa'], ['readers'], ['reader']],
    rules: [10, false, null],
    'no rules': 'NoSuchEntity',
    pages: [expect.any(Number), 40],
    left: [[], [], []],
    regions: ['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'],
    mappings: [],
  });
});
