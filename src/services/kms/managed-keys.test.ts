// AWS managed keys: they are there once somebody describes their predefined alias, and nobody but their service may use them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';

let castellan: InProcess;
beforeAll(async () => {
  castellan = await startInProcess('managed-keys');
});
afterAll(async () => {
  await castellan.stop();
});

test('describing a predefined alias that has no key gives it one, and the same one to everybody', async () => {
  const kms = castellan.kms();
  const { KeyMetadata } = await kms.describeKey({ KeyId: 'alias/aws/s3' });
  expect(KeyMetadata).toMatchObject({
    KeyManager: 'AWS',
    KeyState: 'Enabled',
    Description: 'Default key that protects my S3 objects when no other key is defined',
  });
  const again = await kms.describeKey({ KeyId: `arn:aws:kms:us-east-1:${castellan.account}:alias/aws/s3` });
  expect(again.KeyMetadata?.KeyId).toBe(KeyMetadata?.KeyId);
  const { Aliases } = await kms.listAliases({});
  expect(Aliases).toMatchObject([{ AliasName: 'alias/aws/s3', TargetKeyId: KeyMetadata?.KeyId }]);
  await expect(kms.encrypt({ KeyId: 'alias/aws/s3', Plaintext: Buffer.from('x') })).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
});

test('nothing is made by those who may not describe it, by other operations, or for services that AWS has no such alias for', async () => {
  const nobody = await testUser(castellan, 'nobody', [{ Effect: 'Allow', Action: 'kms:ListAliases', Resource: '*' }]);
  await expect(castellan.kms(nobody).describeKey({ KeyId: 'alias/aws/ebs' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  const kms = castellan.kms();
  await expect(kms.getKeyPolicy({ KeyId: 'alias/aws/ebs', PolicyName: 'default' })).rejects.toMatchObject({ name: 'NotFoundException' });
  await expect(kms.encrypt({ KeyId: 'alias/aws/ebs', Plaintext: Buffer.from('x') })).rejects.toMatchObject({ name: 'NotFoundException' });
  await expect(kms.describeKey({ KeyId: 'alias/aws/nothing' })).rejects.toMatchObject({ name: 'NotFoundException' });
  expect((await kms.listAliases({})).Aliases?.map(({ AliasName }) => AliasName)).not.toContain('alias/aws/ebs');
});
