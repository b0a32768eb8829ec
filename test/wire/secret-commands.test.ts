// `castellan secret get` and `castellan exec`: exit codes, signals, and that a value is nowhere but where it belongs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, run } from './command.ts';

const planted = `planted-5f1d7c2e9b-${process.pid}`;
const directory = temporaryDirectory('secret-commands');
let server: ServerProcess;
let client: SecretsManagerClient;
beforeAll(async () => {
  server = await startServerProcess({ dataDir: directory.path });
  client = new SecretsManagerClient({ endpoint: server.endpoint, region: 'us-east-1', credentials: server.credentials });
  const create = (Name: string, value: object) => client.send(new CreateSecretCommand({ Name, ...value }));
  await create('app/db', { SecretString: JSON.stringify({ username: 'u', 'pass-word': planted, port: 5432 }) });
  await create('app/key', { SecretBinary: new Uint8Array([0, 255, 10]) });
  await create('app/9-token', { SecretString: 'text' });
  await client.send(new PutSecretValueCommand({ SecretId: 'app/9-token', SecretString: 'next', VersionStages: ['AWSPENDING'] }));
});
afterAll(async () => {
  await server?.stop();
  directory.remove();
});

const environment = () => ({ ...clientEnvironment(server), CASTELLAN_DATA_DIR: directory.path });
const castellan = (...parameters: readonly string[]) => run('node', ['bin/castellan.js', ...parameters], environment());
const exec = (secret: string, ...command: readonly string[]) => castellan('exec', '--secret', secret, '--', ...command);

test.each([
  ['a text', ['app/9-token'], 'text\n'],
  ['the version with a label', ['app/9-token', '--version-stage', 'AWSPENDING'], 'next\n'],
  ['one key', ['app/db', '--key', 'pass-word'], `${planted}\n`],
  ['a key that is no text', ['app/db', '--key', 'port'], '5432\n'],
])('`secret get` prints %s', async (_what, parameters, stdout) => {
  expect(await castellan('secret', 'get', ...parameters)).toMatchObject({ status: 0, stdout, stderr: '' });
});

test.each([
  [
    'a secret that is not there',
    ['secret', 'get', 'none'],
    1,
    "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
  ],
  ['a key that is not there', ['secret', 'get', 'app/db', '--key', 'x'], 1, 'the secret `app/db` has no key `x`'],
  ['another verb', ['secret', 'put', 'x'], 2, '`put` is not a verb of secrets; use `castellan secret get NAME`'],
  ['no command', ['exec', '--secret', 'app/db'], 2, 'name a secret and a command: `castellan exec --secret NAME -- COMMAND`'],
  ['a binary secret', ['exec', '--secret', 'app/key', '--', 'true'], 1, 'the secret `app/key` is binary, which no variable can hold'],
  ['a command that is not there', ['exec', '--secret', 'app/db', '--', 'no-such-command'], 127, '`no-such-command` could not be started'],
])('says what is wrong with %s', async (_what, parameters, status, message) => {
  const finished = await castellan(...parameters);
  expect(finished.status).toBe(status);
  expect(finished.stderr).toContain(`castellan: ${message}`);
  expect(finished.stdout + finished.stderr).not.toContain(planted);
});

test('`exec` ends as the command does: its own code, 126 when it may not run, and 128 and the signal that ended it', async () => {
  expect((await exec('app/db', 'sh', '-c', 'exit 7')).status).toBe(7);
  expect((await exec('app/db', 'sh', '-c', 'kill -SEGV $$')).status).toBe(139);
  expect((await exec('app/db', 'sh', '-c', 'kill -HUP $$')).status).toBe(129);
  const file = join(directory.path, 'not-executable');
  writeFileSync(file, '');
  chmodSync(file, 0o600);
  expect((await exec('app/db', file)).status).toBe(126);
});

test('variables are named after keys, or after the secret', async () => {
  const printed = await exec('app/db', 'sh', '-c', 'echo "$username $pass_word $port"');
  expect(printed.stdout).toBe(`u ${planted} 5432\n`);
  expect((await exec('app/9-token', 'sh', '-c', 'echo "$_9_TOKEN"')).stdout).toBe('text\n');
});

test('the value is in the command’s environment, and in no process list, no other environment, no ledger and no file', async () => {
  const script = 'trap "echo stopped; exit 5" TERM; echo ready; while :; do sleep 0.05; done';
  const child = spawn('node', ['bin/castellan.js', 'exec', '--secret', 'app/db', '--', 'sh', '-c', script], {
    cwd: projectRoot,
    env: { ...process.env, ...environment() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  await once(child.stdout, 'data');
  const seen = { arguments: 0, environments: 0 };
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    seen.arguments += occurrences(`/proc/${pid}/cmdline`);
    // `sleep` has it from its shell.
    if (!/^sleep/.test(text(`/proc/${pid}/cmdline`))) seen.environments += occurrences(`/proc/${pid}/environ`);
  }
  expect(seen).toEqual({ arguments: 0, environments: 1 });
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(printed).toBe('ready\nstopped\n');
  expect(code).toBe(5);
  for (const name of readdirSync(directory.path)) expect([name, occurrences(join(directory.path, name))]).toEqual([name, 0]);
});

function text(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** One or none. What cannot be read, because it is gone, has none. */
function occurrences(path: string): number {
  return text(path).includes(planted) ? 1 : 0;
}
