// A SAML identity provider made with a library that real ones are made with (samlify), for tests that need signed responses.
import { randomUUID } from 'node:crypto';
import { Constants, IdentityProvider, SamlLib, ServiceProvider, setSchemaValidator } from 'samlify';
import { selfSigned, type TestCertificate } from './certificates.ts';

export interface SamlAnswer {
  readonly subject?: string;
  readonly nameIdFormat?: string;
  readonly recipient?: string;
  readonly audience?: string;
  readonly issuer?: string;
  readonly issuedAtMs?: number;
  readonly notBeforeMs?: number;
  readonly notOnOrAfterMs?: number;
  readonly sessionNotOnOrAfterMs?: number;
  readonly status?: string;
  readonly assertionId?: string;
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  readonly sign?: 'assertion' | 'message' | 'both' | 'none';
  readonly encryptFor?: TestCertificate;
  readonly dataEncryption?: string;
  readonly keyEncryption?: string;
  /** Changes the whole text before it is signed. */
  readonly edit?: (xml: string) => string;
}

export interface SamlIdentityProvider {
  readonly entityId: string;
  readonly certificate: TestCertificate;
  readonly metadata: string;
  /** A response in base64. */
  respond(answer: SamlAnswer): Promise<string>;
}

export const awsSamlEndpoint = 'https://signin.aws.amazon.com/saml';
const attributePrefix = 'https://aws.amazon.com/SAML/Attributes/';

/** The attributes that AWS asks for. */
export function awsAttributes(
  roleArn: string,
  providerArn: string,
  more: Readonly<Record<string, readonly string[]>> = {},
): Readonly<Record<string, readonly string[]>> {
  const named = { Role: [`${roleArn},${providerArn}`], RoleSessionName: ['jane'], ...more };
  return Object.fromEntries(
    Object.entries(named).map(([name, values]) => [/^(?:urn:|https?:|\d)/.test(name) ? name : attributePrefix + name, values]),
  );
}

export async function startSamlIdentityProvider(
  entityId: string,
  options: { readonly signatureAlgorithm?: string } = {},
): Promise<SamlIdentityProvider> {
  setSchemaValidator({ validate: async () => 'not checked here' });
  const certificate = await selfSigned('idp');
  const entity = (encryption?: SamlAnswer) => {
    const settings = {
      entityID: entityId,
      signingCert: certificate.certificatePem,
      privateKey: certificate.privatePem,
      requestSignatureAlgorithm: options.signatureAlgorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      isAssertionEncrypted: encryption?.encryptFor !== undefined,
      // The library reads these two although its types do not have them.
      dataEncryptionAlgorithm: encryption?.dataEncryption ?? 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
      keyEncryptionAlgorithm: encryption?.keyEncryption ?? 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
      singleSignOnService: [{ Binding: Constants.namespace.binding.post, Location: `${entityId}/sso` }],
      // The library complains when there is none.
      singleLogoutService: [{ Binding: Constants.namespace.binding.post, Location: `${entityId}/slo` }],
      generateID: () => `_${randomUUID()}`,
    };
    return IdentityProvider(settings);
  };
  return {
    entityId,
    certificate,
    metadata: entity().getMetadata(),
    async respond(answer) {
      const sign = answer.sign ?? 'assertion';
      const serviceProvider = ServiceProvider({
        entityID: answer.audience ?? awsSamlEndpoint,
        wantAssertionsSigned: sign === 'assertion' || sign === 'both',
        wantMessageSigned: sign === 'message' || sign === 'both',
        ...(answer.encryptFor === undefined ? {} : { encryptCert: answer.encryptFor.certificatePem }),
        assertionConsumerService: [{ Binding: Constants.namespace.binding.post, Location: answer.recipient ?? awsSamlEndpoint }],
      });
      if (sign === 'none') return Buffer.from(fill(entityId, answer)).toString('base64');
      const made = await entity(answer).createLoginResponse(
        serviceProvider,
        { extract: {} },
        'post',
        {},
        {
          customTagReplacement: () => ({ id: '_made', context: fill(entityId, answer) }),
          encryptThenSign: answer.encryptFor !== undefined && sign !== 'assertion',
        },
      );
      return made.context;
    },
  };
}

function fill(entityId: string, answer: SamlAnswer): string {
  const now = answer.issuedAtMs ?? Date.now();
  const iso = (ms: number) => new Date(ms).toISOString();
  const until = answer.notOnOrAfterMs ?? now + 300_000;
  const statements = Object.entries(answer.attributes ?? {}).map(
    ([name, values]) =>
      `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
  );
  const session = answer.sessionNotOnOrAfterMs === undefined ? '' : ` SessionNotOnOrAfter="${iso(answer.sessionNotOnOrAfterMs)}"`;
  const template = SamlLib.defaultLoginResponseTemplate.context
    .replace('{AuthnStatement}', `<saml:AuthnStatement AuthnInstant="${iso(now)}" SessionIndex="_s"${session}/>`)
    .replace('{AttributeStatement}', `<saml:AttributeStatement>${statements.join('')}</saml:AttributeStatement>`);
  const text = SamlLib.replaceTagsByValue(template, {
    ID: `_${randomUUID()}`,
    AssertionID: answer.assertionId ?? `_${randomUUID()}`,
    Destination: answer.recipient ?? awsSamlEndpoint,
    Audience: answer.audience ?? awsSamlEndpoint,
    SubjectRecipient: answer.recipient ?? awsSamlEndpoint,
    Issuer: answer.issuer ?? entityId,
    IssueInstant: iso(now),
    StatusCode: answer.status ?? Constants.StatusCode.Success,
    ConditionsNotBefore: iso(answer.notBeforeMs ?? now - 1_000),
    ConditionsNotOnOrAfter: iso(until),
    SubjectConfirmationDataNotOnOrAfter: iso(until),
    NameIDFormat: answer.nameIdFormat ?? 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    NameID: answer.subject ?? 'jane@example.com',
    InResponseTo: '_request',
  });
  return answer.edit?.(text) ?? text;
}
