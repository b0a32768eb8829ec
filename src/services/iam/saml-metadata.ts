// What IAM takes from a SAML metadata document: who the identity provider is, the certificates it signs with, and until when it holds.
import { X509Certificate } from 'node:crypto';
import { childrenNamed, descendants, type Element, parsePlainXml, textOf } from '../../base/xml-document.ts';

export interface SamlMetadata {
  readonly entityId: string;
  /** DER in base64. */
  readonly signingCertificates: readonly string[];
  readonly validUntilMs: number | undefined;
}

const metadataNamespace = 'urn:oasis:names:tc:SAML:2.0:metadata';
const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#';
const depthMax = 50;
const certificatesMax = 20;
/** AWS: a smaller key is refused when the provider is made. */
const rsaBitsMin = 1_024;

/** Undefined when the document is not usable metadata of one identity provider. */
export async function readSamlMetadata(text: string): Promise<SamlMetadata | undefined> {
  // AWS: no byte order mark.
  if (text.startsWith('\ufeff')) return undefined;
  const root = (await parsePlainXml(text.trim(), depthMax))?.documentElement;
  const entity = root ? soleEntity(root) : undefined;
  const entityId = entity?.getAttribute('entityID')?.trim();
  const descriptor = entity && childrenNamed(entity, metadataNamespace, 'IDPSSODescriptor')[0];
  if (!entity || !descriptor || !entityId || entityId.length > 1_024) return undefined;
  const signingCertificates = certificatesOf(descriptor);
  if (signingCertificates === undefined || signingCertificates.length === 0) return undefined;
  const validUntil = validUntilOf([root, entity, descriptor].filter((each) => each !== null && each !== undefined));
  return validUntil === 'malformed' ? undefined : { entityId, signingCertificates, validUntilMs: validUntil };
}

/** The document's EntityDescriptor, or the only one with an identity provider in a federation's list. */
function soleEntity(root: Element): Element | undefined {
  if (root.namespaceURI !== metadataNamespace) return undefined;
  if (root.localName === 'EntityDescriptor') return root;
  if (root.localName !== 'EntitiesDescriptor') return undefined;
  const entities = childrenNamed(root, metadataNamespace, 'EntityDescriptor').filter(
    (entity) => childrenNamed(entity, metadataNamespace, 'IDPSSODescriptor').length > 0,
  );
  return entities.length === 1 ? entities[0] : undefined;
}

/** Keys without a use sign and encrypt. Undefined when one is not a certificate with a strong enough key. */
function certificatesOf(descriptor: Element): readonly string[] | undefined {
  const certificates = new Set<string>();
  for (const key of childrenNamed(descriptor, metadataNamespace, 'KeyDescriptor')) {
    const use = key.getAttribute('use');
    if (use !== null && use !== '' && use !== 'signing') continue;
    for (const element of descendants(key)) {
      if (element.namespaceURI !== signatureNamespace || element.localName !== 'X509Certificate') continue;
      const der = textOf(element).replace(/\s+/g, '');
      if (!isStrongCertificate(der)) return undefined;
      certificates.add(der);
    }
  }
  return certificates.size > certificatesMax ? undefined : [...certificates];
}

function isStrongCertificate(base64: string): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(Buffer.from(base64, 'base64')).publicKey;
    if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= rsaBitsMin;
    return asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}

/** The earliest of the dates that stand on the element and those around it. */
function validUntilOf(elements: readonly Element[]): number | undefined | 'malformed' {
  let earliest: number | undefined;
  for (const element of elements) {
    const text = element.getAttribute('validUntil');
    if (text === null || text === '') continue;
    const time = Date.parse(text);
    if (Number.isNaN(time)) return 'malformed';
    earliest = earliest === undefined ? time : Math.min(earliest, time);
  }
  return earliest;
}
