// What every driver of hardware security modules must do for KMS, as tests. A driver's own test calls this with a cluster that is there.
import { describe, expect, test } from 'vitest';
import { Secret } from '../src/base/secret.ts';
import type { HardwareAnswer, HardwareModulesPort } from '../src/kit/ports.ts';

export interface ModulesUnderTest {
  readonly modules: HardwareModulesPort;
  /** Active, with at least two modules. */
  readonly clusterId: string;
  readonly password: string;
}

export function hardwareModulesContract(name: string, open: () => Promise<ModulesUnderTest>): void {
  const text = (value: string) => Buffer.from(value, 'utf8');
  const none = text('');
  const ready = async () => {
    const { modules, clusterId, password } = await open();
    return { modules, clusterId, login: { clusterId, password: new Secret(password) } };
  };
  describe(`hardware modules: ${name}`, () => {
    test('tell of their cluster, and know no other', async () => {
      const { modules, clusterId } = await ready();
      expect(await modules.cluster(clusterId)).toMatchObject({ isActive: true, trustAnchor: expect.any(String) });
      expect((await modules.cluster(clusterId))?.activeModules).toBeGreaterThanOrEqual(2);
      expect(await modules.cluster('cluster-unknown2345')).toBeUndefined();
    });

    test('let the crypto user in with the right password only, as often as it comes', async () => {
      const { modules, clusterId, login } = await ready();
      expect(await modules.connect(login)).toEqual({ value: true });
      expect(await modules.connect(login)).toEqual({ value: true });
      expect(await modules.connect({ clusterId, password: new Secret('wrong password') })).toEqual({ problem: 'INVALID_CREDENTIALS' });
      expect(await modules.connect({ ...login, clusterId: 'cluster-unknown2345' })).toEqual({ problem: 'CLUSTER_NOT_FOUND' });
      await modules.disconnect(clusterId);
      await modules.disconnect(clusterId);
    });

    test('open what they sealed, in the same words and under the same label alone', async () => {
      const { modules, login } = await ready();
      for (const label of ['one', 'two']) expect(await modules.generateKey(login, label)).toEqual({ value: true });
      for (const plaintext of [text('x'), text('y'.repeat(4_096)), Buffer.from([0, 255, 0])]) {
        const sealed = opened(await modules.encrypt(login, 'one', plaintext, text('bound')));
        expect(Buffer.from(opened(await modules.decrypt(login, 'one', sealed, text('bound'))))).toEqual(plaintext);
        expect(await modules.decrypt(login, 'one', sealed, text('unbound'))).toEqual({ problem: 'not-authentic' });
        expect(await modules.decrypt(login, 'two', sealed, text('bound'))).toEqual({ problem: 'not-authentic' });
        const changed = { ...sealed, ciphertext: sealed.ciphertext.map((byte) => byte ^ 1) };
        expect(await modules.decrypt(login, 'one', changed, text('bound'))).toEqual({ problem: 'not-authentic' });
      }
    });

    test('never use a vector twice, and give ciphertext of the length of the plaintext', async () => {
      const { modules, login } = await ready();
      await modules.generateKey(login, 'vectors');
      const seen = new Set<string>();
      for (let round = 0; round < 50; round += 1) {
        const sealed = opened(await modules.encrypt(login, 'vectors', text('the same'), none));
        expect(sealed.ciphertext.length).toBe(8);
        expect([12, 16]).toContain(sealed.initializationVector.length);
        expect(sealed.authenticationTag.length).toBe(16);
        seen.add(Buffer.from(sealed.initializationVector).toString('hex'));
      }
      expect(seen.size).toBe(50);
    });

    test('keep a key when it is asked for again, and lose it when it is destroyed, however often', async () => {
      const { modules, login } = await ready();
      await modules.generateKey(login, 'short-lived');
      const sealed = opened(await modules.encrypt(login, 'short-lived', text('x'), none));
      await modules.generateKey(login, 'short-lived');
      expect(await modules.decrypt(login, 'short-lived', sealed, none)).toHaveProperty('value');
      expect(await modules.destroyKey(login, 'short-lived')).toEqual({ value: true });
      expect(await modules.destroyKey(login, 'short-lived')).toEqual({ value: true });
      expect(await modules.decrypt(login, 'short-lived', sealed, none)).toEqual({ problem: 'no-such-key' });
      expect(await modules.encrypt(login, 'short-lived', text('x'), none)).toEqual({ problem: 'no-such-key' });
      await modules.generateKey(login, 'short-lived');
      expect(await modules.decrypt(login, 'short-lived', sealed, none)).toEqual({ problem: 'not-authentic' });
    });

    test('draw random bytes of every length', async () => {
      const { modules, login } = await ready();
      for (const length of [1, 32, 1_024]) {
        const [first, second] = [opened(await modules.random(login, length)), opened(await modules.random(login, length))];
        expect(first.length).toBe(length);
        if (length >= 32) expect(Buffer.from(first).equals(Buffer.from(second))).toBe(false);
      }
    });
  });
}

function opened<Value>(answer: HardwareAnswer<Value>): Value {
  if ('problem' in answer) throw new Error(answer.problem);
  return answer.value;
}
