// XML signatures, as SAML uses them: verified with an identity provider's certificates, and answered with the very text that was signed.
// Whoever reads the document reads that text and nothing around it, so that no wrapping can put another element in its place.
import { constants, createHash, type KeyObject, verify, X509Certificate } from 'node:crypto';
import type { SignedXml } from 'xml-crypto';
import { childElements, childrenNamed, descendants, type Element } from '../../base/xml-document.ts';

export const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#';

const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';

interface SignatureMethod {
  readonly keyType: 'rsa' | 'ec';
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly padding?: number;
}

/** Public keys only, and nothing with SHA-1: an HMAC "keyed" with a public certificate is no signature, and SHA-1 collides. */
const methods: Readonly<Record<string, SignatureMethod>> = {
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256': { keyType: 'rsa', hash: 'sha256' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384': { keyType: 'rsa', hash: 'sha384' },
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': { keyType: 'rsa', hash: 'sha512' },
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1': { keyType: 'rsa', hash: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING },
  'http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1': { keyType: 'rsa', hash: 'sha384', padding: constants.RSA_PKCS1_PSS_PADDING },
  'http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1': { keyType: 'rsa', hash: 'sha512', padding: constants.RSA_PKCS1_PSS_PADDING },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256': { keyType: 'ec', hash: 'sha256' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384': { keyType: 'ec', hash: 'sha384' },
  'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512': { keyType: 'ec', hash: 'sha512' },
};

const digests: Readonly<Record<string, 'sha256' | 'sha384' | 'sha512'>> = {
  'http://www.w3.org/2001/04/xmlenc#sha256': 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
};

export interface Signed {
  /** The document of which `signature` is a node, as text. */
  readonly text: string;
  /** A child of the element that it signs. */
  readonly signature: Element;
  /** DER in base64. */
  readonly certificates: readonly string[];
}

/** The canonical text of the signature's parent element, without the signature; undefined when it is not validly signed. */
export async function signedText({ text, signature, certificates }: Signed): Promise<string | undefined> {
  if (!isPlainSignature(signature)) return undefined;
  const { SignedXml: Verifier } = await import('xml-crypto');
  for (const certificate of certificates) {
    const verifier = new Verifier({ publicCert: new X509Certificate(Buffer.from(certificate, 'base64')).publicKey });
    restrict(verifier);
    try {
      // Decoding boundary: the library's DOM type is that of another version of the same implementation.
      verifier.loadSignature(signature as unknown as Parameters<SignedXml['loadSignature']>[0]);
      if (!verifier.checkSignature(text)) continue;
      const [signed, ...others] = verifier.getSignedReferences();
      if (signed !== undefined && others.length === 0) return signed;
    } catch {
      // Not signed by this one.
    }
  }
  return undefined;
}

/** One reference, to the element that the signature stands in, by its ID; canonicalised exclusively; no other content and no other transform. */
function isPlainSignature(signature: Element): boolean {
  const parent = signature.parentNode;
  const id = parent !== null && 'getAttribute' in parent ? (parent as Element).getAttribute('ID') : null;
  if (id === null || !/^[\w.-]{1,256}$/.test(id)) return false;
  const [info, value, keyInfo, ...others] = childElements(signature);
  if (info === undefined || value === undefined || others.length > 0) return false;
  if (!isNamed(info, 'SignedInfo') || !isNamed(value, 'SignatureValue') || (keyInfo !== undefined && !isNamed(keyInfo, 'KeyInfo')))
    return false;
  const [canonicalization, method, reference, ...more] = childElements(info);
  if (canonicalization === undefined || method === undefined || reference === undefined || more.length > 0) return false;
  if (!isNamed(canonicalization, 'CanonicalizationMethod') || !isCanonicalization(canonicalization)) return false;
  if (!isNamed(method, 'SignatureMethod') || !Object.hasOwn(methods, algorithmOf(method)) || childElements(method).length > 0) return false;
  return (
    isNamed(reference, 'Reference') && reference.getAttribute('URI') === `#${id}` && isPlainReference(reference) && hasOneOfEach(signature)
  );
}

function isPlainReference(reference: Element): boolean {
  const [transforms, digestMethod, digestValue, ...others] = childElements(reference);
  if (transforms === undefined || digestMethod === undefined || digestValue === undefined || others.length > 0) return false;
  if (!isNamed(transforms, 'Transforms') || !isNamed(digestMethod, 'DigestMethod') || !isNamed(digestValue, 'DigestValue')) return false;
  const [first, second, ...more] = childElements(transforms);
  if (first === undefined || second === undefined || more.length > 0) return false;
  return (
    algorithmOf(first) === enveloped &&
    childElements(first).length === 0 &&
    isCanonicalization(second) &&
    Object.hasOwn(digests, algorithmOf(digestMethod))
  );
}

/** The verifier looks for these by name at any depth, so there may be no second one that it could find first. */
function hasOneOfEach(signature: Element): boolean {
  const below = descendants(signature);
  const names = ['SignedInfo', 'CanonicalizationMethod', 'SignatureMethod', 'Reference', 'SignatureValue', 'DigestMethod', 'DigestValue'];
  return names.every((name) => below.filter(({ localName }) => localName === name).length === 1);
}

function isCanonicalization(element: Element): boolean {
  const algorithm = algorithmOf(element);
  if (algorithm !== exclusive && algorithm !== `${exclusive}WithComments`) return false;
  const prefixes = childrenNamed(element, exclusive, 'InclusiveNamespaces');
  return prefixes.length <= 1 && childElements(element).length === prefixes.length;
}

function isNamed(element: Element, localName: string): boolean {
  return element.namespaceURI === signatureNamespace && element.localName === localName;
}

function algorithmOf(element: Element): string {
  return element.getAttribute('Algorithm') ?? '';
}

/** The library knows more algorithms than are trusted here; it takes each as a constructor. */
function restrict(verifier: SignedXml): void {
  const { CanonicalizationAlgorithms: known } = verifier;
  const kept = [enveloped, exclusive, `${exclusive}WithComments`];
  verifier.CanonicalizationAlgorithms = Object.fromEntries(Object.entries(known).filter(([name]) => kept.includes(name))) as typeof known;
  verifier.HashAlgorithms = Object.fromEntries(
    Object.entries(digests).map(([name, hash]) => [
      name,
      class {
        getAlgorithmName = () => name;
        getHash = (xml: string) => createHash(hash).update(xml, 'utf8').digest('base64');
      },
    ]),
  );
  verifier.SignatureAlgorithms = Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      class {
        getAlgorithmName = () => name;
        getSignature = () => {
          throw new Error('nothing is signed here');
        };
        verifySignature = (material: string, key: KeyObject, value: string) => isSignature(method, material, key, value);
      },
    ]),
  ) as unknown as SignedXml['SignatureAlgorithms'];
}

function isSignature({ keyType, hash, padding }: SignatureMethod, material: string, key: KeyObject, value: string): boolean {
  if (key.asymmetricKeyType !== keyType) return false;
  const options = keyType === 'ec' ? { key, dsaEncoding: 'ieee-p1363' as const } : { key, ...(padding === undefined ? {} : { padding }) };
  return verify(hash, Buffer.from(material, 'utf8'), options, Buffer.from(value, 'base64'));
}
