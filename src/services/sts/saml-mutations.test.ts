// Whatever is done to a signed response, it is either refused or says what it said before. Random changes of its tree: elements copied, moved,
// renamed, wrapped and removed, attributes and texts changed, forged assertions put anywhere.
import { DOMParser, type Document, type Element, XMLSerializer } from '@xmldom/xmldom';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { awsAttributes, type SamlIdentityProvider, startSamlIdentityProvider } from '../../../test/saml-identity-provider.ts';
import { Fault } from '../../base/fault.ts';
import { descendants } from '../../base/xml-document.ts';
import type { SamlProviderFacts } from '../../kit/ports.ts';
import { readClaims, type SamlClaims } from './saml-assertion.ts';
import { readSamlResponse } from './saml-response.ts';

let idp: SamlIdentityProvider;
let provider: SamlProviderFacts;
const originals: { readonly xml: string; readonly claims: string }[] = [];

beforeAll(async () => {
  idp = await startSamlIdentityProvider('https://idp.example.com');
  const base = {
    account: '111122223333',
    name: 'Corp',
    uuid: 'U',
    entityId: idp.entityId,
    validUntilMs: Number.MAX_SAFE_INTEGER,
    privateKeys: [],
  };
  provider = { ...base, signingCertificates: [idp.certificate.der] };
  for (const sign of ['assertion', 'message', 'both'] as const) {
    const attributes = awsAttributes('arn:aws:iam::111122223333:role/r', 'arn:aws:iam::111122223333:saml-provider/Corp', {
      'PrincipalTag:Team': ['blue'],
    });
    const xml = Buffer.from(await idp.respond({ sign, attributes }), 'base64').toString('utf8');
    originals.push({ xml, claims: shown(await claimsOf(xml)) });
  }
});

async function claimsOf(xml: string): Promise<SamlClaims> {
  const assertion = await readSamlResponse(Buffer.from(xml, 'utf8').toString('base64'), provider);
  return readClaims(assertion, { provider, now: Date.now(), isRecipient: () => true, isAudience: () => true });
}

const shown = (claims: SamlClaims) => JSON.stringify({ ...claims, attributes: [...claims.attributes] });

/** One change: what, where, and with what other place. */
const change = fc.record({
  kind: fc.constantFrom('copy', 'move', 'remove', 'wrap', 'rename', 'attribute', 'text', 'forge', 'comment', 'namespace'),
  at: fc.nat(200),
  to: fc.nat(200),
  text: fc.constantFrom('administrator', '_forged', 'urn:x', 'ID', ''),
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function apply(document: Document, { kind, at, to, text }: Change): void {
  const root = document.documentElement;
  if (root === null) return;
  const all = descendants(root);
  // Decoding boundary: an index within the list.
  const element = all[at % all.length] as Element;
  const target = all[to % all.length] as Element;
  const isInside = descendants(element).includes(target);
  switch (kind) {
    case 'copy':
      target.appendChild(element.cloneNode(true));
      return;
    case 'move':
      if (!isInside && target.firstChild !== element) target.insertBefore(element, target.firstChild);
      return;
    case 'remove':
      if (element !== root) element.parentNode?.removeChild(element);
      return;
    case 'wrap': {
      const wrapper = document.createElementNS('urn:x', 'x:wrapper');
      element.parentNode?.replaceChild(wrapper, element);
      wrapper.appendChild(element);
      return;
    }
    case 'rename': {
      const renamed = document.createElementNS(target.namespaceURI, target.tagName);
      while (element.firstChild !== null) renamed.appendChild(element.firstChild);
      if (element !== root) element.parentNode?.replaceChild(renamed, element);
      return;
    }
    case 'attribute':
      element.setAttribute(['ID', 'Id', 'URI', 'Algorithm', 'Name', 'Recipient', 'Format', 'Version'][to % 8] ?? 'ID', text);
      return;
    case 'text':
      element.textContent = text;
      return;
    case 'forge': {
      const assertion = all.find(({ localName }) => localName === 'Assertion')?.cloneNode(true);
      if (assertion === undefined) return;
      for (const each of descendants(assertion as Element)) if (each.localName === 'NameID') each.textContent = 'administrator';
      (assertion as Element).setAttribute('ID', text === '' ? '_forged' : text);
      target.insertBefore(assertion, to % 2 === 0 ? target.firstChild : null);
      return;
    }
    case 'comment':
      element.insertBefore(document.createComment(text), element.firstChild);
      return;
    case 'namespace':
      element.setAttributeNS('http://www.w3.org/2000/xmlns/', 'xmlns:saml', 'urn:x');
  }
}

test('no change of a signed response makes it say something else', async () => {
  let refused = 0;
  let unchanged = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(2), fc.array(change, { minLength: 1, maxLength: 4 }), async (index, changes) => {
      const original = originals[index];
      if (original === undefined) throw new Error('there are three');
      const document = new DOMParser().parseFromString(original.xml, 'text/xml');
      let xml: string;
      try {
        for (const each of changes) apply(document, each);
        xml = new XMLSerializer().serializeToString(document);
      } catch {
        // Not a tree that can be written down.
        return;
      }
      try {
        expect(shown(await claimsOf(xml))).toBe(original.claims);
        unchanged += 1;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        refused += 1;
      }
    }),
    { numRuns: 400, endOnFailure: true },
  );
  // Most changes break the signature; some touch only what nobody signed.
  expect(refused).toBeGreaterThan(100);
  expect(unchanged).toBeGreaterThan(5);
});

test('no change of a byte does either', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(2), fc.nat(100_000), fc.integer({ min: 0x20, max: 0x7e }), async (index, position, byte) => {
      const original = originals[index];
      const bytes = Buffer.from(original?.xml ?? '', 'utf8');
      bytes[position % bytes.length] = byte;
      try {
        expect(shown(await claimsOf(bytes.toString('utf8')))).toBe(original?.claims);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
    }),
    { numRuns: 300, endOnFailure: true },
  );
});
