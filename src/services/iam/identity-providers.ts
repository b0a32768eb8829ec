// What IAM stores of the identity providers that accounts trust (SAML and OpenID Connect), and the port through which sts reads it.

import { parseArn } from '../../base/arn.ts';
import type { Secret } from '../../base/secret.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { ProviderDirectory } from '../../kit/ports.ts';
import { lower, type Tags } from './records.ts';

export interface SamlProviderRecord {
  readonly account: string;
  readonly name: string;
  /** Part of the assertion consumer URL that AWS shows for the provider. */
  readonly uuid: string;
  readonly entityId: string;
  /** DER in base64, each with a key that may sign. */
  readonly signingCertificates: readonly string[];
  readonly createdAtMs: number;
  readonly validUntilMs: number;
  readonly tags: Tags;
  readonly assertionEncryptionMode?: 'Required' | 'Allowed' | undefined;
  readonly privateKeys: readonly SamlPrivateKey[];
}

export interface SamlPrivateKey {
  readonly keyId: string;
  readonly createdAtMs: number;
  readonly pem: Secret;
}

/** Kept apart, because it may be large and is read only to be shown. */
export interface SamlMetadataRecord {
  readonly account: string;
  readonly name: string;
  readonly document: string;
}

export interface OpenIdProviderRecord {
  readonly account: string;
  /** Without the scheme, as AWS shows it and as it stands in the ARN. */
  readonly url: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly createdAtMs: number;
  readonly tags: Tags;
}

export const samlProviders: Collection<SamlProviderRecord> = collection('iam.saml-provider', ({ account, name }) => [account, lower(name)]);
export const samlMetadata: Collection<SamlMetadataRecord> = collection('iam.saml-metadata', ({ account, name }) => [account, lower(name)]);
export const openIdProviders: Collection<OpenIdProviderRecord> = collection('iam.oidc-provider', ({ account, url }) => [account, url]);

/** The account and name of an identity provider's ARN; undefined for anything else. */
export function providerOfArn(
  arn: string,
  kind: 'saml-provider' | 'oidc-provider',
): { readonly account: string; readonly name: string } | undefined {
  const parts = parseArn(arn);
  if (parts?.service !== 'iam' || !/^\d{12}$/.test(parts.account) || !parts.resource.startsWith(`${kind}/`)) return undefined;
  return { account: parts.account, name: parts.resource.slice(kind.length + 1) };
}

export function createProviderDirectory(): ProviderDirectory {
  return {
    async samlProvider(transaction, arn) {
      const named = providerOfArn(arn, 'saml-provider');
      const record = named && (await samlProviders.get(transaction, named.account, lower(named.name)));
      // INVARIANT: an ARN names what is spelt exactly like it; the lookup alone does not regard case.
      return record?.name === named?.name ? record : undefined;
    },
    openIdProvider: (transaction, account, url) => openIdProviders.get(transaction, account, url),
  };
}
