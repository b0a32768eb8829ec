// AWS's table of key states: what each operation answers for a key in each state, through the pipeline with AWS's client.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
import type { CreateKeyCommandInput, GrantOperation, KMS } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMemoryModules } from '../../../test/hardware-modules.ts';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

const states = ['Enabled', 'Disabled', 'PendingImport', 'PendingDeletion', 'PendingReplicaDeletion', 'Unavailable'] as const;
type State = (typeof states)[number];

let server: InProcess;
let kms: KMS;
/** Keys of a store that is no longer connected. */
let unavailable: string[];

/** In the order of `cases` below, which uses one for each of its operations on symmetric keys. */
async function keysOfDisconnectedStore(count: number): Promise<string[]> {
  const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore({
    CustomKeyStoreName: 'modules',
    CloudHsmClusterId: 'cluster-abcdefghijk',
    KeyStorePassword: 'kmsuser password',
    TrustAnchorCertificate: 'PEM',
  });
  await kms.connectCustomKeyStore({ CustomKeyStoreId });
  server.clock.advance(1_000);
  await server.work.settle();
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await made({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId }));
  await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
  return ids;
}

beforeAll(async () => {
  const modules = createMemoryModules();
  modules.add('cluster-abcdefghijk', 'PEM', 'kmsuser password');
  server = await startInProcess('kms-key-states', { hardware: modules });
  kms = server.kms();
  unavailable = await keysOfDisconnectedStore(cases.filter(({ spec = {} }) => spec.KeySpec === undefined).length);
});
afterAll(() => server.stop());

async function made(input: CreateKeyCommandInput): Promise<string> {
  return (await kms.createKey(input)).KeyMetadata?.KeyId ?? '';
}

async function keyIn(state: State, spec: CreateKeyCommandInput): Promise<string> {
  if (state === 'Unavailable') return unavailable.pop() ?? '';
  const more = state === 'PendingImport' ? { Origin: 'EXTERNAL' as const } : { MultiRegion: state === 'PendingReplicaDeletion' };
  const KeyId = await made({ ...spec, ...more });
  if (state === 'Disabled') await kms.disableKey({ KeyId });
  if (state === 'PendingReplicaDeletion') await kms.replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' });
  if (state === 'PendingDeletion' || state === 'PendingReplicaDeletion') await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
  return KeyId;
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'ok',
    (error: Error) => `${error.name}: ${error.message}`,
  );

/** The table's footnotes, as sentences about a key. */
const disabled = 'DisabledException: ARN is disabled.';
const deleting = 'KMSInvalidStateException: ARN is pending deletion.';
const replicaDeleting = 'KMSInvalidStateException: ARN is pending replica deletion.';
const notDeleting = 'KMSInvalidStateException: ARN is not pending deletion.';
const importing = 'KMSInvalidStateException: ARN is pending import.';
const notHere = 'KMSInvalidStateException: ARN is unavailable.';
const origin = (name: string) => `UnsupportedOperationException: ARN origin is ${name} which is not valid for this operation.`;
const imported = origin('EXTERNAL');
const ours = origin('AWS_KMS');
const inModules = origin('AWS_CLOUDHSM');

type Row = readonly [enabled: string, disabled: string, importing: string, deleting: string, replicaDeleting: string, unavailable: string];
const use: Row = ['ok', disabled, importing, deleting, replicaDeleting, notHere];
const always: Row = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'];
const unlessDeleting: Row = ['ok', 'ok', 'ok', deleting, replicaDeleting, 'ok'];
const toggle: Row = ['ok', 'ok', importing, deleting, replicaDeleting, 'ok'];
const rotate: Row = ['ok', disabled, imported, deleting, replicaDeleting, inModules];
const takeMaterial: Row = [ours, ours, 'ok', ours, ours, inModules];

interface Case {
  readonly name: string;
  readonly row: Row;
  readonly spec?: CreateKeyCommandInput;
  call(kms: KMS, KeyId: string): Promise<unknown>;
}

const Plaintext = Buffer.from('x');
const signing = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } as const;
const agreeing = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' } as const;
const coding = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' } as const;
const signed = { Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' } as const;
const coded = { Message: Plaintext, MacAlgorithm: 'HMAC_SHA_256' } as const;
const peer = async (kms: KMS) => {
  const { KeyMetadata } = await kms.createKey(agreeing);
  return (await kms.getPublicKey({ KeyId: KeyMetadata?.KeyId })).PublicKey;
};
let aliasNumber = 0;
const alias = async (kms: KMS): Promise<string> => {
  aliasNumber += 1;
  const AliasName = `alias/moving-${aliasNumber}`;
  await kms.createAlias({ AliasName, TargetKeyId: (await kms.createKey({})).KeyMetadata?.KeyId });
  return AliasName;
};
const grantee = (kms: KMS, KeyId: string, operation: GrantOperation) =>
  kms.createGrant({ KeyId, GranteePrincipal: `arn:aws:iam::${server.account}:root`, Operations: [operation] });
const parameters = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' } as const;

const cases: readonly Case[] = [
  {
    name: 'CancelKeyDeletion',
    row: [notDeleting, notDeleting, notDeleting, 'ok', 'ok', notDeleting],
    call: (kms, KeyId) => kms.cancelKeyDeletion({ KeyId }),
  },
  { name: 'CreateAlias', row: unlessDeleting, call: (kms, id) => kms.createAlias({ AliasName: `alias/new-${id}`, TargetKeyId: id }) },
  {
    name: 'CreateGrant',
    row: ['ok', disabled, importing, deleting, replicaDeleting, 'ok'],
    call: (kms, KeyId) => grantee(kms, KeyId, 'DescribeKey'),
  },
  { name: 'DeleteImportedKeyMaterial', row: takeMaterial, call: (kms, KeyId) => kms.deleteImportedKeyMaterial({ KeyId }) },
  {
    name: 'DeriveSharedSecret',
    row: use,
    spec: agreeing,
    call: async (kms, KeyId) => kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: await peer(kms) }),
  },
  { name: 'DescribeKey', row: always, call: (kms, KeyId) => kms.describeKey({ KeyId }) },
  { name: 'DisableKey', row: toggle, call: (kms, KeyId) => kms.disableKey({ KeyId }) },
  { name: 'DisableKeyRotation', row: rotate, call: (kms, KeyId) => kms.disableKeyRotation({ KeyId }) },
  { name: 'EnableKey', row: toggle, call: (kms, KeyId) => kms.enableKey({ KeyId }) },
  { name: 'EnableKeyRotation', row: rotate, call: (kms, KeyId) => kms.enableKeyRotation({ KeyId }) },
  { name: 'Encrypt', row: use, call: (kms, KeyId) => kms.encrypt({ KeyId, Plaintext }) },
  { name: 'GenerateDataKey', row: use, call: (kms, KeyId) => kms.generateDataKey({ KeyId, KeySpec: 'AES_256' }) },
  { name: 'GenerateDataKeyPair', row: use, call: (kms, KeyId) => kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }) },
  {
    name: 'GenerateDataKeyPairWithoutPlaintext',
    row: use,
    call: (kms, KeyId) => kms.generateDataKeyPairWithoutPlaintext({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }),
  },
  {
    name: 'GenerateDataKeyWithoutPlaintext',
    row: use,
    call: (kms, KeyId) => kms.generateDataKeyWithoutPlaintext({ KeyId, KeySpec: 'AES_256' }),
  },
  { name: 'GenerateMac', row: use, spec: coding, call: (kms, KeyId) => kms.generateMac({ KeyId, ...coded }) },
  { name: 'GetKeyPolicy', row: always, call: (kms, KeyId) => kms.getKeyPolicy({ KeyId, PolicyName: 'default' }) },
  {
    name: 'GetKeyRotationStatus',
    row: ['ok', 'ok', imported, 'ok', 'ok', inModules],
    call: (kms, KeyId) => kms.getKeyRotationStatus({ KeyId }),
  },
  { name: 'GetParametersForImport', row: takeMaterial, call: (kms, KeyId) => kms.getParametersForImport({ KeyId, ...parameters }) },
  { name: 'GetPublicKey', row: use, spec: signing, call: (kms, KeyId) => kms.getPublicKey({ KeyId }) },
  { name: 'ListAliases', row: always, call: (kms, KeyId) => kms.listAliases({ KeyId }) },
  { name: 'ListGrants', row: always, call: (kms, KeyId) => kms.listGrants({ KeyId }) },
  { name: 'ListKeyPolicies', row: always, call: (kms, KeyId) => kms.listKeyPolicies({ KeyId }) },
  { name: 'ListResourceTags', row: always, call: (kms, KeyId) => kms.listResourceTags({ KeyId }) },
  {
    name: 'PutKeyPolicy',
    row: always,
    call: async (kms, KeyId) => kms.putKeyPolicy({ KeyId, Policy: (await kms.getKeyPolicy({ KeyId })).Policy }),
  },
  {
    name: 'ReEncrypt to it',
    row: use,
    call: async (kms, DestinationKeyId) => {
      const { KeyMetadata } = await kms.createKey({});
      const { CiphertextBlob } = await kms.encrypt({ KeyId: KeyMetadata?.KeyId, Plaintext });
      return kms.reEncrypt({ CiphertextBlob, DestinationKeyId });
    },
  },
  { name: 'ScheduleKeyDeletion', row: unlessDeleting, call: (kms, KeyId) => kms.scheduleKeyDeletion({ KeyId }) },
  { name: 'Sign', row: use, spec: signing, call: (kms, KeyId) => kms.sign({ KeyId, ...signed }) },
  { name: 'TagResource', row: unlessDeleting, call: (kms, KeyId) => kms.tagResource({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] }) },
  { name: 'UntagResource', row: unlessDeleting, call: (kms, KeyId) => kms.untagResource({ KeyId, TagKeys: ['a'] }) },
  {
    name: 'UpdateAlias to it',
    row: unlessDeleting,
    call: async (kms, TargetKeyId) => kms.updateAlias({ AliasName: await alias(kms), TargetKeyId }),
  },
  { name: 'UpdateKeyDescription', row: unlessDeleting, call: (kms, KeyId) => kms.updateKeyDescription({ KeyId, Description: 'new' }) },
  {
    name: 'Verify',
    // A signature that is none is refused when the key may be used; AWS has no sentence, and the client puts its own.
    row: ['KMSInvalidSignatureException: UnknownError', disabled, importing, deleting, replicaDeleting, notHere],
    spec: signing,
    call: (kms, KeyId) => kms.verify({ KeyId, ...signed, Signature: Buffer.from('none') }),
  },
  {
    name: 'VerifyMac',
    row: ['KMSInvalidMacException: UnknownError', disabled, importing, deleting, replicaDeleting, notHere],
    spec: coding,
    call: (kms, KeyId) => kms.verifyMac({ KeyId, ...coded, Mac: Buffer.from('none') }),
  },
];

test.each(cases)('$name in every state of a key', async ({ name, row, spec = {}, call }) => {
  for (const [index, state] of states.entries()) {
    // Custom key stores have symmetric keys alone.
    if (state === 'Unavailable' && spec.KeySpec !== undefined) continue;
    const KeyId = await keyIn(state, spec);
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe(state);
    const arn = `arn:aws:kms:us-east-1:${server.account}:key/${KeyId}`;
    expect((await failure(call(kms, KeyId))).replaceAll(arn, 'ARN'), `${name} while ${state}`).toBe(row[index]);
  }
});

/** What needs the key to have been enabled before: the ciphertext, the alias and the grant are older than the state. */
test('a ciphertext opens, an alias leaves and goes, and a grant ends, as the state of their key lets them', async () => {
  for (const state of ['Disabled', 'PendingDeletion'] as const) {
    const KeyId = await made({});
    const arn = `arn:aws:kms:us-east-1:${server.account}:key/${KeyId}`;
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext });
    const [leaving, going] = [`alias/leaving-${state}`, `alias/going-${state}`];
    for (const AliasName of [leaving, going]) await kms.createAlias({ AliasName, TargetKeyId: KeyId });
    const [retired, revoked] = [await grantee(kms, KeyId, 'Encrypt'), await grantee(kms, KeyId, 'Decrypt')];
    await (state === 'Disabled' ? kms.disableKey({ KeyId }) : kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 }));
    const refused = state === 'Disabled' ? disabled : deleting;
    const target = await made({});
    const answers = [
      await failure(kms.decrypt({ CiphertextBlob })),
      await failure(kms.reEncrypt({ CiphertextBlob, DestinationKeyId: target })),
      await failure(kms.updateAlias({ AliasName: leaving, TargetKeyId: target })),
      await failure(kms.deleteAlias({ AliasName: going })),
      await failure(kms.retireGrant({ GrantToken: retired.GrantToken })),
      await failure(kms.revokeGrant({ KeyId, GrantId: revoked.GrantId })),
    ];
    expect(answers.map((answer) => answer.replaceAll(arn, 'ARN'))).toEqual([refused, refused, 'ok', 'ok', 'ok', 'ok']);
  }
});

test('related keys are replicated and promoted while they are enabled, and tell that they are not related otherwise', async () => {
  const KeyId = await made({ MultiRegion: true });
  const arn = `arn:aws:kms:us-east-1:${server.account}:key/${KeyId}`;
  await kms.disableKey({ KeyId });
  const replicate = () => failure(kms.replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' }));
  expect(await replicate()).toBe(`DisabledException: ${arn} is disabled.`);
  await kms.enableKey({ KeyId });
  expect(await replicate()).toBe('ok');
  const there = server.kms(undefined, 'eu-west-1');
  await there.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
  expect(await failure(kms.updatePrimaryRegion({ KeyId, PrimaryRegion: 'eu-west-1' }))).toBe(
    `KMSInvalidStateException: ${arn.replace('us-east-1', 'eu-west-1')} is pending deletion.`,
  );
  expect(await replicate()).toMatch(/^AlreadyExistsException/);
  const single = await made({});
  expect(await failure(kms.replicateKey({ KeyId: single, ReplicaRegion: 'eu-west-1' }))).toMatch(/^UnsupportedOperationException/);
});
