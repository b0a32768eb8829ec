// The admin API: its token, its switches, and that pages in a browser cannot use it.
import { expect, test } from 'vitest';
import type { Received } from '../pipeline/stages.ts';
import { type AdminBackend, createAdmin } from './admin.ts';

function backend(more: Partial<AdminBackend> = {}): AdminBackend {
  return {
    token: 'token',
    allowReset: false,
    allowTimeTravel: true,
    info: () => ({ address: 'here' }),
    explain: async (id) => (id === 'known' ? { requestId: id } : undefined),
    coverage: async () => ({ services: [] }),
    tvm: async () => ({ isOn: false }),
    setUpTvm: async () => ({ isOn: true }),
    advanceClock: async () => undefined,
    clock: () => ({ now: '2026-11-24T00:00:00Z', offsetMs: 0 }),
    exportState: async () => 'state',
    importState: async () => ({ documents: 1 }),
    importManagedPolicies: async () => ({ policies: 1 }),
    whatIf: async () => lines(),
    mail: async () => ({ mail: [] }),
    rotateRootKey: async () => ({ documents: 0 }),
    reset: async () => undefined,
    ...more,
  };
}

async function* lines(): AsyncGenerator<string> {
  yield '{"kind":"summary"}\n';
}

function received(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = { authorization: 'Bearer token' },
  body = '',
): Received {
  const request = { method, path: `/_castellan/${path}`, query: '', headers, body: Buffer.from(body) };
  return { request, requestId: 'r', receivedAtMs: 0, sourceIp: '127.0.0.1', tls: undefined };
}

const cases: readonly (readonly [string, Partial<AdminBackend>, Received, number])[] = [
  ['answers health without a token', {}, received('GET', 'health', {}), 200],
  ['refuses everything else without it', {}, received('GET', 'info', {}), 401],
  ['refuses a wrong token', {}, received('GET', 'info', { authorization: 'Bearer nope!' }), 401],
  ['answers with the token', {}, received('GET', 'info'), 200],
  ['refuses pages of other origins', {}, received('GET', 'info', { authorization: 'Bearer token', origin: 'http://evil.example' }), 403],
  ['explains what it knows', {}, received('GET', 'explain/known'), 200],
  ['says when nothing is kept', {}, received('GET', 'explain/unknown'), 404],
  ['sets up the token vending machine', {}, received('POST', 'tvm', undefined, '{}'), 200],
  ['does not without the token', {}, received('POST', 'tvm', {}, '{}'), 401],
  ['moves the clock', {}, received('POST', 'time/advance', undefined, '{"ms":1000}'), 200],
  ['moves no clock that may not be moved', { allowTimeTravel: false }, received('POST', 'time/advance', undefined, '{"ms":1000}'), 403],
  ['refuses a duration that is none', {}, received('POST', 'time/advance', undefined, '{"ms":-1}'), 400],
  ['refuses a body that is no JSON', {}, received('POST', 'time/advance', undefined, '{'), 400],
  [
    'exports under a passphrase',
    {},
    received('GET', 'export', { authorization: 'Bearer token', 'x-castellan-passphrase': 'correct horse' }),
    200,
  ],
  ['refuses to export without one', {}, received('GET', 'export'), 400],
  ['takes in managed policies', {}, received('POST', 'managed-policies', undefined, '{}'), 200],
  ['takes in none without the token', {}, received('POST', 'managed-policies', {}, '{}'), 401],
  ['shows mail', {}, received('GET', 'mail'), 200],
  ['shows none without the token', {}, received('GET', 'mail', {}), 401],
  ['asks what if', {}, received('POST', 'what-if', undefined, '{}'), 200],
  ['does not without the token', {}, received('POST', 'what-if', {}, '{}'), 401],
  ['resets with the token', {}, received('POST', 'reset'), 200],
  ['does not reset without the token', {}, received('POST', 'reset', {}), 401],
  ['resets without the token when that was allowed', { allowReset: true }, received('POST', 'reset', {}), 200],
  ['knows no other operation', {}, received('POST', 'nonsense'), 404],
];

test.each(cases)('%s', async (_name, more, request, status) => {
  const answer = await createAdmin(backend(more))(request);
  expect(answer?.status).toBe(status);
  expect(JSON.stringify(answer)).not.toContain('Bearer');
});

test('leaves other paths to the pipeline', () => {
  const { request, ...rest } = received('GET', 'x');
  expect(createAdmin(backend())({ ...rest, request: { ...request, path: '/' } })).toBeUndefined();
});
