// Rotation without a database: configuration, permissions, what is due when, failures with their retries, and cancelling. Rotations of real
// databases are in test/wire/rotation.test.ts.
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  type RotateSecretCommandInput,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const builtIn = (name: string) => `arn:aws:lambda:us-east-1:aws:function:${name}`;
const RotationLambdaARN = builtIn('SecretsManagerRDSPostgreSQLRotationSingleUser');
const token = (digit: number) => `00000000-0000-4000-8000-${String(digit).padStart(12, '0')}`;

let castellan: InProcess;
let client: SecretsManagerClient;
let SecretId = '';
let count = 0;
beforeAll(async () => {
  castellan = await startInProcess('rotation');
  client = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
});
beforeEach(() => {
  count += 1;
  SecretId = `rotated-${count}`;
});

/** Nothing listens on port 1. */
const unreachable = { engine: 'postgres', host: '127.0.0.1', port: 1, username: 'u', password: 'old-password' };
const create = async (value: object = unreachable) =>
  (await client.send(new CreateSecretCommand({ Name: SecretId, SecretString: JSON.stringify(value) }))).VersionId ?? '';
const rotate = (more: Partial<RotateSecretCommandInput> = {}, as = client) =>
  as.send(new RotateSecretCommand({ SecretId, RotationLambdaARN, RotationRules: { AutomaticallyAfterDays: 10 }, ...more }));
const describe = () => client.send(new DescribeSecretCommand({ SecretId }));
const pass = async (ms: number) => {
  castellan.clock.advance(ms);
  await castellan.work.settle();
};
/** Names of the secret's own events, oldest first. */
const events = async () => {
  const { ARN = '' } = await describe();
  const found = await castellan.store.transact((transaction) =>
    transaction.events({ attribute: { key: 'ResourceName', value: ARN }, limit: 200 }),
  );
  const own = found.map(({ record }) => JSON.parse(record)).filter(({ eventType }) => eventType === 'AwsServiceEvent');
  return own.reverse();
};
const eventNames = async () => (await events()).map(({ eventName }) => eventName);

test('a rotation announces its version at once, and one that fails leaves it pending and the current one alone', async () => {
  const one = await create();
  const { VersionId: two = '' } = await rotate();
  expect((await describe()).VersionIdsToStages).toEqual({ [one]: ['AWSCURRENT'], [two]: ['AWSPENDING'] });
  await expect(client.send(new GetSecretValueCommand({ SecretId, VersionStage: 'AWSPENDING' }))).rejects.toMatchObject({
    message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
  });
  await pass(0);
  const described = await describe();
  expect(described).toMatchObject({
    RotationEnabled: true,
    RotationLambdaARN,
    RotationRules: { AutomaticallyAfterDays: 10 },
    VersionIdsToStages: { [one]: ['AWSCURRENT'], [two]: ['AWSPENDING'] },
  });
  expect(described.LastRotatedDate).toBeUndefined();
  const [started, failed] = await events();
  expect(started).toMatchObject({ eventName: 'RotationStarted', additionalEventData: { SecretVersionId: two } });
  expect(failed).toMatchObject({
    eventName: 'RotationFailed',
    additionalEventData: { SecretId: described.ARN, ErrorMessage: 'setSecret: Unable to connect to the database (ECONNREFUSED).' },
  });
  expect(JSON.stringify(await events())).not.toContain('old-password');
});

test('an announced version without a value cannot become current', async () => {
  const one = await create();
  const { VersionId: MoveToVersionId } = await rotate();
  const move = new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSCURRENT', RemoveFromVersionId: one, MoveToVersionId });
  await expect(client.send(move)).rejects.toMatchObject({ name: 'InvalidRequestException' });
});

test('a failed rotation is tried again with the same version, five times, and then in the next window', async () => {
  await create();
  await rotate();
  await pass(0);
  const attempts = async () => (await eventNames()).filter((name) => name === 'RotationFailed').length;
  for (const [minutes, expected] of [
    [1, 2],
    [4, 2],
    [1, 3],
    [15, 4],
    [60, 5],
    [24 * 60, 5],
  ] as const) {
    await pass(minutes * minuteMs);
    expect(await attempts()).toBe(expected);
  }
  const { NextRotationDate, VersionIdsToStages = {} } = await describe();
  await pass(10 * dayMs);
  expect(await attempts()).toBe(6);
  expect((await describe()).NextRotationDate).toEqual(NextRotationDate);
  expect((await describe()).VersionIdsToStages).toEqual(VersionIdsToStages);
});

test('while a rotation waits for another attempt, no other can be started', async () => {
  await create();
  await rotate({ ClientRequestToken: token(1) });
  await pass(0);
  expect((await rotate({ ClientRequestToken: token(1) })).VersionId).toBe(token(1));
  const previous = { name: 'InvalidRequestException', message: "A previous rotation isn't complete. That rotation will be reattempted." };
  await expect(rotate()).rejects.toMatchObject(previous);
  const { VersionId } = await client.send(new CancelRotateSecretCommand({ SecretId }));
  expect(VersionId).toBe(token(1));
  expect((await describe()).RotationEnabled).toBe(false);
  expect((await describe()).NextRotationDate).toBeUndefined();
  await expect(rotate()).rejects.toMatchObject(previous);
  await pass(30 * dayMs);
  expect((await eventNames()).filter((name) => name === 'RotationStarted').length).toBe(1);
});

test('a new value by hand abandons a rotation that runs, and counts as one', async () => {
  await create();
  const { VersionId: abandoned = '' } = await rotate();
  await pass(0);
  await pass(0);
  const before = (await describe()).NextRotationDate?.getTime() ?? 0;
  castellan.clock.advance(2 * dayMs);
  const { VersionId = '' } = await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(unreachable) }));
  const { VersionIdsToStages = {}, NextRotationDate } = await describe();
  expect(VersionIdsToStages[VersionId]).toEqual(['AWSCURRENT']);
  expect(VersionIdsToStages[abandoned]).toBeUndefined();
  expect((NextRotationDate?.getTime() ?? 0) - before).toBe(2 * dayMs);
  expect((await events()).at(-1)).toMatchObject({ eventName: 'RotationAbandoned', additionalEventData: { SecretVersionId: abandoned } });
});

test('a RotationToken is good for nothing but the rotation that it was given for', async () => {
  await create();
  const put = (more: object) => client.send(new PutSecretValueCommand({ SecretId, SecretString: 'x', RotationToken: token(7), ...more }));
  const refused = { name: 'InvalidParameterException' };
  await expect(put({})).rejects.toMatchObject(refused);
  await rotate({ ClientRequestToken: token(1) });
  await expect(put({ ClientRequestToken: token(1) })).rejects.toMatchObject(refused);
  await pass(0);
  await expect(put({ ClientRequestToken: token(1) })).rejects.toMatchObject(refused);
  await expect(put({ ClientRequestToken: token(1), RotationToken: 'short' })).rejects.toMatchObject({ name: 'ValidationException' });
});

test('without immediate rotation the function is tested with a version that does not stay', async () => {
  const one = await create();
  await rotate({ RotateImmediately: false, RotationRules: { ScheduleExpression: 'cron(0 8 1 * ? *)', Duration: '3h' } });
  expect(Object.keys((await describe()).VersionIdsToStages ?? {}).length).toBe(2);
  await pass(0);
  expect(await eventNames()).toEqual(['TestRotationStarted', 'TestRotationFailed']);
  const { VersionIdsToStages, NextRotationDate, RotationEnabled } = await describe();
  expect([VersionIdsToStages, RotationEnabled]).toEqual([{ [one]: ['AWSCURRENT'] }, true]);
  expect(NextRotationDate?.toISOString()).toMatch(/-01T11:00:00.000Z$/);
  await pass((NextRotationDate?.getTime() ?? 0) - castellan.clock.now() - 3 * 60 * minuteMs - minuteMs);
  expect(await eventNames()).not.toContain('RotationStarted');
  await pass(2 * minuteMs);
  expect(await eventNames()).toContain('RotationStarted');
});

test('a secret that is marked for deletion does not rotate, and one that is restored does', async () => {
  await create();
  await rotate({ RotateImmediately: false });
  await pass(0);
  await client.send(new DeleteSecretCommand({ SecretId }));
  await pass(11 * dayMs);
  expect(await eventNames()).not.toContain('RotationStarted');
  await client.send(new RestoreSecretCommand({ SecretId }));
  await pass(11 * dayMs);
  expect(await eventNames()).toContain('RotationStarted');
});

test.each<[string, object, string]>([
  ['no JSON', { SecretString: 'plain' }, 'createSecret: The secret is not a JSON object.'],
  [
    'no host',
    { SecretString: '{"engine":"postgres","username":"u","password":"p"}' },
    "createSecret: The key host is missing from the secret's JSON.",
  ],
  [
    'another engine',
    { SecretString: '{"engine":"oracle","host":"h","username":"u","password":"p"}' },
    'createSecret: The database engine must be one of postgres, aurora-postgresql to use this rotation function.',
  ],
  ['no value', {}, 'createSecret: The secret has no value to rotate.'],
])('a secret with %s fails with a reason', async (_name, value, ErrorMessage) => {
  await client.send(new CreateSecretCommand({ Name: SecretId, ...value }));
  await rotate();
  await pass(0);
  expect((await events()).at(-1)).toMatchObject({ eventName: 'RotationFailed', additionalEventData: { ErrorMessage } });
});

test('a rotator acts as Secrets Manager, so a customer key must let the service in', async () => {
  const { KeyMetadata } = await castellan.kms().createKey({});
  const KeyId = KeyMetadata?.KeyId ?? '';
  await client.send(new CreateSecretCommand({ Name: SecretId, SecretString: JSON.stringify(unreachable), KmsKeyId: KeyId }));
  await rotate();
  await pass(0);
  const reason = async () => (await events()).at(-1)?.additionalEventData.ErrorMessage;
  expect(await reason()).toBe('createSecret: Access to KMS is not allowed');
  const everything = { Effect: 'Allow', Action: 'kms:*', Resource: '*' };
  const Statement = [
    { ...everything, Principal: { AWS: '111122223333' } },
    {
      ...everything,
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Principal: { Service: 'secretsmanager.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
    },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await castellan.kms().putKeyPolicy({ KeyId, PolicyName: 'default', Policy });
  await pass(minuteMs);
  expect(await reason()).toBe('setSecret: Unable to connect to the database (ECONNREFUSED).');
});

test.each<[Partial<RotateSecretCommandInput>, string, string]>([
  [{ RotationLambdaARN: undefined }, 'InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.'],
  [{ RotationLambdaARN: builtIn('Unknown') }, 'InvalidParameterException', `There is no built-in rotation function ${builtIn('Unknown')}.`],
  [
    { RotationRules: { AutomaticallyAfterDays: 1, ScheduleExpression: 'rate(1 day)' } },
    'InvalidParameterException',
    'You cannot specify both rotation frequency and schedule expression together.',
  ],
  [
    { RotationLambdaARN: builtIn('SecretsManagerRDSMariaDBRotationMultiUser') },
    'InvalidRequestException',
    'Alternating users need the ARN of a master secret under the key masterarn in the JSON of the secret.',
  ],
])('refuses %j', async (more, name, message) => {
  await create();
  await expect(rotate(more)).rejects.toMatchObject({ name, message });
});

test('rotating needs the permission to invoke the function, and for alternating users to read the master', async () => {
  const { ARN: masterarn } = await client.send(new CreateSecretCommand({ Name: `master-${count}`, SecretString: '{}' }));
  await create({ ...unreachable, masterarn });
  const user = async (UserName: string, ...Action: string[]) => {
    const iam = castellan.iam();
    await iam.send(new CreateUserCommand({ UserName }));
    const Statement = [{ Effect: 'Allow', Action, Resource: '*' }];
    await iam.send(
      new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) }),
    );
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    return castellan.secretsManager({ accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' });
  };
  const denied = (action: string) => ({
    name: 'AccessDeniedException',
    message: expect.stringContaining(`not authorized to perform: ${action}`),
  });
  const rotator = await user('rotator', 'secretsmanager:RotateSecret');
  await expect(rotate({}, rotator)).rejects.toMatchObject(denied('lambda:InvokeFunction'));
  const invoker = await user('invoker', 'secretsmanager:RotateSecret', 'lambda:InvokeFunction');
  const multi = { RotationLambdaARN: builtIn('SecretsManagerRDSPostgreSQLRotationMultiUser') };
  await expect(rotate(multi, invoker)).rejects.toMatchObject(denied('secretsmanager:GetSecretValue'));
  await rotate({}, invoker);
});
