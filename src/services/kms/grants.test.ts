// Who may use a key: its policy first, what it delegates to the account second, grants beside both, and an explicit deny before all.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { allow, createKey, failure } from '../../../test/kms-setting.ts';
import { testUser } from '../../../test/users.ts';

let server: InProcess;
let kms: ReturnType<InProcess['kms']>;
const arnOf = (name: string) => `arn:aws:iam::${server.account}:user/${name}`;
const text = (value: string) => Buffer.from(value, 'utf8');
const user = (name: string, ...statements: readonly object[]) => testUser(server, name, statements);
const key = (...statements: readonly object[]) => createKey(server, statements);

beforeAll(async () => {
  server = await startInProcess('kms-grants');
  kms = server.kms();
});
afterAll(() => server.stop());

test('an account’s own policies count as far as the key’s policy hands the decision to them', async () => {
  const reader = server.kms(await user('reader', allow('kms:*')));
  const delegated = await key();
  expect(await failure(reader.encrypt({ KeyId: delegated, Plaintext: text('x') }))).toBe('succeeded');
  // The reader, not the account, is named; so nobody else's own policies help.
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: arnOf('reader') }, Action: ['kms:PutKeyPolicy', 'kms:Encrypt'], Resource: '*' }],
  });
  const own = (await reader.createKey({ Policy })).KeyMetadata?.KeyId ?? '';
  const other = server.kms(await user('other', allow('kms:*')));
  expect(await failure(reader.encrypt({ KeyId: own, Plaintext: text('x') }))).toBe('succeeded');
  expect(await failure(other.encrypt({ KeyId: own, Plaintext: text('x') }))).toMatch(
    /^AccessDeniedException: .* is not authorized to perform: kms:Encrypt on resource: .* because no resource-based policy allows the kms:Encrypt action$/,
  );
  expect(await failure(kms.encrypt({ KeyId: own, Plaintext: text('x') }))).toMatch(/no resource-based policy allows/);
});

test('a grant lets its grantee do just what it says, at once, until it is revoked; a deny beats it', async () => {
  const grantee = server.kms(await user('grantee'));
  const KeyId = await key();
  const encrypt = (context: Record<string, string>) =>
    failure(grantee.encrypt({ KeyId, Plaintext: text('x'), EncryptionContext: context }));
  expect(await encrypt({})).toMatch(/^AccessDenied/);
  const grant = await kms.createGrant({
    KeyId,
    GranteePrincipal: arnOf('grantee'),
    Operations: ['Encrypt'],
    Constraints: { EncryptionContextSubset: { team: 'a' } },
    Name: 'one',
  });
  expect(await encrypt({ team: 'a', more: 'yes' })).toBe('succeeded');
  expect(await encrypt({ team: 'b' })).toMatch(/^AccessDenied/);
  expect(await encrypt({})).toMatch(/^AccessDenied/);
  expect(await failure(grantee.generateDataKey({ KeyId, KeySpec: 'AES_128', EncryptionContext: { team: 'a' } }))).toMatch(/^AccessDenied/);
  const again = await kms.createGrant({
    KeyId,
    GranteePrincipal: arnOf('grantee'),
    Operations: ['Encrypt'],
    Constraints: { EncryptionContextSubset: { team: 'a' } },
    Name: 'one',
  });
  expect(again.GrantId).toBe(grant.GrantId);
  expect((await kms.listGrants({ KeyId })).Grants).toMatchObject([
    { GranteePrincipal: arnOf('grantee'), Operations: ['Encrypt'], Name: 'one' },
  ]);
  const Deny = { Effect: 'Deny', Principal: { AWS: arnOf('grantee') }, Action: 'kms:Encrypt', Resource: '*' };
  const whole = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${server.account}:root` }, Action: 'kms:*', Resource: '*' };
  await kms.putKeyPolicy({ KeyId, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [whole, Deny] }) });
  expect(await encrypt({ team: 'a' })).toMatch(/with an explicit deny in a resource-based policy/);
  await kms.putKeyPolicy({ KeyId, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [whole] }) });
  await kms.revokeGrant({ KeyId, GrantId: grant.GrantId });
  expect(await encrypt({ team: 'a' })).toMatch(/^AccessDenied/);
  expect(await failure(kms.revokeGrant({ KeyId, GrantId: grant.GrantId }))).toMatch(/^NotFoundException/);
});

test('a context that must be equal must be equal', async () => {
  const grantee = server.kms(await user('exact'));
  const KeyId = await key();
  await kms.createGrant({
    KeyId,
    GranteePrincipal: arnOf('exact'),
    Operations: ['Encrypt', 'Decrypt'],
    Constraints: { EncryptionContextEquals: { a: '1', b: '2' } },
  });
  const encrypt = (context: Record<string, string>) =>
    failure(grantee.encrypt({ KeyId, Plaintext: text('x'), EncryptionContext: context }));
  expect(await encrypt({ b: '2', a: '1' })).toBe('succeeded');
  expect(await encrypt({ a: '1' })).toMatch(/^AccessDenied/);
  expect(await encrypt({ a: '1', b: '2', c: '3' })).toMatch(/^AccessDenied/);
});

test('the retiring principal retires a grant by its token or its id, and lists what it may retire', async () => {
  const retirer = server.kms(await user('retirer', allow('kms:ListRetirableGrants')));
  const KeyId = await key();
  const make = () =>
    kms.createGrant({ KeyId, GranteePrincipal: arnOf('retirer'), RetiringPrincipal: arnOf('retirer'), Operations: ['DescribeKey'] });
  const [first, second] = [await make(), await make()];
  expect((await retirer.listRetirableGrants({ RetiringPrincipal: arnOf('retirer') })).Grants?.length).toBe(2);
  expect(await failure(retirer.retireGrant({ GrantToken: first.GrantToken }))).toBe('succeeded');
  expect(
    await failure(retirer.retireGrant({ KeyId: `arn:aws:kms:us-east-1:${server.account}:key/${KeyId}`, GrantId: second.GrantId })),
  ).toBe('succeeded');
  expect((await kms.listGrants({ KeyId })).Grants).toEqual([]);
  const stranger = server.kms(await user('stranger'));
  const third = await make();
  expect(await failure(stranger.retireGrant({ GrantToken: third.GrantToken }))).toMatch(/^AccessDenied/);
});

test('KMS’s own condition keys decide: the spec of a new key, the alias of a request, the context, the account', async () => {
  const maker = server.kms(
    await user('maker', allow('kms:CreateKey', { Condition: { StringEquals: { 'kms:KeySpec': 'SYMMETRIC_DEFAULT' } } })),
  );
  expect(await failure(maker.createKey({}))).toBe('succeeded');
  expect(await failure(maker.createKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }))).toMatch(/^AccessDenied/);
  const KeyId = await key();
  await kms.createAlias({ AliasName: 'alias/tagged', TargetKeyId: KeyId });
  const byAlias = server.kms(
    await user('by-alias', allow('kms:Encrypt', { Condition: { StringEquals: { 'kms:RequestAlias': 'alias/tagged' } } })),
  );
  expect(await failure(byAlias.encrypt({ KeyId: 'alias/tagged', Plaintext: text('x') }))).toBe('succeeded');
  expect(await failure(byAlias.encrypt({ KeyId, Plaintext: text('x') }))).toMatch(/^AccessDenied/);
  const anyAlias = server.kms(
    await user('any-alias', allow('kms:Encrypt', { Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/tagged' } } })),
  );
  expect(await failure(anyAlias.encrypt({ KeyId, Plaintext: text('x') }))).toBe('succeeded');
  const inContext = server.kms(
    await user('in-context', allow('kms:Encrypt', { Condition: { StringEquals: { 'kms:EncryptionContext:app': 'one' } } })),
  );
  expect(await failure(inContext.encrypt({ KeyId, Plaintext: text('x'), EncryptionContext: { app: 'one' } }))).toBe('succeeded');
  expect(await failure(inContext.encrypt({ KeyId, Plaintext: text('x'), EncryptionContext: { app: 'two' } }))).toMatch(/^AccessDenied/);
});

test('another account needs both: the key’s policy that names it and a policy of its own', async () => {
  const foreign = server.kms(await server.addAccount('999988887777'));
  const KeyId = await key();
  const arn = `arn:aws:kms:us-east-1:${server.account}:key/${KeyId}`;
  expect(await failure(foreign.encrypt({ KeyId: arn, Plaintext: text('x') }))).toMatch(/^AccessDenied/);
  const open = await key({ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::999988887777:root' }, Action: 'kms:Encrypt', Resource: '*' });
  const { KeyId: used } = await foreign.encrypt({ KeyId: `arn:aws:kms:us-east-1:${server.account}:key/${open}`, Plaintext: text('x') });
  expect(used).toBe(`arn:aws:kms:us-east-1:${server.account}:key/${open}`);
  expect(await failure(foreign.describeKey({ KeyId: `arn:aws:kms:us-east-1:${server.account}:key/${open}` }))).toMatch(/^AccessDenied/);
});

test('the ledger has the key and the context of each use, and never the data', async () => {
  const KeyId = await key();
  await kms.encrypt({ KeyId, Plaintext: text('PLANTED-plaintext'), EncryptionContext: { purpose: 'audit' } });
  const [event] = await server.store.transact((transaction) =>
    transaction.events({ attribute: { key: 'EventName', value: 'Encrypt' }, limit: 1 }),
  );
  const record = JSON.parse(event?.record ?? '{}');
  expect(record.requestParameters).toEqual({ keyId: KeyId, encryptionContext: { purpose: 'audit' } });
  expect(record.resources).toEqual([
    { accountId: server.account, type: 'AWS::KMS::Key', ARN: `arn:aws:kms:us-east-1:${server.account}:key/${KeyId}` },
  ]);
  expect([record.readOnly, record.responseElements, event?.record.includes(text('PLANTED-plaintext').toString('base64'))]).toEqual([
    true,
    null,
    false,
  ]);
});
