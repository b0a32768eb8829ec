// The way out: what may be reached, what is taken for an answer, and how long it is kept. Against real servers on this machine.

import { X509Certificate } from 'node:crypto';
import { createServer as createPlain, type RequestListener } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selfSigned, type TestCertificate } from '../../test/certificates.ts';
import { Secret } from '../base/secret.ts';
import { Awaited } from '../kit/awaited.ts';
import type { OutboundPort, OutboundRequest } from '../kit/ports.ts';
import { isPublicAddress } from './addresses.ts';
import { createOutbound } from './outbound.ts';

const answers: RequestListener = (request, response) => {
  if (request.url === '/large') return void response.end('x'.repeat(300_000));
  if (request.url === '/inside') return void response.writeHead(302, { location: 'https://127.0.0.1/' }).end();
  count += 1;
  return void response.end(JSON.stringify({ host: request.headers.host, count }));
};
let count = 0;
let certificate: TestCertificate;
const plain = createPlain(answers);
let secure: ReturnType<typeof createSecure>;
beforeAll(async () => {
  certificate = await selfSigned('localhost');
  secure = createSecure({ key: certificate.privatePem, cert: certificate.certificatePem }, answers);
  for (const server of [plain, secure]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  plain.close();
  secure.close();
});
// Decoding boundary: servers that listen on a port have an address of this kind.
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

/** Asks until there is an answer, as the pipeline does. */
async function ask(outbound: OutboundPort, request: OutboundRequest) {
  for (;;) {
    try {
      return outbound.document(request);
    } catch (error) {
      if (!(error instanceof Awaited)) throw error;
      await error.bring();
    }
  }
}

test.each([
  ['8.8.8.8', true],
  ['2606:4700::1111', true],
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.31.255.255', false],
  ['192.168.0.1', false],
  ['100.64.0.1', false],
  ['169.254.169.254', false],
  ['0.0.0.0', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::1', false],
  ['::', false],
  ['::ffff:10.0.0.1', false],
  ['::ffff:8.8.8.8', false],
  ['64:ff9b::a00:1', false],
  ['2002:a00:1::', false],
  ['fd00::1', false],
  ['fe80::1', false],
  ['ff02::1', false],
  ['not an address', false],
])('the address %s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});

describe('what may be reached', () => {
  const anything = () => createOutbound({ allowedHosts: undefined, routes: {} });
  test.each([
    ['an address of this machine', 'https://127.0.0.1/'],
    ['a name of this machine', 'https://localhost/'],
    ['an address in another form', 'https://0x7f000001/'],
    ['an IPv6 address of this machine', 'https://[::1]/'],
    ['one in IPv4 clothing', 'https://[::ffff:169.254.169.254]/'],
    ['the address of cloud metadata', 'https://169.254.169.254/latest'],
    ['a plain connection', 'http://example.com/'],
    ['a file', 'file:///etc/passwd'],
  ])('not %s, when hosts are not named', async (_, url) => {
    expect(await ask(anything(), { url, ageMsMax: 1_000 })).toMatchObject({ kind: 'refused' });
  });

  test('only the named hosts, when some are named', async () => {
    const outbound = createOutbound({ allowedHosts: ['idp.example.com'], routes: {} });
    expect(await ask(outbound, { url: 'https://example.com/', ageMsMax: 1_000 })).toMatchObject({ kind: 'refused' });
  });

  test('what a host is routed to, which is told for whom it answers', async () => {
    const outbound = createOutbound({ allowedHosts: [], routes: { 'idp.example.com': `http://127.0.0.1:${portOf(plain)}` } });
    const answer = await ask(outbound, { url: 'https://idp.example.com/x', ageMsMax: 1_000 });
    expect(answer).toMatchObject({ kind: 'found', status: 200, body: expect.stringContaining('"host":"idp.example.com"') });
  });

  test('not where a routed host redirects to, unless that may be reached itself', async () => {
    const outbound = createOutbound({ allowedHosts: undefined, routes: { 'idp.example.com': `http://127.0.0.1:${portOf(plain)}` } });
    expect(await ask(outbound, { url: 'https://idp.example.com/inside', ageMsMax: 1_000 })).toMatchObject({ kind: 'refused' });
  });

  test('a server that nobody vouches for, only by the thumbprint of its certificate', async () => {
    const host = `localhost:${portOf(secure)}`;
    const thumbprint = new X509Certificate(certificate.certificatePem).fingerprint.replaceAll(':', '').toLowerCase();
    const outbound = createOutbound({ allowedHosts: [host], routes: {} });
    const of = (thumbprints?: string[]) => ask(outbound, { url: `https://${host}/`, ageMsMax: 1_000, ...(thumbprints && { thumbprints }) });
    expect(await of()).toMatchObject({ kind: 'unreachable' });
    expect(await of(['0'.repeat(40)])).toMatchObject({ kind: 'refused' });
    expect(await of(['0'.repeat(40), thumbprint])).toMatchObject({ kind: 'found' });
  });

  test('not under another name than the certificate’s, whatever its thumbprint', async () => {
    const host = `127.0.0.1:${portOf(secure)}`;
    const thumbprint = new X509Certificate(certificate.certificatePem).fingerprint.replaceAll(':', '').toLowerCase();
    const outbound = createOutbound({ allowedHosts: [host], routes: {} });
    const answer = await ask(outbound, { url: `https://${host}/`, ageMsMax: 1_000, thumbprints: [thumbprint] });
    expect(answer).toMatchObject({ kind: 'refused' });
  });
});

describe('a signed post', () => {
  const signing = {
    accessKeyId: 'A'.repeat(20),
    secretAccessKey: new Secret('s'.repeat(43)),
    region: 'us-east-1',
    service: 'kms-xks-proxy',
  };
  const post = (outbound: OutboundPort, url: string) => outbound.post({ url, body: '{}', signing });
  test('goes to the host that was meant, over the route that the operator gave', async () => {
    const outbound = createOutbound({ allowedHosts: [], routes: { 'xks.example.com': `http://127.0.0.1:${portOf(plain)}` } });
    const answer = await post(outbound, 'https://xks.example.com/kms/xks/v1/health');
    expect(answer).toMatchObject({ kind: 'answered', status: 200, body: expect.stringContaining('"host":"xks.example.com"') });
  });
  test('goes nowhere without TLS that can be trusted, nor to a private address that nobody named', async () => {
    const host = `localhost:${portOf(secure)}`;
    expect(await post(createOutbound({ allowedHosts: [host], routes: {} }), `https://${host}/`)).toEqual({ kind: 'insecure' });
    expect(
      await post(createOutbound({ allowedHosts: [`127.0.0.1:${portOf(plain)}`], routes: {} }), `https://127.0.0.1:${portOf(plain)}/`),
    ).toEqual({
      kind: 'insecure',
    });
    const anything = createOutbound({ allowedHosts: undefined, routes: {} });
    expect(await post(anything, 'https://127.0.0.1/')).toEqual({ kind: 'refused' });
    expect(await post(anything, 'https://localhost/')).toEqual({ kind: 'refused' });
    expect(await post(createOutbound({ allowedHosts: [], routes: {} }), 'https://xks.example.com/')).toEqual({ kind: 'refused' });
  });
  test('takes no answer that is too large, and knows when nobody is there', async () => {
    const routes = { 'large.example.com': `http://127.0.0.1:${portOf(plain)}`, 'gone.example.com': 'http://127.0.0.1:1' };
    const outbound = createOutbound({ allowedHosts: [], routes });
    expect(await post(outbound, 'https://large.example.com/large')).toEqual({ kind: 'refused' });
    expect(await post(outbound, 'https://gone.example.com/')).toEqual({ kind: 'unreachable' });
  });
});

describe('an answer', () => {
  const routed = (elapsed: () => number) =>
    createOutbound({ allowedHosts: [], routes: { 'idp.example.com': `http://127.0.0.1:${portOf(plain)}` } }, elapsed);

  test('is kept as long as the one who asks allows', async () => {
    let now = 0;
    const outbound = routed(() => now);
    const first = await ask(outbound, { url: 'https://idp.example.com/a', ageMsMax: 1_000 });
    now = 900;
    expect(outbound.document({ url: 'https://idp.example.com/a', ageMsMax: 1_000 })).toBe(first);
    expect(() => outbound.document({ url: 'https://idp.example.com/a', ageMsMax: 500 })).toThrow(Awaited);
  });

  test('is fetched once when many wait for it', async () => {
    const outbound = routed(() => 0);
    const before = count;
    await Promise.all(Array.from({ length: 20 }, () => ask(outbound, { url: 'https://idp.example.com/many', ageMsMax: 1_000 })));
    expect(count).toBe(before + 1);
  });

  test('that is too large is none', async () => {
    expect(
      await ask(
        routed(() => 0),
        { url: 'https://idp.example.com/large', ageMsMax: 1_000 },
      ),
    ).toMatchObject({ kind: 'refused' });
  });

  test('that does not come is remembered for a short while', async () => {
    let now = 0;
    const outbound = createOutbound({ allowedHosts: [], routes: { 'idp.example.com': 'http://127.0.0.1:1' } }, () => now);
    const request = { url: 'https://idp.example.com/', ageMsMax: 3_600_000 };
    expect(await ask(outbound, request)).toMatchObject({ kind: 'unreachable' });
    now = 4_000;
    expect(outbound.document(request)).toMatchObject({ kind: 'unreachable' });
    now = 6_000;
    expect(() => outbound.document(request)).toThrow(Awaited);
  });
});
