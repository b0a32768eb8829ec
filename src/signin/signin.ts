// Where people sign in: the federation endpoint for sessions that a broker opened, and a form for IAM users, and SAML responses. Each request is one unit of work
// with its sign-in event. The web console comes later; until then a page says who is signed in.

import type { Attempts } from '../base/attempts.ts';
import { isoSeconds } from '../base/clock.ts';
import type { Fault } from '../base/fault.ts';
import type { ServiceCall } from '../kit/calls.ts';
import type { Identity, PrincipalDirectory } from '../kit/ports.ts';
import type { Received } from '../pipeline/stages.ts';
import type { Structure, WireResponse } from '../protocol/protocol.ts';
import type { Store, Transaction } from '../store/store.ts';
import { callerOfCookie, type SessionParts } from './console-session.ts';
import type { EventParts } from './events.ts';
import { federation } from './federation-endpoint.ts';
import { html, page } from './pages.ts';
import { passwordSignIn, signInForm } from './password-sign-in.ts';
import { samlSignIn } from './saml-sign-in.ts';

export interface SignInParts extends SessionParts, EventParts {
  readonly store: Store;
  readonly principals: PrincipalDirectory;
  readonly isKnownAccount: (transaction: Transaction, account: string) => Promise<boolean>;
  readonly attempts: Attempts;
  /** An operation with somebody's credentials, judged and recorded like any other. */
  readonly act: (transaction: Transaction, received: Received, identity: Identity, call: ServiceCall) => Promise<Structure | Fault>;
  /** Is told of attempts that name no account. */
  readonly homeAccount: string;
  readonly publicUrl: () => string;
  readonly onInternalError: (error: unknown, requestId: string) => void;
}

type Handle = (transaction: Transaction, received: Received, form: URLSearchParams) => Promise<WireResponse>;

/** Answers requests for its own paths; undefined for all others. */
export function createSignIn(parts: SignInParts): (received: Received) => Promise<WireResponse> | undefined {
  const routes: Readonly<Record<string, Handle>> = {
    'GET /federation': (...given) => federation(parts, ...given),
    'POST /federation': (...given) => federation(parts, ...given),
    'POST /saml': (...given) => samlSignIn(parts, ...given),
    'GET /console': (transaction, received) => whoIsSignedIn(parts, transaction, received),
    'GET /console/sign-in': async () => signInForm(),
    'POST /console/sign-in': (...given) => passwordSignIn(parts, ...given),
  };
  return (received) => {
    const { method, path, headers } = received.request;
    // A provider may also be told the address that ends with its own id in IAM.
    const route = `${method} ${path.replace(/^\/saml\/acs\/[A-Z0-9]+$/, '/saml')}`;
    const handle = Object.hasOwn(routes, route) ? routes[route] : undefined;
    // Signed requests are for a service, whatever their path: a bucket may be called `console`.
    if (handle === undefined || headers['authorization'] !== undefined) return undefined;
    // Only an identity provider's page is expected to post from elsewhere.
    if (method === 'POST' && route !== 'POST /saml' && isFromAnotherSite(received))
      return Promise.resolve(page(403, 'Refused', html`<p>Sign in from this site’s own page.</p>`));
    return parts.store
      .transact((transaction) => handle(transaction, received, formOf(received)))
      .catch((error: unknown) => {
        parts.onInternalError(error, received.requestId);
        return page(500, 'Something went wrong', html`<p>The request ${received.requestId} failed.</p>`);
      });
  };
}

function formOf({ request }: Received): URLSearchParams {
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return new URLSearchParams(request.method === 'POST' && isForm ? Buffer.from(request.body).toString('utf8') : request.query);
}

/** A page elsewhere must not sign a browser in as somebody of its choice. */
function isFromAnotherSite({ request }: Received): boolean {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}

async function whoIsSignedIn(parts: SignInParts, transaction: Transaction, received: Received): Promise<WireResponse> {
  const identity = await callerOfCookie(parts, transaction, received.request.headers['cookie'], received.receivedAtMs);
  if (identity === undefined) return signInForm();
  const until = isoSeconds(identity.expiresAtMs ?? received.receivedAtMs);
  return page(
    200,
    'Castellan',
    html`<p>Signed in as ${identity.caller.principal.arn} until ${until}.</p><p>This installation has no web console yet.</p>`,
  );
}
