// AssumeRoleWithWebIdentity through the whole pipeline: tokens of a real OpenID provider, tokens shaped as GitHub's and Kubernetes', the
// providers that AWS knows by name, and every token that must not be taken.

import { createHmac, generateKeyPairSync } from 'node:crypto';
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand } from '@aws-sdk/client-iam';
import {
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  GetCallerIdentityCommand,
} from '@aws-sdk/client-sts';
import { exportJWK, exportSPKI, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { type OpenIdIssuer, startOpenIdIssuer } from '../../../test/open-id-issuer.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../../../test/open-id-provider.ts';
import { createOutbound } from '../../outbound/outbound.ts';

const account = '111122223333';
const issuer = 'https://issuer.example.com/tenant';
const name = 'issuer.example.com/tenant';
const providerArn = `arn:aws:iam::${account}:oidc-provider/${name}`;
let castellan: InProcess;
/** How much older than they are the kept answers of other servers look. */
let olderMs = 0;
let real: OpenIdProvider;
let bent: OpenIdIssuer;
let others: OpenIdIssuer[] = [];

beforeAll(async () => {
  real = await startOpenIdProvider('https://login.example.com');
  bent = await startOpenIdIssuer(issuer);
  const other = async (url: string) => {
    const started = await startOpenIdIssuer(url);
    others = [...others, started];
    return started.url;
  };
  const routes = {
    'login.example.com': real.url,
    'issuer.example.com': bent.url,
    'token.actions.githubusercontent.com': await other('https://token.actions.githubusercontent.com'),
    'oidc.eks.us-east-1.amazonaws.com': await other('https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633'),
    'accounts.google.com': await other('https://accounts.google.com'),
    'graph.facebook.com': await other('https://graph.facebook.com'),
    'api.amazon.com': await other('https://api.amazon.com'),
    'down.example.com': 'http://127.0.0.1:1',
  };
  castellan = await startInProcess('web-identity', {
    outbound: createOutbound({ allowedHosts: [], routes }, () => performance.now() + olderMs),
  });
  for (const algorithm of ['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA']) await bent.key(algorithm);
  await provider(issuer, ['client-1', 'client-2']);
  await role('web', providerArn);
});
afterAll(async () => {
  await castellan?.stop();
  await Promise.all([real, bent, ...others].map((server) => server?.stop()));
});

const provider = (Url: string, ClientIDList: string[]) =>
  castellan.iam().send(new CreateOpenIDConnectProviderCommand({ Url, ClientIDList }));

async function role(RoleName: string, Federated: string, Condition: object = {}, more: readonly string[] = []): Promise<string> {
  const Action = ['sts:AssumeRoleWithWebIdentity', ...more];
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Federated }, Action, Condition }] };
  await castellan.iam().send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(document) }));
  return `arn:aws:iam::${account}:role/${RoleName}`;
}

const assume = (WebIdentityToken: string, more: Partial<AssumeRoleWithWebIdentityCommandInput> = {}) =>
  castellan.sts({ accessKeyId: '', secretAccessKey: '' }).send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: `arn:aws:iam::${account}:role/web`,
      RoleSessionName: 'web-session',
      WebIdentityToken,
      ...more,
    }),
  );

const seconds = () => Math.floor(castellan.clock.now() / 1000);
const claims = (more: Readonly<Record<string, unknown>> = {}) => ({
  iss: issuer,
  aud: 'client-1',
  sub: 'user-1',
  iat: seconds(),
  exp: seconds() + 600,
  ...more,
});
const denied = { name: 'AccessDenied', message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity' };
const noKey = {
  name: 'InvalidIdentityTokenException',
  message:
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
};

describe('a token of a certified OpenID provider', () => {
  test('after a sign-in with the authorisation code flow opens the role', async () => {
    await provider(real.issuer, [real.clientId]);
    const arn = await role('real', `arn:aws:iam::${account}:oidc-provider/login.example.com`, {
      StringEquals: { 'login.example.com:sub': 'jane', 'login.example.com:aud': real.clientId },
    });
    const output = await assume(await real.signIn('jane'), { RoleArn: arn });
    expect(output).toMatchObject({
      SubjectFromWebIdentityToken: 'jane',
      Provider: 'https://login.example.com',
      Audience: real.clientId,
      AssumedRoleUser: { Arn: `arn:aws:sts::${account}:assumed-role/real/web-session` },
    });
    const credentials = output.Credentials;
    const session = {
      accessKeyId: credentials?.AccessKeyId ?? '',
      secretAccessKey: credentials?.SecretAccessKey ?? '',
      sessionToken: credentials?.SessionToken ?? '',
    };
    const who = await castellan.sts(session).send(new GetCallerIdentityCommand({}));
    expect(who.Arn).toBe(`arn:aws:sts::${account}:assumed-role/real/web-session`);
    await expect(assume(await real.signIn('joe'), { RoleArn: arn })).rejects.toMatchObject(denied);
  });
});

describe('a token is taken', () => {
  test.each(['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'])('signed with %s', async (algorithm) => {
    const output = await assume(await bent.sign(claims(), { algorithm }));
    expect(output).toMatchObject({ SubjectFromWebIdentityToken: 'user-1', Audience: 'client-1', Provider: issuer });
  });

  test('without a key id when only one key fits', async () => {
    const { privateKey } = await bent.key('ES256');
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    expect((await assume(token)).SubjectFromWebIdentityToken).toBe('user-1');
  });

  test('for the authorised party when it names one, and then the audience is another key', async () => {
    const arn = await role('party', providerArn, { StringEquals: { [`${name}:aud`]: 'client-2', [`${name}:oaud`]: 'somebody' } });
    const output = await assume(await bent.sign(claims({ aud: 'somebody', azp: 'client-2' })), { RoleArn: arn });
    expect(output.Audience).toBe('client-2');
  });

  test('with tags, transitive keys and a source identity, when the trust policy allows them', async () => {
    const given = {
      'https://aws.amazon.com/tags': { principal_tags: { Project: ['Automation'] }, transitive_tag_keys: ['Project'] },
      'https://aws.amazon.com/source_identity': 'jane',
    };
    await expect(assume(await bent.sign(claims(given)))).rejects.toMatchObject({ message: 'Not authorized to perform sts:TagSession' });
    const limit = { StringEquals: { 'aws:RequestTag/Project': 'Automation', 'sts:SourceIdentity': 'jane' } };
    const arn = await role('tagged', providerArn, limit, ['sts:TagSession', 'sts:SetSourceIdentity']);
    const output = await assume(await bent.sign(claims(given)), { RoleArn: arn });
    expect(output.SourceIdentity).toBe('jane');
    expect(output.PackedPolicySize).toBeGreaterThan(0);
  });

  test('and recorded as the act of a web identity, without the token', async () => {
    await assume(await bent.sign(claims({ sub: 'recorded' })));
    const { Events } = await castellan.cloudtrail().send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'AssumeRoleWithWebIdentity' }],
        MaxResults: 1,
      }),
    );
    const record = JSON.parse(Events?.[0]?.CloudTrailEvent ?? '{}');
    expect(record).toMatchObject({
      userIdentity: {
        type: 'WebIdentityUser',
        principalId: `${providerArn}:client-1:recorded`,
        userName: 'recorded',
        identityProvider: providerArn,
      },
      requestParameters: { roleArn: `arn:aws:iam::${account}:role/web`, roleSessionName: 'web-session' },
      responseElements: { subjectFromWebIdentityToken: 'recorded', audience: 'client-1', provider: issuer },
    });
    expect(record.requestParameters.webIdentityToken).toBeUndefined();
  });

  test('with one discovery and one key request for many tokens', async () => {
    const discovery = '/tenant/.well-known/openid-configuration';
    const before = { discovery: bent.asked.get(discovery), keys: bent.asked.get('/tenant/keys') };
    await Promise.all(Array.from({ length: 8 }, async () => assume(await bent.sign(claims()))));
    expect({ discovery: bent.asked.get(discovery), keys: bent.asked.get('/tenant/keys') }).toEqual(before);
  });

  test('with a key that is new, once the kept keys are some seconds old', async () => {
    const fresh = () => bent.sign(claims(), { algorithm: 'RS256', keyId: 'rotated' });
    await expect(assume(await fresh())).rejects.toMatchObject(noKey);
    olderMs += 6_000;
    expect((await assume(await fresh())).SubjectFromWebIdentityToken).toBe('user-1');
  });
});

describe('well-known shapes', () => {
  test('GitHub Actions: the subject says which repository and branch, further claims are keys', async () => {
    const url = 'https://token.actions.githubusercontent.com';
    const host = 'token.actions.githubusercontent.com';
    await provider(url, ['sts.amazonaws.com']);
    const arn = await role('github', `arn:aws:iam::${account}:oidc-provider/${host}`, {
      StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com', [`${host}:repository_id`]: '74' },
      StringLike: { [`${host}:sub`]: 'repo:octo-org/octo-repo:*' },
    });
    const token = (more: object = {}) =>
      others[0]?.sign({
        ...claims(),
        iss: url,
        aud: 'sts.amazonaws.com',
        sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
        repository: 'octo-org/octo-repo',
        repository_id: '74',
        ref: 'refs/heads/main',
        actor: 'octocat',
        ...more,
      }) ?? Promise.resolve('');
    expect((await assume(await token(), { RoleArn: arn })).SubjectFromWebIdentityToken).toBe('repo:octo-org/octo-repo:ref:refs/heads/main');
    await expect(assume(await token({ sub: 'repo:evil/octo-repo:ref:refs/heads/main' }), { RoleArn: arn })).rejects.toMatchObject(denied);
    await expect(assume(await token({ repository_id: '75' }), { RoleArn: arn })).rejects.toMatchObject(denied);
  });

  test('Kubernetes: a service account’s projected token with a list of audiences', async () => {
    const url = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633';
    const host = url.slice('https://'.length);
    await provider(url, ['sts.amazonaws.com']);
    const arn = await role('pod', `arn:aws:iam::${account}:oidc-provider/${host}`, {
      StringEquals: { [`${host}:sub`]: 'system:serviceaccount:default:reader', [`${host}:aud`]: 'sts.amazonaws.com' },
    });
    const token = await others[1]?.sign({
      ...claims(),
      iss: url,
      aud: ['https://kubernetes.default.svc', 'sts.amazonaws.com'],
      sub: 'system:serviceaccount:default:reader',
      nbf: seconds(),
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'reader', uid: 'a2a7' } },
    });
    const output = await assume(token ?? '', { RoleArn: arn });
    expect(output).toMatchObject({ Audience: 'sts.amazonaws.com', SubjectFromWebIdentityToken: 'system:serviceaccount:default:reader' });
  });

  test('Google needs no provider in IAM; its audience is the trust policy’s to check', async () => {
    const arn = await role('google', 'accounts.google.com', {
      StringEquals: { 'accounts.google.com:aud': 'app-1', 'accounts.google.com:sub': '10769150350006150715113082367' },
    });
    const token = (iss: string, aud = 'app-1') =>
      others[2]?.sign({ ...claims(), iss, aud, sub: '10769150350006150715113082367' }) ?? Promise.resolve('');
    for (const iss of ['https://accounts.google.com', 'accounts.google.com']) {
      expect((await assume(await token(iss), { RoleArn: arn })).Provider).toBe(iss);
    }
    await expect(assume(await token('https://accounts.google.com', 'app-2'), { RoleArn: arn })).rejects.toMatchObject(denied);
  });

  test('Facebook and Amazon are asked what an access token is worth', async () => {
    const facebook = await role('facebook', 'graph.facebook.com', {
      StringEquals: { 'graph.facebook.com:app_id': 'app-7', 'graph.facebook.com:id': 'friend-1' },
    });
    others[3]?.answer('/app?access_token=good', JSON.stringify({ id: 'app-7' }));
    others[3]?.answer('/me?fields=id&access_token=good', JSON.stringify({ id: 'friend-1' }));
    others[3]?.answer('/app?access_token=stale', JSON.stringify({ error: {} }), 400);
    const byFacebook = { RoleArn: facebook, ProviderId: 'graph.facebook.com' };
    expect(await assume('good', byFacebook)).toMatchObject({
      Provider: 'graph.facebook.com',
      Audience: 'app-7',
      SubjectFromWebIdentityToken: 'friend-1',
    });
    await expect(assume('stale', byFacebook)).rejects.toMatchObject({ name: 'IDPRejectedClaimException' });
    const amazon = await role('amazon', 'www.amazon.com', {
      StringEquals: { 'www.amazon.com:app_id': 'amzn1.app', 'www.amazon.com:user_id': 'amzn1.user' },
    });
    others[4]?.answer('/auth/o2/tokeninfo?access_token=Atza', JSON.stringify({ app_id: 'amzn1.app', user_id: 'amzn1.user', exp: 3_600 }));
    const byAmazon = { RoleArn: amazon, ProviderId: 'www.amazon.com' };
    expect(await assume('Atza', byAmazon)).toMatchObject({ Provider: 'www.amazon.com', SubjectFromWebIdentityToken: 'amzn1.user' });
    await expect(assume('good', { ...byAmazon, ProviderId: 'other.example.com' })).rejects.toMatchObject({ name: 'ValidationError' });
  });
});

describe('a token is refused', () => {
  const forged = (header: object, body: object, signature = '') =>
    `${[header, body].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.${signature}`;
  const noJwt = {
    name: 'InvalidIdentityTokenException',
    message: 'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  };
  const badSignature = { name: 'InvalidIdentityTokenException', message: 'The ID Token provided has an invalid signature' };

  test('when it is none, or not signed at all', async () => {
    await expect(assume('not a token')).rejects.toMatchObject(noJwt);
    for (const alg of ['none', 'None', 'NONE', '']) await expect(assume(forged({ alg }, claims()))).rejects.toMatchObject(noJwt);
  });

  test('when it is signed with the public key as if that were a shared secret', async () => {
    const { publicKey } = await bent.key('RS256');
    const spki = await exportSPKI(publicKey);
    const { n = '' } = await exportJWK(publicKey);
    for (const secret of [spki, n]) {
      const unsigned = forged({ alg: 'HS256', kid: 'RS256' }, claims()).slice(0, -1);
      const value = createHmac('sha256', secret).update(unsigned).digest('base64url');
      await expect(assume(`${unsigned}.${value}`)).rejects.toMatchObject(noJwt);
    }
  });

  test('when another key than the provider’s signed it, also one that it brings along', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const jwk = await exportJWK(publicKey);
    for (const header of [{ kid: 'RS256' }, { kid: 'RS256', jwk }, { kid: 'RS256', jku: 'https://evil.example.com/keys' }]) {
      const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', ...header }).sign(privateKey);
      await expect(assume(token)).rejects.toMatchObject(badSignature);
    }
  });

  test('when it was changed, or names an algorithm that its key is not for', async () => {
    const token = await bent.sign(claims());
    const [header = '', , signature = ''] = token.split('.');
    const changed = `${header}.${Buffer.from(JSON.stringify(claims({ sub: 'root' }))).toString('base64url')}.${signature}`;
    await expect(assume(changed)).rejects.toMatchObject(badSignature);
    const { privateKey } = await bent.key('PS256');
    const crossed = await new SignJWT(claims()).setProtectedHeader({ alg: 'PS256', kid: 'RS256' }).sign(privateKey);
    await expect(assume(crossed)).rejects.toMatchObject(badSignature);
    const critical = await bent
      .sign(claims(), { header: { crit: ['b64'], b64: true } })
      .catch(() => forged({ alg: 'RS256', crit: ['x'] }, claims()));
    await expect(assume(critical)).rejects.toMatchObject(noJwt);
  });

  test.each<[string, () => Record<string, unknown>, object]>([
    [
      'expired',
      () => ({ iat: seconds() - 700, exp: seconds() - 1 }),
      {
        name: 'ExpiredTokenException',
        message: expect.stringMatching(/^Token expired: current date\/time \d+ must be before the expiration date\/time \d+$/),
      },
    ],
    ['from the future', () => ({ iat: seconds() + 900 }), { message: 'The ID Token is not yet valid' }],
    ['not valid before later', () => ({ nbf: seconds() + 900 }), { message: 'The ID Token is not yet valid' }],
    ['with a fraction for a time', () => ({ exp: seconds() + 600.5 }), { message: 'The claim exp is not an integer' }],
    ['without an end', () => ({ exp: undefined }), { message: 'Missing a required claim: exp' }],
    ['without an audience', () => ({ aud: undefined }), { message: 'Missing a required claim: aud' }],
    ['without a subject', () => ({ sub: undefined }), { message: 'Missing a required claim: sub' }],
    ['without the time of issue', () => ({ iat: undefined }), { message: 'Missing a required claim: iat' }],
    ['for another audience', () => ({ aud: 'client-3' }), { message: 'Incorrect token audience' }],
    ['for another authorised party, though the audience is right', () => ({ azp: 'client-3' }), { message: 'Incorrect token audience' }],
    [
      'of an unknown issuer',
      () => ({ iss: 'https://unknown.example.com' }),
      { message: 'No OpenIDConnect provider found in your account for https://unknown.example.com' },
    ],
    [
      'of the issuer without its path',
      () => ({ iss: 'https://issuer.example.com' }),
      { message: 'No OpenIDConnect provider found in your account for https://issuer.example.com' },
    ],
    [
      'of the issuer over plain HTTP',
      () => ({ iss: 'http://issuer.example.com/tenant' }),
      { message: 'No OpenIDConnect provider found in your account for http://issuer.example.com/tenant' },
    ],
    [
      'with a tag of two values',
      () => ({ 'https://aws.amazon.com/tags': { principal_tags: { A: ['1', '2'] } } }),
      { message: 'The session tag A must have one value' },
    ],
  ])('when it is %s', async (_, more, expected) => {
    await expect(assume(await bent.sign(claims(more())))).rejects.toMatchObject(expected);
  });

  test('when it is larger than AWS reads', async () => {
    await expect(assume(await bent.sign(claims({ filler: 'x'.repeat(20_000) })))).rejects.toMatchObject({ name: 'ValidationError' });
  });

  test('for a session longer than the role allows, and for roles of IAM Identity Center', async () => {
    const message = 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.';
    await expect(assume(await bent.sign(claims()), { DurationSeconds: 3_601 })).rejects.toMatchObject({ name: 'ValidationError', message });
    const managed = `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef`;
    await expect(assume(await bent.sign(claims()), { RoleArn: managed })).rejects.toMatchObject(denied);
  });
});

describe('an issuer is not believed', () => {
  /** A fresh issuer each time, because answers are kept. */
  async function bentIssuer(path: string, change: (server: OpenIdIssuer, url: string) => void): Promise<unknown> {
    const url = `https://issuer.example.com/${path}`;
    await provider(url, ['client-1']);
    const arn = await role(path, `arn:aws:iam::${account}:oidc-provider/issuer.example.com/${path}`);
    change(bent, url);
    return assume(await bent.sign(claims({ iss: url })), { RoleArn: arn });
  }
  const discovery = (path: string) => `/${path}/.well-known/openid-configuration`;

  test.each<[string, string, (server: OpenIdIssuer, url: string) => void, object]>([
    [
      'whose key set is huge',
      'huge',
      (server, url) => {
        server.answer(discovery('huge'), JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
        server.answer('/huge/keys', JSON.stringify({ keys: [], filler: 'x'.repeat(300_000) }));
      },
      noKey,
    ],
    [
      'with more keys than AWS reads',
      'many',
      (server, url) => {
        server.answer(discovery('many'), JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
        server.answer(
          '/many/keys',
          JSON.stringify({ keys: Array.from({ length: 201 }, () => ({ kty: 'RSA', kid: 'RS256', n: 'AQAB', e: 'AQAB' })) }),
        );
      },
      noKey,
    ],
    [
      'that calls itself by another name',
      'alias',
      (server) => {
        server.answer(discovery('alias'), JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
      },
      noKey,
    ],
    [
      'that keeps its keys on a plain connection',
      'plain',
      (server, url) => {
        server.answer(discovery('plain'), JSON.stringify({ issuer: url, jwks_uri: 'http://issuer.example.com/tenant/keys' }));
      },
      noKey,
    ],
    ['that has no discovery document', 'none', (server) => server.answer(discovery('none'), 'not found', 404), noKey],
    ['whose documents are no JSON', 'text', (server) => server.answer(discovery('text'), '<html>'), noKey],
    [
      'that publishes shared secrets as keys',
      'secret',
      (server, url) => {
        server.answer(discovery('secret'), JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
        server.answer('/secret/keys', JSON.stringify({ keys: [{ kty: 'oct', kid: 'RS256', k: 'AQAB' }] }));
      },
      noKey,
    ],
    [
      'that leads to a host that was not allowed',
      'lead',
      (server) => {
        server.answer(discovery('lead'), '', 302, { location: 'https://169.254.169.254/latest/meta-data' });
      },
      noKey,
    ],
    [
      'that leads around in a circle',
      'circle',
      (server) => {
        server.answer(discovery('circle'), '', 302, { location: `https://issuer.example.com${discovery('circle')}` });
      },
      noKey,
    ],
  ])('%s', async (_, path, change, expected) => {
    await expect(bentIssuer(path, change)).rejects.toMatchObject(expected);
  });

  test('that cannot be reached; the client may try again', async () => {
    await provider('https://down.example.com', ['client-1']);
    const arn = await role('down', `arn:aws:iam::${account}:oidc-provider/down.example.com`);
    const token = await bent.sign(claims({ iss: 'https://down.example.com' }));
    await expect(assume(token, { RoleArn: arn })).rejects.toMatchObject({ name: 'IDPCommunicationErrorException' });
  });

  test('whose host is not among the allowed ones', async () => {
    await provider('https://elsewhere.example.com', ['client-1']);
    const arn = await role('elsewhere', `arn:aws:iam::${account}:oidc-provider/elsewhere.example.com`);
    const token = await bent.sign(claims({ iss: 'https://elsewhere.example.com' }));
    await expect(assume(token, { RoleArn: arn })).rejects.toMatchObject(noKey);
  });
});
