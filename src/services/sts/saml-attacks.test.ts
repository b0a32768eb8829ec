// Every known way to make a service provider read something that the identity provider did not sign: wrapping, truncation, entities,
// confused algorithms, foreign keys and transforms. Each is tried on a response that is otherwise good, and each is refused.

import { createHmac, sign } from 'node:crypto';
import { CreateSAMLProviderCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SignedXml } from 'xml-crypto';
import { selfSigned } from '../../../test/certificates.ts';
import type { InProcess } from '../../../test/in-process.ts';
import { awsAttributes, type SamlIdentityProvider, startSamlIdentityProvider } from '../../../test/saml-identity-provider.ts';
import {
  samlAnswer as answer,
  base64Of,
  refusedResponse,
  refusedSignature,
  type SamlSetting,
  startSamlSetting,
  xmlOf,
} from '../../../test/saml-setting.ts';

const account = '111122223333';
let setting: SamlSetting;
let castellan: InProcess;
let idp: SamlIdentityProvider;
let stranger: SamlIdentityProvider;
beforeAll(async () => {
  setting = await startSamlSetting('saml-attacks');
  ({ castellan, idp } = setting);
  stranger = await startSamlIdentityProvider('https://idp.example.com');
});
afterAll(() => setting?.castellan.stop());
const assume = (...args: Parameters<SamlSetting['assume']>) => setting.assume(...args);
const redeem = (...args: Parameters<SamlSetting['redeem']>) => setting.redeem(...args);
const role = (...args: Parameters<SamlSetting['role']>) => setting.role(...args);

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
    const arn = await role('curve', { federated: principal });
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
