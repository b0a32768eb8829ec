// X.509 signing certificates of users and of root. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSigningCertificate.html
import { wholeSeconds } from '../../base/clock.ts';
import { base32Id } from '../../base/ids.ts';
import type { Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { readCertificate, validityProblem } from './certificates.ts';
import { type SigningCertificateRecord, signingCertificates } from './credential-records.ts';
import { listPage } from './listing.ts';
import { type Owner, onOwner, requireOwner } from './owners.ts';
import { withinQuota } from './quotas.ts';
import { fault, operation } from './service.ts';

const idLength = 32;

function shapeOf(owner: Owner, certificate: SigningCertificateRecord) {
  return {
    UserName: owner.userName ?? 'root',
    CertificateId: certificate.id,
    CertificateBody: certificate.body,
    Status: certificate.status,
    UploadDate: certificate.uploadedAtMs,
  };
}

/** @throws Fault NoSuchEntity */
async function requireCertificate(scope: Scope, owner: Owner, id: string): Promise<SigningCertificateRecord> {
  const certificate = await signingCertificates.get(scope.transaction, scope.account, owner.id, id);
  if (certificate === undefined) throw fault('NoSuchEntity', `The Certificate with id ${id} cannot be found.`);
  return certificate;
}

export const UploadSigningCertificate = operation('UploadSigningCertificate', {
  access: onOwner('iam:UploadSigningCertificate'),
  async handle(input, context) {
    const { transaction, account, ids, now } = context;
    const owner = await requireOwner(context, input.UserName);
    const certificate = readCertificate(input.CertificateBody);
    const problem = validityProblem(certificate, now);
    if (problem !== undefined) throw fault('InvalidCertificate', problem);
    const fingerprint = certificate.fingerprint256;
    const inAccount = await signingCertificates.all(transaction, account);
    if (inAccount.some((each) => each.fingerprint === fingerprint))
      throw fault('DuplicateCertificate', 'The same certificate is associated with an IAM user in the account.');
    withinQuota('SigningCertificatesPerUser', inAccount.filter(({ ownerId }) => ownerId === owner.id).length + 1);
    const record: SigningCertificateRecord = {
      account,
      ownerId: owner.id,
      id: base32Id(ids, idLength),
      body: input.CertificateBody,
      fingerprint,
      status: 'Active',
      uploadedAtMs: wholeSeconds(now),
    };
    signingCertificates.put(transaction, record);
    return { Certificate: shapeOf(owner, record) };
  },
});

export const ListSigningCertificates = operation('ListSigningCertificates', {
  access: onOwner('iam:ListSigningCertificates'),
  async handle(input, context) {
    const owner = await requireOwner(context, input.UserName);
    const page = await listPage(context, signingCertificates, [context.account, owner.id], input);
    return { Certificates: page.items.map((certificate) => shapeOf(owner, certificate)), ...page.state };
  },
});

export const UpdateSigningCertificate = operation('UpdateSigningCertificate', {
  access: onOwner('iam:UpdateSigningCertificate'),
  async handle(input, context) {
    const certificate = await requireCertificate(context, await requireOwner(context, input.UserName), input.CertificateId);
    if (input.Status === 'Expired') throw commonFault('ValidationError', 'The status of a certificate can be set to Active or Inactive.');
    signingCertificates.put(context.transaction, { ...certificate, status: input.Status });
    return {};
  },
});

export const DeleteSigningCertificate = operation('DeleteSigningCertificate', {
  access: onOwner('iam:DeleteSigningCertificate'),
  async handle(input, context) {
    const owner = await requireOwner(context, input.UserName);
    signingCertificates.remove(context.transaction, await requireCertificate(context, owner, input.CertificateId));
    return {};
  },
});

export const signingCertificateOperations = [
  UploadSigningCertificate,
  ListSigningCertificates,
  UpdateSigningCertificate,
  DeleteSigningCertificate,
];
