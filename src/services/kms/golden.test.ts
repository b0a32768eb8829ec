// What earlier builds have written: today's reads it, and writes it in the same form.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GoldenKms, type GoldenSetting, startGolden } from '../../../test/golden/kms.ts';
import { readHeader } from './ciphertext.ts';

const directory = new URL('../../../test/golden/', import.meta.url);
const files = readdirSync(directory)
  .filter((name) => name.startsWith('kms-'))
  .sort();
const bytes = (text: string) => Buffer.from(text, 'base64');
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => error.name,
  );

describe.each(files)('%s', (file) => {
  // Decoding boundary: test/golden/kms.ts wrote it.
  const golden = JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as GoldenKms;
  let setting: GoldenSetting;
  let kms: ReturnType<GoldenSetting['castellan']['kms']>;
  beforeAll(async () => {
    setting = await startGolden(golden);
    kms = setting.castellan.kms();
  });
  afterAll(() => setting.stop());

  test.each(golden.ciphertexts)(
    'a ciphertext made $what opens, in its context alone',
    async ({ version, region, blob, context, plaintext }) => {
      const CiphertextBlob = bytes(blob);
      const there = setting.castellan.kms(undefined, region);
      expect(CiphertextBlob[0]).toBe(version);
      const opened = await there.decrypt({ CiphertextBlob, EncryptionContext: context });
      expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe(plaintext);
      // AWS: what an external key does not open is the state of its proxy.
      expect(await failure(there.decrypt({ CiphertextBlob }))).toBe(
        version === 2 ? 'KMSInvalidStateException' : 'InvalidCiphertextException',
      );
    },
  );

  // Older files have an older form.
  test.each(file === files.at(-1) ? golden.ciphertexts : [])(
    'a ciphertext made $what today has the same form',
    async ({ region, blob, context, plaintext }) => {
      const there = setting.castellan.kms(undefined, region);
      const { keyId = '' } = readHeader(bytes(blob)) ?? {};
      const { CiphertextBlob = [] } = await there.encrypt({ KeyId: keyId, Plaintext: Buffer.from(plaintext), EncryptionContext: context });
      const [now, then] = [Buffer.from(CiphertextBlob), bytes(blob)];
      // Version, account, length of the key id, key id.
      expect([now.length, now.subarray(0, 14 + keyId.length)]).toEqual([then.length, then.subarray(0, 14 + keyId.length)]);
    },
  );

  test('signatures, codes and tokens that were handed out count', async () => {
    const { signature, mac, grant, importParameters } = golden;
    const signed = { KeyId: signature.keyId, Message: bytes(signature.message), Signature: bytes(signature.signature) };
    expect((await kms.verify({ ...signed, SigningAlgorithm: 'ECDSA_SHA_256' })).SignatureValid).toBe(true);
    const code = { KeyId: mac.keyId, Message: bytes(mac.message), Mac: bytes(mac.mac) };
    expect((await kms.verifyMac({ ...code, MacAlgorithm: 'HMAC_SHA_256' })).MacValid).toBe(true);
    const remade = await kms.generateMac({ KeyId: mac.keyId, Message: bytes(mac.message), MacAlgorithm: 'HMAC_SHA_256' });
    expect(Buffer.from(remade.Mac ?? []).toString('base64')).toBe(mac.mac);
    expect((await kms.listGrants({ KeyId: grant.keyId })).Grants).toMatchObject([{ GrantId: grant.grantId }]);
    await kms.retireGrant({ GrantToken: grant.token });
    expect((await kms.listGrants({ KeyId: grant.keyId })).Grants).toEqual([]);
    // A day later import parameters are known, and too old.
    setting.castellan.clock.advance(Math.max(0, golden.writtenAtMs + 2 * 86_400_000 - setting.castellan.clock.now()));
    const late = { KeyId: importParameters.keyId, ImportToken: bytes(importParameters.token), EncryptedKeyMaterial: new Uint8Array(256) };
    expect(await failure(kms.importKeyMaterial({ ...late, ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }))).toBe(
      'ExpiredImportTokenException',
    );
  });
});
