// The sealed form of documents and tokens: what was written under it opens for ever, and it does not change unnoticed.
import { expect, test } from 'vitest';
import { seededIds } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import { fixedRootKey } from './root-key.ts';
import { createDocumentSealer, createSealer } from './seal.ts';

const rootKeys = fixedRootKey(Buffer.from(Array.from({ length: 32 }, (_each, index) => index)));
const document = {
  name: 'golden',
  secret: new Secret('first'),
  list: [{ deep: new Secret(Uint8Array.of(0, 255)) }],
  $sealed: 'no secret, only called so',
};

/** Version 1, of 25 November 2026. INVARIANT: never edited; a new form gets a version and a line of its own. */
const golden =
  '{"name":"golden","secret":{"$sealed":"v1:f0_JejQRFYoDF0pbqil7naO-YMIw1dMCfhs2hSl9owPk"},"list":[{"deep":{"$sealed":"v1:hMZ3goOFIp4cJtXfPnqVAfM4N39fo71Otkl8cM_o"}}],"$$sealed":"no secret, only called so"}';
const goldenToken = 'f0_JejQRFYoDF0pbyfRoxb6GpEHu6k3X9tbev5Ka6FY';

test('a document is sealed in the form that has a version', () => {
  expect(createDocumentSealer(rootKeys, seededIds('golden')).encode('c', 'k', document)).toBe(golden);
});

test('a sealed document of an earlier build opens, where it stood and unchanged', () => {
  const sealer = createDocumentSealer(rootKeys, seededIds('other'));
  const opened = sealer.decode('c', 'k', golden);
  expect(opened['secret']).toBeInstanceOf(Secret);
  expect(createDocumentSealer(rootKeys, seededIds('golden')).encode('c', 'k', opened)).toBe(golden);
  for (const [collection, key, text] of [
    ['d', 'k', golden],
    ['c', 'l', golden],
    ['c', 'k', golden.replace('"secret"', '"moved"')],
  ] as const) {
    expect(() => sealer.decode(collection, key, text)).toThrow('cannot be opened');
  }
});

test('every character of a sealed value counts', () => {
  const sealer = createDocumentSealer(rootKeys, seededIds('other'));
  const start = golden.indexOf('v1:') + 3;
  const end = golden.indexOf('"', start);
  for (let index = start; index < end; index += 1) {
    const changed = `${golden.slice(0, index)}${golden[index] === 'A' ? 'B' : 'A'}${golden.slice(index + 1)}`;
    expect(() => sealer.decode('c', 'k', changed), `character ${index}`).toThrow('cannot be opened');
    const cut = golden.slice(0, index) + golden.slice(end);
    expect(() => sealer.decode('c', 'k', cut), `cut at ${index}`).toThrow('cannot be opened');
  }
});

test('a token is sealed in the same form as ever, and opens for its purpose alone', () => {
  expect(createSealer(rootKeys, seededIds('golden')).seal('purpose', 'text')).toBe(goldenToken);
  const { open } = createSealer(rootKeys, seededIds('other'));
  expect([open('purpose', goldenToken), open('another', goldenToken), open('purpose', `${goldenToken}A`)]).toEqual([
    'text',
    undefined,
    undefined,
  ]);
});
