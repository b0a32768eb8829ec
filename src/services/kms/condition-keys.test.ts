// KMS's condition keys, one by one: a policy that asks for what the request or its key has lets it through, one that asks for something else does not.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html; those of attested recipients are in recipients.test.ts.
import { constants, createPublicKey, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto';
import type { KMS } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';

let server: InProcess;
let kms: KMS;
let user: KMS;
let KeyId: string;
let ids: Readonly<Record<'rsa' | 'signing' | 'coding' | 'agreeing' | 'related' | 'external', string>>;
beforeAll(async () => {
  server = await startInProcess('kms-condition-keys');
  kms = server.kms();
  user = server.kms(await testUser(server, 'user', [{ Effect: 'Deny', Action: '*', Resource: '*' }]));
  KeyId = await made({});
  ids = {
    rsa: await made({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }),
    signing: await made({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
    coding: await made({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }),
    agreeing: await made({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' }),
    related: await made({ MultiRegion: true }),
    external: await made({ Origin: 'EXTERNAL' }),
  };
});
afterAll(() => server.stop());

const made = async (input: Parameters<KMS['createKey']>[0]) => (await kms.createKey(input)).KeyMetadata?.KeyId ?? '';
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );

async function permit(condition: object, deny: object | undefined = undefined): Promise<void> {
  const Statement = [{ Effect: 'Allow', Action: 'kms:*', Resource: '*', Condition: condition }, ...(deny === undefined ? [] : [deny])];
  await server
    .iam()
    .putUserPolicy({ UserName: 'user', PolicyName: 'p', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) });
}

const Plaintext = Buffer.from('x');
const grantee = () => `arn:aws:iam::${server.account}:root`;
const grant = (more: object = {}) => user.createGrant({ KeyId, GranteePrincipal: grantee(), Operations: ['Encrypt'], ...more });
const context = { EncryptionContext: { App: 'one', Stage: 'test' } };

interface Row {
  readonly key: string;
  readonly has: string;
  /** By default another text. */
  readonly hasNot?: string;
  readonly operator?: string;
  call(): Promise<unknown>;
}

const rows: readonly Row[] = [
  {
    key: 'BypassPolicyLockoutSafetyCheck',
    has: 'true',
    hasNot: 'false',
    operator: 'Bool',
    call: () => user.createKey({ BypassPolicyLockoutSafetyCheck: true }),
  },
  { key: 'BypassPolicyLockoutSafetyCheck', has: 'true', hasNot: 'false', operator: 'Null', call: () => user.createKey({}) },
  { key: 'CallerAccount', has: '111122223333', call: () => user.describeKey({ KeyId }) },
  { key: 'CustomerMasterKeySpec', has: 'SYMMETRIC_DEFAULT', call: () => user.createKey({}) },
  { key: 'CustomerMasterKeyUsage', has: 'ENCRYPT_DECRYPT', call: () => user.describeKey({ KeyId }) },
  { key: 'DataKeyPairSpec', has: 'ECC_NIST_P256', call: () => user.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }) },
  { key: 'EncryptionAlgorithm', has: 'SYMMETRIC_DEFAULT', call: () => user.encrypt({ KeyId, Plaintext }) },
  { key: 'EncryptionAlgorithm', has: 'SYMMETRIC_DEFAULT', call: () => user.generateDataKeyWithoutPlaintext({ KeyId, KeySpec: 'AES_256' }) },
  {
    key: 'EncryptionAlgorithm',
    has: 'RSAES_OAEP_SHA_1',
    call: () => user.encrypt({ KeyId: ids.rsa, Plaintext, EncryptionAlgorithm: 'RSAES_OAEP_SHA_1' }),
  },
  { key: 'EncryptionContext:App', has: 'one', call: () => user.encrypt({ KeyId, Plaintext, ...context }) },
  { key: 'EncryptionContext:app', has: 'one', call: () => user.generateDataKey({ KeyId, KeySpec: 'AES_128', ...context }) },
  { key: 'EncryptionContext:App', has: 'one', call: () => grant({ Constraints: { EncryptionContextSubset: { App: 'one' } } }) },
  {
    key: 'EncryptionContextKeys',
    has: 'Stage',
    operator: 'ForAnyValue:StringEquals',
    call: () => user.encrypt({ KeyId, Plaintext, ...context }),
  },
  {
    key: 'ExpirationModel',
    has: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    call: () => imported({ ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }),
  },
  {
    key: 'GrantConstraintType',
    has: 'EncryptionContextEquals',
    call: () => grant({ Constraints: { EncryptionContextEquals: { a: 'b' } } }),
  },
  { key: 'GrantIsForAWSResource', has: 'false', hasNot: 'true', operator: 'Bool', call: () => grant() },
  { key: 'GrantIsForAWSResource', has: 'false', hasNot: 'true', operator: 'Bool', call: () => user.listGrants({ KeyId }) },
  { key: 'GrantOperations', has: 'Encrypt', operator: 'ForAllValues:StringEquals', call: () => grant() },
  { key: 'GranteePrincipal', has: 'arn:aws:iam::111122223333:root', call: () => grant() },
  { key: 'GranteeServicePrincipal', has: 'rds.amazonaws.com', call: () => grant({ GranteePrincipal: 'rds.amazonaws.com' }) },
  {
    key: 'KeyAgreementAlgorithm',
    has: 'ECDH',
    call: () => user.deriveSharedSecret({ KeyId: ids.agreeing, KeyAgreementAlgorithm: 'ECDH', PublicKey: peer }),
  },
  { key: 'KeyOrigin', has: 'AWS_KMS', hasNot: 'EXTERNAL', call: () => user.createKey({}) },
  { key: 'KeyOrigin', has: 'EXTERNAL', hasNot: 'AWS_KMS', call: () => user.describeKey({ KeyId: ids.external }) },
  { key: 'KeySpec', has: 'HMAC_512', call: () => user.createKey({ KeySpec: 'HMAC_512', KeyUsage: 'GENERATE_VERIFY_MAC' }) },
  { key: 'KeySpec', has: 'RSA_2048', call: () => user.getPublicKey({ KeyId: ids.rsa }) },
  {
    key: 'KeyUsage',
    has: 'SIGN_VERIFY',
    call: () => user.sign({ KeyId: ids.signing, Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' }),
  },
  {
    key: 'MacAlgorithm',
    has: 'HMAC_SHA_256',
    call: () => user.generateMac({ KeyId: ids.coding, Message: Plaintext, MacAlgorithm: 'HMAC_SHA_256' }),
  },
  {
    key: 'MessageType',
    has: 'RAW',
    hasNot: 'DIGEST',
    call: () => user.sign({ KeyId: ids.signing, Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' }),
  },
  { key: 'MultiRegion', has: 'true', hasNot: 'false', operator: 'Bool', call: () => user.createKey({ MultiRegion: true }) },
  { key: 'MultiRegion', has: 'false', hasNot: 'true', operator: 'Bool', call: () => user.encrypt({ KeyId, Plaintext }) },
  { key: 'MultiRegionKeyType', has: 'PRIMARY', hasNot: 'REPLICA', call: () => user.encrypt({ KeyId: ids.related, Plaintext }) },
  {
    key: 'ReEncryptOnSameKey',
    has: 'true',
    hasNot: 'false',
    operator: 'Bool',
    call: async () => user.reEncrypt({ ...(await ciphertext()), DestinationKeyId: KeyId }),
  },
  {
    key: 'ReEncryptOnSameKey',
    has: 'false',
    hasNot: 'true',
    operator: 'Bool',
    call: async () => user.reEncrypt({ ...(await ciphertext()), DestinationKeyId: ids.related }),
  },
  { key: 'RetiringPrincipal', has: 'arn:aws:iam::111122223333:root', call: () => grant({ RetiringPrincipal: grantee() }) },
  {
    key: 'RotationPeriodInDays',
    has: '90',
    hasNot: '91',
    operator: 'NumericEquals',
    call: () => user.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 }),
  },
  { key: 'RotationPeriodInDays', has: '365', hasNot: '366', operator: 'NumericEquals', call: () => user.enableKeyRotation({ KeyId }) },
  {
    key: 'ScheduleKeyDeletionPendingWindowInDays',
    has: '30',
    hasNot: '31',
    operator: 'NumericGreaterThanEquals',
    call: async () => user.scheduleKeyDeletion({ KeyId: await made({}) }),
  },
  {
    key: 'SigningAlgorithm',
    has: 'ECDSA_SHA_256',
    call: () => user.sign({ KeyId: ids.signing, Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' }),
  },
  {
    key: 'ValidTo',
    has: '2200-01-01T00:00:00Z',
    hasNot: '2020-01-01T00:00:00Z',
    operator: 'DateLessThan',
    call: () => imported({ ValidTo: new Date(server.clock.now() + 86_400_000) }),
  },
  { key: 'WrappingAlgorithm', has: 'RSAES_OAEP_SHA_256', call: () => user.getParametersForImport(parameters()) },
  { key: 'WrappingKeySpec', has: 'RSA_2048', call: () => user.getParametersForImport(parameters()) },
];

const peer = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ format: 'der', type: 'spki' });
const material = randomBytes(32);
const parameters = () => ({ KeyId: ids.external, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }) as const;
const ciphertext = async () => ({ CiphertextBlob: (await kms.encrypt({ KeyId, Plaintext })).CiphertextBlob });
async function imported(more: object) {
  const { PublicKey = [], ImportToken } = await kms.getParametersForImport(parameters());
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const EncryptedKeyMaterial = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, material);
  return user.importKeyMaterial({ KeyId: ids.external, ImportToken, EncryptedKeyMaterial, ...more });
}

test.each(rows)('kms:$key is $has and not $hasNot', async ({ key, has, hasNot = 'something else', operator = 'StringEquals', call }) => {
  await permit({ [operator]: { [`kms:${key}`]: has } });
  expect(await failure(call())).toBe('succeeded');
  await permit({ [operator]: { [`kms:${key}`]: hasNot } });
  expect(await failure(call())).toMatch(/^AccessDeniedException/);
});

test('related keys ask for the regions that they go to', async () => {
  const id = await made({ MultiRegion: true });
  const deny = (key: string, value: string) => ({
    Effect: 'Deny',
    Action: 'kms:*',
    Resource: '*',
    Condition: { StringEquals: { [`kms:${key}`]: value } },
  });
  await permit({}, deny('ReplicaRegion', 'eu-west-1'));
  expect(await failure(user.replicateKey({ KeyId: id, ReplicaRegion: 'eu-west-1' }))).toMatch(/^AccessDeniedException/);
  await permit({}, deny('ReplicaRegion', 'eu-west-2'));
  expect(await failure(user.replicateKey({ KeyId: id, ReplicaRegion: 'eu-west-1' }))).toBe('succeeded');
  await permit({}, deny('PrimaryRegion', 'eu-west-1'));
  expect(await failure(user.updatePrimaryRegion({ KeyId: id, PrimaryRegion: 'eu-west-1' }))).toMatch(/^AccessDeniedException/);
  await permit({}, deny('PrimaryRegion', 'eu-west-2'));
  expect(await failure(user.updatePrimaryRegion({ KeyId: id, PrimaryRegion: 'eu-west-1' }))).toBe('succeeded');
});

test('a key that was used lately is neither disabled nor deleted where a policy asks for days without use', async () => {
  const [used, unused] = [await made({}), await made({})];
  server.clock.advance(10 * 86_400_000);
  await kms.encrypt({ KeyId: used, Plaintext });
  await server.work.settle();
  server.clock.advance(4 * 86_400_000);
  await permit({ NumericGreaterThanEquals: { 'kms:TrailingDaysWithoutKeyUsage': '14' } });
  expect(await failure(user.disableKey({ KeyId: used }))).toMatch(/^AccessDeniedException/);
  expect(await failure(user.scheduleKeyDeletion({ KeyId: used }))).toMatch(/^AccessDeniedException/);
  expect(await failure(user.disableKey({ KeyId: unused }))).toBe('succeeded');
  expect(await failure(user.scheduleKeyDeletion({ KeyId: unused }))).toBe('succeeded');
  server.clock.advance(10 * 86_400_000);
  expect(await failure(user.disableKey({ KeyId: used }))).toBe('succeeded');
});

test('a key policy with ForAllValues and a condition key of one value is refused in AWS’s words', async () => {
  const own = { Effect: 'Allow', Principal: { AWS: grantee() }, Action: 'kms:*', Resource: '*' };
  const policy = (key: string) => {
    const Condition = { 'ForAllValues:StringEquals': { [key]: 'one' } };
    return JSON.stringify({ Version: '2012-10-17', Statement: [own, { ...own, Action: 'kms:Encrypt', Condition }] });
  };
  const put = (key: string) => failure(kms.putKeyPolicy({ KeyId, Policy: policy(key) }));
  expect(await put('kms:EncryptionContext:App')).toBe(
    'MalformedPolicyDocumentException: OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key matches requests without the specified encryption context or with an unspecified encryption context. To fix, remove ForAllValues.',
  );
  expect(await put('aws:RequestTag/team')).toMatch(/^MalformedPolicyDocumentException: OverlyPermissiveCondition: .* tag/);
  expect(await put('kms:EncryptionContextKeys')).toBe('succeeded');
});
