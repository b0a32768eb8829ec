// DescribeRegions through the whole pipeline, as EC2's own protocol puts it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';

let castellan: InProcess;
beforeAll(async () => {
  castellan = await startInProcess('ec2');
});
afterAll(async () => {
  await castellan.stop();
});

async function describe(parameters: Readonly<Record<string, string>> = {}, credentials?: ClientCredentials) {
  const body = new URLSearchParams({ Action: 'DescribeRegions', Version: '2016-11-15', ...parameters }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { status, text } = await castellan.send({ service: 'ec2', headers, body }, credentials);
  const of = (element: string) => [...text.matchAll(new RegExp(`<${element}>([^<]*)<`, 'g'))].map(([, value]) => value);
  return {
    status,
    names: of('regionName'),
    statuses: of('optInStatus'),
    endpoints: of('regionEndpoint'),
    code: of('Code')[0],
    message: of('Message')[0],
  };
}

test('shows the regions that the account uses, and all of them when they are asked for', async () => {
  const usable = await describe();
  expect(usable.names).toHaveLength(17);
  expect(new Set(usable.statuses)).toEqual(new Set(['opt-in-not-required']));
  expect(usable.endpoints).toContain('ec2.eu-west-1.amazonaws.com');
  expect((await describe({ AllRegions: 'true', 'RegionName.1': 'af-south-1' })).statuses).toEqual(['not-opted-in']);
});

test('a region that the account has opted into is shown as soon as it is ready', async () => {
  await castellan.call('account', 'EnableRegion', { RegionName: 'af-south-1' });
  expect((await describe()).names).not.toContain('af-south-1');
  castellan.clock.advance(300_000);
  expect(await describe({ 'Filter.1.Name': 'opt-in-status', 'Filter.1.Value.1': 'opted-in' })).toMatchObject({ names: ['af-south-1'] });
});

test('filters by every field with wildcards, all of the filters together', async () => {
  const south = { 'Filter.1.Name': 'region-name', 'Filter.1.Value.1': 'ap-*-1', 'Filter.1.Value.2': 'sa-east-?' };
  expect((await describe(south)).names).toEqual(['ap-northeast-1', 'ap-south-1', 'ap-southeast-1', 'sa-east-1']);
  const both = { ...south, 'Filter.2.Name': 'endpoint', 'Filter.2.Value.1': 'ec2.ap-south*' };
  expect((await describe(both)).names).toEqual(['ap-south-1', 'ap-southeast-1']);
  expect(await describe({ 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'red' })).toMatchObject({
    status: 400,
    code: 'InvalidParameterValue',
    message: "The filter 'colour' is invalid",
  });
});

test('refuses a region that there is not, and a dry run that would have succeeded', async () => {
  expect(await describe({ 'RegionName.1': 'us-east-1', 'RegionName.2': 'us--east-1' })).toMatchObject({
    status: 400,
    code: 'InvalidParameterValue',
    message: 'Invalid region: [us--east-1]',
  });
  expect(await describe({ DryRun: 'true' })).toMatchObject({ status: 412, code: 'DryRunOperation' });
});

test('a refusal is UnauthorizedOperation, with a message that sts decodes', async () => {
  const user = await testUser(castellan, 'nobody', [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }]);
  const refused = await describe({ DryRun: 'true' }, user);
  expect(refused).toMatchObject({ status: 403, code: 'UnauthorizedOperation' });
  expect(refused.message).toMatch(
    /^You are not authorized to perform this operation\. User: arn:aws:iam::\d{12}:user\/nobody is not authorized to perform: ec2:DescribeRegions .*Encoded authorization failure message: \S+$/,
  );
});
