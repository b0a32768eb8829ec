// Federation as unmodified AWS clients do it: the CLI redeems a SAML response and an OpenID token, and its profiles with a web identity file
// and with a role behind a second factor work as they stand.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenIdProvider, startOpenIdProvider } from '../open-id-provider.ts';
import { awsAttributes, type SamlIdentityProvider, startSamlIdentityProvider } from '../saml-identity-provider.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type Credentials, clientEnvironment, isInstalled, run } from './command.ts';

const directory = temporaryDirectory('federation');
let server: ServerProcess;
let openId: OpenIdProvider;
let saml: SamlIdentityProvider;
let account: string;

beforeAll(async () => {
  openId = await startOpenIdProvider('https://login.example.com');
  saml = await startSamlIdentityProvider('https://idp.example.com');
  server = await startServerProcess({
    dataDir: join(directory.path, 'data'),
    arguments: ['--outbound-route', `login.example.com=${openId.url}`, '--outbound-allow', 'login.example.com'],
  });
});
afterAll(async () => {
  await server?.stop();
  await openId?.stop();
  directory.remove();
});

const noCredentials = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '' };

async function aws(parameters: readonly string[], environment: Readonly<Record<string, string>> = clientEnvironment(server), input = '') {
  const { status, stdout, stderr } = await run('aws', [...parameters, '--output', 'json'], environment, input);
  if (status !== 0) throw new Error(`aws ${parameters.join(' ')}: ${stderr}`);
  return stdout.trim() === '' ? {} : JSON.parse(stdout);
}

/** A file that the CLI reads a parameter from. */
function file(name: string, content: string): string {
  const path = join(directory.path, name);
  writeFileSync(path, content);
  return path;
}

async function role(name: string, principal: object, action: string, condition: object = {}): Promise<string> {
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: principal, Action: action, Condition: condition }] };
  const made = await aws(['iam', 'create-role', '--role-name', name, '--assume-role-policy-document', JSON.stringify(trust)]);
  return made.Role.Arn;
}

const sessionOf = (answer: { Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string } }): Credentials => ({
  accessKeyId: answer.Credentials.AccessKeyId,
  secretAccessKey: answer.Credentials.SecretAccessKey,
  sessionToken: answer.Credentials.SessionToken,
});
const whoIs = async (environment: Readonly<Record<string, string>>, input = '') =>
  (await aws(['sts', 'get-caller-identity'], environment, input)).Arn;

describe.skipIf(!isInstalled('aws'))('the AWS CLI', () => {
  beforeAll(async () => {
    account = (await aws(['sts', 'get-caller-identity'])).Account;
  });

  test('redeems a response of a SAML identity provider without credentials of its own', async () => {
    const metadata = `file://${file('metadata.xml', saml.metadata)}`;
    const { SAMLProviderArn: provider } = await aws([
      'iam',
      'create-saml-provider',
      '--name',
      'Corp',
      '--saml-metadata-document',
      metadata,
    ]);
    const arn = await role('by-saml', { Federated: provider }, 'sts:AssumeRoleWithSAML', {
      StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' },
    });
    const response = `file://${file('response', await saml.respond({ attributes: awsAttributes(arn, provider) }))}`;
    const request = ['sts', 'assume-role-with-saml', '--role-arn', arn, '--principal-arn', provider, '--saml-assertion', response];
    const answer = await aws(request, { ...clientEnvironment(server), ...noCredentials });
    expect(answer).toMatchObject({ Subject: 'jane@example.com', SubjectType: 'persistent', Issuer: 'https://idp.example.com' });
    expect(await whoIs(clientEnvironment(server, sessionOf(answer)))).toBe(`arn:aws:sts::${account}:assumed-role/by-saml/jane`);
    await expect(aws(request, { ...clientEnvironment(server), ...noCredentials })).rejects.toThrow('(InvalidIdentityToken)');
  });

  test('redeems the ID token of an OpenID provider, and uses a profile with a web identity file unchanged', async () => {
    const provider = await aws(['iam', 'create-open-id-connect-provider', '--url', openId.issuer, '--client-id-list', openId.clientId]);
    const arn = await role('by-web', { Federated: provider.OpenIDConnectProviderArn }, 'sts:AssumeRoleWithWebIdentity', {
      StringEquals: { 'login.example.com:aud': openId.clientId, 'login.example.com:sub': 'jane' },
    });
    const token = file('token', await openId.signIn('jane'));
    const request = ['sts', 'assume-role-with-web-identity', '--role-arn', arn, '--role-session-name', 's1'];
    const answer = await aws([...request, '--web-identity-token', `file://${token}`], { ...clientEnvironment(server), ...noCredentials });
    expect(answer).toMatchObject({ SubjectFromWebIdentityToken: 'jane', Audience: openId.clientId });
    const config = file('web-config', `[profile web]\nrole_arn = ${arn}\nweb_identity_token_file = ${token}\nrole_session_name = pod\n`);
    const environment = { ...clientEnvironment(server), ...noCredentials, AWS_CONFIG_FILE: config, AWS_PROFILE: 'web' };
    expect(await whoIs(withoutKeys(environment))).toBe(`arn:aws:sts::${account}:assumed-role/by-web/pod`);
  });

  test('uses a profile with a role, a source profile and a second factor unchanged', async () => {
    await aws(['iam', 'create-user', '--user-name', 'alice']);
    const { AccessKey: key } = await aws(['iam', 'create-access-key', '--user-name', 'alice']);
    const seed = join(directory.path, 'seed');
    const device = ['iam', 'create-virtual-mfa-device', '--virtual-mfa-device-name', 'alice', '--bootstrap-method', 'Base32StringSeed'];
    const made = await aws([...device, '--outfile', seed]);
    const serial: string = made.VirtualMFADevice.SerialNumber;
    const totp = new TOTP({ secret: readFileSync(seed, 'utf8').trim() });
    const code = (later: number) => totp.generate({ timestamp: Date.now() + later });
    const enable = ['iam', 'enable-mfa-device', '--user-name', 'alice', '--serial-number', serial];
    await aws([...enable, '--authentication-code1', code(-30_000), '--authentication-code2', code(0)]);
    const arn = await role('guarded', { AWS: `arn:aws:iam::${account}:user/alice` }, 'sts:AssumeRole', {
      Bool: { 'aws:MultiFactorAuthPresent': 'true' },
    });
    const source = `[profile alice]\naws_access_key_id = ${key.AccessKeyId}\naws_secret_access_key = ${key.SecretAccessKey}\n`;
    const plain = `[profile plain]\nrole_arn = ${arn}\nsource_profile = alice\n`;
    const guarded = `[profile guarded]\nrole_arn = ${arn}\nsource_profile = alice\nmfa_serial = ${serial}\nrole_session_name = admin\n`;
    const config = file('mfa-config', source + plain + guarded);
    const environment = (profile: string) =>
      withoutKeys({ ...clientEnvironment(server), AWS_CONFIG_FILE: config, AWS_PROFILE: profile, HOME: directory.path });
    await expect(whoIs(environment('plain'))).rejects.toThrow('(AccessDenied)');
    expect(await whoIs(environment('guarded'), `${code(30_000)}\n`)).toBe(`arn:aws:sts::${account}:assumed-role/guarded/admin`);
  });
});

/** Keys in the environment would win over the profile. */
function withoutKeys(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, AWS_SESSION_TOKEN: _token, ...rest } = environment;
  return rest;
}
