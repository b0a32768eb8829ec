// A certified OpenID provider (oidc-provider) on this machine, and a user agent that signs in to it with the authorisation code flow.
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';

export interface OpenIdProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** Where it listens. */
  readonly url: string;
  /** Signs in as the user and returns the ID token. */
  signIn(login: string): Promise<string>;
  stop(): Promise<void>;
}

const redirectUri = 'https://app.example.com/callback';

export async function startOpenIdProvider(issuer: string, clientId = 'castellan-test'): Promise<OpenIdProvider> {
  const { Provider } = await import('oidc-provider');
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: 'test-secret', redirect_uris: [redirectUri], grant_types: ['authorization_code'] }],
    cookies: { keys: ['test'] },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'first', use: 'sig', alg: 'RS256' }] },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
  });
  provider.proxy = true;
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    issuer,
    clientId,
    url: `http://127.0.0.1:${port}`,
    signIn: (login) => signIn({ host: new URL(issuer).host, port }, clientId, login),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface Place {
  readonly host: string;
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function send({ host, port }: Place, method: string, path: string, headers: Readonly<Record<string, string>>, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, method, path, headers: { host, 'x-forwarded-proto': 'https', ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function signIn(place: Place, clientId: string, login: string): Promise<string> {
  const cookies = new Map<string, string>();
  const verifier = randomBytes(32).toString('base64url');
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const visit = async (method: string, path: string, body = ''): Promise<Answer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await send(place, method, path, { cookie, ...(body === '' ? {} : form) }, body);
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return answer;
  };
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: redirectUri,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  let answer = await visit('GET', `/auth?${query}`);
  for (let steps = 0; steps < 10; steps += 1) {
    const location = answer.headers.location;
    if (location?.startsWith(redirectUri)) return redeem(place, clientId, new URL(location).searchParams.get('code') ?? '', verifier);
    if (location !== undefined) {
      const { pathname, search } = new URL(location, `https://${place.host}`);
      answer = await visit('GET', pathname + search);
      continue;
    }
    const action = /<form[^>]* action="([^"]+)"/.exec(answer.body)?.[1] ?? '';
    const prompt = /name="prompt" value="([^"]+)"/.exec(answer.body)?.[1] ?? '';
    answer = await visit('POST', new URL(action).pathname, new URLSearchParams({ prompt, login, password: 'any' }).toString());
  }
  throw new Error(`the sign-in did not end: ${answer.status} ${answer.body.slice(0, 300)}`);
}

async function redeem(place: Place, clientId: string, code: string, verifier: string): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  }).toString();
  const authorization = `Basic ${Buffer.from(`${clientId}:test-secret`).toString('base64')}`;
  const answer = await send(place, 'POST', '/token', { authorization, 'content-type': 'application/x-www-form-urlencoded' }, body);
  const token: unknown = JSON.parse(answer.body);
  if (token === null || typeof token !== 'object' || !('id_token' in token)) throw new Error(`no ID token: ${answer.body}`);
  return String(token.id_token);
}
