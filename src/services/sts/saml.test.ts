// AssumeRoleWithSAML through the whole pipeline, with responses of a real identity provider library. What is not signed: saml-attacks.test.ts.

import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CreateRoleCommand, CreateSAMLProviderCommand, UpdateSAMLProviderCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, type AssumeRoleWithSAMLCommandInput, type Credentials, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selfSigned, type TestCertificate } from '../../../test/certificates.ts';
import type { ClientCredentials, InProcess } from '../../../test/in-process.ts';
import {
  awsAttributes,
  type SamlAnswer,
  type SamlIdentityProvider,
  startSamlIdentityProvider,
} from '../../../test/saml-identity-provider.ts';
import {
  samlAnswer as answer,
  base64Of,
  refusedResponse,
  refusedSignature,
  type SamlSetting,
  samlProviderArn,
  samlRoleArn,
  startSamlSetting,
  xmlOf,
} from '../../../test/saml-setting.ts';

const account = '111122223333';
const providerArn = samlProviderArn;
const roleArn = samlRoleArn;
let setting: SamlSetting;
let castellan: InProcess;
let idp: SamlIdentityProvider;
let stranger: SamlIdentityProvider;
beforeAll(async () => {
  setting = await startSamlSetting('saml');
  ({ castellan, idp } = setting);
  stranger = await startSamlIdentityProvider('https://idp.example.com');
});
afterAll(() => setting?.castellan.stop());
const assume = (...args: Parameters<SamlSetting['assume']>) => setting.assume(...args);
const redeem = (...args: Parameters<SamlSetting['redeem']>) => setting.redeem(...args);
const role = (...args: Parameters<SamlSetting['role']>) => setting.role(...args);
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
    const arn = await role(`trust-${name.replaceAll(' ', '-')}`, { condition });
    const attributes = { ...awsAttributes(arn, providerArn), ...given.attributes };
    const result = assume({ ...given, attributes }, { RoleArn: arn });
    if (isAllowed) expect((await result).Credentials?.AccessKeyId).toMatch(/^ASIA/);
    else await expect(result).rejects.toMatchObject({ name: 'AccessDenied', message: 'Not authorized to perform sts:AssumeRoleWithSAML' });
  });

  test('must allow sts:TagSession and sts:SetSourceIdentity when the assertion gives tags or an identity', async () => {
    const arn = await role('bare', { actions: ['sts:AssumeRoleWithSAML'] });
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

  test('whose id was redeemed for somebody else', async () => {
    const both = { Role: [`${roleArn},${providerArn}`, `${await setting.role('other-subject')},${providerArn}`] };
    const given = answer({ assertionId: '_shared', attributes: awsAttributes(roleArn, providerArn, both) });
    await redeem(await idp.respond(given));
    const other = { RoleArn: roleArn.replace(/[^/]+$/, 'other-subject') };
    await expect(redeem(await idp.respond({ ...given, subject: 'joe@example.com' }), other)).rejects.toMatchObject({
      message: 'The SAML assertion has already been used',
    });
    expect((await redeem(await idp.respond(given), other)).Subject).toBe('jane@example.com');
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
    sealedRole = await role('sealed', { federated: arn });
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

test('one assertion opens each role that it names, once', async () => {
  const arns = [await setting.role('first'), await setting.role('second'), await setting.role('third')];
  const Role = arns.map((arn) => `${arn},${providerArn}`);
  const response = await idp.respond(answer({ attributes: awsAttributes(roleArn, providerArn, { Role }) }));
  for (const RoleArn of arns) expect((await redeem(response, { RoleArn })).AssumedRoleUser?.Arn).toContain(RoleArn.split('/')[1]);
  for (const RoleArn of arns)
    await expect(redeem(response, { RoleArn })).rejects.toMatchObject({ message: 'The SAML assertion has already been used' });
  await expect(redeem(response)).rejects.toMatchObject({
    message: "SAML Assertion doesn't contain the requested Role and Metadata in the attributes",
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
