// The limits of KMS's requests, names and lists: what is just within them, and what is just not. Through the pipeline with AWS's client.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
import type { KMS } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { grantCounts, grantsOfGrantee } from './records.ts';

let server: InProcess;
let kms: KMS;
let KeyId: string;
beforeAll(async () => {
  server = await startInProcess('kms-limits');
  kms = server.kms();
  KeyId = await newKey();
});
afterAll(() => server.stop());

const newKey = async () => (await kms.createKey({})).KeyMetadata?.KeyId ?? '';
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'ok',
    (error: Error) => `${error.name}: ${error.message}`,
  );
const bytes = (length: number) => Buffer.alloc(length, 1);
const principal = () => `arn:aws:iam::${server.account}:root`;
const tags = (count: number, from = 0) => Array.from({ length: count }, (_each, index) => ({ TagKey: `k${from + index}`, TagValue: '' }));
const member = (name: string, rule: string) =>
  new RegExp(`^ValidationException: 1 validation error detected: Value .*at '${name}' failed to satisfy constraint: ${rule}`);
const longest = (name: string, max: number) => member(name, `Member must have length less than or equal to ${max}$`);
const shortest = (name: string, min: number) => member(name, `Member must have length greater than or equal to ${min}$`);
const most = (name: string, max: number) => member(name, `Member must have value less than or equal to ${max}$`);
const least = (name: string, min: number) => member(name, `Member must have value greater than or equal to ${min}$`);

/** A policy of so many bytes that lets the account do everything. */
function policyOf(length: number): string {
  const Statement = [{ Effect: 'Allow', Principal: { AWS: principal() }, Action: 'kms:*', Resource: '*' }];
  const text = JSON.stringify({ Version: '2012-10-17', Id: '', Statement });
  return text.replace('"Id":""', `"Id":"${'i'.repeat(length - text.length)}"`);
}

interface Case {
  readonly what: string;
  readonly answer: 'ok' | RegExp;
  call(): Promise<unknown>;
}
const ok = (what: string, call: () => Promise<unknown>): Case => ({ what, answer: 'ok', call });
const not = (what: string, answer: RegExp, call: () => Promise<unknown>): Case => ({ what, answer, call });

const cases: readonly Case[] = [
  ok('a plaintext of 4096 bytes', () => kms.encrypt({ KeyId, Plaintext: bytes(4096) })),
  not('a plaintext of 4097 bytes', longest('plaintext', 4096), () => kms.encrypt({ KeyId, Plaintext: bytes(4097) })),
  not('an empty plaintext', shortest('plaintext', 1), () => kms.encrypt({ KeyId, Plaintext: bytes(0) })),
  not('a ciphertext of 6144 bytes', /^InvalidCiphertextException/, () => kms.decrypt({ CiphertextBlob: bytes(6144) })),
  not('a ciphertext of 6145 bytes', longest('ciphertextBlob', 6144), () => kms.decrypt({ CiphertextBlob: bytes(6145) })),
  ok('the ciphertext of the longest plaintext in a long context', async () => {
    const EncryptionContext = { a: 'b'.repeat(8191) };
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: bytes(4096), EncryptionContext });
    return kms.decrypt({ CiphertextBlob, EncryptionContext });
  }),
  not('an encryption context of 8193 bytes', /^ValidationException/, () =>
    kms.encrypt({ KeyId, Plaintext: bytes(1), EncryptionContext: { a: 'b'.repeat(8192) } }),
  ),
  ok('1024 random bytes', () => kms.generateRandom({ NumberOfBytes: 1024 })),
  not('1025 random bytes', most('numberOfBytes', 1024), () => kms.generateRandom({ NumberOfBytes: 1025 })),
  not('0 random bytes', least('numberOfBytes', 1), () => kms.generateRandom({ NumberOfBytes: 0 })),
  ok('a data key of 1024 bytes', () => kms.generateDataKey({ KeyId, NumberOfBytes: 1024 })),
  not('a data key of 1025 bytes', most('numberOfBytes', 1024), () => kms.generateDataKey({ KeyId, NumberOfBytes: 1025 })),
  not('a data key of two lengths', /^ValidationException: Please specify either number of bytes or key spec\.$/, () =>
    kms.generateDataKey({ KeyId, NumberOfBytes: 32, KeySpec: 'AES_256' }),
  ),
  ok('a description of 8192 characters', () => kms.createKey({ Description: 'd'.repeat(8192) })),
  not('a description of 8193 characters', longest('description', 8192), () => kms.createKey({ Description: 'd'.repeat(8193) })),
  not('a new description of 8193 characters', longest('description', 8192), () =>
    kms.updateKeyDescription({ KeyId, Description: 'd'.repeat(8193) }),
  ),
  ok('a key policy of 32 kB', () => kms.putKeyPolicy({ KeyId, Policy: policyOf(32_768) })),
  not('a key policy of a byte more', /^LimitExceededException/, () => kms.putKeyPolicy({ KeyId, Policy: policyOf(32_769) })),
  not('a key with a policy of a byte more', /^LimitExceededException/, () => kms.createKey({ Policy: policyOf(32_769) })),
  not('a key policy of 128 kB', longest('policy', 131_072), () => kms.putKeyPolicy({ KeyId, Policy: policyOf(131_073) })),
  not('a key policy in Cyrillic', member('policy', 'Member must satisfy regular expression pattern'), () =>
    kms.putKeyPolicy({ KeyId, Policy: policyOf(1000).replace('iii', 'ключ') }),
  ),
  not('another policy name', /^NotFoundException: No such policy exists$/, () => kms.getKeyPolicy({ KeyId, PolicyName: 'other' })),
  ok('seven days', async () => kms.scheduleKeyDeletion({ KeyId: await newKey(), PendingWindowInDays: 7 })),
  ok('thirty days', async () => kms.scheduleKeyDeletion({ KeyId: await newKey(), PendingWindowInDays: 30 })),
  not('six days', /^ValidationException/, () => kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 6 })),
  not('thirty-one days', /^ValidationException/, () => kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 31 })),
  ok('a rotation every 90 days', () => kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 })),
  ok('a rotation every 2560 days', () => kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 2560 })),
  not('a rotation every 89 days', least('rotationPeriodInDays', 90), () => kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 89 })),
  not('a rotation every 2561 days', most('rotationPeriodInDays', 2560), () => kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 2561 })),
  ok('50 tags', async () => kms.tagResource({ KeyId: await newKey(), Tags: tags(50) })),
  not('51 tags', /^LimitExceededException/, () => kms.createKey({ Tags: tags(51) })),
  not('51 tags after another', /^LimitExceededException/, async () => {
    const id = await newKey();
    await kms.tagResource({ KeyId: id, Tags: tags(30) });
    return kms.tagResource({ KeyId: id, Tags: tags(21, 30) });
  }),
  ok('50 tags written twice', async () => {
    const id = await newKey();
    await kms.tagResource({ KeyId: id, Tags: tags(50) });
    return kms.tagResource({ KeyId: id, Tags: tags(50) });
  }),
  not('a tag named twice', /^TagException/, () => kms.createKey({ Tags: [...tags(1), ...tags(1)] })),
  not('a reserved tag', /^TagException/, () => kms.tagResource({ KeyId, Tags: [{ TagKey: 'aws:mine', TagValue: '' }] })),
  ok('a tag of 128 and 256 characters', async () =>
    kms.tagResource({ KeyId: await newKey(), Tags: [{ TagKey: 'k'.repeat(128), TagValue: 'v'.repeat(256) }] }),
  ),
  not('a tag key of 129 characters', longest('tags.1.member.tagKey', 128), () =>
    kms.tagResource({ KeyId, Tags: [{ TagKey: 'k'.repeat(129), TagValue: '' }] }),
  ),
  not('a tag value of 257 characters', longest('tags.1.member.tagValue', 256), () =>
    kms.tagResource({ KeyId, Tags: [{ TagKey: 'k', TagValue: 'v'.repeat(257) }] }),
  ),
  ok('an alias of 256 characters', () => kms.createAlias({ AliasName: `alias/${'a'.repeat(250)}`, TargetKeyId: KeyId })),
  not('an alias of 257 characters', longest('aliasName', 256), () =>
    kms.createAlias({ AliasName: `alias/${'a'.repeat(251)}`, TargetKeyId: KeyId }),
  ),
  ok('an alias with slashes', () => kms.createAlias({ AliasName: 'alias/a/b_c-D/9', TargetKeyId: KeyId })),
  not('an alias without its prefix', /^ValidationException: Invalid identifier$/, () =>
    kms.createAlias({ AliasName: 'mine', TargetKeyId: KeyId }),
  ),
  not('an alias of nothing but the prefix', /^InvalidAliasNameException/, () =>
    kms.createAlias({ AliasName: 'alias/', TargetKeyId: KeyId }),
  ),
  not('an alias with a colon', /^InvalidAliasNameException/, () => kms.createAlias({ AliasName: 'alias/a:b', TargetKeyId: KeyId })),
  not('an alias with a space', member('aliasName', 'Member must satisfy regular expression pattern'), () =>
    kms.createAlias({ AliasName: 'alias/a b', TargetKeyId: KeyId }),
  ),
  not('a reserved alias', /^InvalidAliasNameException/, () => kms.createAlias({ AliasName: 'alias/aws/x', TargetKeyId: KeyId })),
  not('an alias of an alias', /^ValidationException: Aliases must refer to keys. Not aliases$/, () =>
    kms.createAlias({ AliasName: 'alias/second', TargetKeyId: 'alias/a/b_c-D/9' }),
  ),
  not('an alias that is gone', /^NotFoundException: Alias arn:aws:kms:us-east-1:\d{12}:alias\/gone is not found\.$/, () =>
    kms.deleteAlias({ AliasName: 'alias/gone' }),
  ),
  not('an alias moved to a key of another kind', /^ValidationException/, async () => {
    const { KeyMetadata } = await kms.createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
    return kms.updateAlias({ AliasName: 'alias/a/b_c-D/9', TargetKeyId: KeyMetadata?.KeyId });
  }),
  not('the 51st alias of a key', /^LimitExceededException/, async () => {
    const id = await newKey();
    for (let index = 0; index < 50; index += 1) await kms.createAlias({ AliasName: `alias/many-${index}`, TargetKeyId: id });
    return kms.createAlias({ AliasName: 'alias/many-50', TargetKeyId: id });
  }),
  not('a grant name with a space', member('name', 'Member must satisfy regular expression pattern'), () =>
    kms.createGrant({ KeyId, GranteePrincipal: principal(), Operations: ['Encrypt'], Name: 'a b' }),
  ),
  not('a grant name of 257 characters', longest('name', 256), () =>
    kms.createGrant({ KeyId, GranteePrincipal: principal(), Operations: ['Encrypt'], Name: 'a'.repeat(257) }),
  ),
  not('a page of nothing', least('limit', 1), () => kms.listKeys({ Limit: 0 })),
  not('a page of 1001', most('limit', 1000), () => kms.listKeys({ Limit: 1001 })),
];

test.each(cases)('$what: $answer', async ({ answer, call }) => {
  const told = await failure(call());
  if (answer === 'ok') expect(told).toBe('ok');
  else expect(told).toMatch(answer);
});

describe('lists', () => {
  interface Page {
    readonly Truncated?: boolean | undefined;
    readonly NextMarker?: string | undefined;
  }
  type List = readonly [
    name: string,
    ask: (page: { Limit?: number; Marker?: string }) => Promise<Page & { readonly items: readonly string[] }>,
  ];
  const named = <Item>(all: readonly Item[] | undefined, nameOf: (item: Item) => string | undefined) =>
    (all ?? []).map((each) => nameOf(each) ?? '');
  let listed: string;
  beforeAll(async () => {
    listed = await newKey();
    await kms.tagResource({ KeyId: listed, Tags: ['a', 'ключ', '中', 'b', '€'].map((TagKey) => ({ TagKey, TagValue: 'v' })) });
    for (let index = 0; index < 5; index += 1) {
      await kms.createAlias({ AliasName: `alias/listed-${index}`, TargetKeyId: listed });
      await kms.rotateKeyOnDemand({ KeyId: listed });
      await kms.createGrant({ KeyId: listed, GranteePrincipal: principal(), RetiringPrincipal: principal(), Operations: ['Encrypt'] });
    }
  });

  const lists: readonly List[] = [
    ['ListKeys', async (page) => kms.listKeys(page).then((all) => ({ ...all, items: named(all.Keys, (each) => each.KeyId) }))],
    [
      'ListAliases',
      async (page) =>
        kms.listAliases({ KeyId: listed, ...page }).then((all) => ({ ...all, items: named(all.Aliases, (each) => each.AliasName) })),
    ],
    [
      'ListAliases of all keys',
      async (page) => kms.listAliases(page).then((all) => ({ ...all, items: named(all.Aliases, (each) => each.AliasName) })),
    ],
    [
      'ListResourceTags',
      async (page) =>
        kms.listResourceTags({ KeyId: listed, ...page }).then((all) => ({ ...all, items: named(all.Tags, (each) => each.TagKey) })),
    ],
    [
      'ListGrants',
      async (page) =>
        kms.listGrants({ KeyId: listed, ...page }).then((all) => ({ ...all, items: named(all.Grants, (each) => each.GrantId) })),
    ],
    [
      'ListRetirableGrants',
      async (page) =>
        kms
          .listRetirableGrants({ RetiringPrincipal: principal(), ...page })
          .then((all) => ({ ...all, items: named(all.Grants, (each) => each.GrantId) })),
    ],
    [
      'ListKeyRotations',
      async (page) =>
        kms
          .listKeyRotations({ KeyId: listed, ...page })
          .then((all) => ({ ...all, items: named(all.Rotations, (each) => each.KeyMaterialId) })),
    ],
  ];

  test.each(lists)('%s has everything once, page by page, and knows its own markers alone', async (_name, ask) => {
    const whole = await ask({ Limit: 1000 });
    const found: string[] = [];
    let Marker: string | undefined;
    do {
      const page: Page & { readonly items: readonly string[] } = await ask({ Limit: 2, ...(Marker === undefined ? {} : { Marker }) });
      expect(page.items.length).toBeLessThanOrEqual(2);
      expect(page.Truncated).toBe(page.NextMarker !== undefined);
      found.push(...page.items);
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    expect(found.slice(0, whole.items.length)).toEqual(whole.items);
    expect(new Set(found).size).toBe(found.length);
    expect(found.length).toBeGreaterThanOrEqual(5);
    expect(await failure(ask({ Marker: 'made up' }))).toMatch(/^InvalidMarkerException: /);
  });

  test('a page of aliases has fifty of them, and never more than a hundred', async () => {
    const ids = [await newKey(), await newKey()];
    for (let index = 0; index < 100; index += 1) {
      await kms.createAlias({ AliasName: `alias/page-${index}`, TargetKeyId: ids[index % 2] });
    }
    expect((await kms.listAliases({})).Aliases?.length).toBe(50);
    expect((await kms.listAliases({ Limit: 1000 })).Aliases?.length).toBe(100);
  });
});

test('grants that were written before they were counted are found, and counted with the next one', async () => {
  const id = await newKey();
  await server.iam().createUser({ UserName: 'early' });
  const { AccessKey } = await server.iam().createAccessKey({ UserName: 'early' });
  const early = server.kms({ accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' });
  const grant = (GranteePrincipal: string) => kms.createGrant({ KeyId: id, GranteePrincipal, Operations: ['Encrypt'] });
  for (let count = 1; count <= 110; count += 1) await grant(principal());
  await grant(`arn:aws:iam::${server.account}:user/early`);
  await server.store.transact(async (transaction) => {
    grantCounts.remove(transaction, { account: server.account, region: 'us-east-1', keyId: id, count: 0 });
    for (const each of await grantsOfGrantee.all(transaction, server.account, 'us-east-1', id)) grantsOfGrantee.remove(transaction, each);
  });
  expect(await failure(early.encrypt({ KeyId: id, Plaintext: bytes(1) }))).toBe('ok');
  await grant(principal());
  expect(await failure(early.encrypt({ KeyId: id, Plaintext: bytes(1) }))).toBe('ok');
  expect(await server.store.transact((transaction) => grantCounts.get(transaction, server.account, 'us-east-1', id))).toMatchObject({
    count: 112,
  });
});

test('a key has fifty thousand grants and not one more, and a grant is found among many', async () => {
  const id = await newKey();
  await server.iam().createUser({ UserName: 'last' });
  const { AccessKey } = await server.iam().createAccessKey({ UserName: 'last' });
  const last = server.kms({ accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' });
  const place = { account: server.account, region: 'us-east-1', keyId: id };
  const grant = (user?: string) => {
    const GranteePrincipal = user === undefined ? principal() : `arn:aws:iam::${server.account}:user/${user}`;
    return kms.createGrant({ KeyId: id, GranteePrincipal, Operations: ['Encrypt'] });
  };
  for (let count = 1; count <= 150; count += 1) await grant();
  expect(await failure(last.encrypt({ KeyId: id, Plaintext: bytes(1) }))).toMatch(/^AccessDeniedException/);
  const { GrantId } = await grant('last');
  expect(await failure(last.encrypt({ KeyId: id, Plaintext: bytes(1) }))).toBe('ok');
  expect(await server.store.transact((transaction) => grantCounts.get(transaction, server.account, 'us-east-1', id))).toEqual({
    ...place,
    count: 151,
  });
  await server.store.transact(async (transaction) => grantCounts.put(transaction, { ...place, count: 50_000 }));
  expect(await failure(grant())).toMatch(/^LimitExceededException/);
  await kms.revokeGrant({ KeyId: id, GrantId });
  expect(await failure(last.encrypt({ KeyId: id, Plaintext: bytes(1) }))).toMatch(/^AccessDeniedException/);
  expect(await failure(grant())).toBe('ok');
  expect(await failure(grant())).toMatch(/^LimitExceededException/);
});
