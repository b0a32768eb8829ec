// Functions run in processes of their own: what they get, what they may not reach, and what becomes of them when they fail.
import { createHash } from 'node:crypto';
import { zipSync } from 'fflate';
import { afterAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/temporary.ts';
import { systemClock } from '../base/clock.ts';
import { Secret } from '../base/secret.ts';
import type { FunctionOutcome, FunctionRun } from '../kit/ports.ts';
import { readArchive } from './archive.ts';
import { createFunctionRuntime } from './runtime.ts';

const directory = temporaryDirectory('functions');
afterAll(() => directory.remove());
const runtime = createFunctionRuntime({
  directory: directory.path,
  endpoint: () => 'http://127.0.0.1:1',
  certificateFile: undefined,
  now: systemClock().now,
});

async function run(code: string, changes: Partial<FunctionRun> = {}): Promise<FunctionOutcome> {
  const archive = zipSync({ 'index.mjs': Buffer.from(code) });
  const outcome = await runtime.run({
    archiveId: createHash('sha256').update(archive).digest('hex'),
    archive,
    handler: 'index.handler',
    requestId: '956c4f66-e338-4610-8939-193db9959180',
    functionArn: 'arn:aws:lambda:us-east-1:111122223333:function:f',
    functionName: 'f',
    functionVersion: '$LATEST',
    region: 'us-east-1',
    memoryMb: 128,
    timeoutMs: 5_000,
    concurrencyMax: undefined,
    environment: { COLOUR: 'red' },
    credentials: { accessKeyId: 'ASIA', secretAccessKey: new Secret('secret'), sessionToken: new Secret('token') },
    event: '{"a":1}',
    ...changes,
  });
  if (outcome === 'busy') throw new Error('busy');
  return outcome;
}

test('gives the handler its event, context, environment and credentials, and answers with its result and log', async () => {
  const outcome = await run(`export const handler = async (event, context) => {
    console.log('seen', event.a);
    return { event, arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis() > 1000, env: process.env };
  };`);
  expect(JSON.parse(outcome.payload)).toMatchObject({
    event: { a: 1 },
    arn: 'arn:aws:lambda:us-east-1:111122223333:function:f',
    left: true,
    env: {
      COLOUR: 'red',
      AWS_ACCESS_KEY_ID: 'ASIA',
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_REGION: 'us-east-1',
    },
  });
  expect(JSON.parse(outcome.payload).env.NODE_OPTIONS).toBeUndefined();
  expect(outcome.log).toMatch(
    /^START RequestId: \S+ Version: \$LATEST\nseen 1\nEND RequestId: \S+\nREPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled/,
  );
});

test('takes handlers that call back, and the result null of those that say nothing', async () => {
  const called = await run('export const handler = (event, context, callback) => { setTimeout(() => callback(null, event.a + 1), 5); };');
  expect(called).toMatchObject({ payload: '2', isError: false });
  expect(await run('export const handler = () => {};')).toMatchObject({ payload: 'null', isError: false });
});

test.each([
  ['throws', 'export const handler = async () => { throw new TypeError("no"); };', { errorType: 'TypeError', errorMessage: 'no' }],
  ['rejects by callback', 'export const handler = (e, c, cb) => cb(new Error("cb"));', { errorType: 'Error', errorMessage: 'cb' }],
  [
    'has no such handler',
    'export const other = 1;',
    { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.handler is undefined or not exported' },
  ],
  ['does not parse', 'export const = ;', { errorType: 'Runtime.UserCodeSyntaxError' }],
  ['ends the process', 'export const handler = () => process.exit(3);', { errorType: 'Runtime.ExitError', errorMessage: /exit status 3$/ }],
  [
    'fills its memory',
    'export const handler = () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); };',
    { errorType: 'Runtime.ExitError' },
  ],
  ['answers too much', 'export const handler = async () => "x".repeat(7e6);', { errorType: 'Function.ResponseSizeTooLarge' }],
])('says in AWS’s words that a function %s', async (_what, code, error) => {
  const outcome = await run(code);
  expect(outcome.isError).toBe(true);
  const { errorType, errorMessage } = JSON.parse(outcome.payload);
  expect(errorType).toBe(error.errorType);
  if ('errorMessage' in error) expect(errorMessage).toMatch(error.errorMessage);
});

test('kills a function that takes too long', async () => {
  const outcome = await run('export const handler = () => { for (;;); };', { timeoutMs: 1_000 });
  expect(JSON.parse(outcome.payload)).toEqual({
    errorType: 'Sandbox.Timedout',
    errorMessage: 'RequestId: 956c4f66-e338-4610-8939-193db9959180 Error: Task timed out after 1.00 seconds',
  });
});

test('lets a function read its own code and write its temporary folder, and nothing else', async () => {
  const outcome = await run(`import { readFileSync, writeFileSync, readdirSync } from 'node:fs';
    import { spawnSync } from 'node:child_process';
    const code = (work) => { try { work(); return 'done'; } catch (error) { return error.code; } };
    export const handler = async () => [
      code(() => readFileSync(new URL('./index.mjs', import.meta.url))),
      code(() => writeFileSync(process.env.TMPDIR + '/a', 'x')),
      code(() => readFileSync('/etc/passwd')),
      code(() => readdirSync(process.env.LAMBDA_TASK_ROOT + '/../..')),
      code(() => writeFileSync(process.env.LAMBDA_TASK_ROOT + '/index.mjs', 'x')),
      code(() => spawnSync('id')),
    ];`);
  const denied = 'ERR_ACCESS_DENIED';
  expect(JSON.parse(outcome.payload)).toEqual(['done', 'done', denied, denied, denied, denied]);
});

test('runs no more of a function at once than is reserved for it', async () => {
  const slow = 'export const handler = () => new Promise((done) => setTimeout(done, 300));';
  const both = await Promise.allSettled([run(slow, { concurrencyMax: 1 }), run(slow, { concurrencyMax: 1 })]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await expect(run(slow, { concurrencyMax: 1 })).resolves.toMatchObject({ isError: false });
});

test('refuses archives that would write outside of their folder or are none', () => {
  expect(() => readArchive(zipSync({ '../evil.mjs': new Uint8Array(1) }))).toThrow('outside of its folder');
  expect(() => readArchive(zipSync({ 'a/../../evil.mjs': new Uint8Array(1) }))).toThrow('outside of its folder');
  expect(() => readArchive(zipSync({ '/evil.mjs': new Uint8Array(1) }))).toThrow('outside of its folder');
  expect(() => readArchive(Buffer.from('no zip'))).toThrow();
});
