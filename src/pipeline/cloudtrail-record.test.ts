// The CloudTrail record, compared with what AWS prints.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { federatedCaller, roleCaller, rootCaller, sessionFacts, testAccount, testNow, userCaller } from '../../test/service-context.ts';
import type { Caller } from '../kit/context.ts';
import { loadModel } from '../model/load.ts';
import { buildRecord, type RecordFacts } from './cloudtrail-record.ts';

const sts = loadModel('sts', JSON.parse(readFileSync(new URL('../services/sts/model.json', import.meta.url), 'utf8')));

const facts: RecordFacts = {
  eventId: '6e882b9d-2af8-4c67-b91f-aeac6a0e5e70',
  requestId: 'e2de7fd1-2a86-4837-b15a-96fff1388061',
  timeMs: testNow,
  partition: 'aws',
  account: testAccount,
  region: 'us-east-1',
  eventSource: 'sts.amazonaws.com',
  eventName: 'AssumeRole',
  caller: userCaller('alice'),
  readOnly: true,
  sourceIp: '192.0.2.1',
  userAgent: 'aws-cli/2',
  host: 'sts.us-east-1.amazonaws.com',
  resources: [],
};

const recordOf = (changes: Partial<RecordFacts>) => JSON.parse(buildRecord({ ...facts, ...changes }).record);

test('prints a call with its parameters, its response without secrets, its resources and its connection', () => {
  const roleArn = 'arn:aws:iam::444455556666:role/app/deploy';
  const record = recordOf({
    operation: sts.operations.get('AssumeRole'),
    input: { RoleArn: roleArn, RoleSessionName: 'ci', DurationSeconds: 900, Tags: [{ Key: 'Dept', Value: 'x' }] },
    requestParameters: { tags: undefined, principalTags: { Dept: 'x' } },
    output: {
      Credentials: { AccessKeyId: 'ASIA', SecretAccessKey: 'never printed', SessionToken: 'IQoJ', Expiration: testNow },
      AssumedRoleUser: { AssumedRoleId: 'AROA:ci', Arn: 'arn:aws:sts::444455556666:assumed-role/deploy/ci' },
    },
    resources: [
      { type: 'AWS::IAM::Role', name: roleArn },
      { type: 'AWS::IAM::AccessKey', name: 'ASIA' },
    ],
    tls: { version: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256' },
  });
  expect(JSON.stringify(record, undefined, 1)).toMatchInlineSnapshot(`
    "{
     "eventVersion": "1.11",
     "userIdentity": {
      "type": "IAMUser",
      "principalId": "AIDAQXCVBNMASDFGHJKLZ",
      "arn": "arn:aws:iam::111122223333:user/alice",
      "accountId": "111122223333",
      "accessKeyId": "AKIARTX3GSDSBBBBBBBB",
      "userName": "alice"
     },
     "eventTime": "2026-11-24T15:33:43Z",
     "eventSource": "sts.amazonaws.com",
     "eventName": "AssumeRole",
     "awsRegion": "us-east-1",
     "sourceIPAddress": "192.0.2.1",
     "userAgent": "aws-cli/2",
     "requestParameters": {
      "roleArn": "arn:aws:iam::444455556666:role/app/deploy",
      "roleSessionName": "ci",
      "durationSeconds": 900,
      "principalTags": {
       "Dept": "x"
      }
     },
     "responseElements": {
      "credentials": {
       "accessKeyId": "ASIA",
       "sessionToken": "IQoJ",
       "expiration": "2026-11-24T15:33:43Z"
      },
      "assumedRoleUser": {
       "assumedRoleId": "AROA:ci",
       "arn": "arn:aws:sts::444455556666:assumed-role/deploy/ci"
      }
     },
     "requestID": "e2de7fd1-2a86-4837-b15a-96fff1388061",
     "eventID": "6e882b9d-2af8-4c67-b91f-aeac6a0e5e70",
     "readOnly": true,
     "resources": [
      {
       "accountId": "444455556666",
       "type": "AWS::IAM::Role",
       "ARN": "arn:aws:iam::444455556666:role/app/deploy"
      }
     ],
     "eventType": "AwsApiCall",
     "managementEvent": true,
     "recipientAccountId": "111122223333",
     "eventCategory": "Management",
     "tlsDetails": {
      "tlsVersion": "TLSv1.3",
      "cipherSuite": "TLS_AES_128_GCM_SHA256",
      "clientProvidedHostHeader": "sts.us-east-1.amazonaws.com"
     }
    }"
  `);
});

const identities: readonly (readonly [string, Caller | undefined, object])[] = [
  [
    'root',
    rootCaller(),
    {
      type: 'Root',
      principalId: testAccount,
      arn: `arn:aws:iam::${testAccount}:root`,
      accountId: testAccount,
      accessKeyId: 'AKIARTX3GSDSAAAAAAAA',
    },
  ],
  [
    'a user with a session and a second factor',
    userCaller('alice', sessionFacts({ mfaAtMs: testNow })),
    {
      type: 'IAMUser',
      principalId: 'AIDAQXCVBNMASDFGHJKLZ',
      arn: `arn:aws:iam::${testAccount}:user/alice`,
      accountId: testAccount,
      accessKeyId: 'ASIARTX3GSDSBBBBBBBB',
      userName: 'alice',
      sessionContext: { attributes: { creationDate: '2026-11-24T15:32:43Z', mfaAuthenticated: 'true' } },
    },
  ],
  [
    'a role session',
    roleCaller('deploy', { name: 'ci', sourceIdentity: 'alice', federatedProvider: 'accounts.google.com' }),
    {
      type: 'AssumedRole',
      principalId: 'AROAQXCVBNMASDFGHJKLZ:ci',
      arn: `arn:aws:sts::${testAccount}:assumed-role/deploy/ci`,
      accountId: testAccount,
      accessKeyId: 'ASIARTX3GSDSCCCCCCCC',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAQXCVBNMASDFGHJKLZ',
          arn: `arn:aws:iam::${testAccount}:role/service/deploy`,
          accountId: testAccount,
          userName: 'deploy',
        },
        webIdFederationData: { federatedProvider: 'accounts.google.com', attributes: {} },
        attributes: { creationDate: '2026-11-24T15:32:43Z', mfaAuthenticated: 'false' },
        sourceIdentity: 'alice',
      },
    },
  ],
  [
    'a federated user',
    federatedCaller('bob'),
    {
      type: 'FederatedUser',
      principalId: `${testAccount}:bob`,
      arn: `arn:aws:sts::${testAccount}:federated-user/bob`,
      accountId: testAccount,
      accessKeyId: 'ASIARTX3GSDSDDDDDDDD',
      sessionContext: {
        sessionIssuer: {
          type: 'IAMUser',
          principalId: 'AIDAQXCVBNMASDFGHJKLZ',
          arn: `arn:aws:iam::${testAccount}:user/alice`,
          accountId: testAccount,
          userName: 'alice',
        },
        attributes: { creationDate: '2026-11-24T15:32:43Z', mfaAuthenticated: 'false' },
      },
    },
  ],
  [
    'a service',
    { ...userCaller('x'), principal: { kind: 'service', arn: 'kms.amazonaws.com', account: undefined }, accessKeyId: undefined },
    { type: 'AWSService', invokedBy: 'kms.amazonaws.com' },
  ],
  [
    'nobody',
    { ...userCaller('x'), principal: { kind: 'anonymous', arn: '*', account: undefined }, accessKeyId: undefined },
    { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' },
  ],
  ['a caller whose authentication failed', undefined, { type: 'Unknown', accessKeyId: 'AKIAPRESENTED0000000' }],
];

test.each(identities)('tells who called: %s', (_, caller, identity) => {
  expect(recordOf({ caller, presentedAccessKeyId: 'AKIAPRESENTED0000000' }).userIdentity).toEqual(identity);
});

test('shows another account that a foreign principal called, and neither its name nor its key', () => {
  const event = buildRecord({ ...facts, account: '444455556666', sharedEventId: 'shared' });
  const record = JSON.parse(event.record);
  expect(record.userIdentity).toEqual({ type: 'AWSAccount', principalId: 'AIDAQXCVBNMASDFGHJKLZ', accountId: testAccount });
  expect(record).toMatchObject({ recipientAccountId: '444455556666', sharedEventID: 'shared' });
  expect(event).toMatchObject({ account: '444455556666', username: undefined, accessKeyId: undefined });
});

test('names the service that called in the name of the caller', () => {
  const record = recordOf({ invokedBy: 'secretsmanager.amazonaws.com' });
  expect(record.userIdentity).toMatchObject({ type: 'IAMUser', invokedBy: 'secretsmanager.amazonaws.com' });
  expect(record).toMatchObject({ sourceIPAddress: 'secretsmanager.amazonaws.com', userAgent: 'secretsmanager.amazonaws.com' });
});

test.each([
  ['root', rootCaller(), 'root'],
  ['a user', userCaller('alice'), 'alice'],
  ['a role session', roleCaller('r', { name: 'ci' }), 'ci'],
  ['a federated user', federatedCaller('bob'), 'bob'],
  ['an unknown caller', undefined, undefined],
])('lets LookupEvents find %s by its name', (_, caller, username) => {
  expect(buildRecord({ ...facts, caller }).username).toBe(username);
});

test('prints an error with its code and sentence and without a response', () => {
  const error = { code: 'ValidationError', message: 'no' };
  const record = recordOf({ error, input: { RoleArn: 'x' }, output: { Credentials: {} } });
  expect(record).toMatchObject({ errorCode: 'ValidationError', errorMessage: 'no', requestParameters: { roleArn: 'x' } });
  expect(record.responseElements).toBeNull();
});

test('prints no parameters of a refused request', () => {
  for (const code of ['AccessDenied', 'AccessDeniedException']) {
    expect(recordOf({ error: { code, message: 'no' }, input: { RoleArn: 'x' } }).requestParameters).toBeNull();
  }
});

test('prints null where there are no parameters and no response', () => {
  for (const input of [undefined, {}, { RoleArn: undefined }]) {
    expect(recordOf({ input })).toMatchObject({ requestParameters: null, responseElements: null });
  }
});

test('says that an element was omitted when it is too large, and shortens long texts', () => {
  const record = recordOf({
    input: { Name: 'é'.repeat(60_000) },
    userAgent: 'é'.repeat(5_000),
    error: { code: 'X', message: 'm'.repeat(2_000) },
  });
  expect(record.requestParameters).toEqual({ omitted: true, originalSize: 120_011, reason: 'requestParameters too large' });
  expect(Buffer.byteLength(record.userAgent)).toBe(1024);
  expect(record.errorMessage).toHaveLength(1024);
});

test('keeps hostile names as names', () => {
  const input = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
  expect(buildRecord({ ...facts, input }).record).toContain('"requestParameters":{"__proto__":{"a":1},"constructor":2}');
});

test('leaves bytes out and ends with structures that are too deep', () => {
  let deep: Record<string, unknown> = {};
  for (let level = 0; level < 5_000; level += 1) deep = { Deep: deep };
  const record = recordOf({ input: { Blob: new Uint8Array(3), Deep: deep, Left: 1 } });
  expect(record.requestParameters).toMatchObject({ left: 1 });
  expect(record.requestParameters.blob).toBeUndefined();
});
