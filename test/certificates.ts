// Keys and self-signed certificates for tests.
import 'reflect-metadata';
import { generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';

export interface TestCertificate {
  readonly privateKey: KeyObject;
  readonly privatePem: string;
  readonly certificatePem: string;
  /** DER in base64. */
  readonly der: string;
}

export async function selfSigned(name: string, kind: 'rsa' | 'ec' = 'rsa', bits = 2_048): Promise<TestCertificate> {
  const { privateKey, publicKey } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: bits }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm =
    kind === 'rsa' ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const { subtle } = webcrypto;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: '01',
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - 86_400_000),
      notAfter: new Date(Date.now() + 86_400_000),
      signingAlgorithm: algorithm,
      // The generator's types are the browser's, which lag behind node's.
      keys: {
        privateKey: await subtle.importKey('pkcs8', privateKey.export({ format: 'der', type: 'pkcs8' }), algorithm, true, ['sign']),
        publicKey: await subtle.importKey('spki', publicKey.export({ format: 'der', type: 'spki' }), algorithm, true, ['verify']),
      } as unknown as CryptoKeyPair,
    },
    webcrypto as Crypto,
  );
  return {
    privateKey,
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    certificatePem: certificate.toString('pem'),
    der: Buffer.from(certificate.rawData).toString('base64'),
  };
}
