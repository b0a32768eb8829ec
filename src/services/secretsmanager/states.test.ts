// What each operation answers for a secret that is not there, that is marked for deletion, or that is a replica; and what a repeated request is.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import type { Structure } from '../../protocol/protocol.ts';

let castellan: InProcess;
beforeAll(async () => {
  castellan = await startInProcess('states');
});
afterAll(async () => {
  await castellan.stop();
});

const token = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
const answer = async (operation: string, input: Structure) => {
  const { error, output } = await castellan.call('secretsmanager', operation, input);
  return error === undefined ? 'done' : `${error}: ${output['Message'] ?? output['message']}`;
};
const ok = async (operation: string, input: Structure) => {
  const { error, output } = await castellan.call('secretsmanager', operation, input);
  expect([operation, error]).toEqual([operation, undefined]);
  return output;
};
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'secretsmanager:GetSecretValue', Resource: '*' },
});
const rotator = 'arn:aws:lambda:us-east-1:aws:function:SecretsManagerRDSPostgreSQLRotationSingleUser';

const missing = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
const marked = "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.";
/** Operation, what it is given besides the secret, and its answer for a secret that is marked for deletion. */
const operations: readonly [string, Structure, string][] = [
  ['CancelRotateSecret', {}, marked],
  ['DeleteResourcePolicy', {}, marked],
  ['DeleteSecret', {}, marked],
  ['DescribeSecret', {}, 'done'],
  ['GetResourcePolicy', {}, marked],
  ['GetSecretValue', {}, marked],
  ['ListSecretVersionIds', {}, 'done'],
  ['PutResourcePolicy', { ResourcePolicy: policy }, marked],
  ['PutSecretValue', { SecretString: 'x', ClientRequestToken: token(1) }, marked],
  ['RemoveRegionsFromReplication', { RemoveReplicaRegions: ['eu-west-1'] }, marked],
  ['ReplicateSecretToRegions', { AddReplicaRegions: [{ Region: 'eu-west-1' }] }, marked],
  ['RotateSecret', { RotationLambdaARN: rotator, ClientRequestToken: token(2) }, marked],
  ['StopReplicationToReplica', {}, marked],
  ['TagResource', { Tags: [{ Key: 'a', Value: 'b' }] }, marked],
  ['UntagResource', { TagKeys: ['a'] }, marked],
  ['UpdateSecret', { Description: 'd' }, marked],
  ['UpdateSecretVersionStage', { VersionStage: 'x', MoveToVersionId: token(0) }, marked],
  ['ValidateResourcePolicy', { ResourcePolicy: policy }, marked],
  ['RestoreSecret', {}, 'done'],
];

test.each(operations)('%s says that there is no such secret', async (operation, input) => {
  expect(await answer(operation, { SecretId: 'none', ...input })).toBe(missing);
});

test.each(operations)('%s for a secret that is marked for deletion', async (operation, input, expected) => {
  const SecretId = `marked-${operation}`;
  await ok('CreateSecret', { Name: SecretId, SecretString: 'v', ClientRequestToken: token(0) });
  await ok('DeleteSecret', { SecretId });
  expect(await answer(operation, { SecretId, ...input })).toBe(expected);
});

test('a batch goes on without the secrets that cannot be read', async () => {
  await ok('CreateSecret', { Name: 'batch/live', SecretString: 'v', ClientRequestToken: token(3) });
  await ok('CreateSecret', { Name: 'batch/marked', SecretString: 'v', ClientRequestToken: token(4) });
  await ok('CreateSecret', { Name: 'batch/empty' });
  await ok('DeleteSecret', { SecretId: 'batch/marked' });
  const SecretIdList = ['batch/live', 'batch/marked', 'batch/empty', 'batch/none'];
  const { SecretValues, Errors } = await ok('BatchGetSecretValue', { SecretIdList });
  expect(SecretValues).toMatchObject([{ Name: 'batch/live', SecretString: 'v' }]);
  expect(Errors).toEqual([
    { SecretId: 'batch/marked', ErrorCode: 'InvalidRequestException', Message: marked.slice('InvalidRequestException: '.length) },
    {
      SecretId: 'batch/empty',
      ErrorCode: 'ResourceNotFoundException',
      Message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    },
    { SecretId: 'batch/none', ErrorCode: 'ResourceNotFoundException', Message: "Secrets Manager can't find the specified secret." },
  ]);
  expect(await answer('BatchGetSecretValue', {})).toBe(
    "InvalidParameterException: Either 'SecretIdList' or 'Filters' must be provided, but not both.",
  );
  const both = { SecretIdList, Filters: [{ Key: 'name', Values: ['batch/'] }] };
  expect(await answer('BatchGetSecretValue', both)).toMatch(/^InvalidParameterException: Either 'SecretIdList' or 'Filters'/);
  expect(await answer('BatchGetSecretValue', { SecretIdList, MaxResults: 2 })).toBe(
    "InvalidParameterException: 'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
  );
});

const onReplica = "InvalidParameterException: Operation not permitted on a replica secret. Call must be made in primary secret's region.";
const allowedOnReplica = new Set([
  'DescribeSecret',
  'GetResourcePolicy',
  'GetSecretValue',
  'ListSecretVersionIds',
  'StopReplicationToReplica',
  'ValidateResourcePolicy',
]);

test('a replica can be read and be made independent, and nothing else', async () => {
  const home = castellan.secretsManager();
  const abroad = castellan.secretsManager(undefined, 'eu-west-1');
  await ok('CreateSecret', {
    Name: 'copied',
    SecretString: 'v',
    ClientRequestToken: token(0),
    AddReplicaRegions: [{ Region: 'eu-west-1' }],
  });
  const sdk = await import('@aws-sdk/client-secrets-manager');
  const answers: Record<string, string> = {};
  const last = operations.filter(([name]) => name === 'StopReplicationToReplica');
  for (const [name, input] of [...operations.filter(([each]) => each !== 'StopReplicationToReplica'), ...last]) {
    // Decoding boundary: every operation has a command of its name.
    const Command = (sdk as unknown as Record<string, new (input: object) => Parameters<typeof abroad.send>[0]>)[`${name}Command`];
    if (Command === undefined) throw new Error(name);
    answers[name] = await abroad.send(new Command({ SecretId: 'copied', ...input })).then(
      () => 'done',
      (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'no error'),
    );
  }
  const expected = Object.fromEntries(operations.map(([name]) => [name, allowedOnReplica.has(name) ? 'done' : onReplica]));
  expect(answers).toEqual(expected);
  expect((await home.send(new sdk.DescribeSecretCommand({ SecretId: 'copied' }))).ReplicationStatus).toBeUndefined();
});

test('a promoted replica keeps its ARN and values, and can be changed, replicated and deleted by itself', async () => {
  const { ARN } = await ok('DescribeSecret', { SecretId: 'copied' });
  const abroad = castellan.secretsManager(undefined, 'eu-west-1');
  const sdk = await import('@aws-sdk/client-secrets-manager');
  const SecretId = String(ARN).replace('us-east-1', 'eu-west-1');
  expect((await abroad.send(new sdk.GetSecretValueCommand({ SecretId }))).SecretString).toBe('v');
  await abroad.send(new sdk.PutSecretValueCommand({ SecretId, SecretString: 'own' }));
  expect((await ok('GetSecretValue', { SecretId: 'copied' }))['SecretString']).toBe('v');
  const added = await abroad.send(new sdk.ReplicateSecretToRegionsCommand({ SecretId, AddReplicaRegions: [{ Region: 'eu-west-2' }] }));
  expect(added.ReplicationStatus).toMatchObject([{ Region: 'eu-west-2', Status: 'InSync' }]);
  await abroad.send(new sdk.RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: ['eu-west-2'] }));
  await abroad.send(new sdk.DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
  expect(await answer('GetSecretValue', { SecretId: 'copied' })).toBe('done');
});

const inUse = (name: string) =>
  expect.stringMatching(
    new RegExp(
      `^ResourceExistsException: You can't use ClientRequestToken ${token(1)} because that value is already in use .*:secret:${name}-`,
    ),
  );
test.each([
  ['PutSecretValue', { SecretString: 'one' }, 'done'],
  ['PutSecretValue', { SecretString: 'two' }, 'in use'],
  ['PutSecretValue', { SecretBinary: Buffer.from('one') }, 'in use'],
  ['UpdateSecret', { SecretString: 'one' }, 'done'],
  ['UpdateSecret', { SecretString: 'two' }, 'in use'],
])('%s with the token of an earlier request and %j: %s', async (operation, value, expected) => {
  const SecretId = `again-${operation}-${Object.values(value)[0]}-${Object.keys(value)[0]}`;
  await ok('CreateSecret', { Name: SecretId, SecretString: 'zero', ClientRequestToken: token(0) });
  await ok('PutSecretValue', { SecretId, SecretString: 'one', ClientRequestToken: token(1) });
  await ok('PutSecretValue', { SecretId, SecretString: 'latest', ClientRequestToken: token(2) });
  const before = await ok('DescribeSecret', { SecretId });
  const answered = await answer(operation, { SecretId, ClientRequestToken: token(1), ...value });
  expect(answered).toEqual(expected === 'done' ? 'done' : inUse(SecretId));
  const { VersionIdsToStages } = await ok('DescribeSecret', { SecretId });
  // A repeated request is ignored: its version does not become current again.
  expect(VersionIdsToStages).toEqual(before['VersionIdsToStages']);
});

test.each<[string, string, Structure]>([
  ['CreateSecret', 'a token of 31 characters', { Name: 'n', SecretString: 'v', ClientRequestToken: 'x'.repeat(31) }],
  ['CreateSecret', 'a token of 65 characters', { Name: 'n', SecretString: 'v', ClientRequestToken: 'x'.repeat(65) }],
  ['CreateSecret', 'a description of 2,049 characters', { Name: 'n', Description: 'x'.repeat(2_049) }],
  ['CreateSecret', 'a value of 65,537 bytes', { Name: 'n', SecretString: 'x'.repeat(65_537), ClientRequestToken: token(9) }],
  ['CreateSecret', 'an empty name', { Name: '' }],
  ['CreateSecret', 'a tag key of 129 characters', { Name: 'n', Tags: [{ Key: 'x'.repeat(129), Value: '' }] }],
  ['CreateSecret', 'a tag value of 257 characters', { Name: 'n', Tags: [{ Key: 'x', Value: 'x'.repeat(257) }] }],
  [
    'PutSecretValue',
    '21 labels',
    { SecretId: 'n', SecretString: 'v', VersionStages: Array.from({ length: 21 }, (_, index) => `l${index}`) },
  ],
  ['PutSecretValue', 'a label of 257 characters', { SecretId: 'n', SecretString: 'v', VersionStages: ['x'.repeat(257)] }],
  ['PutResourcePolicy', 'a policy of 20,481 characters', { SecretId: 'n', ResourcePolicy: 'x'.repeat(20_481) }],
  ['BatchGetSecretValue', '21 secrets', { SecretIdList: Array.from({ length: 21 }, (_, index) => `s${index}`) }],
  ['ListSecrets', '11 filters', { Filters: Array.from({ length: 11 }, () => ({ Key: 'name', Values: ['x'] })) }],
  ['ListSecrets', '11 values of a filter', { Filters: [{ Key: 'name', Values: Array.from({ length: 11 }, () => 'x') }] }],
  ['ListSecrets', 'a value with other characters', { Filters: [{ Key: 'name', Values: ['a*'] }] }],
  ['ListSecrets', '101 results', { MaxResults: 101 }],
  ['GetRandomPassword', '4,097 characters', { PasswordLength: 4_097 }],
  ['RotateSecret', '1,001 days', { SecretId: 'n', RotationRules: { AutomaticallyAfterDays: 1_001 } }],
  ['RotateSecret', 'a duration without its unit', { SecretId: 'n', RotationRules: { AutomaticallyAfterDays: 1, Duration: '3' } }],
])('%s refuses %s', async (operation, _what, input) => {
  expect(await answer(operation, input)).toMatch(/^(?:ValidationException: \d+ validation errors? detected: |InvalidParameterException: )/);
});
