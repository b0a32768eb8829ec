// Signing in with a SAML response that an identity provider has the browser post here: the role is chosen, assumed through STS like anybody's,
// and opened as a console session. What is read here before STS has verified it only fills the list of roles.
import { isoSeconds } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import { getOwn, isRecord } from '../base/record.ts';
import { childElements, descendants, parsePlainXml, textOf } from '../base/xml-document.ts';
import { anonymous } from '../pipeline/anonymous.ts';
import type { Received } from '../pipeline/stages.ts';
import type { WireResponse } from '../protocol/protocol.ts';
import type { Transaction } from '../store/store.ts';
import { identified, sessionCookie } from './console-session.ts';
import { recordSignIn } from './events.ts';
import { html, page } from './pages.ts';
import type { SignInParts } from './signin.ts';

const attributePrefix = 'https://aws.amazon.com/SAML/Attributes/';
const responseCharactersMax = 100_000;
const rolesMax = 200;
const depthMax = 40;

interface Choice {
  /** As it stands in the response. */
  readonly value: string;
  readonly roleArn: string;
  readonly providerArn: string;
}

export async function samlSignIn(
  parts: SignInParts,
  transaction: Transaction,
  received: Received,
  form: URLSearchParams,
): Promise<WireResponse> {
  const response = form.get('SAMLResponse') ?? '';
  const offer = await offerOf(response);
  const { choices } = offer;
  if (choices.length === 0) {
    return page(400, 'Sign-in failed', html`<p>Your request included an invalid SAML response.</p>`);
  }
  const chosen = choices.length === 1 ? choices[0] : choices.find(({ value }) => value === form.get('role'));
  if (chosen === undefined) return choicePage(choices, response, form.get('RelayState') ?? '');
  return assume(parts, transaction, received, { chosen, response, seconds: offer.seconds, loginTo: form.get('RelayState') || undefined });
}

interface Offer {
  readonly choices: readonly Choice[];
  /** What the SessionDuration attribute asks for; STS holds the session to what was signed. */
  readonly seconds: number | undefined;
}

/** The pairs of role and provider that the response offers, in either order. */
async function offerOf(response: string): Promise<Offer> {
  if (response === '' || response.length > responseCharactersMax) return { choices: [], seconds: undefined };
  const root = (await parsePlainXml(Buffer.from(response, 'base64').toString('utf8'), depthMax))?.documentElement;
  const elements = root ? descendants(root).filter(({ localName }) => localName === 'Attribute') : [];
  const valuesOf = (name: string): readonly string[] =>
    elements
      .filter((element) => element.getAttribute('Name') === attributePrefix + name)
      .flatMap((element) => childElements(element).map((value) => textOf(value).trim()));
  const choices = valuesOf('Role')
    .slice(0, rolesMax)
    .flatMap((value) => {
      const arns = value.split(',').map((arn) => arn.trim());
      const roleArn = arns.find((arn) => arn.includes(':role/'));
      const providerArn = arns.find((arn) => arn.includes(':saml-provider/'));
      return roleArn === undefined || providerArn === undefined ? [] : [{ value, roleArn, providerArn }];
    });
  const [duration = ''] = valuesOf('SessionDuration');
  return { choices, seconds: /^\d{3,5}$/.test(duration) ? Number(duration) : undefined };
}

function choicePage(choices: readonly Choice[], response: string, relayState: string): WireResponse {
  const options = choices.map(
    ({ value, roleArn }) => html`<label><input type="radio" name="role" required value="${value}"> ${roleArn}</label>`,
  );
  return page(
    200,
    'Select a role',
    html`<form method="post" action="/saml">${options}
      <input type="hidden" name="SAMLResponse" value="${response}"><input type="hidden" name="RelayState" value="${relayState}">
      <button>Sign in</button></form>`,
  );
}

interface Assumption {
  readonly chosen: Choice;
  readonly response: string;
  readonly seconds: number | undefined;
  readonly loginTo: string | undefined;
}

async function assume(
  parts: SignInParts,
  transaction: Transaction,
  received: Received,
  { chosen, response, seconds, loginTo }: Assumption,
): Promise<WireResponse> {
  const { roleArn, providerArn } = chosen;
  // A console session may be longer than the hour of an API call, as far as the role and the signed attribute go.
  const secondsMax = (await parts.principals.role(transaction, roleArn))?.maxSessionSeconds ?? 0;
  const DurationSeconds = seconds !== undefined && secondsMax > 0 ? Math.min(seconds, secondsMax) : undefined;
  const input = { RoleArn: roleArn, PrincipalArn: providerArn, SAMLAssertion: response, DurationSeconds };
  const call = { service: 'sts', operation: 'AssumeRoleWithSAML', input, options: { region: parts.region } };
  const output = await parts.act(transaction, received, anonymous, call);
  const account = /^arn:[^:]+:iam::(\d{12}):/.exec(roleArn)?.[1] ?? parts.homeAccount;
  const event = { eventName: 'ConsoleLogin', loginTo, samlProviderArn: providerArn } as const;
  if (output instanceof Fault) {
    // A role that nobody proved to be theirs is no reason to write into its account's ledger.
    recordSignIn(parts, transaction, received, { ...event, account: parts.homeAccount, caller: undefined, errorMessage: output.message });
    return page(403, 'Sign-in failed', html`<p>${output.message}</p>`);
  }
  const credentials = getOwn(output, 'Credentials');
  const sessionToken = isRecord(credentials) ? String(credentials['SessionToken']) : '';
  const accessKeyId = isRecord(credentials) ? String(credentials['AccessKeyId']) : '';
  const now = received.receivedAtMs;
  const identity = await identified(parts, transaction, { accessKeyId, sessionToken }, now);
  const untilMs = identity?.expiresAtMs ?? now;
  recordSignIn(parts, transaction, received, { ...event, account, caller: identity?.caller });
  return page(
    200,
    'Signed in',
    html`<p>Signed in as ${identity?.caller.principal.arn ?? roleArn} until ${isoSeconds(untilMs)}.</p>
      <p>This installation has no web console yet. <a href="/console">Your session</a> is open in this browser.</p>`,
    { 'set-cookie': sessionCookie(parts, sessionToken, Math.floor((untilMs - now) / 1000), received.tls !== undefined) },
  );
}
