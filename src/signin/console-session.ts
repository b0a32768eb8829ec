// Sessions of the web console: what a browser holds is a sealed cookie around temporary credentials, identified anew at each request, so that
// whatever ends the credentials (their expiry, a deleted role, a deny by aws:TokenIssueTime) ends the session in the browser too.
import { base64Id, type Ids } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import { accessKeyIdFor } from '../kit/account-ids.ts';
import type { Sealer } from '../kit/context.ts';
import type { Identity, IdentityPort } from '../kit/ports.ts';
import { openSessionToken, type SessionToken, sealSessionToken } from '../kit/session-token.ts';
import type { Transaction } from '../store/store.ts';

export interface SessionParts {
  readonly ids: Ids;
  readonly sealer: Sealer;
  readonly partition: string;
  readonly identities: IdentityPort;
}

/** The caller behind temporary credentials; undefined when they are not good, or are no longer. */
export async function identified(
  { identities, sealer, partition }: SessionParts,
  transaction: Transaction,
  given: { readonly accessKeyId: string; readonly sessionToken: string; readonly secret?: Secret },
  now: number,
): Promise<Identity | undefined> {
  const { accessKeyId, sessionToken, secret } = given;
  const found = await identities.identify({ accessKeyId, sessionToken }, { partition, sealer, transaction });
  if (found.kind !== 'identity' || (found.identity.expiresAtMs ?? 0) <= now) return undefined;
  return secret === undefined || found.identity.secretAccessKey.equals(secret) ? found.identity : undefined;
}

/** Credentials of the same session that hold until the given time: a console session may outlast what it was opened with. */
export function prolonged({ ids, sealer }: SessionParts, sessionToken: string, untilMs: number): string | undefined {
  const token = openSessionToken(sealer, sessionToken);
  return (
    token && sealSessionToken(sealer, { ...fresh(ids, token.account), ...bodyOf(token), facts: { ...token.facts, expiresAtMs: untilMs } })
  );
}

/** Credentials for somebody who has just proved who they are. */
export function newSession(
  { ids, sealer }: SessionParts,
  account: string,
  session: Omit<SessionToken, 'accessKeyId' | 'secretAccessKey' | 'account'>,
): string {
  return sealSessionToken(sealer, { ...session, ...fresh(ids, account) });
}

function fresh(ids: Ids, account: string) {
  return { account, accessKeyId: accessKeyIdFor(ids, 'ASIA', account), secretAccessKey: new Secret(base64Id(ids, 40)) };
}

function bodyOf({ holder, facts, policy, policyArns }: SessionToken) {
  return { holder, facts, policy, policyArns };
}

const cookieName = 'castellan-console';
const purpose = 'console-session';

/** `isSecure`: the browser sends it back over TLS only. */
export function sessionCookie({ sealer }: SessionParts, sessionToken: string, seconds: number, isSecure: boolean): string {
  const flags = ['Path=/console', 'HttpOnly', 'SameSite=Lax', `Max-Age=${seconds}`, ...(isSecure ? ['Secure'] : [])];
  return [`${cookieName}=${sealer.seal(purpose, sessionToken)}`, ...flags].join('; ');
}

/** The caller that a browser's cookie stands for. */
export async function callerOfCookie(
  parts: SessionParts,
  transaction: Transaction,
  header: string | undefined,
  now: number,
): Promise<Identity | undefined> {
  const value = /(?:^|;\s*)castellan-console=([\w-]+)/.exec(header ?? '')?.[1];
  const sessionToken = value && parts.sealer.open(purpose, value);
  const token = sessionToken && openSessionToken(parts.sealer, sessionToken);
  if (!sessionToken || !token) return undefined;
  return identified(parts, transaction, { accessKeyId: token.accessKeyId, sessionToken }, now);
}
