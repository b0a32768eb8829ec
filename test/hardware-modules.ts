// Hardware security modules in memory, for tests only: keys are non-exportable because nothing exports them. Held to the port by hardware-modules-contract.ts.
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { ClusterLogin, HardwareAnswer, HardwareModulesPort, HardwareProblem } from '../src/kit/ports.ts';

export interface MemoryCluster {
  isActive: boolean;
  activeModules: number;
  readonly trustAnchor: string;
  password: string;
  /** What every login answers while it is set. */
  problem: HardwareProblem | undefined;
  /** By label. */
  readonly keys: Map<string, KeyObject>;
  /** What was asked, in order, with the labels. */
  readonly asked: string[];
}

export interface MemoryModules extends HardwareModulesPort {
  add(clusterId: string, trustAnchor: string, password: string): MemoryCluster;
  remove(clusterId: string): void;
}

export function createMemoryModules(): MemoryModules {
  const clusters = new Map<string, MemoryCluster>();
  /** Every call logs in, as every call to a driver may have to. */
  const within = async <Value>(
    what: string,
    { clusterId, password }: ClusterLogin,
    work: (cluster: MemoryCluster) => HardwareAnswer<Value>,
  ): Promise<HardwareAnswer<Value>> => {
    const cluster = clusters.get(clusterId);
    if (cluster === undefined) return { problem: 'CLUSTER_NOT_FOUND' };
    cluster.asked.push(what);
    if (cluster.activeModules === 0) return { problem: 'INSUFFICIENT_CLOUDHSM_HSMS' };
    if (cluster.problem !== undefined) return { problem: cluster.problem };
    if (password.reveal() !== cluster.password) return { problem: 'INVALID_CREDENTIALS' };
    return work(cluster);
  };
  return {
    add(clusterId, trustAnchor, password) {
      const cluster: MemoryCluster = {
        isActive: true,
        activeModules: 2,
        trustAnchor,
        password,
        problem: undefined,
        keys: [...clusters.values()].find((each) => each.trustAnchor === trustAnchor)?.keys ?? new Map(),
        asked: [],
      };
      clusters.set(clusterId, cluster);
      return cluster;
    },
    remove: (clusterId) => void clusters.delete(clusterId),
    cluster: async (clusterId) => clusters.get(clusterId),
    connect: (login) => within('connect', login, () => ({ value: true })),
    disconnect: async (clusterId) => void clusters.get(clusterId)?.asked.push('disconnect'),
    generateKey: (login, label) =>
      within(`generateKey ${label}`, login, ({ keys }) => {
        if (!keys.has(label)) keys.set(label, createSecretKey(randomBytes(32)));
        return { value: true };
      }),
    encrypt: (login, label, plaintext, authenticated) =>
      within(`encrypt ${label}`, login, ({ keys }) => {
        const key = keys.get(label);
        if (key === undefined) return { problem: 'no-such-key' };
        const initializationVector = randomBytes(12);
        const cipher = createCipheriv('aes-256-gcm', key, initializationVector).setAAD(authenticated);
        const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
        return { value: { initializationVector, ciphertext, authenticationTag: cipher.getAuthTag() } };
      }),
    decrypt: (login, label, { initializationVector, authenticationTag, ciphertext }, authenticated) =>
      within(`decrypt ${label}`, login, ({ keys }) => {
        const key = keys.get(label);
        if (key === undefined) return { problem: 'no-such-key' };
        const decipher = createDecipheriv('aes-256-gcm', key, initializationVector, { authTagLength: 16 }).setAAD(authenticated);
        try {
          decipher.setAuthTag(authenticationTag);
          return { value: Buffer.concat([decipher.update(ciphertext), decipher.final()]) };
        } catch {
          return { problem: 'not-authentic' };
        }
      }),
    destroyKey: (login, label) =>
      within(`destroyKey ${label}`, login, ({ keys }) => {
        keys.delete(label);
        return { value: true };
      }),
    random: (login, length) => within('random', login, () => ({ value: randomBytes(length) })),
  };
}
