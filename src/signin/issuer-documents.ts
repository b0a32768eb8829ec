// What a service outside needs to check the JSON Web Tokens of an account (sts:GetWebIdentityToken): OpenID discovery and the key set.
import { outboundIssuerUrl } from '../kit/outbound-issuer.ts';
import type { Received } from '../pipeline/stages.ts';
import type { WireResponse } from '../protocol/protocol.ts';
import type { Store, Transaction } from '../store/store.ts';
import { json } from './pages.ts';

export interface IssuerParts {
  readonly store: Store;
  readonly publicUrl: () => string;
  /** Whether an account had, or has, this issuer. */
  readonly isIssuer: (transaction: Transaction, issuerId: string) => Promise<boolean>;
  readonly keySet: (transaction: Transaction, issuerId: string) => Promise<object>;
  readonly onInternalError: (error: unknown, requestId: string) => void;
}

const cached = { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' };

/** Answers the two documents of each issuer; undefined for every other request. */
export function createIssuerDocuments(parts: IssuerParts): (received: Received) => Promise<WireResponse> | undefined {
  return (received) => {
    const { method, path } = received.request;
    const match = /^\/outbound\/([0-9a-f-]{36})\/\.well-known\/(openid-configuration|jwks\.json)$/.exec(path);
    const [, issuerId = '', document] = match ?? [];
    if (match === null || (method !== 'GET' && method !== 'HEAD')) return undefined;
    return parts.store
      .transact(async (transaction) => {
        if (!(await parts.isIssuer(transaction, issuerId))) return json(404, { error: 'there is no such issuer' });
        return json(200, document === 'jwks.json' ? await parts.keySet(transaction, issuerId) : discovery(parts, issuerId), cached);
      })
      .catch((error: unknown) => {
        parts.onInternalError(error, received.requestId);
        return json(500, { error: 'the request failed' });
      });
  };
}

function discovery({ publicUrl }: IssuerParts, issuerId: string): object {
  const issuer = outboundIssuerUrl(publicUrl(), issuerId);
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES384'],
    claims_supported: ['iss', 'aud', 'sub', 'iat', 'exp', 'jti', 'https://sts.amazonaws.com/'],
  };
}
