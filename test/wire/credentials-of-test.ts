// What scripts of other languages need and cannot easily make: a certificate with its key, and an SSH key. Handed on in the environment.
import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate for an hour, its key, and an SSH key. */
export async function credentials(): Promise<Readonly<Record<string, string>>> {
  x509.cryptoProvider.set(crypto);
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const notBefore = new Date(Date.now() - 60_000);
  const notAfter = new Date(Date.now() + 3_600_000);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=site',
    notBefore,
    notAfter,
    signingAlgorithm,
    keys,
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const ssh = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const privateKey = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
  return { TEST_CERTIFICATE: certificate.toString('pem'), TEST_PRIVATE_KEY: privateKey, TEST_SSH_KEY: ssh };
}
