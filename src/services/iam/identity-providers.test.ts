// SAML and OpenID Connect providers in IAM, through the whole pipeline: what is taken, what is refused, and in which words.

import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  CreateSAMLProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteSAMLProviderCommand,
  GetOpenIDConnectProviderCommand,
  GetSAMLProviderCommand,
  type IAMClient,
  ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand,
  ListSAMLProvidersCommand,
  ListSAMLProviderTagsCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  TagSAMLProviderCommand,
  UntagOpenIDConnectProviderCommand,
  UntagSAMLProviderCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
  UpdateSAMLProviderCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selfSigned } from '../../../test/certificates.ts';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { startSamlIdentityProvider } from '../../../test/saml-identity-provider.ts';

const account = '111122223333';
let castellan: InProcess;
let iam: IAMClient;
let metadata: string;
beforeAll(async () => {
  castellan = await startInProcess('providers');
  iam = castellan.iam();
  metadata = (await startSamlIdentityProvider('https://idp.example.com')).metadata;
});
afterAll(() => castellan?.stop());

describe('SAML providers', () => {
  const arn = `arn:aws:iam::${account}:saml-provider/Corp`;

  test('keep their metadata, an id, the end of a hundred years and sorted tags', async () => {
    const Tags = [
      { Key: 'b', Value: '2' },
      { Key: 'a', Value: '1' },
    ];
    const created = await iam.send(new CreateSAMLProviderCommand({ Name: 'Corp', SAMLMetadataDocument: metadata, Tags }));
    expect(created).toMatchObject({ SAMLProviderArn: arn, Tags: [Tags[1], Tags[0]] });
    const provider = await iam.send(new GetSAMLProviderCommand({ SAMLProviderArn: arn }));
    expect(provider).toMatchObject({ SAMLMetadataDocument: metadata, Tags: [Tags[1], Tags[0]], PrivateKeyList: [] });
    expect(provider.SAMLProviderUUID).toMatch(/^[A-Z0-9]{22,64}$/);
    expect(provider.AssertionEncryptionMode).toBeUndefined();
    expect(provider.ValidUntil?.getUTCFullYear()).toBeGreaterThan(2_120);
    const { SAMLProviderList } = await iam.send(new ListSAMLProvidersCommand({}));
    expect(SAMLProviderList).toEqual([{ Arn: arn, CreateDate: provider.CreateDate, ValidUntil: provider.ValidUntil }]);
  });

  test('are unique by name, without regard to case', async () => {
    for (const Name of ['Corp', 'cORP']) {
      const again = iam.send(new CreateSAMLProviderCommand({ Name, SAMLMetadataDocument: metadata }));
      await expect(again).rejects.toMatchObject({ name: 'EntityAlreadyExistsException' });
    }
    await expect(iam.send(new GetSAMLProviderCommand({ SAMLProviderArn: arn.replace('Corp', 'corp') }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
  });

  test('take until when they hold from the metadata', async () => {
    const dated = metadata.replace('<EntityDescriptor ', '<EntityDescriptor validUntil="2031-05-06T07:08:09Z" ');
    expect(dated).not.toBe(metadata);
    await iam.send(new UpdateSAMLProviderCommand({ SAMLProviderArn: arn, SAMLMetadataDocument: dated }));
    const { ValidUntil } = await iam.send(new GetSAMLProviderCommand({ SAMLProviderArn: arn }));
    expect(ValidUntil?.toISOString()).toBe('2031-05-06T07:08:09.000Z');
  });

  test.each<[string, (xml: string) => string]>([
    ['no XML', () => 'x'.repeat(1_000)],
    ['another document', () => `<a>${'x'.repeat(1_000)}</a>`],
    ['no entity id', (xml) => xml.replace(/entityID="[^"]+"/, 'other=""')],
    ['no identity provider', (xml) => xml.replaceAll('IDPSSODescriptor', 'SPSSODescriptor')],
    ['no signing certificate', (xml) => xml.replaceAll('use="signing"', 'use="encryption"')],
    ['a broken certificate', (xml) => xml.replace(/(X509Certificate>)(.{20})/, '$1AAAAAAAAAAAAAAAAAAAA')],
    ['a document type', (xml) => `<!DOCTYPE x [<!ENTITY e "v">]>${xml.replace(/^<\?xml.*?\?>/, '')}`],
    ['a byte order mark', (xml) => `\ufeff${xml}`],
    ['a date that is none', (xml) => xml.replace('<EntityDescriptor ', '<EntityDescriptor validUntil="soon" ')],
  ])('refuse metadata with %s', async (_, change) => {
    const made = iam.send(new CreateSAMLProviderCommand({ Name: 'Bad', SAMLMetadataDocument: change(metadata).padEnd(1_000) }));
    await expect(made).rejects.toMatchObject({ name: 'InvalidInputException', message: 'Could not parse metadata' });
  });

  test('are found in a federation’s list when it has one identity provider', async () => {
    const list = `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">${metadata.replace(/^<\?xml.*?\?>/, '')}</EntitiesDescriptor>`;
    await iam.send(new CreateSAMLProviderCommand({ Name: 'Listed', SAMLMetadataDocument: list }));
    await iam.send(new DeleteSAMLProviderCommand({ SAMLProviderArn: arn.replace('Corp', 'Listed') }));
  });

  test('refuse a certificate whose key is too small, and take one with an elliptic curve', async () => {
    const withKey = (der: string) => metadata.replaceAll(/(X509Certificate>)[^<]+/g, `$1${der}`).padEnd(1_000);
    const small = iam.send(
      new CreateSAMLProviderCommand({ Name: 'Small', SAMLMetadataDocument: withKey((await selfSigned('small', 'rsa', 512)).der) }),
    );
    await expect(small).rejects.toMatchObject({ name: 'InvalidInputException', message: 'Could not parse metadata' });
    const curved = withKey((await selfSigned('curve', 'ec')).der);
    await iam.send(new CreateSAMLProviderCommand({ Name: 'Curved', SAMLMetadataDocument: curved }));
    await iam.send(new DeleteSAMLProviderCommand({ SAMLProviderArn: arn.replace('Corp', 'Curved') }));
  });

  test('have two private keys at most, need one to demand encryption, and never show them', async () => {
    const { privatePem } = await selfSigned('key');
    const update = (more: object) => iam.send(new UpdateSAMLProviderCommand({ SAMLProviderArn: arn, ...more }));
    await expect(update({ AssertionEncryptionMode: 'Required' })).rejects.toMatchObject({ name: 'InvalidInputException' });
    await update({ AssertionEncryptionMode: 'Required', AddPrivateKey: privatePem });
    await update({ AddPrivateKey: privatePem });
    await expect(update({ AddPrivateKey: privatePem })).rejects.toMatchObject({ name: 'LimitExceededException' });
    await expect(update({ AddPrivateKey: 'no key' })).rejects.toMatchObject({ name: 'InvalidInputException' });
    const { PrivateKeyList = [], AssertionEncryptionMode } = await iam.send(new GetSAMLProviderCommand({ SAMLProviderArn: arn }));
    expect(AssertionEncryptionMode).toBe('Required');
    expect(PrivateKeyList.map(({ KeyId }) => KeyId)).toEqual([
      expect.stringMatching(/^[A-Z0-9]{22,64}$/),
      expect.stringMatching(/^[A-Z0-9]{22,64}$/),
    ]);
    expect(JSON.stringify(PrivateKeyList)).not.toContain('PRIVATE');
    await update({ RemovePrivateKey: PrivateKeyList[0]?.KeyId });
    await expect(update({ RemovePrivateKey: PrivateKeyList[0]?.KeyId })).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    await expect(update({ RemovePrivateKey: PrivateKeyList[1]?.KeyId })).rejects.toMatchObject({ name: 'InvalidInputException' });
  });

  test('are tagged, listed by page, untagged and deleted', async () => {
    await iam.send(new TagSAMLProviderCommand({ SAMLProviderArn: arn, Tags: [{ Key: 'A', Value: 'new' }] }));
    const first = await iam.send(new ListSAMLProviderTagsCommand({ SAMLProviderArn: arn, MaxItems: 1 }));
    expect(first).toMatchObject({ Tags: [{ Key: 'A', Value: 'new' }], IsTruncated: true });
    const second = await iam.send(new ListSAMLProviderTagsCommand({ SAMLProviderArn: arn, Marker: first.Marker }));
    expect(second).toMatchObject({ Tags: [{ Key: 'b', Value: '2' }], IsTruncated: false });
    await iam.send(new UntagSAMLProviderCommand({ SAMLProviderArn: arn, TagKeys: ['a', 'b'] }));
    expect((await iam.send(new ListSAMLProviderTagsCommand({ SAMLProviderArn: arn }))).Tags).toEqual([]);
    await iam.send(new DeleteSAMLProviderCommand({ SAMLProviderArn: arn }));
    const gone = { name: 'NoSuchEntityException', message: `Manifest not found for arn ${arn}` };
    await expect(iam.send(new DeleteSAMLProviderCommand({ SAMLProviderArn: arn }))).rejects.toMatchObject(gone);
  });
});

describe('OpenID Connect providers', () => {
  const Url = 'https://token.actions.githubusercontent.com';
  const arn = `arn:aws:iam::${account}:oidc-provider/token.actions.githubusercontent.com`;
  const thumbprint = 'A031C46782E6E6C662C2C87C76DA9AA62CCABD8E';

  test('are kept by their URL without its scheme', async () => {
    const created = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ['sts.amazonaws.com'], ThumbprintList: [thumbprint] }),
    );
    expect(created.OpenIDConnectProviderArn).toBe(arn);
    const provider = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }));
    expect(provider).toMatchObject({
      Url: 'token.actions.githubusercontent.com',
      ClientIDList: ['sts.amazonaws.com'],
      ThumbprintList: [thumbprint.toLowerCase()],
      Tags: [],
    });
    expect((await iam.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList).toEqual([{ Arn: arn }]);
    const again = iam.send(new CreateOpenIDConnectProviderCommand({ Url }));
    await expect(again).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: `Provider with url ${Url} already exists.`,
    });
  });

  test('keep the path of their URL, and its host in lower case', async () => {
    const created = await iam.send(new CreateOpenIDConnectProviderCommand({ Url: 'https://OIDC.eks.us-east-1.amazonaws.com/id/ABCDEF' }));
    expect(created.OpenIDConnectProviderArn).toBe(`arn:aws:iam::${account}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABCDEF`);
  });

  test.each([
    'http://idp.example.com',
    'idp.example.com',
    'https://',
    'https://idp.example.com/?q=1',
    'https://idp.example.com/#f',
    'https://u:p@idp.example.com',
  ])('refuse the URL %s', async (bad) => {
    const made = iam.send(new CreateOpenIDConnectProviderCommand({ Url: bad }));
    await expect(made).rejects.toMatchObject({ name: 'ValidationError', message: 'Invalid Open ID Connect Provider URL' });
  });

  test('have five thumbprints and a hundred client ids at most', async () => {
    const six = Array.from({ length: 6 }, () => 'b'.repeat(40));
    const many = iam.send(new CreateOpenIDConnectProviderCommand({ Url: 'https://six.example.com', ThumbprintList: six }));
    await expect(many).rejects.toMatchObject({
      name: 'InvalidInputException',
      message: 'Thumbprint list must contain fewer than 5 entries.',
    });
    const short = iam.send(
      new UpdateOpenIDConnectProviderThumbprintCommand({ OpenIDConnectProviderArn: arn, ThumbprintList: ['b'.repeat(39)] }),
    );
    await expect(short).rejects.toMatchObject({ name: 'ValidationError' });
    const ids = Array.from({ length: 101 }, (_, index) => `client-${index}`);
    const over = { name: 'LimitExceededException', message: 'Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100' };
    await expect(
      iam.send(new CreateOpenIDConnectProviderCommand({ Url: 'https://many.example.com', ClientIDList: ids })),
    ).rejects.toMatchObject(over);
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url: 'https://full.example.com', ClientIDList: ids.slice(1) }));
    const full = arn.replace(/oidc-provider.*/, 'oidc-provider/full.example.com');
    const added = iam.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: full, ClientID: 'client-0' }));
    await expect(added).rejects.toMatchObject(over);
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: full, ClientID: 'client-1' }));
  });

  test('take and lose client ids and thumbprints, each twice without a complaint', async () => {
    const on = { OpenIDConnectProviderArn: arn };
    for (const _ of [1, 2]) await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...on, ClientID: 'mine' }));
    expect((await iam.send(new GetOpenIDConnectProviderCommand(on))).ClientIDList).toEqual(['sts.amazonaws.com', 'mine']);
    for (const _ of [1, 2]) await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ ...on, ClientID: 'mine' }));
    await iam.send(new UpdateOpenIDConnectProviderThumbprintCommand({ ...on, ThumbprintList: ['c'.repeat(40)] }));
    expect(await iam.send(new GetOpenIDConnectProviderCommand(on))).toMatchObject({
      ClientIDList: ['sts.amazonaws.com'],
      ThumbprintList: ['c'.repeat(40)],
    });
  });

  test('are tagged and untagged, and deleted as often as one likes', async () => {
    const on = { OpenIDConnectProviderArn: arn };
    await iam.send(new TagOpenIDConnectProviderCommand({ ...on, Tags: [{ Key: 'k', Value: 'v' }] }));
    expect((await iam.send(new ListOpenIDConnectProviderTagsCommand(on))).Tags).toEqual([{ Key: 'k', Value: 'v' }]);
    await iam.send(new UntagOpenIDConnectProviderCommand({ ...on, TagKeys: ['K'] }));
    expect((await iam.send(new ListOpenIDConnectProviderTagsCommand(on))).Tags).toEqual([]);
    for (const _ of [1, 2]) await iam.send(new DeleteOpenIDConnectProviderCommand(on));
    const gone = { name: 'NoSuchEntityException', message: `OpenIDConnect Provider not found for arn ${arn}` };
    await expect(iam.send(new GetOpenIDConnectProviderCommand(on))).rejects.toMatchObject(gone);
  });
});
