// Signing in as an IAM user: account, name, password, and a code for whoever has a second factor. What fails is told in one sentence.
import { isoSeconds } from '../base/clock.ts';
import type { Caller } from '../kit/context.ts';
import { openSessionToken } from '../kit/session-token.ts';
import type { Received } from '../pipeline/stages.ts';
import type { WireResponse } from '../protocol/protocol.ts';
import type { Transaction } from '../store/store.ts';
import { identified, newSession, sessionCookie } from './console-session.ts';
import { recordSignIn } from './events.ts';
import { type Html, html, page } from './pages.ts';
import type { SignInParts } from './signin.ts';

/** AWS: the console's sessions of IAM users last twelve hours. */
const sessionSeconds = 43_200;

export function signInForm(message?: Html): WireResponse {
  return page(
    message === undefined ? 200 : 403,
    'Sign in as an IAM user',
    html`${message ?? html``}<form method="post" action="/console/sign-in" autocomplete="off">
      <label>Account <input name="account" required maxlength="12" pattern="[0-9]{12}"></label>
      <label>User name <input name="username" required maxlength="64"></label>
      <label>Password <input name="password" type="password" required maxlength="128"></label>
      <label>Code of your device, if you have one <input name="mfacode" inputmode="numeric" maxlength="6"></label>
      <button>Sign in</button></form>`,
  );
}

export async function passwordSignIn(
  parts: SignInParts,
  transaction: Transaction,
  received: Received,
  form: URLSearchParams,
): Promise<WireResponse> {
  const account = form.get('account') ?? '';
  const userName = form.get('username') ?? '';
  const now = received.receivedAtMs;
  const isAccount = /^\d{12}$/.test(account) && (await parts.isKnownAccount(transaction, account));
  const refuse = (message: string): WireResponse => {
    // AWS: the name that was typed is not told, because people type passwords into the wrong field.
    recordSignIn(parts, transaction, received, {
      eventName: 'ConsoleLogin',
      account: isAccount ? account : parts.homeAccount,
      caller: undefined,
      errorMessage: 'Failed authentication',
    });
    return signInForm(html`<p role="alert">${message}</p>`);
  };
  const wrong = 'Your authentication information is incorrect. Please try again.';
  if (!parts.attempts.mayTry(`${account}/${userName.toLowerCase()}`, received.sourceIp, now))
    return refuse('Too many attempts. Wait a few minutes.');
  if (!isAccount) return refuse(wrong);
  const password = form.get('password') ?? '';
  const outcome = await parts.principals.checkPassword(transaction, { account, userName, password, now });
  if (!('userId' in outcome)) {
    return refuse(outcome.kind === 'wrong' ? wrong : 'Your password has expired. Ask an administrator for a new one.');
  }
  const userArn = `arn:${parts.partition}:iam::${account}:user${outcome.path}${outcome.userName}`;
  const mfaSerial = await secondFactor(parts, transaction, userArn, form.get('mfacode') ?? '', now);
  if (mfaSerial === 'wrong') return refuse(wrong);
  if (outcome.kind === 'must-change') {
    return refuse('Your password must be changed before you can sign in: aws iam change-password.');
  }
  parts.attempts.succeeded(`${account}/${userName.toLowerCase()}`);
  return welcome(parts, transaction, received, { account, mfaSerial, user: { userName: outcome.userName, userId: outcome.userId } });
}

/** The device whose code it was; undefined when the user has none. */
async function secondFactor(
  parts: SignInParts,
  transaction: Transaction,
  userArn: string,
  code: string,
  now: number,
): Promise<string | undefined> {
  const serials = await parts.principals.mfaSerials(transaction, userArn);
  for (const serial of serials) {
    if ((await parts.principals.verifyMfaCode(transaction, { serial, code, now, userArn })) === 'right') return serial;
  }
  return serials.length === 0 ? undefined : 'wrong';
}

interface Welcome {
  readonly account: string;
  readonly mfaSerial: string | undefined;
  readonly user: { readonly userName: string; readonly userId: string };
}

async function welcome(
  parts: SignInParts,
  transaction: Transaction,
  received: Received,
  { account, mfaSerial, user }: Welcome,
): Promise<WireResponse> {
  const now = received.receivedAtMs;
  const untilMs = now + sessionSeconds * 1000;
  const sessionToken = newSession(parts, account, {
    holder: { kind: 'user', ...user },
    facts: {
      name: user.userName,
      issuedAtMs: now,
      expiresAtMs: untilMs,
      mfaAtMs: mfaSerial === undefined ? undefined : now,
      sourceIdentity: undefined,
      tags: {},
      transitiveTagKeys: [],
      federatedProvider: undefined,
    },
    policy: undefined,
    policyArns: [],
  });
  const caller = await callerOf(parts, transaction, sessionToken, now);
  recordSignIn(parts, transaction, received, {
    eventName: 'ConsoleLogin',
    account,
    caller,
    mfaSerial,
    loginTo: `${parts.publicUrl()}/console`,
  });
  return page(
    200,
    'Signed in',
    html`<p>Signed in as ${caller?.principal.arn ?? user.userName} until ${isoSeconds(untilMs)}.</p>
      <p>This installation has no web console yet. <a href="/console">Your session</a> is open in this browser.</p>`,
    { 'set-cookie': sessionCookie(parts, sessionToken, sessionSeconds, received.tls !== undefined) },
  );
}

async function callerOf(parts: SignInParts, transaction: Transaction, sessionToken: string, now: number): Promise<Caller | undefined> {
  const accessKeyId = openSessionToken(parts.sealer, sessionToken)?.accessKeyId ?? '';
  return (await identified(parts, transaction, { accessKeyId, sessionToken }, now))?.caller;
}
