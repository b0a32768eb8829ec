// Functions through the whole pipeline: what may be configured, versions and aliases, permissions, and the three ways of invoking.
import { createHash } from 'node:crypto';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/temporary.ts';
import { systemClock } from '../../base/clock.ts';
import { createFunctionRuntime } from '../../functions/runtime.ts';
import type { Structure } from '../../protocol/protocol.ts';

let castellan: InProcess;
let directory: TemporaryDirectory;
let runtime: ReturnType<typeof createFunctionRuntime>;
let role = '';
let name = '';
let count = 0;
beforeAll(async () => {
  directory = temporaryDirectory('lambda');
  runtime = createFunctionRuntime({
    directory: directory.path,
    endpoint: () => 'http://127.0.0.1:1',
    certificateFile: undefined,
    now: systemClock().now,
  });
  castellan = await startInProcess('lambda', { functions: runtime });
  role = await roleFor('runner', 'lambda.amazonaws.com');
});
afterAll(async () => {
  runtime.stop();
  await castellan.stop();
  directory.remove();
});
beforeEach(() => {
  count += 1;
  name = `function-${count}`;
});

async function roleFor(RoleName: string, Service: string): Promise<string> {
  const Statement = { Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  return (await castellan.iam().createRole({ RoleName, AssumeRolePolicyDocument })).Role?.Arn ?? '';
}

/** Of the same code always the same bytes: an archive tells when its files were written. */
const zip = (code: string) => Buffer.from(zipSync({ 'index.mjs': Buffer.from(code) }, { mtime: Date.UTC(2026, 0, 1) }));
const call = (operation: string, input: Structure = {}, credentials?: ClientCredentials) =>
  castellan.call('lambda', operation, { FunctionName: name, ...input }, credentials);
const ok = async (operation: string, input: Structure = {}) => {
  const answer = await call(operation, input);
  expect(answer.error).toBeUndefined();
  return answer.output;
};
const refusal = async (operation: string, input: Structure = {}, credentials?: ClientCredentials) => {
  const { error, output } = await call(operation, input, credentials);
  return `${error}: ${output['message'] ?? output['Message']}`;
};
const defaults = () => ({ Runtime: 'nodejs22.x', Role: role, Handler: 'index.handler', Timeout: 5 });
const create = (code: string, more: Structure = {}) => ok('CreateFunction', { ...defaults(), Code: { ZipFile: zip(code) }, ...more });
const echo =
  'export const handler = async (event, context) => ({ event, arn: context.invokedFunctionArn, version: context.functionVersion });';
const arnOf = (suffix = '') => `arn:aws:lambda:us-east-1:111122223333:function:${name}${suffix}`;
const invoke = (event: unknown, more: Structure = {}) => call('Invoke', { Payload: Buffer.from(JSON.stringify(event)), ...more });

test('a function is shown with AWS’s defaults, and with what it was given', async () => {
  // An archive holds the time at which it was made.
  const archive = zip(echo);
  const made = await ok('CreateFunction', { ...defaults(), Timeout: undefined, Code: { ZipFile: archive } });
  expect(made).toMatchObject({
    FunctionArn: arnOf(),
    Timeout: 3,
    MemorySize: 128,
    EphemeralStorage: { Size: 512 },
    Architectures: ['x86_64'],
    Version: '$LATEST',
    PackageType: 'Zip',
    State: 'Active',
    TracingConfig: { Mode: 'PassThrough' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${name}` },
    CodeSha256: createHash('sha256').update(archive).digest('base64'),
    LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
  });
  expect(made['VpcConfig']).toBeUndefined();
  const vpc = { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] };
  const changes = { Timeout: 900, MemorySize: 10_240, Description: 'd', VpcConfig: vpc, Environment: { Variables: { AA: 'b' } } };
  expect(await ok('UpdateFunctionConfiguration', changes)).toMatchObject({ ...changes, VpcConfig: { ...vpc, VpcId: '' } });
  expect(await ok('GetFunctionConfiguration')).toMatchObject({ Timeout: 900, Handler: 'index.handler' });
  const found = await ok('GetFunction');
  expect(found).toMatchObject({ Configuration: { Description: 'd' }, Code: { RepositoryType: 'S3' } });
});

const reserved =
  'Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION';
test.each<[string, Structure, string]>([
  ['no runtime', { Runtime: undefined }, 'Runtime and Handler are mandatory parameters for functions created with deployment packages.'],
  ['no handler', { Handler: undefined }, 'Runtime and Handler are mandatory parameters for functions created with deployment packages.'],
  [
    'a retired runtime',
    { Runtime: 'nodejs16.x' },
    'The runtime parameter of nodejs16.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.',
  ],
  ['another language', { Runtime: 'python3.13' }, 'Castellan runs functions of the Node.js runtimes; it does not have python3.13.'],
  [
    'a role that is none',
    { Role: 'arn:aws:iam::111122223333:role/none' },
    'The role defined for the function cannot be assumed by Lambda.',
  ],
  ['a reserved variable', { Environment: { Variables: { AWS_REGION: 'x' } } }, reserved],
  [
    'too many variables',
    { Environment: { Variables: { BIG: 'x'.repeat(4_096) } } },
    'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.',
  ],
  ['no code', { Code: {} }, 'Please provide a source for function code.'],
  ['layers', { Layers: ['arn:aws:lambda:us-east-1:111122223333:layer:l:1'] }, 'Castellan runs functions without layers; see'],
  [
    'a dead-letter queue',
    { DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:111122223333:q' } },
    'Castellan runs functions without dead-letter queues; see',
  ],
  ['an image', { PackageType: 'Image' }, 'Castellan runs functions without container images; see'],
])('refuses to make a function with %s', async (_what, input, message) => {
  const answer = await refusal('CreateFunction', { ...defaults(), Code: { ZipFile: zip(echo) }, ...input });
  expect(answer).toContain(`InvalidParameterValueException: ${message}`);
  expect((await call('GetFunction')).error).toBe('ResourceNotFoundException');
});

test.each([
  ['Timeout', 901, "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"],
  ['Timeout', 0, "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1"],
  ['MemorySize', 10_241, "Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 10240"],
])('refuses a %s of %s', async (member, value, message) => {
  const answer = await refusal('CreateFunction', { ...defaults(), Code: { ZipFile: zip(echo) }, [member]: value });
  expect(answer).toContain(`ValidationException: 1 validation error detected: ${message}`);
});

test('a change must know the revision that it changes', async () => {
  const { RevisionId: first } = await create(echo);
  const stale = { RevisionId: '00000000-0000-4000-8000-000000000000' };
  const sentence =
    'PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id';
  expect(await refusal('UpdateFunctionConfiguration', { ...stale, Timeout: 9 })).toBe(sentence);
  expect(await refusal('UpdateFunctionCode', { ...stale, ZipFile: zip('1;') })).toBe(sentence);
  expect(await refusal('PublishVersion', stale)).toBe(sentence);
  const { RevisionId: second } = await ok('UpdateFunctionConfiguration', { RevisionId: first, Timeout: 9 });
  expect(second).not.toBe(first);
});

test('code is replaced at once, or only tried', async () => {
  await create('export const handler = async () => 1;');
  expect((await invoke({})).output).toBe(1);
  const tried = await ok('UpdateFunctionCode', { ZipFile: zip('export const handler = async () => 2;'), DryRun: true });
  expect((await ok('GetFunctionConfiguration'))['CodeSha256']).not.toBe(tried['CodeSha256']);
  await ok('UpdateFunctionCode', { ZipFile: zip('export const handler = async () => 3;') });
  expect((await invoke({})).output).toBe(3);
});

test('versions stay as they were published, are listed by number, and are published only after a change', async () => {
  await create(echo, { Publish: true });
  expect(await ok('PublishVersion')).toMatchObject({ Version: '1', FunctionArn: arnOf(':1') });
  for (let version = 2; version <= 11; version += 1) {
    await ok('UpdateFunctionConfiguration', { MemorySize: 128 + version });
    expect(await ok('PublishVersion', { Description: `v${version}` })).toMatchObject({ Version: String(version) });
  }
  expect(await ok('GetFunctionConfiguration', { Qualifier: '3' })).toMatchObject({ MemorySize: 131, Description: 'v3' });
  const listed: string[] = [];
  let Marker: unknown;
  do {
    const { Versions, NextMarker } = await ok('ListVersionsByFunction', { MaxItems: 5, ...(Marker ? { Marker } : {}) });
    listed.push(...(Versions as { Version: string }[]).map(({ Version }) => Version));
    Marker = NextMarker;
  } while (Marker);
  expect(listed).toEqual(['$LATEST', ...Array.from({ length: 11 }, (_, index) => String(index + 1))]);
  expect(await refusal('PublishVersion', { CodeSha256: 'other' })).toContain(
    'InvalidParameterValueException: CodeSHA256 (other) is different from current CodeSHA256 in $LATEST (',
  );
  await ok('DeleteFunction', { Qualifier: '11' });
  await ok('UpdateFunctionConfiguration', { MemorySize: 500 });
  // AWS: a number is never given twice.
  expect(await ok('PublishVersion')).toMatchObject({ Version: '12' });
  expect(await refusal('DeleteFunction', { Qualifier: '$LATEST' })).toBe(
    'InvalidParameterValueException: $LATEST version cannot be deleted without deleting the function.',
  );
});

test('an alias leads to a version, or to two by weight, and keeps them from being deleted', async () => {
  await create(echo, { Publish: true });
  await ok('UpdateFunctionConfiguration', { MemorySize: 200 });
  await ok('PublishVersion');
  const made = await ok('CreateAlias', { Name: 'live', FunctionVersion: '1', Description: 'd' });
  expect(made).toMatchObject({ AliasArn: arnOf(':live'), Name: 'live', FunctionVersion: '1', Description: 'd' });
  expect(await refusal('CreateAlias', { Name: 'live', FunctionVersion: '1' })).toBe(
    `ResourceConflictException: Alias already exists: ${arnOf(':live')}`,
  );
  expect((await invoke({ a: 1 }, { Qualifier: 'live' })).output).toEqual({ event: { a: 1 }, arn: arnOf(':live'), version: '1' });
  await ok('UpdateAlias', { Name: 'live', RoutingConfig: { AdditionalVersionWeights: { '2': 1 } } });
  const routed = await invoke({}, { Qualifier: 'live' });
  expect(routed.output['version']).toBe('2');
  expect(routed.headers['x-amz-executed-version']).toBe('2');
  expect(await refusal('DeleteFunction', { Qualifier: '2' })).toBe(
    `ResourceConflictException: Version 2 is referenced by aliases [${arnOf(':live')}]`,
  );
  const weights = 'InvalidParameterValueException: $LATEST is not supported for an alias pointing to more than 1 version';
  expect(
    await refusal('UpdateAlias', { Name: 'live', FunctionVersion: '$LATEST', RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } }),
  ).toBe(weights);
  expect(await refusal('CreateAlias', { Name: 'none', FunctionVersion: '9' })).toBe(
    `ResourceNotFoundException: Function not found: ${arnOf(':9')}`,
  );
  expect(await refusal('GetAlias', { Name: 'none' })).toBe(`ResourceNotFoundException: Cannot find alias arn: ${arnOf(':none')}`);
  expect((await ok('ListAliases', { FunctionVersion: '1' }))['Aliases']).toHaveLength(1);
  expect((await ok('ListAliases', { FunctionVersion: '2' }))['Aliases']).toHaveLength(0);
  await ok('DeleteAlias', { Name: 'live' });
  await ok('DeleteAlias', { Name: 'live' });
});

test('a permission keeps every condition that it was given', async () => {
  await create(echo);
  const { Statement } = await ok('AddPermission', {
    StatementId: 'all',
    Action: 'lambda:InvokeFunction',
    Principal: 'secretsmanager.amazonaws.com',
    SourceAccount: '111122223333',
    SourceArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:*',
    PrincipalOrgID: 'o-1234567890',
    EventSourceToken: 'token',
  });
  expect(JSON.parse(String(Statement))).toEqual({
    Sid: 'all',
    Effect: 'Allow',
    Principal: { Service: 'secretsmanager.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: arnOf(),
    Condition: {
      StringEquals: { 'AWS:SourceAccount': '111122223333', 'aws:PrincipalOrgID': 'o-1234567890', 'lambda:EventSourceToken': 'token' },
      ArnLike: { 'AWS:SourceArn': 'arn:aws:secretsmanager:us-east-1:111122223333:secret:*' },
    },
  });
  expect(await refusal('AddPermission', { StatementId: 'all', Action: 'lambda:InvokeFunction', Principal: '111122223333' })).toBe(
    'ResourceConflictException: The statement id (all) provided already exists. Please provide a new statement id, or remove the existing statement.',
  );
  const nobody = { StatementId: 'two', Action: 'lambda:InvokeFunction', Principal: 'arn:aws:iam::111122223333:user/nobody' };
  expect(await refusal('AddPermission', nobody)).toBe(
    'InvalidParameterValueException: The provided principal was invalid. Please check the principal and try again.',
  );
  expect(await refusal('RemovePermission', { StatementId: 'two' })).toBe(
    'ResourceNotFoundException: Statement two is not found in resource policy.',
  );
  await ok('RemovePermission', { StatementId: 'all' });
  expect(await refusal('GetPolicy')).toBe('ResourceNotFoundException: The resource you requested does not exist.');
});

test('a policy is at most 20 kB', async () => {
  await create(echo);
  const add = (index: number) =>
    call('AddPermission', {
      StatementId: `s${index}`.padEnd(100, 'x'),
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: `arn:aws:s3:::${'b'.repeat(1_000)}`,
    });
  const errors: (string | undefined)[] = [];
  for (let index = 0; index < 16; index += 1) errors.push((await add(index)).error);
  expect(errors.slice(0, 12)).toEqual(Array(12).fill(undefined));
  expect(errors.at(-1)).toBe('PolicyLengthExceededException');
});

test('an invocation answers with the result, the error, the version and the tail of the log', async () => {
  await create(
    'export const handler = async (event) => { console.log("x".repeat(9000)); if (event.fail) throw new TypeError("no"); return event; };',
  );
  const done = await invoke({ a: [1] }, { LogType: 'Tail' });
  expect(done).toMatchObject({ status: 200, output: { a: [1] } });
  expect(done.headers).toMatchObject({ 'x-amz-executed-version': '$LATEST' });
  expect(done.headers['x-amz-function-error']).toBeUndefined();
  const log = Buffer.from(done.headers['x-amz-log-result'] ?? '', 'base64');
  expect(log.byteLength).toBe(4_096);
  expect(log.toString('utf8')).toMatch(/x\nEND RequestId: \S+\nREPORT RequestId: .*\n$/);
  const failed = await invoke({ fail: true });
  expect(failed.headers['x-amz-function-error']).toBe('Unhandled');
  expect(failed).toMatchObject({ status: 200, output: { errorType: 'TypeError', errorMessage: 'no', trace: expect.any(Array) } });
  expect(failed.headers['x-amz-log-result']).toBeUndefined();
  expect((await call('Invoke', {})).output).toEqual({});
  expect((await invoke({}, { InvocationType: 'DryRun' })).status).toBe(204);
});

test.each<[string, Structure, string]>([
  [
    'no JSON',
    { Payload: Buffer.from('{') },
    'InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json',
  ],
  [
    'too much',
    { Payload: Buffer.from(`"${'x'.repeat(6_291_455)}"`) },
    'RequestTooLargeException: 6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)',
  ],
  [
    'too much to be queued',
    { Payload: Buffer.from(`"${'x'.repeat(1_048_576)}"`), InvocationType: 'Event' },
    'RequestTooLargeException: 1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
  ],
  [
    'a client context that is none',
    { ClientContext: 'e30x' },
    'InvalidRequestContentException: Client context must be a valid Base64-encoded JSON object.',
  ],
  [
    'another qualifier than its name has',
    { Qualifier: '3' },
    'InvalidParameterValueException: The derived qualifier from the function name does not match the specified qualifier.',
  ],
])('refuses an invocation with %s', async (_what, input, message) => {
  await create(echo);
  expect(await refusal('Invoke', { FunctionName: input['Qualifier'] ? `${name}:live` : name, ...input })).toBe(message);
});

test('no more runs of a function at once than are reserved for it', async () => {
  await create('export const handler = () => new Promise((done) => setTimeout(done, 400));');
  expect(await ok('PutFunctionConcurrency', { ReservedConcurrentExecutions: 1 })).toEqual({ ReservedConcurrentExecutions: 1 });
  const both = await Promise.all([invoke({}), invoke({})]);
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 429]);
  const refused = both.find(({ status }) => status === 429);
  expect(refused?.error).toBe('TooManyRequestsException');
  expect(refused?.output).toMatchObject({ Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded', Type: 'User' });
  expect(await refusal('PutFunctionConcurrency', { ReservedConcurrentExecutions: 901 })).toBe(
    "InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
  );
  await ok('DeleteFunctionConcurrency');
  expect(await ok('GetFunctionConcurrency')).toEqual({});
});

/** Counts its own attempts in the file system of its process, and fails until there are enough. */
const failing =
  'let attempts = 0; export const handler = async (event) => { attempts += 1; if (event.fail || event.ask === undefined) throw new Error("again"); return attempts - 1; };';
const attempts = async () => (await invoke({ ask: true })).output;
const pass = async (ms: number) => {
  castellan.clock.advance(ms);
  await castellan.work.settle();
};

test('an asynchronous invocation that fails is tried again after one and after two minutes, and then dropped', async () => {
  await create(failing);
  expect((await invoke({ fail: 1 }, { InvocationType: 'Event' })).status).toBe(202);
  await pass(0);
  expect(await attempts()).toBe(1);
  // The clock also goes by itself, and machines can be slow.
  await pass(40_000);
  expect(await attempts()).toBe(2);
  await pass(21_000);
  expect(await attempts()).toBe(4);
  await pass(90_000);
  expect(await attempts()).toBe(5);
  await pass(31_000);
  expect(await attempts()).toBe(7);
  await pass(3_600_000);
  expect(await attempts()).toBe(8);
});

test('how often and how long an invocation is tried can be set for a function and for an alias', async () => {
  await create(failing);
  expect(await refusal('GetFunctionEventInvokeConfig')).toBe(
    `ResourceNotFoundException: The function ${arnOf(':$LATEST')} doesn't have an EventInvokeConfig`,
  );
  expect(await ok('PutFunctionEventInvokeConfig', { MaximumRetryAttempts: 0 })).toMatchObject({
    FunctionArn: arnOf(':$LATEST'),
    MaximumRetryAttempts: 0,
  });
  await invoke({ fail: 1 }, { InvocationType: 'Event' });
  await pass(200_000);
  await pass(200_000);
  expect(await attempts()).toBe(1);
  expect(await ok('UpdateFunctionEventInvokeConfig', { MaximumEventAgeInSeconds: 90 })).toMatchObject({
    MaximumRetryAttempts: 0,
    MaximumEventAgeInSeconds: 90,
  });
  await ok('UpdateFunctionEventInvokeConfig', { MaximumRetryAttempts: 2 });
  await invoke({ fail: 1 }, { InvocationType: 'Event' });
  await pass(0);
  await pass(61_000);
  await pass(200_000);
  // Two attempts: the third would have been after three minutes.
  expect(await attempts()).toBe(4);
  expect((await ok('ListFunctionEventInvokeConfigs'))['FunctionEventInvokeConfigs']).toHaveLength(1);
  const destination = { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:111122223333:q' } } };
  expect(await refusal('PutFunctionEventInvokeConfig', destination)).toBe(
    'InvalidParameterValueException: Castellan has no destinations for asynchronous invocations.',
  );
  expect(await refusal('PutFunctionEventInvokeConfig', { Qualifier: 'none' })).toBe(
    `ResourceNotFoundException: Function not found: ${arnOf(':none')}`,
  );
  await ok('DeleteFunctionEventInvokeConfig');
  expect((await call('GetFunctionEventInvokeConfig')).error).toBe('ResourceNotFoundException');
});

test('an asynchronous invocation that is throttled is not counted, and tried again until it is too old', async () => {
  await create(failing);
  await ok('PutFunctionConcurrency', { ReservedConcurrentExecutions: 0 });
  await ok('PutFunctionEventInvokeConfig', { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 600 });
  await invoke({ fail: 1 }, { InvocationType: 'Event' });
  for (let minute = 0; minute < 3; minute += 1) await pass(60_000);
  await ok('DeleteFunctionConcurrency');
  await pass(300_000);
  expect(await attempts()).toBe(1);
  await ok('PutFunctionConcurrency', { ReservedConcurrentExecutions: 0 });
  await invoke({ fail: 1 }, { InvocationType: 'Event' });
  for (let minute = 0; minute < 15; minute += 1) await pass(60_000);
  await ok('DeleteFunctionConcurrency');
  await pass(600_000);
  expect(await attempts()).toBe(2);
});

test('functions are named by name, partial ARN and ARN, of this region', async () => {
  await create(echo);
  for (const FunctionName of [name, `111122223333:function:${name}`, `function:${name}`, arnOf(), arnOf(':$LATEST')]) {
    expect((await ok('GetFunctionConfiguration', { FunctionName }))['FunctionName']).toBe(name);
  }
  expect(await refusal('GetFunction', { FunctionName: arnOf().replace('us-east-1', 'eu-west-1') })).toBe(
    "ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
  );
  expect(await refusal('CreateFunction', { ...defaults(), Code: { ZipFile: zip(echo) } })).toBe(
    `ResourceConflictException: Function already exist: ${name}`,
  );
});

test('tags are added, replaced and taken away', async () => {
  await create(echo, { Tags: { a: '1' } });
  const Resource = arnOf();
  await ok('TagResource', { Resource, Tags: { a: '2', b: '3' } });
  expect((await ok('ListTags', { Resource }))['Tags']).toEqual({ a: '2', b: '3' });
  await ok('UntagResource', { Resource, TagKeys: ['a', 'none'] });
  expect((await ok('GetFunction'))['Tags']).toEqual({ b: '3' });
});

test('who makes a function must be allowed to pass its role, and who invokes it must be allowed to', async () => {
  const iam = castellan.iam();
  await iam.createUser({ UserName: name });
  const { AccessKey } = await iam.createAccessKey({ UserName: name });
  const user = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  const allow = (Action: string) =>
    iam.putUserPolicy({
      UserName: name,
      PolicyName: 'p',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action, Resource: '*' } }),
    });
  await allow('lambda:CreateFunction');
  expect(await refusal('CreateFunction', { ...defaults(), Code: { ZipFile: zip(echo) } }, user)).toMatch(
    /^AccessDeniedException: .* is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role\/runner /,
  );
  await create(echo);
  expect((await call('Invoke', {}, user)).error).toBe('AccessDeniedException');
  await allow('lambda:InvokeFunction');
  expect((await call('Invoke', {}, user)).status).toBe(200);
});

test('a function whose role is gone cannot run, and one that is deleted leaves nothing behind', async () => {
  const own = await roleFor(name, 'lambda.amazonaws.com');
  await create(echo, { Role: own, Publish: true });
  await ok('CreateAlias', { Name: 'live', FunctionVersion: '1' });
  await castellan.iam().deleteRole({ RoleName: name });
  expect(await refusal('Invoke')).toBe('InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.');
  await ok('DeleteFunction');
  const left: string[] = [];
  for await (const { collection, key } of castellan.store.dump())
    if (collection.startsWith('lambda.') && key.includes(name)) left.push(key);
  expect(left).toEqual([]);
  expect(await refusal('Invoke')).toBe(`ResourceNotFoundException: Function not found: ${arnOf()}`);
});
