// The life of a secret through the AWS CLI and through the JavaScript SDK over HTTP, with their paginators.
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  paginateBatchGetSecretValue,
  paginateListSecrets,
  paginateListSecretVersionIds,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasCli = isInstalled('aws');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed (`apt-get install awscli` or `pip install awscli`)');

const directory = temporaryDirectory('secretsmanager-clients');
let server: ServerProcess;
beforeAll(async () => {
  server = await startServerProcess({ dataDir: directory.path });
});
afterAll(async () => {
  await server?.stop();
  directory.remove();
});

/** `aws secretsmanager …`: what it printed as text. @throws Error with what it printed instead. */
async function cli(line: string, ...more: readonly string[]): Promise<string> {
  const finished = await run('aws', ['secretsmanager', ...line.split(' '), ...more, '--output', 'text'], clientEnvironment(server));
  if (finished.status !== 0) throw new Error(finished.stderr.trim());
  return finished.stdout.trim();
}

describe.skipIf(!hasCli)('the AWS CLI', () => {
  test('makes, reads, changes, lists, deletes and restores a secret', async () => {
    const one = await cli('create-secret --name cli/db --secret-string one --tags Key=a,Value=b', '--query', 'VersionId');
    const two = await cli('put-secret-value --secret-id cli/db --secret-string two --version-stages AWSPENDING', '--query', 'VersionId');
    const value = ['--query', 'SecretString'];
    expect(await cli('get-secret-value --secret-id cli/db', ...value)).toBe('one');
    expect(await cli('get-secret-value --secret-id cli/db --version-stage AWSPENDING', ...value)).toBe('two');
    const move = `--version-stage AWSCURRENT --remove-from-version-id ${one} --move-to-version-id ${two}`;
    await cli(`update-secret-version-stage --secret-id cli/db ${move}`);
    expect(await cli('get-secret-value --secret-id cli/db', ...value)).toBe('two');
    expect(await cli(`get-secret-value --secret-id cli/db --version-id ${one}`, '--query', 'VersionStages[0]')).toBe('AWSPREVIOUS');
    for (const name of ['b', 'c']) await cli(`create-secret --name cli/${name} --secret-string ${name}`);
    const names = await cli('list-secrets --filters Key=name,Values=cli/ --page-size 1', '--query', 'SecretList[].Name');
    expect(names.split(/\s+/).sort()).toEqual(['cli/b', 'cli/c', 'cli/db']);
    await cli('delete-secret --secret-id cli/db --recovery-window-in-days 7');
    await expect(cli('get-secret-value --secret-id cli/db')).rejects.toThrow('(InvalidRequestException)');
    await cli('restore-secret --secret-id cli/db');
    await cli('delete-secret --secret-id cli/db --force-delete-without-recovery');
    await expect(cli('describe-secret --secret-id cli/db')).rejects.toThrow('(ResourceNotFoundException)');
  });
});

test('the JavaScript SDK makes, reads, changes, pages through, deletes and restores secrets', async () => {
  const client = new SecretsManagerClient({ endpoint: server.endpoint, region: 'us-east-1', credentials: server.credentials });
  const made = await client.send(new CreateSecretCommand({ Name: 'js/0', SecretString: 'one' }));
  for (const index of [1, 2, 3, 4]) await client.send(new CreateSecretCommand({ Name: `js/${index}`, SecretString: String(index) }));
  const bytes = new Uint8Array([0, 255]);
  const put = await client.send(new PutSecretValueCommand({ SecretId: 'js/0', SecretBinary: bytes, VersionStages: ['AWSPENDING'] }));
  const pending = await client.send(new GetSecretValueCommand({ SecretId: 'js/0', VersionStage: 'AWSPENDING' }));
  expect(Uint8Array.from(pending.SecretBinary ?? [])).toEqual(bytes);
  const stage = { VersionStage: 'AWSCURRENT', RemoveFromVersionId: made.VersionId, MoveToVersionId: put.VersionId };
  await client.send(new UpdateSecretVersionStageCommand({ SecretId: 'js/0', ...stage }));
  const filters = [{ Key: 'name' as const, Values: ['js/'] }];
  const listed: (string | undefined)[] = [];
  for await (const page of paginateListSecrets({ client, pageSize: 2 }, { Filters: filters })) {
    expect(page.SecretList?.length).toBeLessThanOrEqual(2);
    listed.push(...(page.SecretList ?? []).map(({ Name }) => Name));
  }
  expect(listed.toSorted()).toEqual(['js/0', 'js/1', 'js/2', 'js/3', 'js/4']);
  const values: (string | undefined)[] = [];
  for await (const page of paginateBatchGetSecretValue({ client, pageSize: 2 }, { Filters: filters }))
    values.push(...(page.SecretValues ?? []).map(({ Name }) => Name));
  expect(values.toSorted()).toEqual(listed.toSorted());
  const versions: (string | undefined)[] = [];
  for await (const page of paginateListSecretVersionIds({ client, pageSize: 1 }, { SecretId: 'js/0' }))
    versions.push(...(page.Versions ?? []).map(({ VersionId }) => VersionId));
  expect(versions.toSorted()).toEqual([made.VersionId, put.VersionId].toSorted());
  await client.send(new DeleteSecretCommand({ SecretId: 'js/0', RecoveryWindowInDays: 7 }));
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'js/0' }))).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await client.send(new RestoreSecretCommand({ SecretId: 'js/0' }));
  expect((await client.send(new GetSecretValueCommand({ SecretId: 'js/0' }))).VersionId).toBe(put.VersionId);
});
