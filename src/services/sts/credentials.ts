// Makes temporary credentials: a key id that carries its account, a secret, and the sealed token that says what the session is.
import { base64Id } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import { accessKeyIdFor } from '../../kit/account-ids.ts';
import type { Context, SessionFacts } from '../../kit/context.ts';
import { type SessionToken, sealSessionToken } from '../../kit/session-token.ts';
import type { Credentials } from './api.gen.ts';
import { noSessionPolicies, type SessionPolicies } from './session-policies.ts';

export interface NewSession {
  readonly account: string;
  readonly holder: SessionToken['holder'];
  readonly name: string;
  readonly durationSeconds: number;
  readonly policies?: SessionPolicies;
  readonly facts?: Partial<Omit<SessionFacts, 'name' | 'issuedAtMs' | 'expiresAtMs'>>;
}

export function issueCredentials(context: Context, session: NewSession): Credentials {
  // Whole seconds, because that is how Expiration is printed: the token must not outlive what the client was told.
  const expiresAtMs = Math.floor(context.now / 1000) * 1000 + session.durationSeconds * 1000;
  const accessKeyId = accessKeyIdFor(context.ids, 'ASIA', session.account);
  const secretAccessKey = new Secret(base64Id(context.ids, 40));
  const { document, arns } = session.policies ?? noSessionPolicies;
  const token = sealSessionToken(context.sealer, {
    accessKeyId,
    secretAccessKey,
    account: session.account,
    holder: session.holder,
    facts: {
      mfaAtMs: undefined,
      sourceIdentity: undefined,
      tags: {},
      transitiveTagKeys: [],
      federatedProvider: undefined,
      ...session.facts,
      name: session.name,
      issuedAtMs: context.now,
      expiresAtMs,
    },
    policy: document,
    policyArns: arns,
  });
  return { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey.reveal(), SessionToken: token, Expiration: expiresAtMs };
}
