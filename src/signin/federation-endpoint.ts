// The federation endpoint: temporary credentials become a sign-in token, and the token a console session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
import { isoSeconds } from '../base/clock.ts';
import { isRecord } from '../base/record.ts';
import { Secret } from '../base/secret.ts';
import type { Identity } from '../kit/ports.ts';
import type { Received } from '../pipeline/stages.ts';
import type { WireResponse } from '../protocol/protocol.ts';
import type { Transaction } from '../store/store.ts';
import { identified, prolonged, sessionCookie } from './console-session.ts';
import { recordSignIn } from './events.ts';
import { html, json, page } from './pages.ts';
import type { SignInParts } from './signin.ts';

const purpose = 'signin-token';
/** AWS: how long a sign-in token is good. */
const tokenMs = 15 * 60_000;
const secondsMin = 900;
const secondsMax = 43_200;
/** AWS: what a session that was chained, or one of GetFederationToken, may not be stretched beyond by SessionDuration. */
const chainedSecondsMax = 3_600;

interface SigninToken {
  readonly accessKeyId: string;
  readonly sessionToken: string;
  readonly sessionSeconds?: number | undefined;
  readonly untilMs: number;
}

export async function federation(
  parts: SignInParts,
  transaction: Transaction,
  received: Received,
  form: URLSearchParams,
): Promise<WireResponse> {
  switch (form.get('Action')?.toLowerCase()) {
    case 'getsignintoken':
      return getSigninToken(parts, transaction, received, form);
    case 'login':
      return login(parts, transaction, received, form);
    case 'logout':
      return page(200, 'Signed out', html`<p>You are signed out.</p>`, {
        'set-cookie': sessionCookie(parts, '', 0, received.tls !== undefined),
      });
    default:
      return problem('Action must be getSigninToken, login or logout');
  }
}

const problem = (message: string) => json(400, { Message: message });

async function getSigninToken(
  parts: SignInParts,
  transaction: Transaction,
  received: Received,
  form: URLSearchParams,
): Promise<WireResponse> {
  const session = sessionOf(form.get('Session') ?? '');
  if (session === undefined) return problem('Session must be a JSON object with sessionId, sessionKey and sessionToken');
  const now = received.receivedAtMs;
  const identity = await identified(parts, transaction, session, now);
  // AWS: not for sessions of GetSessionToken.
  const kind = identity?.caller.principal.kind;
  if (identity === undefined || (kind !== 'role-session' && kind !== 'federated-user')) {
    const errorMessage = 'The credentials are not those of a valid role or federated user session';
    recordSignIn(parts, transaction, received, {
      eventName: 'GetSigninToken',
      account: parts.homeAccount,
      caller: identity?.caller,
      errorMessage,
    });
    return problem(errorMessage);
  }
  const sessionSeconds = durationOf(form.get('SessionDuration') ?? form.get('DurationSeconds'), identity);
  if (typeof sessionSeconds === 'string') return problem(sessionSeconds);
  const token: SigninToken = {
    accessKeyId: session.accessKeyId,
    sessionToken: session.sessionToken,
    sessionSeconds,
    untilMs: now + tokenMs,
  };
  recordSignIn(parts, transaction, received, {
    eventName: 'GetSigninToken',
    account: accountOf(parts, identity),
    caller: identity.caller,
    responseElements: { credentials: { accessKeyId: session.accessKeyId } },
  });
  return json(200, { SigninToken: parts.sealer.seal(purpose, JSON.stringify(token)) });
}

function sessionOf(text: string): { readonly accessKeyId: string; readonly sessionToken: string; readonly secret: Secret } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(parsed)) return undefined;
  const { sessionId, sessionKey, sessionToken } = parsed;
  if (typeof sessionId !== 'string' || typeof sessionKey !== 'string' || typeof sessionToken !== 'string') return undefined;
  return { accessKeyId: sessionId, sessionToken, secret: new Secret(sessionKey) };
}

/** Seconds, undefined when the credentials' own end is meant, or what is wrong with them. */
function durationOf(text: string | null, { caller }: Identity): number | undefined | string {
  if (text === null) return undefined;
  const seconds = Number(text);
  if (!/^\d{1,6}$/.test(text) || seconds < secondsMin || seconds > secondsMax) {
    return `SessionDuration must be between ${secondsMin} and ${secondsMax}`;
  }
  if (caller.principal.kind === 'federated-user') return 'SessionDuration cannot be used with credentials of GetFederationToken';
  if (caller.session?.isChained && seconds > chainedSecondsMax) return 'SessionDuration exceeds the 1 hour limit for role chaining';
  return seconds;
}

async function login(parts: SignInParts, transaction: Transaction, received: Received, form: URLSearchParams): Promise<WireResponse> {
  const now = received.receivedAtMs;
  const token = tokenOf(parts, form.get('SigninToken') ?? '', now);
  const identity = token && (await identified(parts, transaction, token, now));
  const loginTo = form.get('Destination') ?? undefined;
  if (token === undefined || identity === undefined) {
    const errorMessage = 'Failed authentication';
    recordSignIn(parts, transaction, received, {
      eventName: 'ConsoleLogin',
      account: parts.homeAccount,
      caller: undefined,
      errorMessage,
      loginTo,
    });
    return page(
      400,
      'Sign-in failed',
      html`<p>The sign-in token is not valid, or is no longer. Ask for a new one at ${form.get('Issuer') ?? 'your identity broker'}.</p>`,
    );
  }
  const untilMs = token.sessionSeconds === undefined ? (identity.expiresAtMs ?? now) : now + token.sessionSeconds * 1000;
  const sessionToken = prolonged(parts, token.sessionToken, untilMs) ?? token.sessionToken;
  recordSignIn(parts, transaction, received, {
    eventName: 'ConsoleLogin',
    account: accountOf(parts, identity),
    caller: identity.caller,
    loginTo,
  });
  const seconds = Math.floor((untilMs - now) / 1000);
  return page(
    200,
    'Signed in',
    html`<dl><dt>As</dt><dd>${identity.caller.principal.arn}</dd><dt>Until</dt><dd>${isoSeconds(untilMs)}</dd><dt>Bound for</dt><dd>${loginTo ?? 'the console'}</dd></dl>
      <p>This installation has no web console yet, so you are not sent on. <a href="/console">Your session</a> is open in this browser.</p>`,
    { 'set-cookie': sessionCookie(parts, sessionToken, seconds, received.tls !== undefined) },
  );
}

function tokenOf({ sealer }: SignInParts, text: string, now: number): SigninToken | undefined {
  const opened = sealer.open(purpose, text);
  if (opened === undefined) return undefined;
  // Decoding boundary: only getSigninToken can have made what opens under this purpose.
  const token = JSON.parse(opened) as SigninToken;
  return token.untilMs > now ? token : undefined;
}

function accountOf({ homeAccount }: SignInParts, { caller }: Identity): string {
  return caller.principal.account ?? homeAccount;
}
