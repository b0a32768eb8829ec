// The finer rules of using and granting keys: tokens, grants made because of grants, constraints, dry runs, other accounts, and the last use.
import type { GrantConstraints, GrantOperation, KeySpec, KeyUsageType } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { allow, createKey, failure } from '../../../test/kms-setting.ts';
import { testUser } from '../../../test/users.ts';
import type { Structure } from '../../protocol/protocol.ts';

let server: InProcess;
let kms: ReturnType<InProcess['kms']>;
const arnOf = (name: string) => `arn:aws:iam::${server.account}:user/${name}`;
const text = (value: string) => Buffer.from(value, 'utf8');
const user = (name: string, ...statements: readonly object[]) => testUser(server, name, statements);
const key = (...statements: readonly object[]) => createKey(server, statements);

beforeAll(async () => {
  server = await startInProcess('kms-use-rules');
  kms = server.kms();
  await server.iam().createUser({ UserName: 'reader' });
});
afterAll(() => server.stop());

test('every operation that takes grant tokens refuses what is none, and a token of another key or of a grant that is gone does nothing', async () => {
  const [KeyId, other] = [await key(), await key()];
  const grant = (id: string) => kms.createGrant({ KeyId: id, GranteePrincipal: arnOf('reader'), Operations: ['DescribeKey'] });
  const [good, gone, elsewhere] = [await grant(KeyId), await grant(KeyId), await grant(other)];
  await kms.revokeGrant({ KeyId, GrantId: gone.GrantId });
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('x') });
  const create = async (KeySpec: KeySpec, KeyUsage: KeyUsageType) => (await kms.createKey({ KeySpec, KeyUsage })).KeyMetadata?.KeyId;
  const signing = { KeyId: await create('ECC_NIST_P256', 'SIGN_VERIFY'), Message: text('m'), SigningAlgorithm: 'ECDSA_SHA_256' as const };
  const coding = { KeyId: await create('HMAC_256', 'GENERATE_VERIFY_MAC'), Message: text('m'), MacAlgorithm: 'HMAC_SHA_256' as const };
  const agreeing = await create('ECC_NIST_P256', 'KEY_AGREEMENT');
  const { PublicKey } = await kms.getPublicKey({ KeyId: agreeing });
  const { Signature } = await kms.sign(signing);
  const { Mac } = await kms.generateMac(coding);
  const calls: Readonly<Record<string, (GrantTokens: string[]) => Promise<unknown>>> = {
    CreateGrant: (GrantTokens) => kms.createGrant({ KeyId, GranteePrincipal: arnOf('reader'), Operations: ['DescribeKey'], GrantTokens }),
    Decrypt: (GrantTokens) => kms.decrypt({ CiphertextBlob, GrantTokens }),
    DeriveSharedSecret: (GrantTokens) => kms.deriveSharedSecret({ KeyId: agreeing, KeyAgreementAlgorithm: 'ECDH', PublicKey, GrantTokens }),
    DescribeKey: (GrantTokens) => kms.describeKey({ KeyId, GrantTokens }),
    Encrypt: (GrantTokens) => kms.encrypt({ KeyId, Plaintext: text('x'), GrantTokens }),
    GenerateDataKey: (GrantTokens) => kms.generateDataKey({ KeyId, KeySpec: 'AES_128', GrantTokens }),
    GenerateDataKeyPair: (GrantTokens) => kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256', GrantTokens }),
    GenerateDataKeyPairWithoutPlaintext: (GrantTokens) =>
      kms.generateDataKeyPairWithoutPlaintext({ KeyId, KeyPairSpec: 'ECC_NIST_P256', GrantTokens }),
    GenerateDataKeyWithoutPlaintext: (GrantTokens) => kms.generateDataKeyWithoutPlaintext({ KeyId, KeySpec: 'AES_128', GrantTokens }),
    GenerateMac: (GrantTokens) => kms.generateMac({ ...coding, GrantTokens }),
    GetPublicKey: (GrantTokens) => kms.getPublicKey({ KeyId: agreeing, GrantTokens }),
    ReEncrypt: (GrantTokens) => kms.reEncrypt({ CiphertextBlob, DestinationKeyId: KeyId, GrantTokens }),
    Sign: (GrantTokens) => kms.sign({ ...signing, GrantTokens }),
    Verify: (GrantTokens) => kms.verify({ ...signing, Signature, GrantTokens }),
    VerifyMac: (GrantTokens) => kms.verifyMac({ ...coding, Mac, GrantTokens }),
  };
  const { GrantToken = '' } = good;
  const changed = `${GrantToken.slice(0, -1)}${GrantToken.endsWith('A') ? 'B' : 'A'}`;
  for (const [name, call] of Object.entries(calls)) {
    for (const wrong of ['none', changed, GrantToken.slice(1), good.GrantId ?? '']) {
      expect(await failure(call([GrantToken, wrong])), `${name} with ${wrong}`).toMatch(/^InvalidGrantTokenException: /);
    }
    const tokens = [GrantToken, gone.GrantToken ?? '', elsewhere.GrantToken ?? ''];
    expect(await failure(call(tokens)), name).toBe('succeeded');
  }
  expect(await failure(kms.retireGrant({ GrantToken: changed }))).toMatch(/^InvalidGrantTokenException: /);
  expect(await failure(kms.retireGrant({ GrantToken: gone.GrantToken }))).toMatch(/^InvalidGrantTokenException: /);
  expect(await failure(kms.encrypt({ KeyId, Plaintext: text('x'), GrantTokens: Array(11).fill(GrantToken) }))).toMatch(
    /^ValidationException/,
  );
});

test('who may grant because of a grant passes on some of it, as strictly or more so, and nothing else', async () => {
  const grantee = server.kms(await user('passing-on'));
  await server.iam().createUser({ UserName: 'receiving' });
  const strict = { EncryptionContextEquals: { team: 'a', app: 'b' } };
  const loose = { EncryptionContextSubset: { team: 'a' } };
  const cases: readonly (readonly [GrantConstraints | undefined, GrantOperation[], GrantConstraints | undefined, boolean])[] = [
    [undefined, ['Encrypt'], undefined, true],
    [undefined, ['Encrypt'], strict, true],
    [undefined, ['Encrypt', 'Decrypt'], undefined, false],
    [undefined, ['CreateGrant'], undefined, true],
    [loose, ['Encrypt'], undefined, false],
    [loose, ['Encrypt'], loose, true],
    [loose, ['Encrypt'], { EncryptionContextSubset: { team: 'a', more: 'c' } }, true],
    [loose, ['Encrypt'], { EncryptionContextSubset: { team: 'b' } }, false],
    [loose, ['Encrypt'], strict, true],
    [strict, ['Encrypt'], strict, true],
    [strict, ['Encrypt'], { EncryptionContextEquals: { team: 'a' } }, false],
    [strict, ['Encrypt'], { EncryptionContextEquals: { team: 'a', app: 'b', more: 'c' } }, false],
    [strict, ['Encrypt'], { EncryptionContextSubset: { team: 'a', app: 'b' } }, false],
    [strict, ['Encrypt'], undefined, false],
  ];
  for (const [Constraints, Operations, inner, isAllowed] of cases) {
    const KeyId = await key();
    await kms.createGrant({ KeyId, GranteePrincipal: arnOf('passing-on'), Operations: ['Encrypt', 'CreateGrant'], Constraints });
    const answer = await failure(grantee.createGrant({ KeyId, GranteePrincipal: arnOf('receiving'), Operations, Constraints: inner }));
    expect(answer, JSON.stringify([Constraints, Operations, inner])).toMatch(isAllowed ? /^succeeded$/ : /^AccessDeniedException/);
  }
  // A policy's permission has no such limits.
  const owner = server.kms(await user('granting', allow('kms:CreateGrant')));
  const KeyId = await key();
  expect(await failure(owner.createGrant({ KeyId, GranteePrincipal: arnOf('receiving'), Operations: ['Decrypt'] }))).toBe('succeeded');
});

test('constraints say nothing of DescribeKey, have limits, and are for keys with an encryption context', async () => {
  const grantee = server.kms(await user('describing'));
  const KeyId = await key();
  const grant = (KeyId: string, Operations: GrantOperation[], Constraints: GrantConstraints) =>
    failure(kms.createGrant({ KeyId, GranteePrincipal: arnOf('describing'), Operations, Constraints }));
  expect(await grant(KeyId, ['DescribeKey', 'Decrypt'], { EncryptionContextEquals: { a: 'b' } })).toBe('succeeded');
  expect(await failure(grantee.describeKey({ KeyId }))).toBe('succeeded');
  const pairs = (count: number, length = 1) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v'.repeat(length)]));
  expect(await grant(KeyId, ['Decrypt'], { EncryptionContextSubset: pairs(8, 384) })).toBe('succeeded');
  expect(await grant(KeyId, ['Decrypt'], { EncryptionContextSubset: pairs(9) })).toMatch(/^ValidationException/);
  expect(await grant(KeyId, ['Decrypt'], { EncryptionContextEquals: pairs(1, 385) })).toMatch(/^ValidationException/);
  const signing = (await kms.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })).KeyMetadata?.KeyId ?? '';
  expect(await grant(signing, ['Sign'], { EncryptionContextEquals: { a: 'b' } })).toMatch(/^ValidationException/);
  expect(await grant(signing, ['Encrypt'], {})).toMatch(/^ValidationException/);
  expect(await grant(KeyId, ['Sign'], {})).toMatch(/^ValidationException/);
  expect(await failure(kms.createGrant({ KeyId, GranteePrincipal: arnOf('nobody-there'), Operations: ['Decrypt'] }))).toBe(
    `InvalidArnException: ARN does not refer to a valid principal: ${arnOf('nobody-there')}`,
  );
});

test('a dry run says what would have been, and changes nothing', async () => {
  const KeyId = await key();
  const would = 'DryRunOperationException: The request would have succeeded, but the DryRun option is set.';
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('x') });
  const { GrantId, GrantToken } = await kms.createGrant({ KeyId, GranteePrincipal: arnOf('reader'), Operations: ['DescribeKey'] });
  const DryRun = true;
  const damaged = Buffer.from(CiphertextBlob ?? []);
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  expect(await failure(kms.decrypt({ CiphertextBlob, DryRun }))).toBe(would);
  expect(await failure(kms.decrypt({ CiphertextBlob: damaged, DryRun }))).toMatch(/^InvalidCiphertextException/);
  expect(await failure(kms.reEncrypt({ CiphertextBlob, DestinationKeyId: KeyId, DryRun }))).toBe(would);
  expect(await failure(kms.createGrant({ KeyId, GranteePrincipal: arnOf('reader'), Operations: ['Encrypt'], DryRun }))).toBe(would);
  expect(await failure(kms.revokeGrant({ KeyId, GrantId, DryRun }))).toBe(would);
  expect(await failure(kms.retireGrant({ GrantToken, DryRun }))).toBe(would);
  expect((await kms.listGrants({ KeyId })).Grants?.map((grant) => grant.GrantId)).toEqual([GrantId]);
  const raw = async (operation: string, input: Structure) => (await server.call('kms', operation, input)).error;
  const alone = { KeyId, DryRun, DryRunModifiers: ['IGNORE_CIPHERTEXT'] };
  expect(await raw('Decrypt', alone)).toMatch(/^DryRunOperationException/);
  expect(await raw('Decrypt', { ...alone, CiphertextBlob: damaged })).toMatch(/^DryRunOperationException/);
  expect(await raw('ReEncrypt', { ...alone, SourceKeyId: KeyId, DestinationKeyId: KeyId })).toMatch(/^DryRunOperationException/);
  expect(await raw('Decrypt', { ...alone, DryRun: false })).toMatch(/^ValidationException/);
  expect(await raw('Decrypt', { KeyId })).toMatch(/^ValidationException/);
});

test('what a policy gives another account beyond the use of the key has no effect, and tags of a new key need a permission of their own', async () => {
  const foreign = server.kms(await server.addAccount('777788889999'));
  const KeyId = await key({ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::777788889999:root' }, Action: 'kms:*', Resource: '*' });
  const arn = `arn:aws:kms:us-east-1:${server.account}:key/${KeyId}`;
  const allowed = [
    foreign.encrypt({ KeyId: arn, Plaintext: text('x') }),
    foreign.describeKey({ KeyId: arn }),
    foreign.listGrants({ KeyId: arn }),
    foreign.getKeyRotationStatus({ KeyId: arn }),
  ];
  expect(await Promise.all(allowed.map(failure))).toEqual(allowed.map(() => 'succeeded'));
  const refused = [
    foreign.disableKey({ KeyId: arn }),
    foreign.scheduleKeyDeletion({ KeyId: arn }),
    foreign.getKeyPolicy({ KeyId: arn }),
    foreign.putKeyPolicy({ KeyId: arn, Policy: '{}' }),
    foreign.tagResource({ KeyId: arn, Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
    foreign.createAlias({ AliasName: 'alias/theirs', TargetKeyId: arn }),
    foreign.updateKeyDescription({ KeyId: arn, Description: 'theirs' }),
    foreign.enableKeyRotation({ KeyId: arn }),
    foreign.listResourceTags({ KeyId: arn }),
  ];
  for (const answer of await Promise.all(refused.map(failure)))
    expect(answer).toMatch(/^AccessDeniedException: User: .* is not authorized to perform: kms:\w+ on resource: /);
  const Tags = [{ TagKey: 'team', TagValue: 'a' }];
  const untagged = server.kms(await user('making-keys', allow('kms:CreateKey')));
  expect(await failure(untagged.createKey({}))).toBe('succeeded');
  expect(await failure(untagged.createKey({ Tags }))).toMatch(
    /not authorized to perform: kms:TagResource on resource: arn:aws:kms:us-east-1:\d{12}:key\/\*/,
  );
  const tagging = { Effect: 'Allow', Action: 'kms:TagResource', Resource: `arn:aws:kms:*:${server.account}:key/*` };
  const tagged = server.kms(await user('making-tagged-keys', allow('kms:CreateKey'), tagging));
  expect(await failure(tagged.createKey({ Tags }))).toBe('succeeded');
});

test('the last use of a key is told, of both keys of a re-encryption too, and a refused use does not count', async () => {
  const [from, to] = [await key(), await key()];
  const lastUse = async (KeyId: string) => {
    await server.work.settle();
    const { output } = await server.call('kms', 'GetKeyLastUsage', { KeyId });
    return (output['KeyLastUsage'] as { readonly Operation?: string } | undefined)?.Operation;
  };
  expect(await lastUse(from)).toBeUndefined();
  const { CiphertextBlob } = await kms.encrypt({ KeyId: from, Plaintext: text('x') });
  expect(await lastUse(from)).toBe('Encrypt');
  await kms.describeKey({ KeyId: from });
  await failure(kms.decrypt({ CiphertextBlob, EncryptionContext: { wrong: 'context' } }));
  expect(await lastUse(from)).toBe('Encrypt');
  await kms.reEncrypt({ CiphertextBlob, DestinationKeyId: to });
  expect([await lastUse(from), await lastUse(to)]).toEqual(['ReEncrypt', 'ReEncrypt']);
  const credentials = await server.addAccount('777788889999');
  const shared = await key({ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::777788889999:root' }, Action: 'kms:*', Resource: '*' });
  await server.kms(credentials).encrypt({ KeyId: `arn:aws:kms:us-east-1:${server.account}:key/${shared}`, Plaintext: text('x') });
  expect(await lastUse(shared)).toBe('Encrypt');
});
