// Reading X.509 certificates that clients upload: PEM, validity, the private key that belongs to one, and the chain that leads on from it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs_troubleshoot.html
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { fault } from './service.ts';

/** Certificates of one chain. */
const chainMax = 20;
const pemBlock = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The one certificate of a text. @throws Fault MalformedCertificate */
export function readCertificate(text: string): X509Certificate {
  const [block, ...more] = text.match(pemBlock) ?? [];
  if (block === undefined || more.length > 0 || text.replace(pemBlock, '').trim() !== '') throw unparsable();
  return parsed(block);
}

function parsed(block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw unparsable(cause);
  }
}

function unparsable(cause?: unknown): Error {
  return fault('MalformedCertificate', 'Unable to parse certificate. Please ensure the certificate is in PEM format.', { cause });
}

/** Why the certificate does not count at this moment, or undefined. */
export function validityProblem(certificate: X509Certificate, now: number): string | undefined {
  if (certificate.validToDate.getTime() <= now)
    return `Certificate is no longer valid. The 'Not After' date of the certificate is ${certificate.validTo}.`;
  if (certificate.validFromDate.getTime() > now)
    return `Certificate is not yet valid. The 'Not Before' date of the certificate is ${certificate.validFrom}.`;
  return undefined;
}

/** @throws Fault MalformedCertificate, KeyPairMismatch */
export function requireKeyOf(certificate: X509Certificate, text: string): void {
  let key: KeyObject;
  try {
    if (/ENCRYPTED/.test(text)) throw fault('MalformedCertificate', 'Unable to parse key; the body is encrypted.');
    key = createPrivateKey(text);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'Fault') throw cause;
    throw fault('MalformedCertificate', 'Invalid Private Key.', { cause });
  }
  if (!certificate.checkPrivateKey(key)) throw fault('KeyPairMismatch', 'The public key certificate and the private key do not match.');
}

/** Each certificate of the chain signed the one before it, the first of them the certificate itself. @throws Fault MalformedCertificate */
export function requireChain(certificate: X509Certificate, text: string): void {
  const blocks = text.match(pemBlock) ?? [];
  if (blocks.length === 0 || blocks.length > chainMax || text.replace(pemBlock, '').trim() !== '')
    throw fault('MalformedCertificate', 'Unable to parse certificate chain. Please ensure the certificate chain is in PEM format.');
  let subject = certificate;
  for (const [index, block] of blocks.entries()) {
    const issuer = parsed(block);
    if (!subject.checkIssued(issuer) || !subject.verify(issuer.publicKey)) {
      throw fault(
        'MalformedCertificate',
        `Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate is: ${index}`,
      );
    }
    subject = issuer;
  }
}
