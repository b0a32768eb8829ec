// External key stores through the pipeline, with AWS's client on one side and a proxy that speaks AWS's published protocol on the other.
import { CreateSecretCommand, GetSecretValueCommand, UpdateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import {
  type ExternalKey,
  type Misbehaviour,
  type StandInProxy,
  startStandInProxy,
  xksCredential,
  xksPath,
} from '../../../test/xks-proxy.ts';
import { createOutbound } from '../../outbound/outbound.ts';

const enabled: ExternalKey = { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT', 'WRAP'], keyStatus: 'ENABLED' };
const dayMs = 86_400_000;
let proxy: StandInProxy;
let server: InProcess;
let kms: ReturnType<InProcess['kms']>;
beforeAll(async () => {
  proxy = await startStandInProxy();
  const routes = {
    'xks.example.com': proxy.url,
    'life.internal.example.com': proxy.url,
    'failing.internal.example.com': proxy.url,
    'gone.example.com': 'http://127.0.0.1:1',
  };
  server = await startInProcess('kms-key-stores', { outbound: createOutbound({ allowedHosts: [], routes }) });
  kms = server.kms();
});
afterAll(async () => {
  await server.stop();
  await proxy.stop();
});
afterEach(() => {
  for (const path of ['health', 'metadata', 'encrypt', 'decrypt'] as const) proxy.misbehave(path, undefined);
  proxy.health.splice(0, proxy.health.length, 'ACTIVE');
});

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );
const settings = {
  CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
  XksProxyConnectivity: 'PUBLIC_ENDPOINT',
  XksProxyUriEndpoint: 'https://xks.example.com',
  XksProxyUriPath: xksPath,
  XksProxyAuthenticationCredential: xksCredential,
} as const;
async function describeStore(id: string) {
  const { CustomKeyStores } = await kms.describeCustomKeyStores({ CustomKeyStoreId: id });
  return CustomKeyStores?.[0];
}

/** One store for the tests of keys, connected. */
let shared: Promise<string> | undefined;
const connectedStore = () => {
  shared ??= (async () => {
    const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore({ ...settings, CustomKeyStoreName: 'shared' });
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    return CustomKeyStoreId;
  })();
  return shared;
};
async function keyFor(external: string, key = enabled): Promise<string> {
  proxy.keys.set(external, key);
  const { KeyMetadata } = await kms.createKey({
    Origin: 'EXTERNAL_KEY_STORE',
    CustomKeyStoreId: await connectedStore(),
    XksKeyId: external,
  });
  return KeyMetadata?.KeyId ?? '';
}
const text = (value: string) => Buffer.from(value, 'utf8');

describe('a key in an external key store', () => {
  test('is made for an external key, says so, and encrypts and decrypts with it', async () => {
    const KeyId = await keyFor('first');
    const { KeyMetadata } = await kms.describeKey({ KeyId });
    expect(KeyMetadata).toMatchObject({
      Origin: 'EXTERNAL_KEY_STORE',
      KeyState: 'Enabled',
      CustomKeyStoreId: await connectedStore(),
      XksKeyConfiguration: { Id: 'first' },
    });
    const EncryptionContext = { project: 'nile', department: 'marketing' };
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('Hello World!'), EncryptionContext });
    const opened = await kms.decrypt({ CiphertextBlob, EncryptionContext: { department: 'marketing', project: 'nile' } });
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('Hello World!');
    expect(opened.KeyId).toBe(KeyMetadata?.Arn);
  });

  test('tells the proxy who does what with which key, and never a plaintext of its own', async () => {
    const KeyId = await keyFor('told');
    const asked = proxy.requests.length;
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('plain words that stay here'), EncryptionContext: { a: 'b' } });
    await kms.decrypt({ CiphertextBlob, EncryptionContext: { a: 'b' } });
    const [encrypt, decrypt, ...more] = proxy.requests.slice(asked);
    expect(more).toEqual([]);
    const { KeyMetadata } = await kms.describeKey({ KeyId });
    expect(encrypt).toMatchObject({
      path: '/keys/told/encrypt',
      body: {
        requestMetadata: {
          awsPrincipalArn: `arn:aws:iam::${server.account}:root`,
          kmsKeyArn: KeyMetadata?.Arn,
          kmsOperation: 'Encrypt',
          kmsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
        additionalAuthenticatedData: text('[["a","b"]]').toString('base64'),
        encryptionAlgorithm: 'AES_GCM',
        ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
      },
    });
    expect(decrypt).toMatchObject({ path: '/keys/told/decrypt', body: { requestMetadata: { kmsOperation: 'Decrypt' } } });
    expect(Buffer.from(String(encrypt?.body['plaintext']), 'base64').includes('plain words')).toBe(false);
  });

  // A proxy has a second, which eight at once may need on a machine that is busy with other tests.
  test('makes data keys, each once and each its own', { retry: 2 }, async () => {
    const KeyId = await keyFor(`data-keys-${proxy.keys.size}`);
    const made = await Promise.all(Array.from({ length: 8 }, () => kms.generateDataKey({ KeyId, KeySpec: 'AES_256' })));
    const plaintexts = made.map(({ Plaintext }) => Buffer.from(Plaintext ?? []).toString('hex'));
    expect(new Set(plaintexts).size).toBe(8);
    for (const [index, { CiphertextBlob }] of made.entries()) {
      const { Plaintext } = await kms.decrypt({ KeyId, CiphertextBlob });
      expect(Buffer.from(Plaintext ?? []).toString('hex')).toBe(plaintexts[index]);
    }
    const without = await kms.generateDataKeyWithoutPlaintext({ KeyId, NumberOfBytes: 1024 });
    expect(
      (await kms.decrypt(without.CiphertextBlob === undefined ? { KeyId } : { CiphertextBlob: without.CiphertextBlob })).Plaintext?.length,
    ).toBe(1024);
  });

  test('re-encrypts from one external key to another, and takes the largest message and context', async () => {
    const [from, to] = [await keyFor('from'), await keyFor('to')];
    const Plaintext = Buffer.alloc(4096, 7);
    const EncryptionContext = { large: 'x'.repeat(8000) };
    const { CiphertextBlob } = await kms.encrypt({ KeyId: from, Plaintext, EncryptionContext });
    const moved = await kms.reEncrypt({
      CiphertextBlob,
      SourceEncryptionContext: EncryptionContext,
      DestinationKeyId: to,
      DestinationEncryptionContext: { small: 'y' },
    });
    const opened = await kms.decrypt({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { small: 'y' } });
    expect(Buffer.from(opened.Plaintext ?? []).equals(Plaintext)).toBe(true);
    expect(opened.KeyId).toContain(to);
  });

  test('opens nothing for a wrong context, a cut or a changed ciphertext', async () => {
    const KeyId = await keyFor('tampered');
    const { CiphertextBlob = new Uint8Array(0) } = await kms.encrypt({ KeyId, Plaintext: text('secret'), EncryptionContext: { a: 'b' } });
    expect(await failure(kms.decrypt({ CiphertextBlob, EncryptionContext: { a: 'c' } }))).toBe(
      'KMSInvalidStateException: The external key store proxy rejected the request because the specified ciphertext or encryption context is corrupted, missing, or otherwise invalid.',
    );
    for (let index = 0; index < CiphertextBlob.length; index += 7) {
      const changed = Buffer.from(CiphertextBlob);
      changed[index] = (changed[index] ?? 0) ^ 1;
      const outcome = await failure(kms.decrypt({ KeyId, CiphertextBlob: changed, EncryptionContext: { a: 'b' } }));
      expect(outcome).toMatch(/^(?:InvalidCiphertextException|IncorrectKeyException|KMSInvalidStateException)/);
      const cut = CiphertextBlob.subarray(0, index + 1);
      expect(await failure(kms.decrypt({ KeyId, CiphertextBlob: cut, EncryptionContext: { a: 'b' } }))).toMatch(
        /^(?:InvalidCiphertextException|IncorrectKeyException|KMSInvalidStateException)/,
      );
    }
  });

  test('needs our material as well: what the external key alone opens is no answer', async () => {
    const KeyId = await keyFor('double');
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('secret') });
    proxy.misbehave('decrypt', ({ plaintext }) => {
      const forged = Buffer.from(String(plaintext), 'base64');
      forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
      return { plaintext: forged.toString('base64') };
    });
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toBe(
      'KMSInvalidStateException: The ciphertext that the external key store proxy submitted for decryption, or the encryption context, is corrupted, missing, or otherwise invalid.',
    );
  });

  test('cannot be rotated, replicated, signed with or used for key pairs', async () => {
    const KeyId = await keyFor('limits');
    expect(await failure(kms.enableKeyRotation({ KeyId }))).toContain('UnsupportedOperationException');
    expect(await failure(kms.rotateKeyOnDemand({ KeyId }))).toContain('UnsupportedOperationException');
    expect(await failure(kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }))).toContain('UnsupportedOperationException');
    expect(await failure(kms.generateRandom({ NumberOfBytes: 8, CustomKeyStoreId: await connectedStore() }))).toContain(
      'UnsupportedOperationException',
    );
  });

  test('asks nothing of the proxy in a dry run or when the caller may not', async () => {
    const KeyId = await keyFor('dry');
    const iam = server.iam();
    await iam.createUser({ UserName: 'outsider' });
    const { AccessKey } = await iam.createAccessKey({ UserName: 'outsider' });
    const outsider = server.kms({ accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' });
    const asked = proxy.requests.length;
    expect(await failure(kms.encrypt({ KeyId, Plaintext: text('x'), DryRun: true }))).toContain('DryRunOperationException');
    expect(await failure(outsider.encrypt({ KeyId, Plaintext: text('x') }))).toContain('AccessDeniedException');
    expect(proxy.requests.length).toBe(asked);
  });

  test('protects secrets: the proxy sees the service through which the caller comes', async () => {
    const KmsKeyId = await keyFor('secrets');
    const secrets = server.secretsManager();
    const asked = proxy.requests.length;
    await secrets.send(new CreateSecretCommand({ Name: 'outside', KmsKeyId, SecretString: 'one' }));
    await secrets.send(new UpdateSecretCommand({ SecretId: 'outside', SecretString: 'two' }));
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'outside' }))).SecretString).toBe('two');
    const seen = proxy.requests.slice(asked).map(({ body }) => body['requestMetadata']);
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(seen).toContainEqual(
      expect.objectContaining({ kmsOperation: 'Decrypt', kmsViaService: 'secretsmanager.us-east-1.amazonaws.com' }),
    );
    proxy.keys.set('secrets', { ...enabled, keyStatus: 'DISABLED' });
    expect(await failure(secrets.send(new GetSecretValueCommand({ SecretId: 'outside' })))).not.toBe('succeeded');
    proxy.keys.set('secrets', enabled);
  });

  test('is gone for good after its waiting time, and its external key is free again', async () => {
    const KeyId = await keyFor('deleted');
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('secret') });
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toContain('is pending deletion');
    server.clock.advance(8 * dayMs);
    await server.work.settle();
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toContain('AccessDeniedException');
    expect(await failure(keyFor('deleted'))).toBe('succeeded');
  });
});

describe('CreateKey refuses', () => {
  const create = async (XksKeyId: string, key?: ExternalKey) => {
    if (key !== undefined) proxy.keys.set(XksKeyId, key);
    return failure(kms.createKey({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: await connectedStore(), XksKeyId }));
  };
  test('an external key that another key stands for', async () => {
    await keyFor('taken');
    expect(await create('taken')).toContain('XksKeyAlreadyInUseException');
  });
  test('one that the proxy does not know', async () => {
    expect(await create('unknown')).toMatch(/^XksKeyNotFoundException: .*was not found in its external key manager/);
  });
  test('one that is no enabled AES-256 key for both directions', async () => {
    expect(await create('aes-128', { ...enabled, keySpec: 'AES_128' })).toBe(
      'XksKeyInvalidConfigurationException: The key spec of the external key must be AES_256. The key spec of specified external key is AES_128.',
    );
    expect(await create('disabled', { ...enabled, keyStatus: 'DISABLED' })).toBe(
      'XksKeyInvalidConfigurationException: The status of the external key must be ENABLED. The status of specified external key is DISABLED.',
    );
    expect(await create('one-way', { ...enabled, keyUsage: ['ENCRYPT'] })).toBe(
      'XksKeyInvalidConfigurationException: The key usage of the external key must include ENCRYPT and DECRYPT. The key use of specified external key is ENCRYPT.',
    );
  });
  test('what a store cannot hold, and stores that are not there', async () => {
    const CustomKeyStoreId = await connectedStore();
    const external = { Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId, XksKeyId: 'x' } as const;
    expect(await failure(kms.createKey({ ...external, KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }))).toContain(
      'UnsupportedOperationException',
    );
    expect(await failure(kms.createKey({ ...external, MultiRegion: true }))).toContain('UnsupportedOperationException');
    expect(await failure(kms.createKey({ ...external, CustomKeyStoreId: 'cks-0' }))).toContain('CustomKeyStoreNotFoundException');
    expect(await failure(kms.createKey({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId }))).toContain('ValidationException');
    expect(await failure(kms.createKey({ XksKeyId: 'x' }))).toContain('ValidationException');
    expect(await failure(kms.createKey({ CustomKeyStoreId }))).toContain('ValidationException');
  });
});

describe('when the proxy fails, a use of a key says how', () => {
  const cases: readonly (readonly [string, Misbehaviour, RegExp])[] = [
    ['ValidationException', { status: 400, errorName: 'ValidationException' }, /cannot interpret the response/],
    ['InvalidStateException', { status: 400, errorName: 'InvalidStateException' }, /is not enabled in the external key manager/],
    ['InvalidKeyUsageException', { status: 400, errorName: 'InvalidKeyUsageException' }, /does not support the requested operation/],
    ['AuthenticationFailedException', { status: 401, errorName: 'AuthenticationFailedException' }, /could not authenticate AWS KMS/],
    ['AccessDeniedException', { status: 403, errorName: 'AccessDeniedException' }, /denied access to the operation/],
    ['KeyNotFoundException', { status: 404, errorName: 'KeyNotFoundException' }, /was not found in its external key manager/],
    ['InvalidUriPathException', { status: 404, errorName: 'InvalidUriPathException' }, /invalid URI path/],
    [
      'UnsupportedOperationException',
      { status: 501, errorName: 'UnsupportedOperationException' },
      /does not support the requested operation/,
    ],
    [
      'DependencyTimeoutException',
      { status: 503, errorName: 'DependencyTimeoutException' },
      /did not respond to the request in the time allotted/,
    ],
    ['ThrottlingException', { status: 429, errorName: 'ThrottlingException' }, /very high request rate/],
    ['InternalException', { status: 500, errorName: 'InternalException' }, /cannot communicate with the external key manager/],
    ['a page that is no JSON', { status: 502, body: '<html>' }, /cannot interpret the response/],
    ['a redirect', { status: 302, body: '{}' }, /cannot interpret the response/],
    ['no answer', 'hang', /did not respond in time/],
    ['a broken connection', 'reset', /cannot communicate with the external key store proxy/],
    ['a flipped bit', (answer) => ({ ...answer, authenticationTag: Buffer.alloc(16).toString('base64') }), /cannot interpret the response/],
    ['no integrity value', ({ ciphertextDataIntegrityValue: _, ...answer }) => answer, /cannot interpret the response/],
    [
      'too much metadata',
      (answer) => ({ ...answer, ciphertextMetadata: Buffer.alloc(21).toString('base64') }),
      /cannot interpret the response/,
    ],
    ['a wrong vector', (answer) => ({ ...answer, initializationVector: 'AAAA' }), /cannot interpret the response/],
  ];
  test.each(cases)('%s', async (_name, how, sentence) => {
    const KeyId = await failing();
    proxy.misbehave('encrypt', how);
    const outcome = await failure(kms.encrypt({ KeyId, Plaintext: text('x') }));
    expect(outcome).toMatch(/^KMSInvalidStateException: /);
    expect(outcome).toMatch(sentence);
    proxy.misbehave('encrypt', undefined);
    expect(await failure(kms.encrypt({ KeyId, Plaintext: text('x') }))).toBe('succeeded');
  });
  let made: Promise<string> | undefined;
  const failing = () => {
    made ??= keyFor('failing');
    return made;
  };
});

describe('a custom key store', () => {
  test('is described without its secret, and its keys live and rest with its connection', async () => {
    const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore({ ...settings, CustomKeyStoreName: 'life', ...elsewhere('life') });
    expect(await describeStore(CustomKeyStoreId)).toMatchObject({
      CustomKeyStoreName: 'life',
      ConnectionState: 'DISCONNECTED',
      CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
      XksProxyConfiguration: { AccessKeyId: xksCredential.AccessKeyId, Connectivity: 'VPC_ENDPOINT_SERVICE', UriPath: xksPath },
    });
    expect(JSON.stringify(await describeStore(CustomKeyStoreId))).not.toContain(xksCredential.RawSecretAccessKey);
    const outside = { Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId, XksKeyId: 'life-key' } as const;
    proxy.keys.set('life-key', enabled);
    expect(await failure(kms.createKey(outside))).toMatch(/^CustomKeyStoreInvalidStateException: .*not connected/);
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    const { KeyMetadata } = await kms.createKey(outside);
    const KeyId = KeyMetadata?.KeyId ?? '';
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('x') });
    expect(await failure(kms.deleteCustomKeyStore({ CustomKeyStoreId }))).toContain('CustomKeyStoreInvalidStateException');
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    expect((await kms.describeKey({ KeyId })).KeyMetadata).toMatchObject({ KeyState: 'Unavailable', Enabled: false });
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toMatch(/^KMSInvalidStateException: .*is unavailable/);
    expect(await failure(kms.deleteCustomKeyStore({ CustomKeyStoreId }))).toContain('CustomKeyStoreHasCMKsException');
    expect(await failure(kms.disconnectCustomKeyStore({ CustomKeyStoreId }))).toContain('CustomKeyStoreInvalidStateException');
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe('Enabled');
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toBe('succeeded');
    await kms.disableKey({ KeyId });
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    server.clock.advance(8 * dayMs);
    await server.work.settle();
    await kms.deleteCustomKeyStore({ CustomKeyStoreId });
    expect(await failure(describeStore(CustomKeyStoreId))).toContain('CustomKeyStoreNotFoundException');
  });

  test('fails to connect with the reason, and connects again only after it was disconnected', async () => {
    const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore({
      ...settings,
      CustomKeyStoreName: 'failing',
      ...elsewhere('failing'),
    });
    const cases: readonly (readonly [Misbehaviour | undefined, string])[] = [
      [{ status: 401, errorName: 'AuthenticationFailedException' }, 'INVALID_CREDENTIALS'],
      [{ status: 404, errorName: 'InvalidUriPathException' }, 'XKS_PROXY_INVALID_CONFIGURATION'],
      [{ status: 403, errorName: 'AccessDeniedException' }, 'XKS_PROXY_ACCESS_DENIED'],
      [{ status: 200, body: '{}' }, 'XKS_PROXY_INVALID_RESPONSE'],
      ['hang', 'XKS_PROXY_TIMED_OUT'],
      ['reset', 'XKS_PROXY_NOT_REACHABLE'],
      [undefined, 'XKS_PROXY_NOT_REACHABLE'],
    ];
    for (const [how, ConnectionErrorCode] of cases) {
      proxy.misbehave('health', how);
      if (how === undefined) proxy.health.splice(0, 1, 'UNAVAILABLE');
      await kms.connectCustomKeyStore({ CustomKeyStoreId });
      expect(await describeStore(CustomKeyStoreId)).toMatchObject({ ConnectionState: 'FAILED', ConnectionErrorCode });
      expect(await failure(kms.connectCustomKeyStore({ CustomKeyStoreId }))).toContain('CustomKeyStoreInvalidStateException');
      await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    }
    proxy.health.splice(0, 1, 'UNAVAILABLE', 'DEGRADED');
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    expect((await describeStore(CustomKeyStoreId))?.ConnectionState).toBe('CONNECTED');
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    await kms.deleteCustomKeyStore({ CustomKeyStoreId });
  });

  test('is made only for a proxy that answers to this credential', async () => {
    const make = (more: object) => failure(kms.createCustomKeyStore({ ...settings, CustomKeyStoreName: 'refused', ...more }));
    await connectedStore();
    const path = { XksProxyUriPath: '/elsewhere/kms/xks/v1' };
    expect(await make(path)).toMatch(/^XksProxyInvalidConfigurationException: .*invalid URI path/);
    const credential = { ...xksCredential, RawSecretAccessKey: 'A'.repeat(43) };
    expect(await make({ ...path, XksProxyAuthenticationCredential: credential })).toContain(
      'XksProxyIncorrectAuthenticationCredentialException',
    );
    expect(await make({ XksProxyUriEndpoint: 'https://gone.example.com' })).toContain('XksProxyUriUnreachableException');
    expect(await make({ XksProxyUriEndpoint: 'https://unnamed.example.com' })).toContain('XksProxyUriUnreachableException');
    expect(await make({})).toContain('XksProxyUriInUseException');
    expect(await make({ CustomKeyStoreName: 'shared', ...path })).toContain('CustomKeyStoreNameInUseException');
    expect(await make({ XksProxyUriPath: undefined })).toContain('ValidationException');
    expect(await make({ ...path, XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE' })).toContain('ValidationException');
    expect(await make({ ...path, KeyStorePassword: 'password' })).toContain('ValidationException');
  });

  test('takes a new name, path and credential while it is connected, and is tested with them', async () => {
    const CustomKeyStoreId = await connectedStore();
    await kms.updateCustomKeyStore({ CustomKeyStoreId, NewCustomKeyStoreName: 'renamed' });
    expect((await kms.describeCustomKeyStores({ CustomKeyStoreName: 'renamed' })).CustomKeyStores?.[0]?.CustomKeyStoreId).toBe(
      CustomKeyStoreId,
    );
    await kms.updateCustomKeyStore({ CustomKeyStoreId, NewCustomKeyStoreName: 'shared', XksProxyAuthenticationCredential: xksCredential });
    expect(
      await failure(
        kms.updateCustomKeyStore({
          CustomKeyStoreId,
          XksProxyAuthenticationCredential: { ...xksCredential, AccessKeyId: 'A'.repeat(20) },
        }),
      ),
    ).toContain('XksProxyIncorrectAuthenticationCredentialException');
    expect(await failure(kms.updateCustomKeyStore({ CustomKeyStoreId, XksProxyUriEndpoint: 'https://gone.example.com' }))).toContain(
      'CustomKeyStoreInvalidStateException',
    );
    expect(await failure(kms.updateCustomKeyStore({ CustomKeyStoreId, XksProxyUriPath: '/wrong/kms/xks/v1' }))).toContain(
      'XksProxyInvalidConfigurationException',
    );
  });

  test('of a CloudHSM cluster needs a cluster, which is not there', async () => {
    const hsm = { CustomKeyStoreName: 'hsm', CloudHsmClusterId: 'cluster-1234abcdefgh'.replace('1', 'a'), KeyStorePassword: 'password' };
    expect(await failure(kms.createCustomKeyStore({ ...hsm, TrustAnchorCertificate: 'PEM' }))).toContain(
      'CloudHsmClusterNotFoundException',
    );
    expect(await failure(kms.createCustomKeyStore(hsm))).toContain('ValidationException');
  });
});

/** The same proxy as if it were inside of a VPC, where it is asked only when the store is connected. */
function elsewhere(name: string) {
  return {
    XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
    XksProxyUriEndpoint: `https://${name}.internal.example.com`,
    XksProxyVpcEndpointServiceName: `com.amazonaws.vpce.us-east-1.vpce-svc-${name}`,
  } as const;
}
