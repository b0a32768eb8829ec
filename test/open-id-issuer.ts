// A local OpenID issuer whose documents and keys a test can bend: for tokens that no honest provider would make.
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

type Key = Awaited<ReturnType<typeof generateKeyPair>>;

export interface OpenIdIssuer {
  readonly url: string;
  /** How often each path was asked for. */
  readonly asked: Map<string, number>;
  /** Replaces what a path answers. */
  answer(path: string, body: string | undefined, status?: number, headers?: Readonly<Record<string, string>>): void;
  key(algorithm: string, keyId?: string): Promise<Key>;
  sign(
    claims: Readonly<Record<string, unknown>>,
    options?: { readonly algorithm?: string; readonly keyId?: string; readonly header?: object },
  ): Promise<string>;
  stop(): Promise<void>;
}

/** `issuer`: what the tokens say; the server itself listens on any free port of this machine. */
export async function startOpenIdIssuer(issuer: string): Promise<OpenIdIssuer> {
  const keys = new Map<string, Key>();
  const published: JWK[] = [];
  const replaced = new Map<
    string,
    { readonly body: string; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  >();
  const asked = new Map<string, number>();
  const path = new URL(issuer).pathname.replace(/\/$/, '');
  const documents: Readonly<Record<string, () => object>> = {
    [`${path}/.well-known/openid-configuration`]: () => ({ issuer, jwks_uri: `${issuer.replace(/\/$/, '')}/keys` }),
    [`${path}/keys`]: () => ({ keys: published }),
  };
  const server = createServer((request, response) => {
    const at = request.url ?? '';
    asked.set(at, (asked.get(at) ?? 0) + 1);
    const bent = replaced.get(at);
    if (bent !== undefined) return void response.writeHead(bent.status, bent.headers).end(bent.body);
    const document = documents[at]?.();
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const key = async (algorithm: string, keyId = algorithm): Promise<Key> => {
    const known = keys.get(keyId);
    if (known !== undefined) return known;
    const pair = await generateKeyPair(algorithm, { extractable: true });
    keys.set(keyId, pair);
    published.push({ ...(await exportJWK(pair.publicKey)), kid: keyId, alg: algorithm, use: 'sig' });
    return pair;
  };
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    asked,
    key,
    answer(at, body, status = 200, headers = {}) {
      if (body === undefined) replaced.delete(at);
      else replaced.set(at, { body, status, headers });
    },
    async sign(claims, { algorithm = 'RS256', keyId = algorithm, header = {} } = {}) {
      const { privateKey } = await key(algorithm, keyId);
      return new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid: keyId, ...header }).sign(privateKey);
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
