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
const runtime = createFunctionRuntime({
  directory: directory.path,
  endpoint: () => 'http://127.0.0.1:1',
  certificateFile: undefined,
  now: systemClock().now,
});
afterAll(() => {
  runtime.stop();
  directory.remove();
});

type Files = Readonly<Record<string, string>>;

async function run(code: string | Files, changes: Partial<FunctionRun> = {}): Promise<FunctionOutcome> {
  const files = typeof code === 'string' ? { 'index.mjs': code } : code;
  const archive = zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));
  const archiveId = createHash('sha256').update(archive).digest('hex');
  const outcome = await runtime.run({
    archiveId,
    archive,
    revision: `${archiveId}${JSON.stringify(changes)}`,
    runtime: 'nodejs22.x',
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
const resultOf = async (code: string | Files, changes: Partial<FunctionRun> = {}) => JSON.parse((await run(code, changes)).payload);

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
    /^START RequestId: \S+ Version: \$LATEST\n\S+Z\t956c4f66\S+\tINFO\tseen 1\nEND RequestId: \S+\nREPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\n$/,
  );
});

test.each<[string, string | Files, Partial<FunctionRun>, unknown]>([
  ['calls back', 'export const handler = (event, context, callback) => { setTimeout(() => callback(null, event.a + 1), 5); };', {}, 2],
  [
    'calls back and leaves something to do, which is waited for',
    `export const handler = (event, context, callback) => {
      const done = [];
      setTimeout(() => done.push('later'), 30);
      callback(null, done);
      process.once('beforeExit', () => undefined);
    };`,
    {},
    [],
  ],
  [
    'calls back and does not want to wait',
    `export const handler = (event, context, callback) => {
      context.callbackWaitsForEmptyEventLoop = false;
      setTimeout(() => undefined, 60000);
      callback(null, 'at once');
    };`,
    {},
    'at once',
  ],
  ['uses the old ways of the context', 'export const handler = (event, context) => context.succeed({ old: event.a });', {}, { old: 1 }],
  ['says nothing', 'export const handler = () => {};', {}, null],
  ['never settles', 'export const handler = () => new Promise(() => {});', {}, null],
  ['returns at once on Node.js 24', 'export const handler = (event) => event.a;', { runtime: 'nodejs24.x' }, 1],
  [
    'is CommonJS, and requires its own module',
    { 'index.js': "exports.handler = async (e) => require('./lib/one.js').one + e.a;", 'lib/one.js': 'exports.one = 1;' },
    {},
    2,
  ],
  [
    'is CommonJS in a package that says module',
    { 'index.cjs': 'exports.handler = async () => typeof require;', 'package.json': '{"type":"module"}' },
    {},
    'function',
  ],
  [
    'is an ES module by its package, and brings a module of its own',
    {
      'index.js': "import dep from 'dep'; export const handler = async () => dep;",
      'package.json': '{"type":"module"}',
      'node_modules/dep/index.js': 'module.exports = "bundled";',
    },
    {},
    'bundled',
  ],
  ['lies deep', { 'src/api.js': 'exports.users = { get: async () => "deep" };' }, { handler: 'src/api.users.get' }, 'deep'],
  [
    'streams its response',
    `export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
      stream.setContentType('application/json');
      stream.write('{"streamed":');
      stream.write(String(event.a));
      stream.end('}');
    });`,
    {},
    { streamed: 1 },
  ],
  [
    'knows its caller’s context',
    'export const handler = async (event, context) => context.clientContext;',
    { clientContext: '{"custom":{"x":"y"}}' },
    { custom: { x: 'y' } },
  ],
  [
    'writes /tmp and reads /var/task',
    `import { writeFileSync, readFileSync } from 'node:fs';
    import { rename, readFile, readdir } from 'node:fs/promises';
    export const handler = async () => {
      writeFileSync('/tmp/a', 'kept');
      await rename('/tmp/a', '/tmp/b');
      return [await readFile('/tmp/b', 'utf8'), await readdir('/tmp'), readFileSync('/var/task/index.mjs').length > 0];
    };`,
    {},
    ['kept', ['b'], true],
  ],
  [
    'asks its environment who and where it is',
    `export const handler = async () => {
      const { AWS_EXECUTION_ENV: runtime, _HANDLER: handler, SECRETS_MANAGER_ENDPOINT: endpoint } = process.env;
      return [runtime, handler, endpoint];
    };`,
    {},
    ['AWS_Lambda_nodejs22.x', 'index.handler', 'http://127.0.0.1:1'],
  ],
  [
    'was told AWS’s own address of Secrets Manager',
    'export const handler = async () => process.env.SECRETS_MANAGER_ENDPOINT;',
    { environment: { SECRETS_MANAGER_ENDPOINT: 'https://secretsmanager.us-east-1.amazonaws.com' } },
    'http://127.0.0.1:1',
  ],
  [
    'was told another address of Secrets Manager',
    'export const handler = async () => process.env.SECRETS_MANAGER_ENDPOINT;',
    { environment: { SECRETS_MANAGER_ENDPOINT: 'https://vault.example.com' } },
    'https://vault.example.com',
  ],
])('runs a handler that %s', async (_what, code, changes, result) => {
  const outcome = await run(code, changes);
  expect(outcome).toMatchObject({ isError: false });
  expect(JSON.parse(outcome.payload)).toEqual(result);
});

test('keeps a process for the next run of the same code, with what it remembers and what is in /tmp, frozen in between', async () => {
  const code = `import { existsSync, writeFileSync } from 'node:fs';
    let count = 0;
    let ticks = 0;
    export const handler = async (event) => {
      count += 1;
      const seen = { count, wrote: existsSync('/tmp/x'), key: process.env.AWS_ACCESS_KEY_ID, ticks };
      writeFileSync('/tmp/x', '');
      console.log('run', count);
      if (event.ticks) setInterval(() => { ticks += 1; }, 1).unref();
      return seen;
    };`;
  const first = await run(code, { event: '{"ticks":true}', revision: 'kept' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const credentials = { accessKeyId: 'ASIANEXT', secretAccessKey: new Secret('s'), sessionToken: new Secret('t') };
  const second = await run(code, { credentials, requestId: 'b9cf7c57-0000-4000-8000-000000000000', revision: 'kept' });
  expect(JSON.parse(first.payload)).toEqual({ count: 1, wrote: false, key: 'ASIA', ticks: 0 });
  const { ticks, ...again } = JSON.parse(second.payload);
  expect(again).toEqual({ count: 2, wrote: true, key: 'ASIANEXT' });
  expect(ticks).toBeLessThan(10);
  expect(first.log).toContain('run 1\n');
  expect(first.log).toContain('Init Duration');
  expect(second.log).toMatch(/^START RequestId: b9cf7c57\S+ Version: \$LATEST\n\S+\tb9cf7c57\S+\tINFO\trun 2\nEND/);
  expect(second.log).not.toContain('Init Duration');
  expect(await resultOf(code, { revision: 'other' })).toMatchObject({ count: 1, wrote: false });
});

test('starts a new process after one that has ended or was killed', async () => {
  const code = `let count = 0;
    export const handler = async (event) => {
      count += 1;
      if (event.end) process.exit(0);
      if (event.hang) await new Promise(() => setInterval(() => undefined, 1000));
      return count;
    };`;
  const call = (event: object) => run(code, { event: JSON.stringify(event), revision: 'mortal', timeoutMs: 600 });
  expect((await call({})).payload).toBe('1');
  expect(await call({ end: true })).toMatchObject({ isError: true });
  expect((await call({})).payload).toBe('1');
  expect((await call({ hang: true })).payload).toContain('Sandbox.Timedout');
  expect((await call({})).payload).toBe('1');
});

test.each([
  ['throws', 'export const handler = async () => { throw new TypeError("no"); };', { errorType: 'TypeError', errorMessage: 'no' }],
  ['rejects by callback', 'export const handler = (e, c, cb) => cb(new Error("cb"));', { errorType: 'Error', errorMessage: 'cb' }],
  [
    'has no such handler',
    'export const other = 1;',
    { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.handler is undefined or not exported' },
  ],
  [
    'has no such file',
    { 'other.js': '' },
    { errorType: 'Runtime.ImportModuleError', errorMessage: /^Error: Cannot find module 'index'\n/ },
  ],
  [
    'requires what is not there',
    { 'index.js': "require('absent');" },
    {
      errorType: 'Runtime.ImportModuleError',
      errorMessage: /^Error: Cannot find module 'absent'\nRequire stack:\n- \/var\/task\/index.js/,
    },
  ],
  [
    'imports what is not there',
    "import 'absent';",
    { errorType: 'Error', errorMessage: "Cannot find package 'absent' imported from /var/task/index.mjs" },
  ],
  [
    'imports a part of the SDK that is not there',
    "import '@aws-sdk/client-absent';",
    {
      errorType: 'Error',
      errorMessage: /does not offer @aws-sdk\/client-absent to functions: put it into the function's archive, or install it/,
    },
  ],
  ['fails while it is loaded', 'throw new RangeError("loading");', { errorType: 'RangeError', errorMessage: 'loading' }],
  ['throws text', 'export const handler = async () => { throw "text"; };', { errorType: 'string', errorMessage: 'text' }],
  [
    'forgets a rejection',
    'export const handler = () => new Promise((done) => { Promise.reject(new Error("lost")); setTimeout(done, 50); });',
    { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'Error: lost' },
  ],
  [
    'fails by itself',
    'export const handler = () => new Promise(() => setTimeout(() => { throw new TypeError("later"); }));',
    { errorType: 'TypeError', errorMessage: 'later' },
  ],
  [
    'answers what is no JSON',
    'export const handler = async () => 1n;',
    { errorType: 'Runtime.JSONStringifyError', errorMessage: 'Unable to stringify response body' },
  ],
  [
    'takes memory that V8 does not count',
    'const all = []; export const handler = () => new Promise(() => setInterval(() => all.push(Buffer.alloc(2e7, 1)), 10));',
    { errorType: 'Runtime.ExitError', errorMessage: /: Runtime exited with error: signal: killed$/ },
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

test.each([
  [
    'nodejs24.x',
    'index.handler',
    'export const handler = (e, c, cb) => cb();',
    'Runtime.CallbackHandlerDeprecated',
    /starting with Node.js 24/,
  ],
  ['nodejs22.x', 'handler', 'export const handler = () => 1;', 'Runtime.MalformedHandlerName', /^Bad handler$/],
  ['nodejs22.x', '../index.handler', 'export const handler = () => 1;', 'Runtime.MalformedHandlerName', /is not a valid handler name/],
])('on %s refuses the handler %s', async (runtimeName, handler, code, errorType, message) => {
  const failed = await resultOf(code, { runtime: runtimeName, handler });
  expect(failed).toMatchObject({ errorType, errorMessage: expect.stringMatching(message) });
});

test('prints levels, errors and what was said before the handler', async () => {
  const { log } = await run(`console.info('loading');
    export const handler = async () => {
      console.warn('careful %d', 1);
      process.stderr.write('raw\\n');
      throw Object.assign(new Error('no'), { code: 'E1' });
    };`);
  const [, loading, warning, raw, error] = log.split('\n');
  expect(loading).toMatch(/Z\tundefined\tINFO\tloading$/);
  expect(warning).toMatch(/Z\t956c4f66\S+\tWARN\tcareful 1$/);
  expect(raw).toBe('raw');
  expect(error).toMatch(/\tERROR\tInvoke Error \t\{"errorType":"Error","errorMessage":"no","code":"E1","stack":\["Error: no"," {4}at /);
  expect(log).not.toContain(directory.path);
});

test('kills a function that takes too long', async () => {
  const outcome = await run('console.log(1); export const handler = () => { for (;;); };', { timeoutMs: 1_000 });
  expect(JSON.parse(outcome.payload)).toEqual({
    errorType: 'Sandbox.Timedout',
    errorMessage: 'RequestId: 956c4f66-e338-4610-8939-193db9959180 Error: Task timed out after 1.00 seconds',
  });
  expect(outcome.log).toMatch(/Z 956c4f66\S+ Task timed out after 1.00 seconds\n\nEND/);
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
