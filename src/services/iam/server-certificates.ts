// Server certificates: a certificate, its private key and its chain, checked when they are uploaded.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html
import { wholeSeconds } from '../../base/clock.ts';
import { Secret } from '../../base/secret.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { readCertificate, requireChain, requireKeyOf, validityProblem } from './certificates.ts';
import { type ServerCertificateRecord, serverCertificates } from './credential-records.ts';
import { arnOf, tagList, tagRecord } from './entities.ts';
import { pathPage } from './listing.ts';
import { withinQuota } from './quotas.ts';
import { lower } from './records.ts';
import { fault, operation } from './service.ts';
import { keyTags, merged, tagPage, without } from './tag-rules.ts';

function metadataOf(scope: Scope, record: ServerCertificateRecord) {
  return {
    Path: record.path,
    ServerCertificateName: record.name,
    ServerCertificateId: record.id,
    Arn: arnOf(scope, 'server-certificate', record.path, record.name),
    UploadDate: record.uploadedAtMs,
    Expiration: record.expiresAtMs,
  };
}

/** @throws Fault NoSuchEntity */
async function requireCertificate(scope: Scope, name: string): Promise<ServerCertificateRecord> {
  const record = await serverCertificates.get(scope.transaction, scope.account, lower(name));
  if (record === undefined) throw fault('NoSuchEntity', `The Server Certificate with name ${name} cannot be found.`);
  return record;
}

async function certificateAccess(scope: Scope, action: Access['action'], name: string, extra: Partial<Access> = {}): Promise<Access> {
  const record = await serverCertificates.get(scope.transaction, scope.account, lower(name));
  const resource = arnOf(scope, 'server-certificate', record?.path ?? '/', record?.name ?? name);
  return { action, resource, ...(record === undefined ? {} : { resourceTags: record.tags }), ...extra };
}

function onCertificate(action: Access['action']) {
  return (input: { readonly ServerCertificateName: string }, scope: Scope): Promise<Access> =>
    certificateAccess(scope, action, input.ServerCertificateName);
}

export const UploadServerCertificate = operation('UploadServerCertificate', {
  access: (input, scope) => ({
    action: 'iam:UploadServerCertificate',
    resource: arnOf(scope, 'server-certificate', input.Path ?? '/', input.ServerCertificateName),
    ...(input.Tags === undefined ? {} : { requestTags: tagRecord(input.Tags) }),
  }),
  async handle(input, context) {
    const { transaction, account, ids, now } = context;
    const certificate = readCertificate(input.CertificateBody);
    const problem = validityProblem(certificate, now);
    if (problem !== undefined) throw fault('MalformedCertificate', problem);
    requireKeyOf(certificate, input.PrivateKey);
    if (input.CertificateChain !== undefined) requireChain(certificate, input.CertificateChain);
    if ((await serverCertificates.get(transaction, account, lower(input.ServerCertificateName))) !== undefined)
      throw fault('EntityAlreadyExists', `The Server Certificate with name ${input.ServerCertificateName} already exists.`);
    withinQuota('ServerCertificatesPerAccount', (await serverCertificates.all(transaction, account)).length + 1);
    const record: ServerCertificateRecord = {
      account,
      name: input.ServerCertificateName,
      id: uniqueId(ids, 'ASCA'),
      path: input.Path ?? '/',
      body: input.CertificateBody,
      chain: input.CertificateChain,
      privateKey: new Secret(input.PrivateKey),
      uploadedAtMs: wholeSeconds(now),
      expiresAtMs: certificate.validToDate.getTime(),
      tags: tagRecord(input.Tags),
    };
    serverCertificates.put(transaction, record);
    return {
      ServerCertificateMetadata: metadataOf(context, record),
      ...(input.Tags === undefined ? {} : { Tags: tagPage(record.tags, {}).Tags }),
    };
  },
});

export const GetServerCertificate = operation('GetServerCertificate', {
  access: onCertificate('iam:GetServerCertificate'),
  async handle(input, context) {
    const record = await requireCertificate(context, input.ServerCertificateName);
    return {
      ServerCertificate: {
        ServerCertificateMetadata: metadataOf(context, record),
        CertificateBody: record.body,
        ...(record.chain === undefined ? {} : { CertificateChain: record.chain }),
        ...(Object.keys(record.tags).length === 0 ? {} : { Tags: tagList(record.tags) }),
      },
    };
  },
});

export const ListServerCertificates = operation('ListServerCertificates', {
  access: (input, scope) => ({
    action: 'iam:ListServerCertificates',
    resource: arnOf(scope, 'server-certificate', input.PathPrefix ?? '/', ''),
  }),
  async handle(input, context) {
    const page = await pathPage(context, serverCertificates, input);
    return { ServerCertificateMetadataList: page.items.map((record) => metadataOf(context, record)), ...page.state };
  },
});

export const UpdateServerCertificate = operation('UpdateServerCertificate', {
  access: async (input, scope) => {
    const before = await certificateAccess(scope, 'iam:UpdateServerCertificate', input.ServerCertificateName);
    const record = await serverCertificates.get(scope.transaction, scope.account, lower(input.ServerCertificateName));
    const name = input.NewServerCertificateName ?? record?.name ?? input.ServerCertificateName;
    const after = arnOf(scope, 'server-certificate', input.NewPath ?? record?.path ?? '/', name);
    return after === before.resource ? before : [before, { ...before, resource: after }];
  },
  async handle(input, context) {
    const { transaction, account } = context;
    const record = await requireCertificate(context, input.ServerCertificateName);
    const name = input.NewServerCertificateName ?? record.name;
    if (lower(name) !== lower(record.name) && (await serverCertificates.get(transaction, account, lower(name))) !== undefined)
      throw fault('EntityAlreadyExists', `The Server Certificate with name ${name} already exists.`);
    serverCertificates.remove(transaction, record);
    serverCertificates.put(transaction, { ...record, name, path: input.NewPath ?? record.path });
    return {};
  },
});

export const DeleteServerCertificate = operation('DeleteServerCertificate', {
  access: onCertificate('iam:DeleteServerCertificate'),
  async handle(input, context) {
    serverCertificates.remove(context.transaction, await requireCertificate(context, input.ServerCertificateName));
    return {};
  },
});

export const TagServerCertificate = operation('TagServerCertificate', {
  access: (input, scope) =>
    certificateAccess(scope, 'iam:TagServerCertificate', input.ServerCertificateName, { requestTags: tagRecord(input.Tags) }),
  async handle(input, context) {
    const record = await requireCertificate(context, input.ServerCertificateName);
    serverCertificates.put(context.transaction, { ...record, tags: merged(record.tags, input.Tags) });
    return {};
  },
});

export const UntagServerCertificate = operation('UntagServerCertificate', {
  access: (input, scope) => certificateAccess(scope, 'iam:UntagServerCertificate', input.ServerCertificateName, keyTags(input.TagKeys)),
  async handle(input, context) {
    const record = await requireCertificate(context, input.ServerCertificateName);
    serverCertificates.put(context.transaction, { ...record, tags: without(record.tags, input.TagKeys) });
    return {};
  },
});

export const ListServerCertificateTags = operation('ListServerCertificateTags', {
  access: onCertificate('iam:ListServerCertificateTags'),
  handle: async (input, context) => tagPage((await requireCertificate(context, input.ServerCertificateName)).tags, input),
});

export const serverCertificateOperations = [
  UploadServerCertificate,
  GetServerCertificate,
  ListServerCertificates,
  UpdateServerCertificate,
  DeleteServerCertificate,
  TagServerCertificate,
  UntagServerCertificate,
  ListServerCertificateTags,
];
