// Server and signing certificates, SSH keys and service-specific credentials through the whole pipeline, with real keys.
import { generateKeyPairSync } from 'node:crypto';
import 'reflect-metadata';
import type { IAM } from '@aws-sdk/client-iam';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let iam: IAM;
let authority: Issued;
let leaf: Issued;
let expired: Issued;
beforeAll(async () => {
  castellan = await startInProcess('certificates');
  iam = castellan.iam();
  const now = castellan.clock.now();
  authority = await issue('CN=authority', now + 86_400_000);
  leaf = await issue('CN=leaf', now + 3_600_000, authority);
  expired = await issue('CN=old', now - 1_000);
});
afterAll(async () => {
  await castellan.stop();
});

interface Issued {
  readonly keys: CryptoKeyPair;
  readonly pem: string;
  readonly keyPem: string;
  readonly name: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function issue(name: string, notAfterMs: number, by?: Issued): Promise<Issued> {
  x509.cryptoProvider.set(crypto);
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '01',
    subject: name,
    issuer: by?.name ?? name,
    notBefore: new Date(notAfterMs - 7 * 86_400_000),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: by?.keys.privateKey ?? keys.privateKey,
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { keys, name, pem: certificate.toString('pem'), keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` };
}

const upload = (name: string, more: object = {}) =>
  iam.uploadServerCertificate({ ServerCertificateName: name, CertificateBody: leaf.pem, PrivateKey: leaf.keyPem, ...more });

test('a server certificate is kept with its chain, renamed, tagged and deleted', async () => {
  const made = await upload('site', { Path: '/cloudfront/', CertificateChain: authority.pem, Tags: [{ Key: 'k', Value: 'v' }] });
  expect(made.ServerCertificateMetadata).toMatchObject({
    Path: '/cloudfront/',
    Arn: 'arn:aws:iam::111122223333:server-certificate/cloudfront/site',
    ServerCertificateId: expect.stringMatching(/^ASCA[A-Z2-7]{17}$/),
  });
  expect(made.Tags).toEqual([{ Key: 'k', Value: 'v' }]);
  await expect(upload('SITE')).rejects.toThrow('The Server Certificate with name SITE already exists.');
  await iam.updateServerCertificate({ ServerCertificateName: 'site', NewServerCertificateName: 'new-site', NewPath: '/' });
  await iam.tagServerCertificate({ ServerCertificateName: 'new-site', Tags: [{ Key: 'a', Value: 'b' }] });
  await iam.untagServerCertificate({ ServerCertificateName: 'new-site', TagKeys: ['k'] });
  expect((await iam.listServerCertificateTags({ ServerCertificateName: 'new-site' })).Tags).toEqual([{ Key: 'a', Value: 'b' }]);
  const { ServerCertificate: found } = await iam.getServerCertificate({ ServerCertificateName: 'new-site' });
  expect([found?.CertificateBody, found?.CertificateChain]).toEqual([leaf.pem, authority.pem]);
  const { ServerCertificateMetadataList: listed } = await iam.listServerCertificates({ PathPrefix: '/' });
  expect(listed?.map(({ ServerCertificateName }) => ServerCertificateName)).toEqual(['new-site']);
  await iam.deleteServerCertificate({ ServerCertificateName: 'new-site' });
  await expect(iam.getServerCertificate({ ServerCertificateName: 'new-site' })).rejects.toThrow(
    'The Server Certificate with name new-site cannot be found.',
  );
});

test.each([
  ['no PEM', () => ({ CertificateBody: 'certificate' }), 'MalformedCertificateException', 'Unable to parse certificate.'],
  ['the key of another', () => ({ PrivateKey: authority.keyPem }), 'KeyPairMismatchException', 'do not match'],
  ['a key that is none', () => ({ PrivateKey: 'key' }), 'MalformedCertificateException', 'Invalid Private Key.'],
  ['a chain that did not sign it', () => ({ CertificateChain: expired.pem }), 'MalformedCertificateException', 'invalid certificate is: 0'],
  ['an expired one', () => ({ CertificateBody: expired.pem, PrivateKey: expired.keyPem }), 'MalformedCertificateException', 'Not After'],
])('a server certificate is refused for %s', async (_, wrong, name, sentence) => {
  await expect(upload('wrong', wrong())).rejects.toMatchObject({ name, message: expect.stringContaining(sentence) });
});

test('a signing certificate belongs to one user, who must not lose it unseen', async () => {
  await iam.createUser({ UserName: 'signer' });
  await iam.createUser({ UserName: 'copier' });
  const certificate = { UserName: 'signer', CertificateBody: leaf.pem };
  const { Certificate: made } = await iam.uploadSigningCertificate(certificate);
  expect(made).toMatchObject({ UserName: 'signer', Status: 'Active', CertificateBody: leaf.pem });
  await expect(iam.uploadSigningCertificate({ ...certificate, UserName: 'copier' })).rejects.toMatchObject({
    name: 'DuplicateCertificateException',
  });
  await expect(iam.uploadSigningCertificate({ ...certificate, CertificateBody: expired.pem })).rejects.toMatchObject({
    name: 'InvalidCertificateException',
  });
  await iam.uploadSigningCertificate({ ...certificate, CertificateBody: authority.pem });
  const third = await issue('CN=third', castellan.clock.now() + 60_000);
  await expect(iam.uploadSigningCertificate({ ...certificate, CertificateBody: third.pem })).rejects.toThrow(
    'Cannot exceed quota for SigningCertificatesPerUser: 2',
  );
  const CertificateId = made?.CertificateId ?? '';
  await iam.updateSigningCertificate({ UserName: 'signer', CertificateId, Status: 'Inactive' });
  const { Certificates: listed } = await iam.listSigningCertificates({ UserName: 'signer' });
  expect(listed?.find((each) => each.CertificateId === CertificateId)?.Status).toBe('Inactive');
  await expect(iam.deleteUser({ UserName: 'signer' })).rejects.toThrow('must delete signing certificates first');
  await iam.deleteSigningCertificate({ UserName: 'signer', CertificateId });
  await expect(iam.deleteSigningCertificate({ UserName: 'signer', CertificateId })).rejects.toThrow(
    `The Certificate with id ${CertificateId} cannot be found.`,
  );
});

test('an SSH key is read in both encodings and shown in either', async () => {
  await iam.createUser({ UserName: 'coder' });
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const { SSHPublicKey: made } = await iam.uploadSSHPublicKey({ UserName: 'coder', SSHPublicKeyBody: pem });
  expect(made).toMatchObject({ UserName: 'coder', Status: 'Active', SSHPublicKeyId: expect.stringMatching(/^APKA/) });
  expect(made?.Fingerprint).toMatch(/^(?:[0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  const key = { UserName: 'coder', SSHPublicKeyId: made?.SSHPublicKeyId ?? '' };
  const ssh = (await iam.getSSHPublicKey({ ...key, Encoding: 'SSH' })).SSHPublicKey?.SSHPublicKeyBody ?? '';
  expect(ssh).toMatch(/^ssh-rsa AAAAB3NzaC1yc2E/);
  expect((await iam.getSSHPublicKey({ ...key, Encoding: 'PEM' })).SSHPublicKey?.SSHPublicKeyBody).toBe(pem);
  await expect(iam.uploadSSHPublicKey({ UserName: 'coder', SSHPublicKeyBody: `${ssh} me@home` })).rejects.toMatchObject({
    name: 'DuplicateSSHPublicKeyException',
  });
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'pem', type: 'spki' }).toString();
  for (const [body, name] of [
    ['nonsense', 'UnrecognizedPublicKeyEncodingException'],
    ['ssh-rsa AAAA', 'InvalidPublicKeyException'],
    [small, 'InvalidPublicKeyException'],
  ] as const)
    await expect(iam.uploadSSHPublicKey({ UserName: 'coder', SSHPublicKeyBody: body })).rejects.toMatchObject({ name });
  await iam.updateSSHPublicKey({ ...key, Status: 'Inactive' });
  expect((await iam.listSSHPublicKeys({ UserName: 'coder' })).SSHPublicKeys).toMatchObject([{ Status: 'Inactive' }]);
  await iam.deleteSSHPublicKey(key);
  await expect(iam.getSSHPublicKey({ ...key, Encoding: 'SSH' })).rejects.toThrow('cannot be found');
});

test('service-specific credentials: two for each service, a secret that is told once, an age where there is one', async () => {
  await iam.createUser({ UserName: 'jane' });
  const code = { UserName: 'jane', ServiceName: 'codecommit.amazonaws.com' };
  const { ServiceSpecificCredential: first } = await iam.createServiceSpecificCredential(code);
  expect(first).toMatchObject({ ServiceUserName: 'jane-at-111122223333', Status: 'Active', ServicePassword: expect.any(String) });
  const { ServiceSpecificCredential: second } = await iam.createServiceSpecificCredential(code);
  expect(second?.ServiceUserName).toBe('jane+1-at-111122223333');
  await expect(iam.createServiceSpecificCredential(code)).rejects.toMatchObject({ name: 'LimitExceededException' });
  await expect(iam.createServiceSpecificCredential({ ...code, ServiceName: 's3.amazonaws.com' })).rejects.toMatchObject({
    name: 'ServiceNotSupportedException',
  });
  const bedrock = { UserName: 'jane', ServiceName: 'bedrock.amazonaws.com', CredentialAgeDays: 1 };
  const { ServiceSpecificCredential: key } = await iam.createServiceSpecificCredential(bedrock);
  expect(key?.ServiceCredentialSecret).toMatch(/^ABSK/);
  castellan.clock.advance(86_400_001);
  const { ServiceSpecificCredentials: all } = await iam.listServiceSpecificCredentials({ AllUsers: true });
  expect(all?.map(({ ServiceName, Status }) => [ServiceName, Status]).toSorted()).toEqual([
    ['bedrock.amazonaws.com', 'Expired'],
    ['codecommit.amazonaws.com', 'Active'],
    ['codecommit.amazonaws.com', 'Active'],
  ]);
  const named = { UserName: 'jane', ServiceSpecificCredentialId: first?.ServiceSpecificCredentialId ?? '' };
  const { ServiceSpecificCredential: reset } = await iam.resetServiceSpecificCredential(named);
  expect(reset?.ServicePassword).not.toBe(first?.ServicePassword);
  await iam.updateServiceSpecificCredential({ ...named, Status: 'Inactive' });
  await iam.deleteServiceSpecificCredential(named);
  await expect(iam.deleteServiceSpecificCredential(named)).rejects.toMatchObject({ name: 'NoSuchEntityException' });
});
