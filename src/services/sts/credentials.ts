// New temporary credentials: a key id that carries the account, a random secret, and the sealed token that makes them known to every node.
import { base64Id } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import { accessKeyIdFor } from '../../kit/account-ids.ts';
import type { Context } from '../../kit/context.ts';
import { type SessionToken, sealSessionToken } from '../../kit/session-token.ts';
import type { Credentials } from './api.gen.ts';

export type NewSession = Pick<SessionToken, 'account' | 'holder' | 'policy' | 'policyArns'> & {
  readonly facts: Omit<SessionToken['facts'], 'issuedAtMs' | 'expiresAtMs'>;
  readonly durationSeconds: number;
};

export function issueCredentials({ ids, now, sealer }: Context, session: NewSession): Credentials {
  const { durationSeconds, facts, ...rest } = session;
  const accessKeyId = accessKeyIdFor(ids, 'ASIA', session.account);
  const secret = base64Id(ids, 40);
  // Whole seconds, as they are shown.
  const issuedAtMs = Math.floor(now / 1000) * 1000;
  const expiresAtMs = issuedAtMs + durationSeconds * 1000;
  const token = { ...rest, accessKeyId, secretAccessKey: new Secret(secret), facts: { ...facts, issuedAtMs, expiresAtMs } };
  return { AccessKeyId: accessKeyId, SecretAccessKey: secret, SessionToken: sealSessionToken(sealer, token), Expiration: expiresAtMs };
}
