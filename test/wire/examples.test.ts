// AWS's own examples, as its SDKs and reference carry them, against the server through boto3 (examples.py). Each is accepted and answered with
// at least the members that AWS's answer has, or stands below with the reason; the list may only shrink.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';
import { credentials } from './credentials-of-test.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
if (!hasBoto) console.warn('skipped: boto3 is not installed (`apt-get install python3-boto3` or `pip install boto3`)');
const root = { accessKeyId: 'AKIDROOTOFEXAMPLES', secretAccessKey: 'secret-of-the-root-account' };

let server: ServerProcess;
let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = temporaryDirectory('examples');
  const fixed = [
    '--root-account',
    '123456789012',
    '--root-access-key-id',
    root.accessKeyId,
    '--root-secret-access-key',
    root.secretAccessKey,
  ];
  server = await startServerProcess({ dataDir: directory.path, arguments: ['--allow-reset', '--allow-time-travel', ...fixed] });
});
afterAll(async () => {
  await server?.stop();
  directory?.remove();
});

interface Difference {
  /** Of the refusal. */
  readonly refused?: string;
  /** Members that AWS's answer has and ours does not. */
  readonly missing?: readonly string[];
  readonly reason: string;
}

const noCluster = 'there is no CloudHSM cluster here; external key stores are tested by their own wire test';

const expected: Readonly<Record<string, Readonly<Record<string, Difference>>>> = {
  iam: { 'iam ListUsers 0': { missing: ['.Users[].PasswordLastUsed'], reason: 'nobody has signed in with a password' } },
  sts: {
    'sts AssumeRoleWithSAML 0': { refused: 'InvalidIdentityToken', reason: 'the example’s assertion is no assertion' },
    'sts AssumeRoleWithWebIdentity 0': {
      refused: 'IDPCommunicationError',
      reason: 'the token is for Amazon to judge, which is not reached',
    },
  },
  kms: {
    'kms ConnectCustomKeyStore 0': { refused: 'CustomKeyStoreNotFoundException', reason: noCluster },
    'kms CreateCustomKeyStore 0': { refused: 'ValidationException', reason: 'the cluster id does not match the pattern in the model' },
    'kms CreateKey 5': { refused: 'CustomKeyStoreNotFoundException', reason: noCluster },
    'kms DeleteCustomKeyStore 0': { refused: 'CustomKeyStoreNotFoundException', reason: noCluster },
    'kms DescribeCustomKeyStores 1': { refused: 'CustomKeyStoreNotFoundException', reason: noCluster },
    'kms DisconnectCustomKeyStore 0': { refused: 'CustomKeyStoreNotFoundException', reason: noCluster },
    'kms UpdateCustomKeyStore 0': { refused: 'CustomKeyStoreNotFoundException', reason: noCluster },
    'kms UpdateCustomKeyStore 1': { refused: 'CustomKeyStoreNotFoundException', reason: noCluster },
    'kms UpdateCustomKeyStore 2': { refused: 'ValidationException', reason: 'the cluster id does not match the pattern in the model' },
  },
  secretsmanager: {
    'secretsmanager DescribeSecret 0': {
      missing: ['.LastRotatedDate', '.RotationRules.AutomaticallyAfterDays'],
      reason: 'the function of this test does not finish a rotation',
    },
  },
  organizations: {
    'organizations ListCreateAccountStatus 1': {
      missing: ['.CreateAccountStatuses[]'],
      reason: 'accounts are made sooner than anybody can look',
    },
  },
};

describe.skipIf(!hasBoto)('AWS’s examples', () => {
  test.each([
    ['iam', 68],
    ['sts', 9],
    ['kms', 61],
    ['secretsmanager', 24],
    ['organizations', 42],
  ])('of %s', async (service, total) => {
    const environment = { ...clientEnvironment(server, root), TEST_ADMIN_TOKEN: server.adminToken, ...(await credentials()) };
    const finished = await run('python3', [`${projectRoot}/test/wire/examples.py`, service], environment);
    expect(finished.stderr).toBe('');
    // Decoding boundary: what the script printed.
    const seen: { readonly total: number; readonly differences: Readonly<Record<string, object>> } = JSON.parse(finished.stdout);
    expect(seen.total).toBeGreaterThanOrEqual(total);
    const wanted = Object.entries(expected[service] ?? {}).map(([name, { reason: _reason, ...difference }]) => [
      name,
      expect.objectContaining(difference),
    ]);
    expect(seen.differences).toEqual(Object.fromEntries(wanted));
  });
});
