// AssumeRoleWithSAML through the whole pipeline, with responses of a real identity provider library: what it says decides, and nothing that
// its key did not sign does. Every known way to wrap, truncate, confuse or replay a signed response has its own test.

import { createHmac, sign } from 'node:crypto';
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CreateRoleCommand, CreateSAMLProviderCommand, PutRolePolicyCommand, UpdateSAMLProviderCommand } from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  AssumeRoleWithSAMLCommand,
  type AssumeRoleWithSAMLCommandInput,
  type Credentials,
  GetCallerIdentityCommand,
} from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SignedXml } from 'xml-crypto';
import { selfSigned, type TestCertificate } from '../../../test/certificates.ts';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import {
  awsAttributes,
  type SamlAnswer,
  type SamlIdentityProvider,
  startSamlIdentityProvider,
} from '../../../test/saml-identity-provider.ts';

const account = '111122223333';
const providerArn = `arn:aws:iam::${account}:saml-provider/Corp`;
const roleArn = `arn:aws:iam::${account}:role/saml`;
let castellan: InProcess;
let idp: SamlIdentityProvider;
let stranger: SamlIdentityProvider;

beforeAll(async () => {
  castellan = await startInProcess('saml');
  [idp, stranger] = await Promise.all([
    startSamlIdentityProvider('https://idp.example.com'),
    startSamlIdentityProvider('https://idp.example.com'),
  ]);
  await castellan.iam().send(new CreateSAMLProviderCommand({ Name: 'Corp', SAMLMetadataDocument: idp.metadata }));
  await role('saml');
});
afterAll(() => castellan?.stop());

const trustedActions = ['sts:AssumeRoleWithSAML', 'sts:TagSession', 'sts:SetSourceIdentity'];

async function role(name: string, condition: object = {}, actions = trustedActions, federated = providerArn): Promise<string> {
  const trust = [{ Effect: 'Allow', Principal: { Federated: federated }, Action: actions, Condition: condition }];
  const document = (statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const iam = castellan.iam();
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document(trust), MaxSessionDuration: 7_200 }));
  const all = document([{ Effect: 'Allow', Action: '*', Resource: '*' }]);
  await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'all', PolicyDocument: all }));
  return `arn:aws:iam::${account}:role/${name}`;
}

const answer = (more: SamlAnswer = {}, arn = roleArn): SamlAnswer => ({ attributes: awsAttributes(arn, providerArn), ...more });

/** Redeems a response; the client has no credentials at all. */
async function redeem(SAMLAssertion: string, more: Partial<AssumeRoleWithSAMLCommandInput> = {}) {
  const input = { RoleArn: roleArn, PrincipalArn: providerArn, SAMLAssertion, ...more };
  return castellan.sts({ accessKeyId: '', secretAccessKey: '' }).send(new AssumeRoleWithSAMLCommand(input));
}

const assume = async (given: SamlAnswer = answer(), more: Partial<AssumeRoleWithSAMLCommandInput> = {}) =>
  redeem(await idp.respond(given), more);
const xmlOf = (base64: string) => Buffer.from(base64, 'base64').toString('utf8');
const base64Of = (xml: string) => Buffer.from(xml, 'utf8').toString('base64');
const refusedSignature = { name: 'InvalidIdentityTokenException', message: 'Response signature invalid' };
const refusedResponse = { name: 'InvalidIdentityTokenException', message: 'Your request included an invalid SAML response' };
const credentialsOf = (credentials: Credentials | undefined): ClientCredentials => ({
  accessKeyId: credentials?.AccessKeyId ?? '',
  secretAccessKey: credentials?.SecretAccessKey ?? '',
  sessionToken: credentials?.SessionToken ?? '',
});

describe('a signed response', () => {
  test.each(['assertion', 'message', 'both'] as const)('is taken when it is signed by %s, and answered with what it said', async (sign) => {
    const output = await assume(answer({ sign }));
    expect(output).toMatchObject({
      Subject: 'jane@example.com',
      SubjectType: 'persistent',
      Issuer: 'https://idp.example.com',
      Audience: 'https://signin.aws.amazon.com/saml',
      AssumedRoleUser: {
        Arn: `arn:aws:sts::${account}:assumed-role/saml/jane`,
        AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}:jane$/),
      },
    });
    expect(output.NameQualifier).toMatch(/^[A-Za-z0-9+/]{27}=$/);
    expect(output.PackedPolicySize).toBeUndefined();
    const who = await castellan.sts(credentialsOf(output.Credentials)).send(new GetCallerIdentityCommand({}));
    expect(who.Arn).toBe(`arn:aws:sts::${account}:assumed-role/saml/jane`);
  });

  test('gives its tags, transitive keys and source identity to the session, which hands them on', async () => {
    const attributes = awsAttributes(roleArn, providerArn, {
      'PrincipalTag:Team': ['blue'],
      TransitiveTagKeys: ['Team'],
      SourceIdentity: ['jane'],
    });
    const output = await assume({ attributes });
    expect(output.SourceIdentity).toBe('jane');
    expect(output.PackedPolicySize).toBeGreaterThan(0);
    const trust = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: roleArn },
          Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
          Condition: { StringEquals: { 'aws:PrincipalTag/Team': 'blue', 'sts:SourceIdentity': 'jane', 'saml:sub': 'jane@example.com' } },
        },
      ],
    };
    await castellan.iam().send(new CreateRoleCommand({ RoleName: 'next', AssumeRolePolicyDocument: JSON.stringify(trust) }));
    const chained = await castellan
      .sts(credentialsOf(output.Credentials))
      .send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/next`, RoleSessionName: 'chained' }));
    expect(chained.SourceIdentity).toBe('jane');
  });

  test.each<[string, SamlAnswer, Partial<AssumeRoleWithSAMLCommandInput>, number]>([
    ['for an hour by default', {}, {}, 3_600],
    ['for as long as asked', {}, { DurationSeconds: 7_200 }, 7_200],
    ['until the session at the provider ends', { sessionNotOnOrAfterMs: Date.now() + 1_800_000 }, {}, 1_800],
    [
      'for the SessionDuration, when that is shorter',
      { attributes: awsAttributes(roleArn, providerArn, { SessionDuration: ['900'] }) },
      {},
      900,
    ],
    [
      'no longer for a longer SessionDuration',
      { attributes: awsAttributes(roleArn, providerArn, { SessionDuration: ['43200'] }) },
      {},
      3_600,
    ],
  ])('holds %s', async (_, given, more, seconds) => {
    const output = await assume(answer(given), more);
    expect(((output.Credentials?.Expiration?.getTime() ?? 0) - Date.now()) / 1000).toBeGreaterThan(seconds - 30);
    expect(((output.Credentials?.Expiration?.getTime() ?? 0) - Date.now()) / 1000).toBeLessThan(seconds + 30);
  });

  test('is recorded in the account of the role as the act of a SAML user, without the assertion', async () => {
    const attributes = awsAttributes(roleArn, providerArn, { 'PrincipalTag:Team': ['green'] });
    await assume({ attributes, assertionId: '_recorded' });
    const { Events } = await castellan
      .cloudtrail()
      .send(
        new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'AssumeRoleWithSAML' }], MaxResults: 1 }),
      );
    const record = JSON.parse(Events?.[0]?.CloudTrailEvent ?? '{}');
    expect(record).toMatchObject({
      userIdentity: { type: 'SAMLUser', userName: 'jane@example.com', principalId: expect.stringMatching(/^[\w+/]+=:jane@example\.com$/) },
      recipientAccountId: account,
      requestParameters: {
        sAMLAssertionID: '_recorded',
        roleSessionName: 'jane',
        principalTags: { Team: 'green' },
        roleArn,
        principalArn: providerArn,
      },
      responseElements: { subject: 'jane@example.com', subjectType: 'persistent', assumedRoleUser: { arn: expect.any(String) } },
    });
    expect(record.userIdentity.principalId.startsWith(`${record.userIdentity.identityProvider}:`)).toBe(true);
    expect(JSON.stringify(record)).not.toContain('PHNhbWxw');
  });
});

describe('a trust policy', () => {
  test.each<[string, object, SamlAnswer, boolean]>([
    ['the recipient', { StringEquals: { 'saml:aud': 'https://signin.aws.amazon.com/saml' } }, {}, true],
    ['another recipient', { StringEquals: { 'saml:aud': 'https://eu-west-1.signin.aws.amazon.com/saml' } }, {}, false],
    ['the issuer', { StringEquals: { 'saml:iss': 'https://idp.example.com' } }, {}, true],
    ['the subject', { StringEquals: { 'saml:sub': 'jane@example.com', 'saml:sub_type': 'persistent' } }, {}, true],
    ['another subject', { StringEquals: { 'saml:sub': 'joe@example.com' } }, {}, false],
    ['the account and provider', { StringEquals: { 'saml:doc': `${account}/Corp` } }, {}, true],
    [
      'a list of affiliations',
      { 'ForAnyValue:StringEquals': { 'saml:edupersonaffiliation': 'staff' } },
      { attributes: { 'urn:oid:1.3.6.1.4.1.5923.1.1.1.1': ['member', 'staff'] } },
      true,
    ],
    [
      'a tag in the request',
      { StringEquals: { 'aws:RequestTag/Team': 'blue' } },
      { attributes: { 'https://aws.amazon.com/SAML/Attributes/PrincipalTag:Team': ['red'] } },
      false,
    ],
    ['the session name', { StringLike: { 'sts:RoleSessionName': 'jan?' } }, {}, true],
  ])('is asked about %s', async (name, condition, given, isAllowed) => {
    const arn = await role(`trust-${name.replaceAll(' ', '-')}`, condition);
    const attributes = { ...awsAttributes(arn, providerArn), ...given.attributes };
    const result = assume({ ...given, attributes }, { RoleArn: arn });
    if (isAllowed) expect((await result).Credentials?.AccessKeyId).toMatch(/^ASIA/);
    else await expect(result).rejects.toMatchObject({ name: 'AccessDenied', message: 'Not authorized to perform sts:AssumeRoleWithSAML' });
  });

  test('must allow sts:TagSession and sts:SetSourceIdentity when the assertion gives tags or an identity', async () => {
    const arn = await role('bare', {}, ['sts:AssumeRoleWithSAML']);
    const tagged = awsAttributes(arn, providerArn, { 'PrincipalTag:Team': ['blue'] });
    await expect(assume({ attributes: tagged }, { RoleArn: arn })).rejects.toMatchObject({
      message: 'Not authorized to perform sts:TagSession',
    });
    const named = awsAttributes(arn, providerArn, { SourceIdentity: ['jane'] });
    await expect(assume({ attributes: named }, { RoleArn: arn })).rejects.toMatchObject({
      message: 'Not authorized to perform sts:SetSourceIdentity',
    });
  });

  test('that is not there refuses in the words of one that does not allow', async () => {
    const arn = `arn:aws:iam::${account}:role/none`;
    const denied = { name: 'AccessDenied', message: 'Not authorized to perform sts:AssumeRoleWithSAML' };
    await expect(assume({ attributes: awsAttributes(arn, providerArn) }, { RoleArn: arn })).rejects.toMatchObject(denied);
  });
});

describe('an assertion is refused', () => {
  const now = Date.now();
  test.each<[string, SamlAnswer, object]>([
    ['of another issuer', { issuer: 'https://evil.example.com' }, { message: 'Issuer not present in specified provider' }],
    [
      'for another audience',
      { audience: 'https://other.example.com/saml' },
      { message: 'Response does not contain the required audience.' },
    ],
    [
      'for another recipient',
      { recipient: 'https://other.example.com/saml' },
      { message: 'Response does not contain the required recipient.' },
    ],
    [
      'six minutes after it was issued',
      { issuedAtMs: now - 360_000, notOnOrAfterMs: now + 60_000 },
      { name: 'ExpiredTokenException', message: 'Token must be redeemed within 5 minutes of issuance' },
    ],
    ['after its end', { issuedAtMs: now - 120_000, notOnOrAfterMs: now - 1_000 }, { name: 'ExpiredTokenException' }],
    ['before its beginning', { notBeforeMs: now + 240_000 }, { message: 'The SAML assertion is not yet valid' }],
    ['issued in the future', { issuedAtMs: now + 240_000 }, { message: 'The SAML assertion has no valid IssueInstant' }],
    ['after the session at the provider has ended', { sessionNotOnOrAfterMs: now - 1_000 }, { name: 'ExpiredTokenException' }],
    [
      'when the provider reports a failure',
      { status: 'urn:oasis:names:tc:SAML:2.0:status:AuthnFailed' },
      { name: 'IDPRejectedClaimException' },
    ],
    [
      'without a subject',
      { edit: (xml) => xml.replace(/<saml:NameID.*?<\/saml:NameID>/, '') },
      { name: 'AccessDenied', message: 'Not authorized to perform sts:AssumeRoleWithSAML' },
    ],
    [
      'with a second confirmation',
      {
        edit: (xml) =>
          xml.replace('</saml:Subject>', '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></saml:Subject>'),
      },
      { message: 'The SAML assertion must have one SubjectConfirmation' },
    ],
    [
      'without an audience',
      { edit: (xml) => xml.replace(/<saml:AudienceRestriction>.*?<\/saml:AudienceRestriction>/, '') },
      { message: 'Response does not contain the required audience.' },
    ],
    [
      'that does not name the role',
      { attributes: awsAttributes(`${roleArn}-other`, providerArn) },
      { message: "SAML Assertion doesn't contain the requested Role and Metadata in the attributes" },
    ],
    [
      'without a session name',
      { attributes: awsAttributes(roleArn, providerArn, { RoleSessionName: [] }) },
      { name: 'InvalidIdentityTokenException' },
    ],
    [
      'with a bad session name',
      { attributes: awsAttributes(roleArn, providerArn, { RoleSessionName: ['Jane Doe'] }) },
      { message: 'RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}' },
    ],
    [
      'with a bad source identity',
      { attributes: awsAttributes(roleArn, providerArn, { SourceIdentity: ['aws:jane'] }) },
      { message: 'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"' },
    ],
    [
      'with a bad tag',
      { attributes: awsAttributes(roleArn, providerArn, { 'PrincipalTag:Team': ['x'.repeat(257)] }) },
      { message: 'The value of the session tag Team is invalid' },
    ],
  ])('%s', async (_, given, expected) => {
    await expect(assume(answer(given))).rejects.toMatchObject(expected);
  });

  test('the second time that it is redeemed, also for the same role', async () => {
    const response = await idp.respond(answer());
    await redeem(response);
    await expect(redeem(response)).rejects.toMatchObject({
      name: 'InvalidIdentityTokenException',
      message: 'The SAML assertion has already been used',
    });
  });

  test('all but once when sixteen redeem it at the same time', async () => {
    const response = await idp.respond(answer());
    const results = await Promise.allSettled(Array.from({ length: 16 }, () => redeem(response)));
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1);
  });

  test('for a longer session than the role allows', async () => {
    const message = 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.';
    await expect(assume(answer(), { DurationSeconds: 7_201 })).rejects.toMatchObject({ name: 'ValidationError', message });
  });

  test('for a provider that does not exist, and for text that is no response', async () => {
    const none = `arn:aws:iam::${account}:saml-provider/None`;
    await expect(assume(answer(), { PrincipalArn: none })).rejects.toMatchObject({ message: "Specified provider doesn't exist" });
    await expect(redeem('%%%%')).rejects.toMatchObject({ message: 'Invalid base64 SAMLResponse' });
    await expect(redeem(base64Of('not xml'))).rejects.toMatchObject(refusedResponse);
    await expect(redeem(base64Of('<a/>'))).rejects.toMatchObject(refusedResponse);
  });
});

/** The pieces that wrapping attacks are made of: a validly signed assertion, and a forged one for the administrator. */
async function pieces(sign: 'assertion' | 'message') {
  const xml = xmlOf(await idp.respond(answer({ sign })));
  const signature = /<ds:Signature.*?<\/ds:Signature>/s.exec(xml)?.[0] ?? '';
  const assertion = /<saml:Assertion.*<\/saml:Assertion>/s.exec(xml)?.[0] ?? '';
  const withoutSignature = assertion.replace(signature, '');
  expect(signature).toContain('SignatureValue');
  expect(withoutSignature).toContain('jane');
  const forged = withoutSignature.replaceAll('jane', 'administrator').replace(/ ID="[^"]+"/, ' ID="_forged"');
  return { xml, signature, assertion, withoutSignature, forged, response: xml.replace(signature, '') };
}

const inObject = (signature: string, content: string) =>
  signature.replace('</ds:Signature>', `<ds:Object>${content}</ds:Object></ds:Signature>`);
const forgedResponse = (xml: string) =>
  xml.replaceAll('jane', 'administrator').replace(/(<samlp:Response[^>]*?) ID="[^"]+"/, '$1 ID="_forged-response"');

describe('signature wrapping is refused', () => {
  test('XSW1: a forged response with the signed one inside the signature', async () => {
    const { xml, signature, response } = await pieces('message');
    const original = xml.replace(signature, '').replace(/<\?xml.*?\?>/, '');
    const wrapped = forgedResponse(response).replace(/(<saml:Issuer>.*?<\/saml:Issuer>)/, `$1${inObject(signature, original)}`);
    await expect(redeem(base64Of(wrapped))).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  });

  test('XSW2: a forged response with the signed one before the detached signature', async () => {
    const { xml, signature, response } = await pieces('message');
    const original = xml.replace(signature, '').replace(/<\?xml.*?\?>/, '');
    const wrapped = forgedResponse(response).replace(/(<saml:Issuer>.*?<\/saml:Issuer>)/, `$1${original}${signature}`);
    await expect(redeem(base64Of(wrapped))).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  });

  test('XSW3: a forged assertion before the signed one', async () => {
    const { xml, assertion, forged } = await pieces('assertion');
    await expect(redeem(base64Of(xml.replace(assertion, forged + assertion)))).rejects.toMatchObject(refusedResponse);
  });

  test('XSW4: the signed assertion inside a forged one', async () => {
    const { xml, assertion, forged } = await pieces('assertion');
    const wrapped = xml.replace(assertion, forged.replace('</saml:Assertion>', `${assertion}</saml:Assertion>`));
    await expect(redeem(base64Of(wrapped))).rejects.toMatchObject(refusedResponse);
  });

  test('XSW5: a forged assertion that carries the signature, the signed one behind it', async () => {
    const { xml, assertion, signature, forged, withoutSignature } = await pieces('assertion');
    const carrying = forged.replace(/(<saml:Issuer>.*?<\/saml:Issuer>)/, `$1${signature}`);
    await expect(redeem(base64Of(xml.replace(assertion, carrying + withoutSignature)))).rejects.toMatchObject(refusedResponse);
  });

  test('XSW6: a forged assertion whose signature carries the signed one', async () => {
    const { xml, assertion, signature, forged, withoutSignature } = await pieces('assertion');
    const carrying = forged.replace(/(<saml:Issuer>.*?<\/saml:Issuer>)/, `$1${inObject(signature, withoutSignature)}`);
    await expect(redeem(base64Of(xml.replace(assertion, carrying)))).rejects.toMatchObject(refusedResponse);
  });

  test('XSW7: a forged assertion inside extensions', async () => {
    const { xml, assertion, forged } = await pieces('assertion');
    const wrapped = xml.replace(assertion, `<samlp:Extensions>${forged}</samlp:Extensions>${assertion}`);
    await expect(redeem(base64Of(wrapped))).rejects.toMatchObject(refusedResponse);
  });

  test('XSW8: the signed assertion in an object of the forged one’s signature', async () => {
    const { xml, assertion, signature, forged, withoutSignature } = await pieces('assertion');
    const carrying = forged.replace(/(<saml:Issuer>.*?<\/saml:Issuer>)/, `$1${inObject(signature, `<x>${withoutSignature}</x>`)}`);
    await expect(redeem(base64Of(xml.replace(assertion, carrying)))).rejects.toMatchObject(refusedResponse);
  });

  test('a second assertion under another namespace', async () => {
    const { xml, assertion, forged } = await pieces('assertion');
    const foreign = forged.replace('xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"', 'xmlns:saml="urn:x"');
    await expect(redeem(base64Of(xml.replace(assertion, foreign + assertion)))).rejects.toMatchObject(refusedResponse);
  });

  test('an ID that stands on two elements', async () => {
    const { xml } = await pieces('assertion');
    const id = /<saml:Assertion[^>]* ID="([^"]+)"/.exec(xml)?.[1] ?? '';
    const doubled = xml.replace('<samlp:Status>', `<samlp:Status ID="${id}">`);
    await expect(redeem(base64Of(doubled))).rejects.toMatchObject(refusedResponse);
    const other = xml.replace('<samlp:Status>', `<samlp:Status Id="${id}">`);
    await expect(redeem(base64Of(other))).rejects.toMatchObject(refusedResponse);
  });
});

describe('what was not signed is refused', () => {
  test('a response without any signature', async () => {
    await expect(assume(answer({ sign: 'none' }))).rejects.toMatchObject(refusedSignature);
  });

  test('the signature of somebody else, though under the name of the provider', async () => {
    await expect(redeem(await stranger.respond(answer()))).rejects.toMatchObject(refusedSignature);
  });

  test.each([
    ['a subject', 'jane@example.com', 'root@example.com'],
    ['a role', 'role/saml', 'role/evil'],
  ])('%s that was changed afterwards', async (_, from, to) => {
    const xml = xmlOf(await idp.respond(answer()));
    await expect(redeem(base64Of(xml.replaceAll(from, to)))).rejects.toMatchObject(refusedSignature);
  });

  test('a changed response around a signed assertion changes nothing that counts, a changed signed response does', async () => {
    const around = xmlOf(await idp.respond(answer({ sign: 'assertion' }))).replace(
      / Destination="[^"]+"/,
      ' Destination="https://elsewhere.example.com"',
    );
    expect((await redeem(base64Of(around))).Subject).toBe('jane@example.com');
    const signed = xmlOf(await idp.respond(answer({ sign: 'message' }))).replace(
      / Destination="[^"]+"/,
      ' Destination="https://elsewhere.example.com"',
    );
    await expect(redeem(base64Of(signed))).rejects.toMatchObject(refusedSignature);
  });

  test('one bad signature of two', async () => {
    const xml = xmlOf(await idp.respond(answer({ sign: 'both' })));
    const values = [...xml.matchAll(/<ds:SignatureValue>(.)/g)];
    expect(values.length).toBe(2);
    for (const { index } of values) {
      const at = index + '<ds:SignatureValue>'.length;
      const broken = xml.slice(0, at) + (xml[at] === 'A' ? 'B' : 'A') + xml.slice(at + 1);
      await expect(redeem(base64Of(broken))).rejects.toMatchObject(refusedSignature);
    }
  });
});

describe('tricks with the text are refused', () => {
  test('a comment that would cut the subject short', async () => {
    const honest = xmlOf(await idp.respond(answer({ subject: 'admin@example.com.evil.example' })));
    const cut = honest.replace('admin@example.com.evil.example', 'admin@example.com<!-- -->.evil.example');
    expect(cut).not.toBe(honest);
    await expect(redeem(base64Of(cut))).rejects.toMatchObject(refusedResponse);
  });

  test('an instruction or a CDATA section inside the subject', async () => {
    const xml = xmlOf(await idp.respond(answer()));
    await expect(redeem(base64Of(xml.replace('jane@', 'jane<?x y?>@')))).rejects.toMatchObject(refusedResponse);
    await expect(redeem(base64Of(xml.replace('jane@', '<![CDATA[jane]]>@')))).rejects.toMatchObject(refusedResponse);
  });

  test('a document type, with or without entities', async () => {
    const xml = xmlOf(await idp.respond(answer())).replace(/^<\?xml.*?\?>/, '');
    const bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>';
    await expect(redeem(base64Of(bomb + xml.replace('jane@', '&b;@')))).rejects.toMatchObject(refusedResponse);
    await expect(redeem(base64Of(`<!DOCTYPE r SYSTEM "file:///etc/passwd">${xml}`))).rejects.toMatchObject(refusedResponse);
    await expect(redeem(base64Of(xml.replace('jane@', '&undefined;@')))).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  });

  test('bytes that are not the UTF-8 that they are read as, and depth without end', async () => {
    const bytes = Buffer.from(xmlOf(await idp.respond(answer())), 'utf8');
    const at = bytes.indexOf('jane@');
    bytes[at] = 0xff;
    await expect(redeem(bytes.toString('base64'))).rejects.toMatchObject(refusedResponse);
    await expect(redeem(base64Of('<a>'.repeat(5_000) + '</a>'.repeat(5_000)))).rejects.toMatchObject(refusedResponse);
  });
});

/** Signs an unsigned response as an attacker, or a careless provider, might. */
function signedWith(xml: string, privateKey: string, change: (signer: SignedXml) => void): string {
  const id = /<saml:Assertion[^>]* ID="([^"]+)"/.exec(xml)?.[1] ?? '';
  const signer = new SignedXml({
    privateKey,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  });
  signer.addReference({
    xpath: `//*[@ID='${id}']`,
    uri: `#${id}`,
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', 'http://www.w3.org/2001/10/xml-exc-c14n#'],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  change(signer);
  signer.computeSignature(xml, { prefix: 'ds', location: { reference: `//*[@ID='${id}']/*[local-name(.)='Issuer']`, action: 'after' } });
  return signer.getSignedXml();
}

describe('algorithms', () => {
  const unsigned = async () => xmlOf(await idp.respond(answer({ sign: 'none' })));

  test('what the signer of these tests makes is otherwise good', async () => {
    const xml = signedWith(await unsigned(), idp.certificate.privatePem, () => undefined);
    expect((await redeem(base64Of(xml))).Subject).toBe('jane@example.com');
  });

  test('RSA-PSS is taken, and so is a provider whose key is an elliptic curve', async () => {
    const pss = signedWith(await unsigned(), idp.certificate.privatePem, (signer) => {
      signer.signatureAlgorithm = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1';
    });
    expect((await redeem(base64Of(pss))).Subject).toBe('jane@example.com');
    const curve = await selfSigned('curve', 'ec');
    const metadata = idp.metadata.replaceAll(
      /<ds:X509Certificate>.*?<\/ds:X509Certificate>/g,
      `<ds:X509Certificate>${curve.der}</ds:X509Certificate>`,
    );
    await castellan.iam().send(new CreateSAMLProviderCommand({ Name: 'Curve', SAMLMetadataDocument: metadata.padEnd(1_000) }));
    const principal = `arn:aws:iam::${account}:saml-provider/Curve`;
    const arn = await role('curve', {}, trustedActions, principal);
    const xml = xmlOf(await idp.respond({ attributes: awsAttributes(arn, principal), sign: 'none' }));
    const signed = signedWith(xml, curve.privatePem, (signer) => {
      const name = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256';
      class Ecdsa {
        getAlgorithmName = () => name;
        verifySignature = () => false;
        getSignature = (info: unknown) =>
          sign('sha256', Buffer.from(String(info)), { key: curve.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64');
      }
      Object.assign(signer.SignatureAlgorithms, { [name]: Ecdsa });
      Object.assign(signer, { signatureAlgorithm: name });
    });
    expect((await redeem(base64Of(signed), { RoleArn: arn, PrincipalArn: principal })).Subject).toBe('jane@example.com');
    // The certificate of the one does not verify what says that it is of the other kind.
    await expect(redeem(base64Of(signed))).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  });

  test('an HMAC keyed with the provider’s public certificate is no signature', async () => {
    for (const key of [idp.certificate.certificatePem, idp.certificate.der]) {
      const xml = signedWith(await unsigned(), idp.certificate.privatePem, () => undefined);
      const info =
        /<ds:SignedInfo>.*<\/ds:SignedInfo>/s.exec(xml)?.[0].replace(/xmldsig-more#rsa-sha256/, 'xmldsig-more#hmac-sha256') ?? '';
      const value = createHmac('sha256', key)
        .update(info.replace('<ds:SignedInfo>', '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'))
        .digest('base64');
      const forged = xml
        .replace(/<ds:SignedInfo>.*<\/ds:SignedInfo>/s, info)
        .replace(/<ds:SignatureValue>.*?<\/ds:SignatureValue>/s, `<ds:SignatureValue>${value}</ds:SignatureValue>`);
      await expect(redeem(base64Of(forged))).rejects.toMatchObject(refusedSignature);
    }
  });

  test('SHA-1 is refused, as a digest and in a signature', async () => {
    const weakSignature = signedWith(await unsigned(), idp.certificate.privatePem, (signer) => {
      signer.signatureAlgorithm = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
    });
    await expect(redeem(base64Of(weakSignature))).rejects.toMatchObject(refusedSignature);
    const weakDigest = signedWith(await unsigned(), idp.certificate.privatePem, (signer) => {
      for (const reference of signer.getReferences())
        Object.assign(reference, { digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1' });
    });
    await expect(redeem(base64Of(weakDigest))).rejects.toMatchObject(refusedSignature);
  });

  test('a key that the message brings along is not listened to', async () => {
    const own = await selfSigned('attacker');
    const xml = signedWith(await unsigned(), own.privatePem, (signer) => {
      signer.publicCert = own.certificatePem;
      signer.getKeyInfoContent = SignedXml.getKeyInfoContent;
    });
    expect(xml).toContain('X509Certificate');
    await expect(redeem(base64Of(xml))).rejects.toMatchObject(refusedSignature);
  });

  test('transforms beside the two that SAML needs are refused', async () => {
    const xml = signedWith(await unsigned(), idp.certificate.privatePem, () => undefined);
    const selective =
      '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>self::text()</ds:XPath></ds:Transform>';
    await expect(redeem(base64Of(xml.replace('<ds:Transforms>', `<ds:Transforms>${selective}`)))).rejects.toMatchObject(refusedSignature);
    const missing = xml.replace(/<ds:Transform Algorithm="[^"]*enveloped-signature"\/>/, '');
    await expect(redeem(base64Of(missing))).rejects.toMatchObject(refusedSignature);
    const repeated = xml.replace(/(<ds:Transform Algorithm="[^"]*xml-exc-c14n#"\/>)/, '$1$1');
    await expect(redeem(base64Of(repeated))).rejects.toMatchObject(refusedSignature);
  });

  test('a reference to another element, to the whole document or a second one is refused', async () => {
    const xml = await unsigned();
    const response = /<samlp:Response[^>]* ID="([^"]+)"/.exec(xml)?.[1] ?? '';
    const elsewhere = signedWith(xml, idp.certificate.privatePem, (signer) => {
      for (const reference of signer.getReferences()) Object.assign(reference, { uri: `#${response}`, xpath: `//*[@ID='${response}']` });
    });
    await expect(redeem(base64Of(elsewhere))).rejects.toMatchObject(refusedSignature);
    const whole = signedWith(xml, idp.certificate.privatePem, (signer) => {
      for (const reference of signer.getReferences()) Object.assign(reference, { uri: '', isEmptyUri: true, xpath: '/*' });
    });
    await expect(redeem(base64Of(whole))).rejects.toMatchObject(refusedSignature);
    const twice = signedWith(xml, idp.certificate.privatePem, (signer) => {
      signer.addReference({
        xpath: `//*[@ID='${response}']`,
        uri: `#${response}`,
        transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', 'http://www.w3.org/2001/10/xml-exc-c14n#'],
        digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
      });
    });
    await expect(redeem(base64Of(twice))).rejects.toMatchObject(refusedSignature);
  });
});

describe('an encrypted assertion', () => {
  const arn = `arn:aws:iam::${account}:saml-provider/Sealed`;
  let key: TestCertificate;
  let sealedRole = '';
  beforeAll(async () => {
    key = await selfSigned('castellan');
    await castellan.iam().send(
      new CreateSAMLProviderCommand({
        Name: 'Sealed',
        SAMLMetadataDocument: idp.metadata,
        AddPrivateKey: key.privatePem,
        AssertionEncryptionMode: 'Required',
      }),
    );
    sealedRole = await role('sealed', {}, trustedActions, arn);
  });
  const sealed = async (given: SamlAnswer) =>
    redeem(await idp.respond({ attributes: awsAttributes(sealedRole, arn), ...given }), { RoleArn: sealedRole, PrincipalArn: arn });

  test.each(['assertion', 'message'] as const)('is read when the %s is signed', async (sign) => {
    expect((await sealed({ encryptFor: key, sign })).Subject).toBe('jane@example.com');
  });

  test.each([
    'http://www.w3.org/2009/xmlenc11#aes128-gcm',
    'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
    'http://www.w3.org/2001/04/xmlenc#aes128-cbc',
  ])('is read when it is encrypted with %s', async (dataEncryption) => {
    expect((await sealed({ encryptFor: key, dataEncryption })).Subject).toBe('jane@example.com');
  });

  test('is demanded when the provider requires encryption, and then a plain one is refused', async () => {
    await expect(sealed({})).rejects.toMatchObject({ message: 'The SAML assertion must be encrypted' });
    await castellan.iam().send(new UpdateSAMLProviderCommand({ SAMLProviderArn: arn, AssertionEncryptionMode: 'Allowed' }));
    expect((await sealed({})).Subject).toBe('jane@example.com');
    await castellan.iam().send(new UpdateSAMLProviderCommand({ SAMLProviderArn: arn, AssertionEncryptionMode: 'Required' }));
  });

  test('is refused in one sentence when it is for another key, broken, or encrypted in an unsafe way', async () => {
    const refused = { name: 'InvalidIdentityTokenException', message: 'The SAML assertion could not be decrypted' };
    await expect(sealed({ encryptFor: await selfSigned('other') })).rejects.toMatchObject(refused);
    await expect(sealed({ encryptFor: key, keyEncryption: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5' })).rejects.toMatchObject(refused);
    await expect(sealed({ encryptFor: key, dataEncryption: 'http://www.w3.org/2001/04/xmlenc#tripledes-cbc' })).rejects.toMatchObject(
      refused,
    );
    const xml = xmlOf(await idp.respond({ attributes: awsAttributes(sealedRole, arn), encryptFor: key }));
    const broken = xml.replace(/(<xenc:CipherValue>)(.{8})(?=.*<\/xenc:EncryptedData>)/gs, '$1AAAAAAAA');
    await expect(redeem(base64Of(broken), { RoleArn: sealedRole, PrincipalArn: arn })).rejects.toMatchObject(refused);
  });

  test('that nobody signed is refused, whoever encrypted it', async () => {
    const made = await stranger.respond({ attributes: awsAttributes(sealedRole, arn), encryptFor: key });
    await expect(redeem(made, { RoleArn: sealedRole, PrincipalArn: arn })).rejects.toMatchObject(refusedSignature);
  });
});

test('redeemed assertions are forgotten once they have expired', async () => {
  await assume();
  const kept = () => castellan.store.transact((transaction) => transaction.list('sts.used-assertion', { limit: 500 }));
  expect((await kept()).length).toBeGreaterThan(0);
  castellan.clock.advance(3_600_000);
  await castellan.work.settle();
  expect((await kept()).length).toBe(0);
});
