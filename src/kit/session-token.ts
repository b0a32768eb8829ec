// What a session token holds. Tokens are sealed and stateless: any node can open one, nobody else can, and nothing has to be stored.
// Written by sts, read by iam when it identifies a caller.
import { Secret } from '../base/secret.ts';
import type { Sealer, SessionFacts } from './context.ts';

export interface SessionToken {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly account: string;
  /** Whose permissions the session has: a role, or the user (or root) that asked for GetSessionToken or GetFederationToken. */
  readonly holder:
    | { readonly kind: 'role'; readonly roleArn: string; readonly roleId: string }
    | { readonly kind: 'user'; readonly userName: string; readonly userId: string }
    | { readonly kind: 'root' }
    | {
        readonly kind: 'federated-user';
        readonly name: string;
        readonly issuer: 'root' | { readonly userName: string; readonly userId: string };
      };
  readonly facts: SessionFacts;
  /** Session policy document as it was given; its presence, even empty, restricts the session. */
  readonly policy: string | undefined;
  /** Managed session policies. */
  readonly policyArns: readonly string[];
}

const purpose = 'session-token';
/** AWS's tokens begin alike; some clients look at it. */
const prefix = 'IQoJ';

export function sealSessionToken(sealer: Sealer, token: SessionToken): string {
  return prefix + sealer.seal(purpose, JSON.stringify({ ...token, secretAccessKey: token.secretAccessKey.reveal() }));
}

/** Undefined when the text is not a token of this installation. Expiry is the reader's to judge. */
export function openSessionToken(sealer: Sealer, text: string): SessionToken | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const opened = sealer.open(purpose, text.slice(prefix.length));
  if (opened === undefined) return undefined;
  // Decoding boundary: only sealSessionToken can have made what opens under this purpose.
  const fields = JSON.parse(opened) as Omit<SessionToken, 'secretAccessKey'> & { readonly secretAccessKey: string };
  return { ...fields, secretAccessKey: new Secret(fields.secretAccessKey) };
}
