// OpenID Connect identity providers. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html

import { wholeSeconds } from '../../base/clock.ts';
import type { Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import { tagRecord } from './entities.ts';
import { type OpenIdProviderRecord, openIdProviders, providerOfArn } from './identity-providers.ts';
import { mergedTags, sortedTags, tagPage, withoutTags } from './provider-tags.ts';
import { fault, operation } from './service.ts';

const providersMax = 100;
const clientIdsMax = 100;
const thumbprintsMax = 5;

function arnOf(scope: Scope, url: string): ResourceArn<'iam:oidc-provider'> {
  return `arn:${scope.partition}:iam::${scope.account}:oidc-provider/${url}`;
}

/** The caller's own provider of this ARN. */
async function find(scope: Scope, arn: string): Promise<OpenIdProviderRecord | undefined> {
  const named = providerOfArn(arn, 'oidc-provider');
  return named?.account === scope.account ? openIdProviders.get(scope.transaction, scope.account, named.name) : undefined;
}

async function requireProvider(scope: Scope, arn: string): Promise<OpenIdProviderRecord> {
  const record = await find(scope, arn);
  if (record === undefined) throw fault('NoSuchEntity', `OpenIDConnect Provider not found for arn ${arn}`);
  return record;
}

type OnProvider = { readonly OpenIDConnectProviderArn: string };

function onProvider<Input extends OnProvider>(action: Access['action'], more: (input: Input) => Partial<Access> = () => ({})) {
  return async (input: Input, scope: Scope): Promise<Access> => {
    const { OpenIDConnectProviderArn: arn } = input;
    const record = await find(scope, arn);
    const resource = resourceNamed<'iam:oidc-provider'>(arn);
    return { action, resource, ...(record === undefined ? {} : { resourceTags: record.tags }), ...more(input) };
  };
}

/** The URL as AWS keeps it: without its scheme, the host in lower case. @throws Fault ValidationError */
function keptUrl(given: string): string {
  const refused = () => commonFault('ValidationError', 'Invalid Open ID Connect Provider URL');
  if (!/^https:\/\//i.test(given) || /[?#\s\\]/.test(given) || !URL.canParse(given)) throw refused();
  const { host, username, password, hostname } = new URL(given);
  if (username !== '' || password !== '' || hostname === '') throw refused();
  const path = given.slice('https://'.length).replace(/^[^/]*/, '');
  return host + path;
}

function checkedClientIds(ids: readonly string[]): readonly string[] {
  const unique = [...new Set(ids)];
  if (unique.length > clientIdsMax)
    throw fault('LimitExceeded', `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${clientIdsMax}`);
  return unique;
}

function checkedThumbprints(thumbprints: readonly string[]): readonly string[] {
  if (thumbprints.length > thumbprintsMax) {
    throw fault('InvalidInput', `Thumbprint list must contain fewer than ${thumbprintsMax} entries.`);
  }
  // AWS: any forty characters will do, as in its own examples (`…efEXAMPLE`); one that is no SHA-1 matches no certificate.
  return thumbprints.map((thumbprint) => thumbprint.toLowerCase());
}

/** What the access stage can name before the URL is judged. */
function resourceOf(scope: Scope, given: string): ResourceArn<'iam:oidc-provider'> {
  return arnOf(scope, given.replace(/^https:\/\//i, ''));
}

const CreateOpenIDConnectProvider = operation('CreateOpenIDConnectProvider', {
  access: (input, scope) => ({
    action: 'iam:CreateOpenIDConnectProvider',
    resource: resourceOf(scope, input.Url),
    ...(input.Tags === undefined ? {} : { requestTags: tagRecord(input.Tags) }),
  }),
  async handle(input, context) {
    const { transaction, account, now } = context;
    const url = keptUrl(input.Url);
    const clientIds = checkedClientIds(input.ClientIDList ?? []);
    const thumbprints = checkedThumbprints(input.ThumbprintList ?? []);
    if ((await openIdProviders.get(transaction, account, url)) !== undefined) {
      throw fault('EntityAlreadyExists', `Provider with url ${input.Url} already exists.`);
    }
    if ((await openIdProviders.list(transaction, [account], { limit: providersMax })).length >= providersMax) {
      throw fault('LimitExceeded', `Cannot exceed quota for OpenIdConnectProvidersPerAccount: ${providersMax}`);
    }
    const tags = tagRecord(input.Tags);
    openIdProviders.put(transaction, { account, url, clientIds, thumbprints, createdAtMs: wholeSeconds(now), tags });
    return { OpenIDConnectProviderArn: arnOf(context, url), ...(input.Tags === undefined ? {} : { Tags: sortedTags(tags) }) };
  },
});

const GetOpenIDConnectProvider = operation('GetOpenIDConnectProvider', {
  access: onProvider('iam:GetOpenIDConnectProvider'),
  async handle(input, context) {
    const record = await requireProvider(context, input.OpenIDConnectProviderArn);
    return {
      Url: record.url,
      ClientIDList: record.clientIds,
      ThumbprintList: record.thumbprints,
      CreateDate: record.createdAtMs,
      Tags: sortedTags(record.tags),
    };
  },
});

const ListOpenIDConnectProviders = operation('ListOpenIDConnectProviders', {
  access: () => ({ action: 'iam:ListOpenIDConnectProviders', resource: '*' }),
  async handle(_, context) {
    const records = await openIdProviders.all(context.transaction, context.account);
    return { OpenIDConnectProviderList: records.map(({ url }) => ({ Arn: arnOf(context, url) })) };
  },
});

const AddClientIDToOpenIDConnectProvider = operation('AddClientIDToOpenIDConnectProvider', {
  access: onProvider('iam:AddClientIDToOpenIDConnectProvider'),
  async handle(input, context) {
    const record = await requireProvider(context, input.OpenIDConnectProviderArn);
    openIdProviders.put(context.transaction, { ...record, clientIds: checkedClientIds([...record.clientIds, input.ClientID]) });
    return {};
  },
});

const RemoveClientIDFromOpenIDConnectProvider = operation('RemoveClientIDFromOpenIDConnectProvider', {
  access: onProvider('iam:RemoveClientIDFromOpenIDConnectProvider'),
  async handle(input, context) {
    const record = await requireProvider(context, input.OpenIDConnectProviderArn);
    openIdProviders.put(context.transaction, { ...record, clientIds: record.clientIds.filter((id) => id !== input.ClientID) });
    return {};
  },
});

const UpdateOpenIDConnectProviderThumbprint = operation('UpdateOpenIDConnectProviderThumbprint', {
  access: onProvider('iam:UpdateOpenIDConnectProviderThumbprint'),
  async handle(input, context) {
    const record = await requireProvider(context, input.OpenIDConnectProviderArn);
    openIdProviders.put(context.transaction, { ...record, thumbprints: checkedThumbprints(input.ThumbprintList) });
    return {};
  },
});

const DeleteOpenIDConnectProvider = operation('DeleteOpenIDConnectProvider', {
  access: onProvider('iam:DeleteOpenIDConnectProvider'),
  // AWS: no error for a provider that does not exist.
  async handle(input, context) {
    const record = await find(context, input.OpenIDConnectProviderArn);
    if (record !== undefined) openIdProviders.remove(context.transaction, record);
    return {};
  },
});

const TagOpenIDConnectProvider = operation('TagOpenIDConnectProvider', {
  access: onProvider('iam:TagOpenIDConnectProvider', (input) => ({ requestTags: tagRecord(input.Tags) })),
  async handle(input, context) {
    const record = await requireProvider(context, input.OpenIDConnectProviderArn);
    openIdProviders.put(context.transaction, { ...record, tags: mergedTags(record.tags, input.Tags) });
    return {};
  },
});

const UntagOpenIDConnectProvider = operation('UntagOpenIDConnectProvider', {
  access: onProvider('iam:UntagOpenIDConnectProvider', (input) => ({ context: { 'aws:TagKeys': input.TagKeys } })),
  async handle(input, context) {
    const record = await requireProvider(context, input.OpenIDConnectProviderArn);
    openIdProviders.put(context.transaction, { ...record, tags: withoutTags(record.tags, input.TagKeys) });
    return {};
  },
});

const ListOpenIDConnectProviderTags = operation('ListOpenIDConnectProviderTags', {
  access: onProvider('iam:ListOpenIDConnectProviderTags'),
  handle: async (input, context) => tagPage((await requireProvider(context, input.OpenIDConnectProviderArn)).tags, input),
});

export const openIdConnectProviderOperations = [
  CreateOpenIDConnectProvider,
  GetOpenIDConnectProvider,
  ListOpenIDConnectProviders,
  AddClientIDToOpenIDConnectProvider,
  RemoveClientIDFromOpenIDConnectProvider,
  UpdateOpenIDConnectProviderThumbprint,
  DeleteOpenIDConnectProvider,
  TagOpenIDConnectProvider,
  UntagOpenIDConnectProvider,
  ListOpenIDConnectProviderTags,
];
