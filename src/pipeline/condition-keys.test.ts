// Condition keys through the pipeline: every one that AWS documents is supplied or said to be missing, by the explanation of whoever waits for it.
import type { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../test/in-process.ts';
import { testUser } from '../../test/users.ts';
import { whyNeverPresent } from './condition-context.ts';
import { globalKeys } from './global-keys.ts';

let server: InProcess;
beforeAll(async () => {
  server = await startInProcess('condition-keys');
});
afterAll(() => server.stop());

async function refusal(iam: IAM, request: (iam: IAM) => Promise<unknown>) {
  const error: unknown = await request(iam).catch((caught: unknown) => caught);
  const metadata = typeof error === 'object' && error !== null && '$metadata' in error ? error.$metadata : undefined;
  const { requestId } = (metadata ?? {}) as { readonly requestId?: string };
  return server.explain(requestId ?? '');
}

test('every global key is in the table once, and is either made or has a reason', () => {
  const names = globalKeys.map(({ name }) => name.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBe(61);
  for (const key of globalKeys) {
    const isAbsent = 'absentBecause' in key;
    expect(whyNeverPresent(key.name.toLowerCase().replace('${tagkey}', 'team')) !== undefined, key.name).toBe(isAbsent);
  }
});

test.each([
  ['aws:sourcevpce', undefined],
  ['aws:chatbotsourcearn', 'there are no chat applications'],
  ['aws:sourceipp', 'AWS documents no global key of this name'],
  ['s3:prefix', 'this build has no service with the prefix `s3`'],
  ['kms:recipientattestation:pcr0', 'the service does not supply it yet'],
  ['kms:viasservice', 'AWS declares no key of this name for `kms`'],
  ['kms:viaservice', undefined],
  ['kms:encryptioncontext:app', undefined],
  ['iam:resourcetag/team', undefined],
  ['saml:aud', undefined],
  ['token.actions.githubusercontent.com:sub', undefined],
])('%s: %s', (key, reason) => {
  expect(whyNeverPresent(key)).toBe(reason);
});

test('a policy that waits for a key which no request has is told so by the explanation', async () => {
  const credentials = await testUser(server, 'waiting', [
    { Effect: 'Allow', Action: 'iam:GetUser', Resource: '*', Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } },
    { Effect: 'Allow', Action: 'iam:GetUser', Resource: 'arn:aws:iam::*:user/${aws:Ec2InstanceSourceVpc}' },
    { Effect: 'Allow', Action: 'iam:GetRole', Resource: '*', Condition: { StringEquals: { 'aws:SourceVpc': 'vpc-1' } } },
  ]);
  const explained = await refusal(server.iam(credentials), (iam) => iam.getUser({ UserName: 'waiting' }));
  expect(explained?.decisions[0]?.unsuppliedKeys).toEqual([{ key: 'aws:ec2instancesourcevpc', reason: 'there are no EC2 instances' }]);
});

test('the keys of tags that a request removes are aws:TagKeys', async () => {
  const credentials = await testUser(server, 'untagging', [
    { Effect: 'Allow', Action: 'iam:*', Resource: '*' },
    { Effect: 'Deny', Action: 'iam:Untag*', Resource: '*', Condition: { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'owner' } } },
  ]);
  const iam = server.iam(credentials);
  await iam.tagUser({ UserName: 'untagging', Tags: [{ Key: 'owner', Value: 'a' }] });
  await iam.untagUser({ UserName: 'untagging', TagKeys: ['team'] });
  const explained = await refusal(iam, (client) => client.untagUser({ UserName: 'untagging', TagKeys: ['team', 'owner'] }));
  expect(explained?.decisions[0]?.outcome).toBe('EXPLICIT_DENY');
});
