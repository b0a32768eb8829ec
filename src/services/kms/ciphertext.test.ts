// The form of ciphertext: what an earlier version wrote opens for ever, and what was changed does not open at all.
import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decryptWith, encryptWith, readHeader } from './ciphertext.ts';
import { decodeExternal, decodeHardware, encodeExternal, encodeHardware } from './external-ciphertext.ts';

const material = createSecretKey(Buffer.from(Array.from({ length: 32 }, (_each, index) => index)));
const header = { account: '111122223333', keyId: '1234abcd-12ab-34cd-56ef-1234567890ab', materialId: 'ab'.repeat(32) };

/** Written by versions 1 and 4 on 25 November 2026. INVARIANT: never edit; a new form gets a new version and a line of its own, which comes last. */
const golden = [
  {
    blob: 'ATExMTEyMjIyMzMzMyQxMjM0YWJjZC0xMmFiLTM0Y2QtNTZlZi0xMjM0NTY3ODkwYWKrq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urqwkJCQkJCQkJCQkJCQkJCQl6uuaCdk27J2vaGMTwVjISxbCjMYfL',
    context: { a: 'ä', b: '2' },
    plaintext: 'golden',
  },
  {
    blob: 'BDExMTEyMjIyMzMzMyQxMjM0YWJjZC0xMmFiLTM0Y2QtNTZlZi0xMjM0NTY3ODkwYWKrq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urqwkJCQkJCQkJCQkJCQkJCQl0Fn0D6w73dEkHLsYLxI4zr2ylDYFI',
    context: { a: 'ä', b: '2' },
    plaintext: 'golden',
  },
];

test.each(golden)('opens what earlier versions wrote', ({ blob, context, plaintext }) => {
  const bytes = Buffer.from(blob, 'base64');
  expect(readHeader(bytes)).toEqual(header);
  expect(Buffer.from(decryptWith(material, bytes, context) ?? []).toString()).toBe(plaintext);
});

test('the form of what it writes has not changed', () => {
  const { blob, context, plaintext } = golden.at(-1) ?? { blob: '', context: {}, plaintext: '' };
  const made = encryptWith(material, header, Buffer.alloc(16, 9), Buffer.from(plaintext), { b: '2', a: 'ä', ...context });
  expect(Buffer.from(made).toString('base64')).toBe(blob);
});

/** Versions 2 and 3, of 25 November 2026. INVARIANT: as above. */
const outside = {
  initializationVector: Buffer.alloc(12, 1),
  authenticationTag: Buffer.alloc(16, 2),
  metadata: Buffer.from('key_version=1'),
  ciphertext: Buffer.from('elsewhere'),
};
const sealedOutside = {
  external:
    'AjExMTEyMjIyMzMzMyQxMjM0YWJjZC0xMmFiLTM0Y2QtNTZlZi0xMjM0NTY3ODkwYWKrq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urqwwBAQEBAQEBAQEBAQECAgICAgICAgICAgICAgICDWtleV92ZXJzaW9uPTFlbHNld2hlcmU=',
  hardware:
    'AzExMTEyMjIyMzMzMyQxMjM0YWJjZC0xMmFiLTM0Y2QtNTZlZi0xMjM0NTY3ODkwYWIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwBAQEBAQEBAQEBAQECAgICAgICAgICAgICAgICAGVsc2V3aGVyZQ==',
};

test('ciphertext of external and of hardware keys has the form that it had, and each is read as its own alone', () => {
  const { metadata: _, ...inside } = outside;
  const [external, hardware] = [encodeExternal(header, outside), encodeHardware(header, inside)].map((bytes) => Buffer.from(bytes));
  expect({ external: external?.toString('base64'), hardware: hardware?.toString('base64') }).toEqual(sealedOutside);
  const [ofProxy, ofModules] = [sealedOutside.external, sealedOutside.hardware].map((text) => Buffer.from(text, 'base64'));
  if (ofProxy === undefined || ofModules === undefined) throw new Error('there are two');
  expect([decodeExternal(ofProxy), decodeHardware(ofModules)]).toEqual([outside, { ...inside, metadata: Buffer.alloc(0) }]);
  expect([decodeExternal(ofModules), decodeHardware(ofProxy)]).toEqual([undefined, undefined]);
  expect([ofProxy, ofModules].map((bytes) => decryptWith(material, bytes, {}))).toEqual([undefined, undefined]);
  for (const bytes of [ofProxy, ofModules])
    for (let length = 0; length <= bytes.length - outside.ciphertext.length; length += 1) {
      expect(decodeExternal(bytes.subarray(0, length)) ?? decodeHardware(bytes.subarray(0, length)), `cut to ${length}`).toBeUndefined();
    }
});

test('gives back every plaintext under every context, and nothing under another context, key or form', () => {
  const context = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      context,
      context,
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      (plaintext, own, other, nonce) => {
        const blob = encryptWith(material, header, nonce, plaintext, own);
        expect(Buffer.from(decryptWith(material, blob, own) ?? [])).toEqual(Buffer.from(plaintext));
        const isSame =
          Object.keys(own).length === Object.keys(other).length && Object.entries(own).every(([key, value]) => other[key] === value);
        if (!isSame) expect(decryptWith(material, blob, other)).toBeUndefined();
        expect(decryptWith(createSecretKey(Buffer.alloc(32, 1)), blob, own)).toBeUndefined();
        expect(decryptWith(material, blob.subarray(0, -1), own)).toBeUndefined();
      },
    ),
  );
});

test('two messages never look alike, even of the same plaintext', () => {
  const [one, two] = [1, 2].map((byte) => encryptWith(material, header, Buffer.alloc(16, byte), Buffer.from('same'), {}));
  expect(Buffer.from(one ?? []).subarray(-20)).not.toEqual(Buffer.from(two ?? []).subarray(-20));
});

test('arbitrary bytes are no ciphertext', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => decryptWith(material, bytes, {}) === undefined));
});
