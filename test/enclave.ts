// A stand-in for Nitro: a certificate authority, and enclaves whose attestation documents it makes believable. Written without the product's own code.
import 'reflect-metadata';
import { sign, webcrypto } from 'node:crypto';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509CertificateGenerator } from '@peculiar/x509';

const curve = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };

interface Issuer {
  readonly name: string;
  readonly keys: CryptoKeyPair;
  readonly der: Uint8Array;
}

/** What a document says; what is left out is as Nitro has it. */
export interface Claims {
  readonly publicKey: Uint8Array | undefined;
  readonly pcrs?: Readonly<Record<number, Uint8Array>>;
  readonly isOfTpm?: boolean;
  readonly digest?: string;
  /** Certificates of another authority. */
  readonly bundle?: readonly Uint8Array[];
  /** Of COSE: ES384 unless told. */
  readonly algorithm?: number;
}

export interface EnclaveAuthority {
  readonly rootPem: string;
  readonly bundle: readonly Uint8Array[];
  /** A COSE_Sign1 message. */
  document(claims: Claims): Promise<Uint8Array>;
}

/** Root, zone and instance as Nitro has them; the enclave's certificate is good for so long. */
export async function createEnclaveAuthority(validMs = 3 * 3_600_000): Promise<EnclaveAuthority> {
  const root = await certified('CN=nitro.test', undefined, { isAuthority: true });
  const zone = await certified('CN=zone.nitro.test', root, { isAuthority: true });
  const instance = await certified('CN=instance.nitro.test', zone, { isAuthority: true });
  const enclave = await certified('CN=enclave.nitro.test', instance, { isAuthority: false, validMs });
  const bundle = [root, zone, instance].map(({ der }) => der);
  return {
    rootPem: pem(root.der),
    bundle,
    async document({ publicKey, pcrs = { 0: Buffer.alloc(48, 1) }, isOfTpm = false, digest = 'SHA384', algorithm = -35, ...more }) {
      const payload = map([
        ['module_id', text('i-0123456789abcdef0-enc0123456789abcde')],
        ['digest', text(digest)],
        ['timestamp', integer(Date.now())],
        [isOfTpm ? 'nitrotpm_pcrs' : 'pcrs', numbered(Object.entries(pcrs).map(([number, value]) => [Number(number), bytes(value)]))],
        ['certificate', bytes(enclave.der)],
        ['cabundle', list((more.bundle ?? bundle).map(bytes))],
        ['public_key', publicKey === undefined ? nothing : bytes(publicKey)],
        ['user_data', nothing],
        ['nonce', nothing],
      ]);
      const header = numbered([[1, integer(algorithm)]]);
      const toSign = list([text('Signature1'), bytes(header), bytes(Buffer.alloc(0)), bytes(payload)]);
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', enclave.keys.privateKey));
      const signature = sign('sha384', toSign, { key: pkcs8, format: 'der', type: 'pkcs8', dsaEncoding: 'ieee-p1363' });
      return list([bytes(header), numbered([]), bytes(payload), bytes(signature)]);
    },
  };
}

async function certified(
  name: string,
  issuer: Issuer | undefined,
  { isAuthority, validMs = 86_400_000 }: { readonly isAuthority: boolean; readonly validMs?: number },
): Promise<Issuer> {
  // The generator's types are the browser's, which lag behind node's.
  const keys = (await webcrypto.subtle.generateKey(curve, true, ['sign', 'verify'])) as unknown as CryptoKeyPair;
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: '01',
      subject: name,
      issuer: issuer?.name ?? name,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + validMs),
      signingAlgorithm: curve,
      publicKey: keys.publicKey,
      signingKey: (issuer?.keys ?? keys).privateKey,
      extensions: [
        new BasicConstraintsExtension(isAuthority, undefined, true),
        new KeyUsagesExtension(isAuthority ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature, true),
      ],
    },
    webcrypto as Crypto,
  );
  return { name, keys, der: Buffer.from(certificate.rawData) };
}

function pem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const nothing = Buffer.from([0xf6]);

/** In the shortest form, in which COSE signs. */
function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  const size = length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x100000000 ? 4 : 8;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([Buffer.from([(major << 5) | (24 + Math.log2(size))]), bytes.subarray(8 - size)]);
}

function integer(value: number): Buffer {
  return value < 0 ? head(1, -1 - value) : head(0, value);
}

function bytes(value: Uint8Array): Buffer {
  return Buffer.concat([head(2, value.length), value]);
}

function text(value: string): Buffer {
  return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
}

function list(items: readonly Uint8Array[]): Buffer {
  return Buffer.concat([head(4, items.length), ...items]);
}

function map(entries: readonly (readonly [string, Uint8Array])[]): Buffer {
  return Buffer.concat([head(5, entries.length), ...entries.flatMap(([name, value]) => [text(name), value])]);
}

function numbered(entries: readonly (readonly [number, Uint8Array])[]): Buffer {
  return Buffer.concat([head(5, entries.length), ...entries.flatMap(([number, value]) => [integer(number), value])]);
}
