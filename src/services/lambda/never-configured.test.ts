// What tools ask of every function they find, about features that are not in the build.
import { zipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
beforeAll(async () => {
  castellan = await startInProcess('never-configured');
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  const { Role } = await castellan.iam().createRole({ RoleName: 'runner', AssumeRolePolicyDocument });
  const made = await call('CreateFunction', {
    FunctionName: 'one',
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: Role?.Arn ?? '',
    Code: { ZipFile: zipSync({ 'index.js': new TextEncoder().encode('exports.handler = async () => 1;') }) },
  });
  expect(made.status).toBe(201);
});
afterAll(async () => {
  await castellan.stop();
});

const call = (operation: string, input: Parameters<InProcess['call']>[2]) => castellan.call('lambda', operation, input);

test.each([
  ['ListEventSourceMappings', { FunctionName: 'one' }, 'EventSourceMappings'],
  ['ListFunctionUrlConfigs', { FunctionName: 'one' }, 'FunctionUrlConfigs'],
  ['ListProvisionedConcurrencyConfigs', { FunctionName: 'one' }, 'ProvisionedConcurrencyConfigs'],
  ['ListLayers', {}, 'Layers'],
  ['ListLayerVersions', { LayerName: 'none' }, 'LayerVersions'],
  ['ListCodeSigningConfigs', {}, 'CodeSigningConfigs'],
  ['ListCapacityProviders', {}, 'CapacityProviders'],
])('%s has nothing to list', async (operation, input, member) => {
  expect(await call(operation, input)).toMatchObject({ status: 200, output: { [member]: [] } });
});

test('a function has no URL, and says so as AWS does', async () => {
  const { status, error, output } = await call('GetFunctionUrlConfig', { FunctionName: 'one' });
  expect([status, error]).toEqual([404, 'ResourceNotFoundException']);
  expect(output['Message']).toBe('The resource you requested does not exist.');
});

test('the function itself must be there', async () => {
  for (const operation of ['GetFunctionUrlConfig', 'ListFunctionUrlConfigs', 'GetFunctionCodeSigningConfig', 'GetRuntimeManagementConfig'])
    expect((await call(operation, { FunctionName: 'none' })).output['Message'], operation).toMatch(/^Function not found: arn:aws:lambda:/);
});

test('a function has no code signing, and the runtime that Lambda chooses', async () => {
  expect(await call('GetFunctionCodeSigningConfig', { FunctionName: 'one' })).toMatchObject({
    status: 200,
    output: { FunctionName: 'one', CodeSigningConfigArn: '' },
  });
  expect((await call('GetRuntimeManagementConfig', { FunctionName: 'one' })).output).toMatchObject({ UpdateRuntimeOn: 'Auto' });
});
