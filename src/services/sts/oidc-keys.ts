// The public keys of an OpenID provider: found through its discovery document, kept for a while, asked for again when a token names a new one.
import type { JWK } from 'jose';
import { isRecord } from '../../base/record.ts';
import type { OutboundPort, OutboundRequest } from '../../kit/ports.ts';
import { fault } from './service.ts';

export interface KeyQuery {
  /** With its scheme, as it stands in the token. */
  readonly issuer: string;
  readonly thumbprints: readonly string[];
  readonly keyId: string | undefined;
  readonly keyType: 'RSA' | 'EC' | 'OKP';
}

const discoveryAgeMs = 3_600_000;
const keysAgeMs = 600_000;
/** A token with an unknown key makes the keys be fetched again, but no more often than this. */
const renewedAgeMs = 5_000;
/** AWS: a hundred RSA and a hundred EC keys at most. */
const keysMax = 200;

const noKey = () =>
  fault(
    'InvalidIdentityToken',
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  );

/** The keys that may have signed the token: the one that it names, or all of its kind when it names none. @throws Fault, Awaited */
export function verificationKeys(outbound: OutboundPort, query: KeyQuery): readonly JWK[] {
  const { issuer, thumbprints } = query;
  const fetchJson = (url: string, ageMsMax: number) => readJson(outbound, { url, ageMsMax, thumbprints });
  const discovery = fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, discoveryAgeMs);
  const jwksUri = discovery['jwks_uri'];
  if (discovery['issuer'] !== issuer || typeof jwksUri !== 'string' || !/^https:\/\//.test(jwksUri)) throw noKey();
  const known = matching(fetchJson(jwksUri, keysAgeMs), query);
  if (known.length > 0) return known;
  const renewed = matching(fetchJson(jwksUri, renewedAgeMs), query);
  if (renewed.length === 0) throw noKey();
  return renewed;
}

/** @throws Fault IDPCommunicationError when trying again may help */
export function readJson(outbound: OutboundPort, request: OutboundRequest): Readonly<Record<string, unknown>> {
  const document = outbound.document(request);
  if (document.kind === 'unreachable') {
    throw fault(
      'IDPCommunicationError',
      'The identity provider that was asked to verify the incoming identity token could not be reached.',
    );
  }
  const parsed = document.kind === 'found' && document.status === 200 ? parseJson(document.body) : undefined;
  if (!isRecord(parsed)) throw noKey();
  return parsed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function matching(jwks: Readonly<Record<string, unknown>>, { keyId, keyType }: KeyQuery): readonly JWK[] {
  const { keys } = jwks;
  if (!Array.isArray(keys) || keys.length > keysMax) throw noKey();
  return keys.filter((key): key is JWK => {
    if (!isRecord(key) || key['kty'] !== keyType || (key['use'] !== undefined && key['use'] !== 'sig')) return false;
    return keyId === undefined || key['kid'] === keyId;
  });
}
