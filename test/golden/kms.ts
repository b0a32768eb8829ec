// An installation of KMS as one build has left it: its sealed documents as they stand in the database, the root key, what stands outside of it
// (an external key, a key in hardware modules), and what its users kept: ciphertexts, signatures, codes, tokens. All of it is material of tests.
// `node test/golden/kms.ts FILE` writes one. A file that was committed is never written again: a new form gets a file of its own.
import { constants, createPublicKey, createSecretKey, publicEncrypt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { CreateKeyCommandInput, KMS } from '@aws-sdk/client-kms';
import { randomIds } from '../../src/base/ids.ts';
import { createOutbound } from '../../src/outbound/outbound.ts';
import { fixedRootKey } from '../../src/store/root-key.ts';
import { createDocumentSealer } from '../../src/store/seal.ts';
import { createMemoryModules, type MemoryCluster } from '../hardware-modules.ts';
import { type InProcess, startInProcess } from '../in-process.ts';
import { type StandInProxy, startStandInProxy, xksCredential, xksPath } from '../xks-proxy.ts';

export interface GoldenKms {
  readonly writtenAtMs: number;
  /** Every binary value in base64. */
  readonly rootKey: string;
  /** Collection, key and sealed text. */
  readonly documents: readonly (readonly [string, string, string])[];
  readonly externalKeys: Readonly<Record<string, string>>;
  readonly hardwareKeys: Readonly<Record<string, string>>;
  readonly ciphertexts: readonly GoldenCiphertext[];
  readonly signature: { readonly keyId: string; readonly message: string; readonly signature: string };
  readonly mac: { readonly keyId: string; readonly message: string; readonly mac: string };
  readonly grant: { readonly keyId: string; readonly grantId: string; readonly token: string };
  readonly importParameters: { readonly keyId: string; readonly token: string };
}

interface GoldenCiphertext {
  readonly what: string;
  readonly version: 1 | 2 | 3 | 4;
  readonly region: string;
  readonly blob: string;
  readonly context: Readonly<Record<string, string>>;
  readonly plaintext: string;
}

const clusterId = 'cluster-abcdefghijk';
const trustAnchor = 'PEM of the owner';
const password = 'kmsuser password';
const externalKeyId = 'golden-key';

export interface GoldenSetting {
  readonly castellan: InProcess;
  readonly proxy: StandInProxy;
  readonly cluster: MemoryCluster;
  readonly rootKey: Uint8Array;
  stop(): Promise<void>;
}

/** A server of today, over what a file holds or over nothing. */
export async function startGolden(golden?: GoldenKms): Promise<GoldenSetting> {
  const proxy = await startStandInProxy();
  proxy.keys.set(externalKeyId, { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT'], keyStatus: 'ENABLED' });
  const modules = createMemoryModules();
  const cluster = modules.add(clusterId, trustAnchor, password);
  const outbound = createOutbound({ allowedHosts: [], routes: { 'xks.example.com': proxy.url } });
  const rootKey = golden === undefined ? Buffer.from(randomIds().bytes(32)) : Buffer.from(golden.rootKey, 'base64');
  const castellan = await startInProcess('golden', { rootKey, outbound, hardware: modules });
  if (golden !== undefined) {
    for (const [id, secret] of Object.entries(golden.externalKeys)) proxy.secrets.set(id, Buffer.from(secret, 'base64'));
    for (const [label, secret] of Object.entries(golden.hardwareKeys))
      cluster.keys.set(label, createSecretKey(Buffer.from(secret, 'base64')));
    const sealer = createDocumentSealer(fixedRootKey(rootKey), randomIds());
    await castellan.store.transact(async (transaction) => {
      for (const [collection, key, text] of golden.documents) transaction.put(collection, key, sealer.decode(collection, key, text));
    });
  }
  return {
    castellan,
    proxy,
    cluster,
    rootKey,
    async stop() {
      await castellan.stop();
      await proxy.stop();
    },
  };
}

async function write(): Promise<GoldenKms> {
  const { castellan, proxy, cluster, rootKey, stop } = await startGolden();
  try {
    const kms = castellan.kms();
    const kept = await fill(castellan);
    const sealer = createDocumentSealer(fixedRootKey(rootKey), randomIds());
    const documents: [string, string, string][] = [];
    for await (const { collection, key, value } of castellan.store.dump()) {
      if (collection.startsWith('kms.')) documents.push([collection, key, sealer.encode(collection, key, value)]);
    }
    kms.destroy();
    return {
      writtenAtMs: castellan.clock.now(),
      rootKey: base64(rootKey),
      documents,
      externalKeys: Object.fromEntries([...proxy.secrets].map(([id, secret]) => [id, base64(secret)])),
      hardwareKeys: Object.fromEntries([...cluster.keys].map(([label, key]) => [label, base64(key.export())])),
      ...kept,
    };
  } finally {
    await stop();
  }
}

/** One of everything whose form must last. */
async function fill(castellan: InProcess): Promise<Pick<GoldenKms, 'ciphertexts' | 'signature' | 'mac' | 'grant' | 'importParameters'>> {
  const kms = castellan.kms();
  const made = async (input: CreateKeyCommandInput): Promise<string> => (await kms.createKey(input)).KeyMetadata?.KeyId ?? '';
  const ciphertexts: GoldenCiphertext[] = [];
  const encrypt = async (KeyId: string, what: string, version: 2 | 3 | 4): Promise<void> => {
    const context = { purpose: what, ключ: 'ä' };
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from(what), EncryptionContext: context });
    ciphertexts.push({ what, version, region: 'us-east-1', blob: base64(CiphertextBlob), context, plaintext: what });
  };
  const rotated = await made({ MultiRegion: true });
  await encrypt(rotated, 'before the rotation', 4);
  await kms.rotateKeyOnDemand({ KeyId: rotated });
  await encrypt(rotated, 'after the rotation', 4);
  await kms.replicateKey({ KeyId: rotated, ReplicaRegion: 'eu-west-1' });
  for (const each of ciphertexts.slice()) ciphertexts.push({ ...each, what: `${each.what}, in another region`, region: 'eu-west-1' });
  const imported = await importedKey(kms);
  await encrypt(imported, 'under imported material', 4);
  await encrypt(
    await made({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: await externalStore(kms), XksKeyId: externalKeyId }),
    'under an external key',
    2,
  );
  await encrypt(await made({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: await hardwareStore(castellan) }), 'in hardware modules', 3);

  const message = Buffer.from('golden message');
  const signing = await made({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const { Signature } = await kms.sign({ KeyId: signing, Message: message, SigningAlgorithm: 'ECDSA_SHA_256' });
  const coding = await made({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  const { Mac } = await kms.generateMac({ KeyId: coding, Message: message, MacAlgorithm: 'HMAC_SHA_256' });
  const principal = `arn:aws:iam::${castellan.account}:root`;
  const { GrantId = '', GrantToken = '' } = await kms.createGrant({
    KeyId: rotated,
    GranteePrincipal: principal,
    RetiringPrincipal: principal,
    Operations: ['Decrypt'],
  });
  const { ImportToken } = await kms.getParametersForImport({
    KeyId: imported,
    WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
    WrappingKeySpec: 'RSA_2048',
  });
  return {
    ciphertexts,
    signature: { keyId: signing, message: base64(message), signature: base64(Signature) },
    mac: { keyId: coding, message: base64(message), mac: base64(Mac) },
    grant: { keyId: rotated, grantId: GrantId, token: GrantToken },
    importParameters: { keyId: imported, token: base64(ImportToken) },
  };
}

async function importedKey(kms: KMS): Promise<string> {
  const KeyId = (await kms.createKey({ Origin: 'EXTERNAL' })).KeyMetadata?.KeyId ?? '';
  const { PublicKey, ImportToken } = await kms.getParametersForImport({
    KeyId,
    WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
    WrappingKeySpec: 'RSA_2048',
  });
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
  const EncryptedKeyMaterial = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, Buffer.alloc(32, 5));
  await kms.importKeyMaterial({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' });
  return KeyId;
}

async function externalStore(kms: KMS): Promise<string> {
  const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore({
    CustomKeyStoreName: 'outside',
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    XksProxyConnectivity: 'PUBLIC_ENDPOINT',
    XksProxyUriEndpoint: 'https://xks.example.com',
    XksProxyUriPath: xksPath,
    XksProxyAuthenticationCredential: xksCredential,
  });
  await kms.connectCustomKeyStore({ CustomKeyStoreId });
  return CustomKeyStoreId;
}

async function hardwareStore(castellan: InProcess): Promise<string> {
  const kms = castellan.kms();
  const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore({
    CustomKeyStoreName: 'modules',
    CloudHsmClusterId: clusterId,
    KeyStorePassword: password,
    TrustAnchorCertificate: trustAnchor,
  });
  await kms.connectCustomKeyStore({ CustomKeyStoreId });
  castellan.clock.advance(1_000);
  await castellan.work.settle();
  return CustomKeyStoreId;
}

function base64(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64');
}

if (import.meta.main) writeFileSync(process.argv[2] ?? '', `${JSON.stringify(await write(), undefined, 2)}\n`, { flag: 'wx' });
