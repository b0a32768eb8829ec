// The examples in the AWS CLI's reference, read by the CLI's own parser and sent by boto3 (documented_examples.py): each is accepted and answered with at
// least the members that AWS's answer has, or stands below with the reason; the list may only shrink.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';
import { credentials } from './credentials-of-test.ts';

// The examples come with the CLI that is written in Python.
const hasExamples = isInstalled('python3', ['-c', 'import boto3, awscli.clidriver']);
if (!hasExamples) console.warn('skipped: the AWS CLI is not installed as a Python package (`pip install awscli boto3`)');
const root = { accessKeyId: 'AKIDROOTOFEXAMPLES', secretAccessKey: 'secret-of-the-root-account' };

let server: ServerProcess;
let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = temporaryDirectory('documented-examples');
  const fixed = ['--root-access-key-id', root.accessKeyId, '--root-secret-access-key', root.secretAccessKey];
  const parameters = ['--allow-reset', '--allow-time-travel', '--root-account', '123456789012', ...fixed];
  server = await startServerProcess({ dataDir: directory.path, arguments: parameters });
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
  /** The client itself does not send it. */
  readonly broken?: string;
  readonly reason: string;
}

const noStore = 'there is no CloudHSM cluster and no external proxy here; both have tests of their own';
const badId = 'the id does not match the pattern in the model';
const misspelt = 'the reference shows members that the model does not have';
const notShown = 'the reference does not show the file';
const absent = 'reservations are absent: nothing can be reserved here';
const noForecast = 'nothing has been spent yet, so that nothing can be forecast';

const expected: Readonly<Record<string, Readonly<Record<string, Difference>>>> = {
  iam: {
    'change-password 1': { broken: "KeyError: 'OldPassword'", reason: notShown },
    'create-login-profile 1': { reason: notShown },
    'create-open-id-connect-provider 1': { reason: notShown },
    'decode-authorization-message 0': { reason: 'the operation is of STS' },
    'get-account-authorization-details 0': {
      missing: ['.RoleDetailList[].RoleLastUsed.Region', '.RoleDetailList[].RoleLastUsed.LastUsedDate', '.Marker'],
      reason: 'the role has not been used, and there is one page',
    },
    'get-context-keys-for-custom-policy 1': { refused: 'InvalidInput', reason: notShown },
    'get-mfa-device 0': { refused: 'NoSuchEntity', reason: 'FIDO keys are enrolled in the console only' },
    'get-service-last-accessed-details-with-entities 0': {
      missing: ['.EntityDetailsList[].LastAuthenticated'],
      reason: 'the user of the example has not used the service',
    },
    'list-policies 0': { missing: ['.NextToken'], reason: 'the CLI makes it itself' },
    'list-service-specific-credential 0': { missing: ['.ServiceSpecificCredential'], reason: misspelt },
    'list-service-specific-credential 1': { missing: ['.ServiceSpecificCredential'], reason: misspelt },
  },
  sts: {
    'assume-role-with-saml 0': { refused: 'InvalidIdentityToken', reason: 'the example’s assertion is no assertion' },
    'assume-role-with-web-identity 0': { reason: 'the CLI reads the second policy’s ARN wrongly' },
  },
  kms: {
    'connect-custom-key-store 0': { refused: 'CustomKeyStoreNotFoundException', reason: noStore },
    'create-custom-key-store 0': { refused: 'ValidationException', reason: badId },
    'create-key 7': { refused: 'CustomKeyStoreNotFoundException', reason: noStore },
    'create-key 8': { refused: 'CustomKeyStoreNotFoundException', reason: noStore },
    'describe-custom-key-stores 0': { refused: 'CustomKeyStoreNotFoundException', reason: noStore },
    'describe-custom-key-stores 1': { refused: 'CustomKeyStoreNotFoundException', reason: noStore },
    'describe-custom-key-stores 2': { refused: 'CustomKeyStoreNotFoundException', reason: noStore },
    'put-key-policy 1': { missing: ['.Version', '.Id', '.Statement'], reason: 'what is shown below the command is the policy' },
    'update-custom-key-store 0': { refused: 'CustomKeyStoreNotFoundException', reason: noStore },
    'update-custom-key-store 1': { refused: 'CustomKeyStoreNotFoundException', reason: noStore },
    'update-custom-key-store 2': { refused: 'ValidationException', reason: badId },
    'update-custom-key-store 3': { refused: 'ValidationException', reason: badId },
  },
  secretsmanager: {
    'describe-secret 0': {
      missing: ['.RotationRules.AutomaticallyAfterDays', '.LastRotatedDate'],
      reason: 'the function of this test does not finish a rotation',
    },
    'list-secrets 2': { missing: ['.SecretList[]'], reason: 'there is no RDS that would own secrets' },
    'stop-replication-to-replica 0': { refused: 'InvalidRequestException', reason: 'it is asked in the region of the replica' },
  },
  budgets: {
    'describe-budget 0': { missing: ['.Budget.CalculatedSpend.ForecastedSpend'], reason: noForecast },
    'describe-budgets 0': { missing: ['.Budgets[].CalculatedSpend.ForecastedSpend'], reason: noForecast },
  },
  'resource-groups': {
    'search-resources 0': { missing: ['.ResourceIdentifiers[]'], reason: 'there are no EC2 instances' },
    'update-group-query 0': { missing: ['.Group', '.ResourceQuery'], reason: misspelt },
    'update-group-query 1': { missing: ['.Group', '.ResourceQuery'], reason: misspelt },
  },
  ce: {
    'get-reservation-coverage 0': { refused: 'ValidationException', reason: absent },
    'get-reservation-purchase-recommendation 0': { refused: 'NotImplemented', reason: absent },
    'get-reservation-utilization 0': { refused: 'NotImplemented', reason: absent },
    'get-tags 0': { missing: ['.Tags[]'], reason: 'nothing is tagged with Project' },
  },
  organizations: {
    'describe-account 0': { missing: ['.Account.JoinedTimeStamp'], reason: misspelt },
    'enable-all-features 0': {
      missing: [
        '.Handshake.Parties[].id',
        '.Handshake.Parties[].type',
        '.Handshake.requestedTimestamp',
        '.Handshake.resources',
        '.Handshake.state',
      ],
      reason: misspelt,
    },
    'list-create-account-status 0': {
      missing: ['.CreateAccountStatuses[].CompletedTimeStamp', '.CreateAccountStatuses[].RequestedTimeStamp'],
      reason: misspelt,
    },
    'list-create-account-status 1': {
      missing: ['.CreateAccountStatuses[]'],
      reason: 'accounts are made sooner than anybody can look',
    },
    'list-handshakes-for-account 0': { missing: ['.Handshake'], reason: misspelt },
  },
};

/** Commands that the CLI's parser does not take as they stand: drawn tables, Windows paths, addresses that it would fetch, keys that are cut short. */
const unread: Readonly<Record<string, number>> = { iam: 4, kms: 5 };

describe.skipIf(!hasExamples)('the examples of the CLI’s reference', () => {
  test.each([
    ['iam', 184],
    ['sts', 8],
    ['kms', 74],
    ['secretsmanager', 36],
    ['budgets', 13],
    ['resource-groups', 16],
    ['resourcegroupstaggingapi', 5],
    ['ce', 6],
    // The last one, because it moves the clock.
    ['organizations', 43],
  ])('of %s', { timeout: 240_000 }, async (service, total) => {
    const environment = { ...clientEnvironment(server, root), TEST_ADMIN_TOKEN: server.adminToken, ...(await credentials()) };
    const finished = await run('python3', [`${projectRoot}/test/wire/documented_examples.py`, service], environment);
    expect(finished.stderr).toBe('');
    // Decoding boundary: what the script printed.
    const seen: {
      readonly total: number;
      readonly unread: readonly string[];
      readonly differences: Readonly<Record<string, object>>;
    } = JSON.parse(finished.stdout);
    const wanted = Object.entries(expected[service] ?? {}).map(([name, { reason: _reason, ...difference }]) => [
      `${service} ${name}`,
      expect.objectContaining(difference),
    ]);
    expect(seen.differences).toEqual(Object.fromEntries(wanted));
    expect(seen.unread).toHaveLength(unread[service] ?? 0);
    expect(seen.total).toBeGreaterThanOrEqual(total);
  });
});
