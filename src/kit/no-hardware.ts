// An installation without hardware security modules: no cluster is known, and whatever is asked of one says so.
import type { HardwareModulesPort } from './ports.ts';

const unknown = async () => ({ problem: 'CLUSTER_NOT_FOUND' }) as const;

export const noHardware: HardwareModulesPort = {
  cluster: async () => undefined,
  connect: unknown,
  disconnect: async () => undefined,
  generateKey: unknown,
  encrypt: unknown,
  decrypt: unknown,
  destroyKey: unknown,
  random: unknown,
};
