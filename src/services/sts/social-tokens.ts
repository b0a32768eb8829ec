// Access tokens of the two OAuth 2.0 providers that AWS knows by name. They are no documents; the provider is asked what they are worth.
import { commonFault } from '../../kit/operation.ts';
import type { OutboundPort } from '../../kit/ports.ts';
import type { ConditionValue } from '../../policy/policy.ts';
import { readJson } from './oidc-keys.ts';
import { fault } from './service.ts';

export interface SocialIdentity {
  readonly provider: string;
  readonly subject: string;
  readonly audience: string;
  readonly keys: Readonly<Record<string, ConditionValue>>;
}

/** The answer about a token is used for the request that asked, and hardly longer. */
const ageMs = 20_000;

/** @throws Fault, or Awaited while the provider is asked */
export function socialIdentity(provider: string, token: string, outbound: OutboundPort, now: number): SocialIdentity {
  const ask = (url: string): Readonly<Record<string, unknown>> => {
    const document = outbound.document({ url, ageMsMax: ageMs });
    if (document.kind === 'found' && document.status >= 400 && document.status < 500) throw rejected();
    return readJson(outbound, { url, ageMsMax: ageMs });
  };
  const given = encodeURIComponent(token);
  switch (provider) {
    case 'graph.facebook.com': {
      const audience = textOf(ask(`https://graph.facebook.com/app?access_token=${given}`)['id']);
      const subject = textOf(ask(`https://graph.facebook.com/me?fields=id&access_token=${given}`)['id']);
      return { provider, subject, audience, keys: { [`${provider}:app_id`]: audience, [`${provider}:id`]: subject } };
    }
    case 'www.amazon.com': {
      const info = ask(`https://api.amazon.com/auth/o2/tokeninfo?access_token=${given}`);
      const audience = textOf(info['app_id'] ?? info['aud']);
      const subject = textOf(info['user_id']);
      const seconds = Number(info['exp']);
      if (!(seconds > 0)) throw rejected();
      // AWS: the provider counts either the seconds that are left, or those since 1970.
      if (seconds > 1_000_000_000 && seconds * 1000 <= now) throw fault('ExpiredTokenException', 'The access token has expired');
      return { provider, subject, audience, keys: { [`${provider}:app_id`]: audience, [`${provider}:user_id`]: subject } };
    }
    default:
      throw commonFault('ValidationError', `${provider} is not a supported identity provider`);
  }
}

const rejected = () => fault('IDPRejectedClaim', 'The identity provider rejected the access token');

function textOf(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 255) throw rejected();
  return value;
}
