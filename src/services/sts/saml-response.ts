// From the response of an identity provider to the one assertion in it that is signed by that provider: structure, signatures, decryption.
// Refuses whatever a signed message has no need of, because every known way to smuggle in another assertion needs some of it.
import type { Secret } from '../../base/secret.ts';
import { childElements, childrenNamed, descendants, type Element, parsePlainXml, textOf } from '../../base/xml-document.ts';
import type { SamlProviderFacts } from '../../kit/ports.ts';
import { signatureNamespace, signedText } from './saml-signature.ts';
import { fault } from './service.ts';

export const assertionNamespace = 'urn:oasis:names:tc:SAML:2.0:assertion';
const protocolNamespace = 'urn:oasis:names:tc:SAML:2.0:protocol';
const encryptionNamespace = 'http://www.w3.org/2001/04/xmlenc#';
const success = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const depthMax = 40;

export const invalidToken = (message: string) => fault('InvalidIdentityToken', message);
const badSignature = () => invalidToken('Response signature invalid');
const badResponse = () => invalidToken('Your request included an invalid SAML response');

/** The signed assertion, read from the text that was signed. @throws Fault */
export async function readSamlResponse(base64: string, provider: SamlProviderFacts): Promise<Element> {
  const text = decoded(base64);
  const response = await parseMessage(text);
  if (response.namespaceURI !== protocolNamespace || response.localName !== 'Response') throw badResponse();
  requireSuccess(response);
  requireIssuer(response, provider);
  const { element: enclosed, isEncrypted } = soleAssertion(response);
  const certificates = provider.signingCertificates;
  const responseText = await ownSignature(response, text, certificates);
  // What is signed as a whole is read from the signed text; what is not must be signed by itself.
  const outer = responseText === undefined ? enclosed : soleAssertion(await parseMessage(responseText)).element;
  if (!isEncrypted) {
    if (provider.assertionEncryptionMode === 'Required') throw invalidToken('The SAML assertion must be encrypted');
    // Verified in the document as it came: an assertion's signature does not depend on what stands around it.
    const assertionText = await ownSignature(enclosed, text, certificates);
    if (assertionText === undefined && responseText === undefined) throw badSignature();
    return assertionText === undefined ? outer : parseMessage(assertionText);
  }
  const plain = await decrypted(outer, provider.privateKeys);
  const assertion = await parseMessage(plain);
  if (assertion.namespaceURI !== assertionNamespace || assertion.localName !== 'Assertion') throw badResponse();
  requireOwnSignatures(assertion, [assertion]);
  const assertionText = await ownSignature(assertion, plain, certificates);
  if (assertionText === undefined && responseText === undefined) throw badSignature();
  return assertionText === undefined ? assertion : parseMessage(assertionText);
}

function decoded(base64: string): string {
  const compact = base64.replace(/[\r\n\t ]+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) throw invalidToken('Invalid base64 SAMLResponse');
  const bytes = Buffer.from(compact, 'base64');
  const text = bytes.toString('utf8');
  // A text that is not what its bytes say would be read in one way and verified in another.
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw badResponse();
  return text;
}

/** The root element of a message that has elements and text and nothing else. */
async function parseMessage(text: string): Promise<Element> {
  const root = (await parsePlainXml(text, depthMax))?.documentElement;
  if (root === undefined || root === null) throw badResponse();
  const elements = descendants(root);
  for (const element of elements) {
    for (let node = element.firstChild; node !== null; node = node.nextSibling) {
      // Comments, instructions and CDATA sections divide a text without changing what is signed.
      if (node.nodeType !== 1 && node.nodeType !== 3) throw badResponse();
    }
  }
  const ids = elements.flatMap((element) => ['ID', 'Id', 'id'].map((name) => element.getAttribute(name)).filter((id) => id !== null));
  if (new Set(ids).size !== ids.length) throw badResponse();
  return root;
}

function requireSuccess(response: Element): void {
  if (response.getAttribute('Version') !== '2.0') throw badResponse();
  const status = childrenNamed(response, protocolNamespace, 'Status');
  const codes = status.flatMap((each) => childrenNamed(each, protocolNamespace, 'StatusCode'));
  if (status.length !== 1 || codes.length !== 1) throw badResponse();
  if (codes[0]?.getAttribute('Value') !== success) {
    throw fault('IDPRejectedClaim', 'The identity provider reported that authentication failed.');
  }
}

function requireIssuer(response: Element, provider: SamlProviderFacts): void {
  const issuers = childrenNamed(response, assertionNamespace, 'Issuer');
  // Optional here; the assertion must have one.
  if (issuers.length > 1) throw badResponse();
  if (issuers[0] !== undefined && textOf(issuers[0]).trim() !== provider.entityId)
    throw invalidToken('Issuer not present in specified provider');
}

/** The only assertion anywhere in the message: a child of the response, with no signature but its own and the response's. */
function soleAssertion(response: Element): { readonly element: Element; readonly isEncrypted: boolean } {
  const all = descendants(response).filter(({ localName }) => localName === 'Assertion' || localName === 'EncryptedAssertion');
  const [element] = all;
  if (all.length !== 1 || element === undefined || element.parentNode !== response || element.namespaceURI !== assertionNamespace) {
    throw badResponse();
  }
  const isEncrypted = element.localName === 'EncryptedAssertion';
  requireOwnSignatures(response, isEncrypted ? [response] : [response, element]);
  return { element, isEncrypted };
}

function requireOwnSignatures(root: Element, owners: readonly Element[]): void {
  const signatures = descendants(root).filter(({ localName }) => localName === 'Signature');
  const parents = signatures.map(({ parentNode }) => parentNode);
  const isOwn = parents.every((parent) => owners.some((owner) => owner === parent)) && new Set(parents).size === parents.length;
  if (!isOwn || !signatures.every(({ namespaceURI }) => namespaceURI === signatureNamespace)) throw badSignature();
}

/** The signed text of an element; undefined when it has no signature. @throws Fault when it has a bad one. */
async function ownSignature(element: Element, text: string, certificates: readonly string[]): Promise<string | undefined> {
  const signature = childrenNamed(element, signatureNamespace, 'Signature')[0];
  if (signature === undefined) return undefined;
  const signed = await signedText({ text, signature, certificates });
  if (signed === undefined) throw badSignature();
  return signed;
}

/** One sentence for every failure, so that nobody learns from it what the ciphertext holds. */
async function decrypted(element: Element, keys: readonly { readonly pem: Secret }[]): Promise<string> {
  const data = childElements(element);
  const isData = data[0]?.namespaceURI === encryptionNamespace && data[0].localName === 'EncryptedData' && hasAllowedEncryption(element);
  const { decrypt } = await import('xml-encryption');
  for (const { pem } of isData ? keys : []) {
    const plain = await new Promise<string | undefined>((resolve) => {
      // AWS allows AES in CBC mode too, which the library counts among the insecure ones; the really insecure ones were refused before.
      const options = { key: pem.reveal(), disallowDecryptionWithInsecureAlgorithm: false, warnInsecureAlgorithm: false };
      decrypt(element.toString(), options, (error, result) => resolve(error ? undefined : result));
    });
    if (plain !== undefined) return plain.trim();
  }
  throw invalidToken('The SAML assertion could not be decrypted');
}

const allowedEncryption: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
  'http://www.w3.org/2009/xmlenc11#rsa-oaep',
  'http://www.w3.org/2009/xmlenc11#aes128-gcm',
  'http://www.w3.org/2009/xmlenc11#aes192-gcm',
  'http://www.w3.org/2009/xmlenc11#aes256-gcm',
  'http://www.w3.org/2001/04/xmlenc#aes128-cbc',
  'http://www.w3.org/2001/04/xmlenc#aes192-cbc',
  'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
]);

function hasAllowedEncryption(element: Element): boolean {
  const found = descendants(element).filter(({ localName }) => localName === 'EncryptionMethod');
  return found.length > 0 && found.every((method) => allowedEncryption.has(method.getAttribute('Algorithm') ?? ''));
}
