// What Secrets Manager leaves behind: events in CloudTrail's shape, and nowhere a value, neither in the ledger nor in an error nor on disk.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let client: SecretsManagerClient;
beforeAll(async () => {
  castellan = await startInProcess('secrets-ledger');
  client = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
});

const records = (name: string) =>
  castellan.store.transact(async (transaction) => {
    const events = await transaction.events({ attribute: { key: 'EventName', value: name }, limit: 100 });
    return events.map(({ record }) => JSON.parse(record) as Record<string, unknown>);
  });

test('records who did what to which secret, as CloudTrail prints it', async () => {
  const { ARN: arn, VersionId: versionId } = await client.send(new CreateSecretCommand({ Name: 'told', SecretString: 'value' }));
  await client.send(new GetSecretValueCommand({ SecretId: 'told' }));
  expect(await records('CreateSecret')).toMatchObject([
    {
      eventSource: 'secretsmanager.amazonaws.com',
      requestParameters: { name: 'told', clientRequestToken: versionId },
      responseElements: { arn, name: 'told', versionId },
      readOnly: false,
      resources: [{ ARN: arn, type: 'AWS::SecretsManager::Secret', accountId: '111122223333' }],
    },
  ]);
  expect(await records('GetSecretValue')).toMatchObject([
    { requestParameters: { secretId: 'told' }, responseElements: null, readOnly: true },
  ]);
});

test('a batch leaves one event for itself and one for each secret', async () => {
  await client.send(new CreateSecretCommand({ Name: 'batched', SecretString: 'value' }));
  const before = (await records('GetSecretValue')).length;
  await client.send(new BatchGetSecretValueCommand({ SecretIdList: ['batched', 'nobody'] }));
  expect(await records('BatchGetSecretValue')).toMatchObject([{ requestParameters: { secretIdList: ['batched', 'nobody'] } }]);
  const [failed, read] = (await records('GetSecretValue')).slice(0, -before);
  expect([failed, read]).toMatchObject([{ errorCode: 'ResourceNotFoundException' }, { requestParameters: { secretId: 'batched' } }]);
});

test('no value is found in the ledger, in an error or in any file', async () => {
  const planted = Array.from({ length: 4 }, (_each, index) => `planted-plaintext-${index}-d41d8cd98f00b204`);
  const [created = '', put = '', updated = '', refused = ''] = planted;
  const ClientRequestToken = 'c0ffee00-0000-4000-8000-000000000000';
  await client.send(new CreateSecretCommand({ Name: 'planted', SecretString: created, ClientRequestToken }));
  await client.send(new PutSecretValueCommand({ SecretId: 'planted', SecretBinary: Buffer.from(put) }));
  await client.send(new UpdateSecretCommand({ SecretId: 'planted', SecretString: updated }));
  const error: unknown = await client
    .send(new PutSecretValueCommand({ SecretId: 'planted', SecretString: refused, ClientRequestToken }))
    .catch((each: unknown) => each);
  const { RandomPassword = '' } = await client.send(new GetRandomPasswordCommand({ ExcludePunctuation: true }));
  await client.send(new DeleteSecretCommand({ SecretId: 'planted' }));
  expect(error).toMatchObject({ name: 'ResourceExistsException' });
  const files = readdirSync(castellan.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))));
  // The search itself must be able to find something: names are not secret.
  expect(bytes.includes('planted')).toBe(true);
  for (const value of [...planted, RandomPassword]) {
    for (const form of [value, Buffer.from(value).toString('base64').replace(/=+$/, ''), Buffer.from(value).toString('hex')]) {
      expect(bytes.includes(form)).toBe(false);
      expect(JSON.stringify(error)).not.toContain(form);
    }
  }
});
