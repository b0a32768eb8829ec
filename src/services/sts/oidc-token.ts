// An OpenID Connect ID token: who issued it to whom and for whom, verified with the provider's own keys.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
import { isRecord } from '../../base/record.ts';
import type { OutboundPort } from '../../kit/ports.ts';
import { type KeyQuery, verificationKeys } from './oidc-keys.ts';
import { fault } from './service.ts';

export interface OidcToken {
  /** As it stands in the token. */
  readonly issuer: string;
  readonly text: string;
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Signatures with public keys, of the strength that AWS asks for, and EdDSA and RSA-PSS beside them; never `none`, never a shared secret. */
const keyTypes: Readonly<Record<string, KeyQuery['keyType']>> = {
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'EC',
  ES384: 'EC',
  ES512: 'EC',
  EdDSA: 'OKP',
  Ed25519: 'OKP',
};

/** How far the clock of a provider may be ahead. */
const skewSeconds = 300;
const keysTriedMax = 10;

export const invalidIdToken = (message: string) => fault('InvalidIdentityToken', message);
const noJwt = () => invalidIdToken('The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)');

/** What the token claims; nothing of it is proven yet. @throws Fault */
export async function readToken(text: string): Promise<OidcToken> {
  const { decodeJwt, decodeProtectedHeader } = await import('jose');
  let header: Readonly<Record<string, unknown>>;
  let claims: Readonly<Record<string, unknown>>;
  try {
    header = decodeProtectedHeader(text);
    claims = decodeJwt(text);
  } catch {
    throw noJwt();
  }
  const { alg: algorithm, kid: keyId, crit } = header;
  const isKnown = typeof algorithm === 'string' && Object.hasOwn(keyTypes, algorithm);
  if (!isKnown || crit !== undefined || (keyId !== undefined && typeof keyId !== 'string')) throw noJwt();
  const { iss: issuer } = claims;
  if (typeof issuer !== 'string' || issuer === '') throw missing('iss');
  return { issuer, text, algorithm, keyId, claims };
}

const missing = (claim: string) => invalidIdToken(`Missing a required claim: ${claim}`);

/** @throws Fault ExpiredTokenException, InvalidIdentityToken when it is not the time for the token */
export function requireCurrent({ claims }: OidcToken, now: number): void {
  const seconds = Math.floor(now / 1000);
  const expires = timeOf(claims, 'exp');
  const issued = timeOf(claims, 'iat');
  if (expires === undefined) throw missing('exp');
  if (issued === undefined) throw missing('iat');
  if (expires <= seconds) {
    const message = `Token expired: current date/time ${seconds} must be before the expiration date/time ${expires}`;
    throw fault('ExpiredTokenException', message);
  }
  const notBefore = timeOf(claims, 'nbf') ?? issued;
  if (notBefore > seconds + skewSeconds || issued > seconds + skewSeconds) throw invalidIdToken('The ID Token is not yet valid');
}

/** AWS: times must be whole numbers. */
function timeOf(claims: OidcToken['claims'], name: string): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw invalidIdToken(`The claim ${name} is not an integer`);
  return value;
}

export interface Audience {
  /** What conditions call `aud`: the authorised party when the token names one. */
  readonly audience: string;
  /** Then, for whom the token was made. */
  readonly original: readonly string[] | undefined;
}

/** @throws Fault InvalidIdentityToken when the token is for somebody else; `clientIds` undefined: the trust policy alone decides. */
export function audienceOf({ claims }: OidcToken, clientIds: readonly string[] | undefined): Audience {
  const audiences = stringsOf(claims['aud']);
  const party = claims['azp'];
  if (audiences === undefined || audiences.length === 0) throw missing('aud');
  const candidates = typeof party === 'string' && party !== '' ? [party] : audiences;
  const audience = clientIds === undefined ? candidates[0] : candidates.find((candidate) => clientIds.includes(candidate));
  if (audience === undefined) throw invalidIdToken('Incorrect token audience');
  return { audience, original: candidates === audiences ? undefined : audiences };
}

export function subjectOf({ claims }: OidcToken): string {
  const { sub } = claims;
  if (typeof sub !== 'string' || sub === '') throw missing('sub');
  return sub;
}

/** @throws Fault InvalidIdentityToken, or Awaited while the keys are fetched */
export async function requireSignature(
  token: OidcToken,
  outbound: OutboundPort,
  provider: { readonly url: string; readonly thumbprints: readonly string[] },
): Promise<void> {
  const keys = verificationKeys(outbound, {
    issuer: provider.url,
    thumbprints: provider.thumbprints,
    keyId: token.keyId,
    keyType: keyTypes[token.algorithm] ?? 'RSA',
  });
  const { compactVerify, importJWK } = await import('jose');
  for (const key of keys.slice(0, keysTriedMax)) {
    try {
      // The key may be bound to an algorithm; the token's header alone never chooses one outside the list above.
      if (key.alg !== undefined && key.alg !== token.algorithm) continue;
      await compactVerify(token.text, await importJWK(key, token.algorithm), { algorithms: [token.algorithm] });
      return;
    } catch {
      // Not signed by this one.
    }
  }
  throw invalidIdToken('The ID Token provided has an invalid signature');
}

/** Strings, or one string; undefined for anything else. */
export function stringsOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

const tagsClaim = 'https://aws.amazon.com/tags';

/** Session tags in the claims, nested or flat. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp */
export function tagClaims({ claims }: OidcToken) {
  const nested = isRecord(claims[tagsClaim]) ? claims[tagsClaim] : {};
  const principalTags = nested['principal_tags'];
  const flatPrefix = `${tagsClaim}/principal_tags/`;
  const flat = Object.entries(claims)
    .filter(([name]) => name.startsWith(flatPrefix))
    .map(([name, value]) => [name.slice(flatPrefix.length), value] as const);
  const entries = [...(isRecord(principalTags) ? Object.entries(principalTags) : []), ...flat];
  return {
    tags: entries.map(([Key, value]) => {
      const values = stringsOf(value);
      if (values?.length !== 1 || values[0] === undefined) throw invalidIdToken(`The session tag ${Key} must have one value`);
      return { Key, Value: values[0] };
    }),
    transitiveTagKeys: stringsOf(nested['transitive_tag_keys'] ?? claims[`${tagsClaim}/transitive_tag_keys`] ?? []) ?? [],
    sourceIdentity: stringsOf(claims['https://aws.amazon.com/source_identity'])?.[0],
  };
}
