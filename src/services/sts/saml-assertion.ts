// What a signed assertion says: subject, audience, times, and the attributes that AWS gives a meaning to.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
import { createHash } from 'node:crypto';
import { childrenNamed, type Element, textOf } from '../../base/xml-document.ts';
import type { SamlProviderFacts } from '../../kit/ports.ts';
import { assertionNamespace, invalidToken } from './saml-response.ts';
import { fault } from './service.ts';

export interface SamlClaims {
  readonly id: string;
  readonly issuer: string;
  /** Undefined when the assertion has no subject with a NameID: AWS then finds that nobody may assume anything. */
  readonly subject: string | undefined;
  /** `persistent`, or the whole URI of a format that is not SAML's own. */
  readonly subjectType: string;
  readonly recipient: string;
  /** Until when the assertion itself could be used again, if that were not refused. */
  readonly usableUntilMs: number;
  /** Until when the identity provider's own session holds. */
  readonly sessionUntilMs: number | undefined;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

export interface SamlExpectation {
  readonly provider: SamlProviderFacts;
  readonly now: number;
  /** Whether an address is one of this service's, where assertions are sent. */
  readonly isRecipient: (recipient: string) => boolean;
  readonly isAudience: (audience: string) => boolean;
}

/** AWS: an assertion is redeemed at once or not at all. */
const redeemWithinMs = 5 * 60_000;
/** How far the clock of an identity provider may be ahead. */
const skewMs = 60_000;
const bearer = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const formatPrefix = 'urn:oasis:names:tc:SAML:2.0:nameid-format:';
const attributesMax = 500;

/** @throws Fault InvalidIdentityToken, ExpiredTokenException */
export function readClaims(assertion: Element, { provider, now, isRecipient, isAudience }: SamlExpectation): SamlClaims {
  if (assertion.getAttribute('Version') !== '2.0') throw invalidToken('Your request included an invalid SAML response');
  const issuer = textOf(sole(assertion, 'Issuer')).trim();
  if (issuer !== provider.entityId) throw invalidToken('Issuer not present in specified provider');
  if (provider.validUntilMs <= now) throw invalidToken('The metadata of the SAML provider has expired');
  const redeemableUntilMs = redeemableUntil(timeOf(assertion, 'IssueInstant'), now);
  requireConditions(assertion, now, isAudience);
  const subject = childrenNamed(assertion, assertionNamespace, 'Subject')[0];
  const nameId = subject && childrenNamed(subject, assertionNamespace, 'NameID')[0];
  const { recipient, notOnOrAfterMs } = confirmationOf(assertion, now);
  if (!isRecipient(recipient)) throw invalidToken('Response does not contain the required recipient.');
  return {
    id: assertion.getAttribute('ID') ?? '',
    issuer,
    subject: nameId === undefined ? undefined : textOf(nameId).trim() || undefined,
    subjectType: subjectTypeOf(nameId?.getAttribute('Format') ?? ''),
    recipient,
    usableUntilMs: Math.min(notOnOrAfterMs, redeemableUntilMs),
    sessionUntilMs: sessionEnd(assertion, now),
    attributes: attributesOf(assertion),
  };
}

/** AWS: a hash of the issuer, the account and the provider's name, which makes subjects of different providers different. */
export function nameQualifierOf(issuer: string, { account, name }: SamlProviderFacts): string {
  return createHash('sha1').update(`${issuer}${account}/${name}`).digest('base64');
}

function sole(parent: Element, localName: string): Element {
  const [found, ...others] = childrenNamed(parent, assertionNamespace, localName);
  if (found === undefined || others.length > 0) throw invalidToken(`The SAML assertion must have one ${localName}`);
  return found;
}

function redeemableUntil(issuedAtMs: number | undefined, now: number): number {
  if (issuedAtMs === undefined || issuedAtMs > now + skewMs) throw invalidToken('The SAML assertion has no valid IssueInstant');
  if (now - issuedAtMs > redeemWithinMs) {
    throw fault('ExpiredTokenException', 'Token must be redeemed within 5 minutes of issuance');
  }
  return issuedAtMs + redeemWithinMs + 1;
}

function requireConditions(assertion: Element, now: number, isAudience: (audience: string) => boolean): void {
  const conditions = sole(assertion, 'Conditions');
  const notBefore = timeOf(conditions, 'NotBefore');
  if (notBefore !== undefined && notBefore > now + skewMs) throw invalidToken('The SAML assertion is not yet valid');
  requireUnexpired(timeOf(conditions, 'NotOnOrAfter'), now);
  const restrictions = childrenNamed(conditions, assertionNamespace, 'AudienceRestriction');
  // SAML: each restriction must be met, by any of its audiences.
  const isMet = (restriction: Element) =>
    childrenNamed(restriction, assertionNamespace, 'Audience').some((audience) => isAudience(textOf(audience).trim()));
  if (restrictions.length === 0 || !restrictions.every(isMet)) {
    throw invalidToken('Response does not contain the required audience.');
  }
}

function requireUnexpired(notOnOrAfterMs: number | undefined, now: number): void {
  if (notOnOrAfterMs !== undefined && notOnOrAfterMs <= now) throw fault('ExpiredTokenException', 'The SAML assertion has expired');
}

/** AWS: exactly one confirmation, of the bearer kind, with a recipient and an end. */
function confirmationOf(assertion: Element, now: number): { readonly recipient: string; readonly notOnOrAfterMs: number } {
  const confirmation = sole(sole(assertion, 'Subject'), 'SubjectConfirmation');
  const data = sole(confirmation, 'SubjectConfirmationData');
  const notOnOrAfterMs = timeOf(data, 'NotOnOrAfter');
  const recipient = data.getAttribute('Recipient') ?? '';
  if (
    confirmation.getAttribute('Method') !== bearer ||
    notOnOrAfterMs === undefined ||
    recipient === '' ||
    data.getAttribute('NotBefore')
  ) {
    throw invalidToken('The SAML assertion must have a bearer confirmation with Recipient and NotOnOrAfter');
  }
  requireUnexpired(notOnOrAfterMs, now);
  return { recipient, notOnOrAfterMs };
}

function subjectTypeOf(format: string): string {
  return format.startsWith(formatPrefix) ? format.slice(formatPrefix.length) : format;
}

function sessionEnd(assertion: Element, now: number): number | undefined {
  const ends = childrenNamed(assertion, assertionNamespace, 'AuthnStatement')
    .map((statement) => timeOf(statement, 'SessionNotOnOrAfter'))
    .filter((end) => end !== undefined);
  const end = ends.length === 0 ? undefined : Math.min(...ends);
  requireUnexpired(end, now);
  return end;
}

function attributesOf(assertion: Element): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>();
  for (const statement of childrenNamed(assertion, assertionNamespace, 'AttributeStatement')) {
    for (const attribute of childrenNamed(statement, assertionNamespace, 'Attribute')) {
      const name = attribute.getAttribute('Name') ?? '';
      const values = childrenNamed(attribute, assertionNamespace, 'AttributeValue').map((value) => textOf(value).trim());
      attributes.set(name, [...(attributes.get(name) ?? []), ...values]);
      if (attributes.size > attributesMax) throw invalidToken('The SAML assertion has too many attributes');
    }
  }
  return attributes;
}

/** SAML: times are in UTC. @throws Fault when there is something else. */
function timeOf(element: Element, name: string): number | undefined {
  const text = element.getAttribute(name);
  if (text === null || text === '') return undefined;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw invalidToken(`The SAML assertion has an invalid ${name}`);
  return time;
}
