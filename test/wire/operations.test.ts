// What an operator does with a server: options, restarts, export and import, reset, explanations; on real processes.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClient } from '../client.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { run } from './command.ts';

const castellan = (dataDir: string, ...parameters: readonly string[]) =>
  run('node', ['bin/castellan.js', ...parameters], { CASTELLAN_DATA_DIR: dataDir });

async function usersOf(server: ServerProcess): Promise<readonly string[]> {
  const client = createClient(server.port, server.credentials);
  const { body } = await client.query('iam', { Action: 'ListUsers' });
  client.close();
  return [...body.matchAll(/<UserName>([^<]+)</g)].map(([, name = '']) => name);
}

test('a later start finds everything as it was, and files of secrets are their owner’s', async () => {
  const directory = temporaryDirectory('restart');
  const first = await startServerProcess({ dataDir: directory.path, arguments: ['--root-account', '123456789012'] });
  const client = createClient(first.port, first.credentials);
  await client.query('iam', { Action: 'CreateUser', UserName: 'kept' });
  client.close();
  await first.stop();
  const second = await startServerProcess({ dataDir: directory.path });
  expect(second.credentials).toEqual(first.credentials);
  expect(await usersOf(second)).toEqual(['kept']);
  for (const file of ['root.key', 'root-credentials.json', 'admin-token', 'aws/credentials'])
    expect(statSync(join(directory.path, file)).mode & 0o077).toBe(0);
  expect(readFileSync(join(directory.path, 'root-credentials.json'), 'utf8')).toContain('123456789012');
  const raw =
    readFileSync(join(directory.path, 'castellan.db')).toString('latin1') +
    (existsSync(join(directory.path, 'castellan.db-wal')) ? readFileSync(join(directory.path, 'castellan.db-wal')).toString('latin1') : '');
  expect(raw).toContain('kept');
  expect(raw).not.toContain(second.credentials.secretAccessKey);
  const busy = await run('node', ['bin/castellan.js', 'start', '--port', '0', '--data-dir', directory.path], {});
  expect(busy.status).toBe(1);
  expect(busy.stderr).toContain('is in use by another process');
  await second.stop();
  directory.remove();
});

test('takes a root key of any form from the environment, and says so', async () => {
  const directory = temporaryDirectory('given');
  const server = await startServerProcess({
    dataDir: directory.path,
    environment: {
      CASTELLAN_ROOT_ACCOUNT: '123456789012',
      CASTELLAN_ROOT_ACCESS_KEY_ID: 'FOOBARKEY',
      CASTELLAN_ROOT_SECRET_ACCESS_KEY: 'FOOBARSECRET',
    },
  });
  expect(server.credentials).toEqual({ accessKeyId: 'FOOBARKEY', secretAccessKey: 'FOOBARSECRET' });
  const client = createClient(server.port, server.credentials);
  expect((await client.query('sts', { Action: 'GetCallerIdentity' })).body).toContain('arn:aws:iam::123456789012:root');
  client.close();
  await server.stop();
  directory.remove();
});

test('exports to another installation with another root key, and resets', async () => {
  const source = temporaryDirectory('source');
  const target = temporaryDirectory('target');
  const one = await startServerProcess({ dataDir: source.path });
  const client = createClient(one.port, one.credentials);
  await client.query('iam', { Action: 'CreateUser', UserName: 'moved' });
  client.close();
  const file = join(source.path, 'state.ndjson');
  expect((await castellan(source.path, 'export', file, '--passphrase', 'correct horse battery')).status).toBe(0);
  expect(readFileSync(file, 'utf8')).not.toContain(one.credentials.secretAccessKey);
  await one.stop();

  const two = await startServerProcess({ dataDir: target.path });
  expect((await castellan(target.path, 'import', file, '--passphrase', 'wrong horse battery')).stderr).toContain('cannot be opened');
  expect((await castellan(target.path, 'import', file, '--passphrase', 'correct horse battery')).status).toBe(0);
  expect(await usersOf({ ...two, credentials: one.credentials })).toEqual(['moved']);
  expect((await castellan(target.path, 'reset', '--yes')).status).toBe(0);
  const root = JSON.parse(readFileSync(join(target.path, 'root-credentials.json'), 'utf8'));
  expect(await usersOf({ ...two, credentials: root })).toEqual([]);
  await two.stop();
  for (const directory of [source, target]) directory.remove();
});

test('the encoded message of a refusal decodes to the truth, for callers who may decode', async () => {
  const directory = temporaryDirectory('explain');
  const server = await startServerProcess({ dataDir: directory.path });
  const client = createClient(server.port, server.credentials);
  await client.query('iam', { Action: 'CreateUser', UserName: 'eve' });
  const { body } = await client.query('iam', { Action: 'CreateAccessKey', UserName: 'eve' });
  const member = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(body)?.[1] ?? '';
  const eve = createClient(server.port, { accessKeyId: member('AccessKeyId'), secretAccessKey: member('SecretAccessKey') });
  const refused = await eve.query('iam', { Action: 'DeleteUser', UserName: 'eve' });
  expect(refused.status).toBe(403);
  const explained = JSON.parse((await castellan(directory.path, 'explain', refused.requestId, '--json')).stdout);
  expect(explained.decisions[0].remedies[0].statement).toEqual({
    Effect: 'Allow',
    Action: 'iam:DeleteUser',
    Resource: expect.stringMatching(/user\/eve$/),
  });
  const decoded = await client.query('sts', { Action: 'DecodeAuthorizationMessage', EncodedMessage: explained.encodedMessage });
  expect(decoded.body.replaceAll('&quot;', '"')).toContain('"action":"iam:DeleteUser"');
  const allowed = await client.query('iam', { Action: 'GetUser', UserName: 'eve' });
  expect((await castellan(directory.path, 'explain', allowed.requestId)).stdout).toContain('ALLOWED');
  expect((await eve.query('sts', { Action: 'DecodeAuthorizationMessage', EncodedMessage: explained.encodedMessage })).status).toBe(403);
  for (const each of [client, eve]) each.close();
  await server.stop();
  directory.remove();
});

test('refuses to be reached by others without TLS, and wrong options, with a sentence', async () => {
  const directory = temporaryDirectory('options');
  const start = (...parameters: readonly string[]) =>
    run('node', ['bin/castellan.js', 'start', '--data-dir', directory.path, ...parameters], {});
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['--host', '0.0.0.0'], 'give --tls-cert and --tls-key, or say --allow-public'],
    [['--port', '99999'], 'is not a port number'],
    [['--root-account', '12'], 'is not twelve digits'],
    [['--tls-cert', 'x'], 'belong together'],
  ];
  for (const [parameters, sentence] of cases) {
    const finished = await start(...parameters);
    expect(finished.status).toBe(2);
    expect(finished.stderr).toContain(sentence);
  }
  const helped = await start('--help');
  expect(helped.stdout).toContain('CASTELLAN_ALLOW_TIME_TRAVEL');
  directory.remove();
});
