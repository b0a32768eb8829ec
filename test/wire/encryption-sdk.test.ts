// The AWS Encryption SDK, unmodified, against a fresh server: envelopes under every kind of KMS keyring, in one region and across regions.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasSdk = isInstalled('python3', ['-c', 'import aws_encryption_sdk, aws_cryptographic_material_providers']);
if (!hasSdk) console.warn('skipped: the AWS Encryption SDK is not installed (`pip install aws-encryption-sdk[MPL]`)');

describe.skipIf(!hasSdk)('the AWS Encryption SDK', () => {
  let server: ServerProcess;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = temporaryDirectory('encryption-sdk');
    server = await startServerProcess({ dataDir: directory.path });
  });
  afterAll(async () => {
    await server?.stop();
    directory?.remove();
  });

  test('encrypts and decrypts with strict, discovery, multi-Region, RSA and key agreement keyrings', { timeout: 60_000 }, async () => {
    const finished = await run('python3', ['test/wire/encryption-sdk.py'], clientEnvironment(server));
    expect(finished).toMatchObject({ status: 0 });
    const refused = 'AWSEncryptionSDKClientError';
    expect(JSON.parse(finished.stdout)).toEqual({
      strict: 'hello',
      'strict, another key': refused,
      several: ['hello', 'hello'],
      discovery: 'hello',
      'discovery, another account': refused,
      'discovery, another region': refused,
      'discovery in all regions': 'hello',
      'related, both ways': ['hello', 'hello'],
      'related, by discovery': 'hello',
      'several, related': ['hello', 'hello'],
      RSA: 'hello',
      'key agreement': 'hello',
      provider: 'hello',
      'provider, related': 'hello',
      disabled: refused,
    });
  });
});
