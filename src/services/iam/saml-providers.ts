// SAML 2.0 identity providers. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_saml.html

import { createPrivateKey } from 'node:crypto';
import { wholeSeconds } from '../../base/clock.ts';
import { base32Id } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import type { assertionEncryptionModeType } from './api.gen.ts';
import { tagRecord } from './entities.ts';
import { providerOfArn, type SamlPrivateKey, type SamlProviderRecord, samlMetadata, samlProviders } from './identity-providers.ts';
import { mergedTags, sortedTags, tagPage, withoutTags } from './provider-tags.ts';
import { lower } from './records.ts';
import { readSamlMetadata, type SamlMetadata } from './saml-metadata.ts';
import { fault, operation } from './service.ts';

const providersMax = 100;
const privateKeysMax = 2;
/** AWS: what GetSAMLProvider says when the metadata names no end. */
const unlimitedMs = 100 * 365 * 86_400_000;

function arnOf(scope: Scope, name: string): ResourceArn<'iam:saml-provider'> {
  return `arn:${scope.partition}:iam::${scope.account}:saml-provider/${name}`;
}

/** The caller's own provider of this ARN. */
async function find(scope: Scope, arn: string): Promise<SamlProviderRecord | undefined> {
  const named = providerOfArn(arn, 'saml-provider');
  if (named?.account !== scope.account) return undefined;
  const record = await samlProviders.get(scope.transaction, scope.account, lower(named.name));
  return record?.name === named.name ? record : undefined;
}

async function requireProvider(scope: Scope, arn: string): Promise<SamlProviderRecord> {
  const record = await find(scope, arn);
  if (record === undefined) throw fault('NoSuchEntity', `Manifest not found for arn ${arn}`);
  return record;
}

function onProvider<Input extends { readonly SAMLProviderArn: string }>(
  action: Access['action'],
  more: (input: Input) => Partial<Access> = () => ({}),
) {
  return async (input: Input, scope: Scope): Promise<Access> => {
    const record = await find(scope, input.SAMLProviderArn);
    const resource = resourceNamed<'iam:saml-provider'>(input.SAMLProviderArn);
    return { action, resource, ...(record === undefined ? {} : { resourceTags: record.tags }), ...more(input) };
  };
}

async function requireMetadata(document: string): Promise<SamlMetadata> {
  const metadata = await readSamlMetadata(document);
  if (metadata === undefined) throw fault('InvalidInput', 'Could not parse metadata');
  return metadata;
}

function factsOf(metadata: SamlMetadata, now: number) {
  const { entityId, signingCertificates, validUntilMs } = metadata;
  return { entityId, signingCertificates, validUntilMs: validUntilMs ?? wholeSeconds(now) + unlimitedMs };
}

function newPrivateKey({ ids, now }: Context, pem: string): SamlPrivateKey {
  if (!isRsaKey(pem)) throw fault('InvalidInput', 'The private key is not a valid RSA private key in PEM format.');
  return { keyId: `APKA${base32Id(ids, 20)}`, createdAtMs: wholeSeconds(now), pem: new Secret(pem) };
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

/** A provider that reads encrypted assertions needs a key to read them with. */
function checkEncryption(mode: assertionEncryptionModeType | undefined, keys: readonly SamlPrivateKey[]): void {
  if (keys.length > privateKeysMax) throw fault('LimitExceeded', `Cannot exceed quota for PrivateKeysPerSAMLProvider: ${privateKeysMax}`);
  if (mode !== undefined && keys.length === 0) {
    throw fault('InvalidInput', 'A private key is required when the assertion encryption mode is set.');
  }
}

const CreateSAMLProvider = operation('CreateSAMLProvider', {
  access: (input, scope) => ({
    action: 'iam:CreateSAMLProvider',
    resource: arnOf(scope, input.Name),
    ...(input.Tags === undefined ? {} : { requestTags: tagRecord(input.Tags) }),
  }),
  async handle(input, context) {
    const { transaction, account, now, ids } = context;
    const metadata = await requireMetadata(input.SAMLMetadataDocument);
    if ((await samlProviders.get(transaction, account, lower(input.Name))) !== undefined) {
      throw fault('EntityAlreadyExists', `SAMLProvider with name ${input.Name} already exists.`);
    }
    if ((await samlProviders.list(transaction, [account], { limit: providersMax })).length >= providersMax) {
      throw fault('LimitExceeded', `Cannot exceed quota for SAMLProvidersPerAccount: ${providersMax}`);
    }
    const privateKeys = input.AddPrivateKey === undefined ? [] : [newPrivateKey(context, input.AddPrivateKey)];
    checkEncryption(input.AssertionEncryptionMode, privateKeys);
    const record: SamlProviderRecord = {
      account,
      name: input.Name,
      uuid: base32Id(ids, 32),
      ...factsOf(metadata, now),
      createdAtMs: wholeSeconds(now),
      tags: tagRecord(input.Tags),
      assertionEncryptionMode: input.AssertionEncryptionMode,
      privateKeys,
    };
    samlProviders.put(transaction, record);
    samlMetadata.put(transaction, { account, name: input.Name, document: input.SAMLMetadataDocument });
    return {
      SAMLProviderArn: arnOf(context, input.Name),
      ...(input.Tags === undefined ? {} : { Tags: sortedTags(record.tags) }),
    };
  },
});

const GetSAMLProvider = operation('GetSAMLProvider', {
  access: onProvider('iam:GetSAMLProvider'),
  async handle({ SAMLProviderArn }, context) {
    const record = await requireProvider(context, SAMLProviderArn);
    const metadata = await samlMetadata.get(context.transaction, record.account, lower(record.name));
    return {
      SAMLProviderUUID: record.uuid,
      SAMLMetadataDocument: metadata?.document,
      CreateDate: record.createdAtMs,
      ValidUntil: record.validUntilMs,
      Tags: sortedTags(record.tags),
      AssertionEncryptionMode: record.assertionEncryptionMode,
      PrivateKeyList: record.privateKeys.map(({ keyId, createdAtMs }) => ({ KeyId: keyId, Timestamp: createdAtMs })),
    };
  },
});

const ListSAMLProviders = operation('ListSAMLProviders', {
  access: () => ({ action: 'iam:ListSAMLProviders', resource: '*' }),
  async handle(_, context) {
    const records = await samlProviders.all(context.transaction, context.account);
    const SAMLProviderList = records.map(({ name, validUntilMs, createdAtMs }) => ({
      Arn: arnOf(context, name),
      ValidUntil: validUntilMs,
      CreateDate: createdAtMs,
    }));
    return { SAMLProviderList };
  },
});

const UpdateSAMLProvider = operation('UpdateSAMLProvider', {
  access: onProvider('iam:UpdateSAMLProvider'),
  async handle(input, context) {
    const record = await requireProvider(context, input.SAMLProviderArn);
    const { SAMLMetadataDocument: document, AddPrivateKey: added, RemovePrivateKey: removed } = input;
    const metadata = document === undefined ? undefined : await requireMetadata(document);
    if (removed !== undefined && !record.privateKeys.some(({ keyId }) => keyId === removed)) {
      throw fault('NoSuchEntity', `The private key with id ${removed} cannot be found.`);
    }
    const kept = record.privateKeys.filter(({ keyId }) => keyId !== removed);
    const privateKeys = added === undefined ? kept : [...kept, newPrivateKey(context, added)];
    const assertionEncryptionMode = input.AssertionEncryptionMode ?? record.assertionEncryptionMode;
    checkEncryption(assertionEncryptionMode, privateKeys);
    const facts = metadata === undefined ? {} : factsOf(metadata, context.now);
    samlProviders.put(context.transaction, { ...record, ...facts, assertionEncryptionMode, privateKeys });
    if (document !== undefined) samlMetadata.put(context.transaction, { account: record.account, name: record.name, document });
    return { SAMLProviderArn: input.SAMLProviderArn };
  },
});

const DeleteSAMLProvider = operation('DeleteSAMLProvider', {
  access: onProvider('iam:DeleteSAMLProvider'),
  async handle({ SAMLProviderArn }, context) {
    const record = await requireProvider(context, SAMLProviderArn);
    samlProviders.remove(context.transaction, record);
    samlMetadata.remove(context.transaction, { account: record.account, name: record.name, document: '' });
    return {};
  },
});

const TagSAMLProvider = operation('TagSAMLProvider', {
  access: onProvider('iam:TagSAMLProvider', (input) => ({ requestTags: tagRecord(input.Tags) })),
  async handle(input, context) {
    const record = await requireProvider(context, input.SAMLProviderArn);
    samlProviders.put(context.transaction, { ...record, tags: mergedTags(record.tags, input.Tags) });
    return {};
  },
});

const UntagSAMLProvider = operation('UntagSAMLProvider', {
  access: onProvider('iam:UntagSAMLProvider', (input) => ({ context: { 'aws:TagKeys': input.TagKeys } })),
  async handle(input, context) {
    const record = await requireProvider(context, input.SAMLProviderArn);
    samlProviders.put(context.transaction, { ...record, tags: withoutTags(record.tags, input.TagKeys) });
    return {};
  },
});

const ListSAMLProviderTags = operation('ListSAMLProviderTags', {
  access: onProvider('iam:ListSAMLProviderTags'),
  handle: async (input, context) => tagPage((await requireProvider(context, input.SAMLProviderArn)).tags, input),
});

export const samlProviderOperations = [
  CreateSAMLProvider,
  GetSAMLProvider,
  ListSAMLProviders,
  UpdateSAMLProvider,
  DeleteSAMLProvider,
  TagSAMLProvider,
  UntagSAMLProvider,
  ListSAMLProviderTags,
];
