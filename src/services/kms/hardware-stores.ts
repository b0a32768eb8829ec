// Custom key stores of type AWS_CLOUDHSM: which cluster of hardware modules one stands for, and how it is connected, by a job, since that takes time.
// https://docs.aws.amazon.com/kms/latest/developerguide/keystore-cloudhsm.html
import type { Fault } from '../../base/fault.ts';
import { Secret } from '../../base/secret.ts';
import type { Context } from '../../kit/context.ts';
import type { Job } from '../../kit/jobs.ts';
import { commonFault } from '../../kit/operation.ts';
import type { HardwareCluster, HardwareProblem } from '../../kit/ports.ts';
import type { CreateCustomKeyStoreRequest, CustomKeyStoresListEntry, UpdateCustomKeyStoreRequest } from './api.gen.ts';
import { loginOf, tooFewModules } from './hardware-keys.ts';
import { connectingStores, type HardwareStoreRecord, keyStores } from './records.ts';
import { fault } from './service.ts';
import { setConnection } from './store-connections.ts';

type Settings = Pick<HardwareStoreRecord, 'type' | 'clusterId' | 'trustAnchor' | 'password'>;

/** @throws Fault, Awaited */
export async function hardwareSettings(context: Context, input: CreateCustomKeyStoreRequest): Promise<Settings> {
  const { CloudHsmClusterId: clusterId, KeyStorePassword: password, TrustAnchorCertificate: trustAnchor } = input;
  if (clusterId === undefined || password === undefined || trustAnchor === undefined) {
    throw commonFault(
      'ValidationException',
      'CloudHsmClusterId, KeyStorePassword and TrustAnchorCertificate are required for a custom key store of type AWS_CLOUDHSM.',
    );
  }
  requireNoProxyMembers(input);
  const cluster = requireCluster(context, clusterId);
  await requireUnused(context, clusterId, cluster);
  if (!isSameCertificate(cluster.trustAnchor, trustAnchor)) {
    throw fault(
      'IncorrectTrustAnchorException',
      `The trust anchor certificate is not the trust anchor certificate of AWS CloudHSM cluster ${clusterId}.`,
    );
  }
  return { type: 'AWS_CLOUDHSM', clusterId, trustAnchor, password: new Secret(password) };
}

function requireNoProxyMembers(input: CreateCustomKeyStoreRequest | UpdateCustomKeyStoreRequest): void {
  const isExternal = Object.entries(input).some(([name, value]) => name.startsWith('XksProxy') && value !== undefined);
  if (!isExternal) return;
  throw commonFault('ValidationException', 'XksProxy parameters are valid only for custom key stores of type EXTERNAL_KEY_STORE.');
}

/** An active cluster in which keys can be made. @throws Fault, Awaited */
function requireCluster(context: Context, clusterId: string): HardwareCluster {
  const cluster = askCluster(context, clusterId);
  if (cluster === undefined) throw fault('CloudHsmClusterNotFoundException', `AWS CloudHSM cluster ${clusterId} was not found.`);
  if (!cluster.isActive) throw notActive(clusterId);
  if (cluster.activeModules < 2) throw tooFewModules(clusterId, 2);
  return cluster;
}

function askCluster(context: Context, clusterId: string): HardwareCluster | undefined {
  return context.answers.ask(`hardware cluster ${clusterId}`, () => context.hardware.cluster(clusterId));
}

function notActive(clusterId: string): Fault {
  return fault('CloudHsmClusterNotActiveException', `AWS CloudHSM cluster ${clusterId} is not active.`);
}

/** AWS: each store of an account stands for a cluster of its own, copies from backups included. */
async function requireUnused({ transaction, account }: Context, clusterId: string, cluster: HardwareCluster): Promise<void> {
  const known = await keyStores.all(transaction, account);
  const isUsed = known.some(
    (store) =>
      store.type === 'AWS_CLOUDHSM' && (store.clusterId === clusterId || isSameCertificate(store.trustAnchor, cluster.trustAnchor)),
  );
  if (isUsed) {
    throw fault(
      'CloudHsmClusterInUseException',
      `AWS CloudHSM cluster ${clusterId}, or one that shares a backup history with it, is already associated with a custom key store.`,
    );
  }
}

/** Line ends and space around the text say nothing. */
function isSameCertificate(left: string, right: string): boolean {
  return left.replaceAll(/\s/g, '') === right.replaceAll(/\s/g, '');
}

/** @throws Fault, Awaited */
export function updatedHardwareStore(
  context: Context,
  store: HardwareStoreRecord,
  input: UpdateCustomKeyStoreRequest,
): HardwareStoreRecord {
  requireNoProxyMembers(input);
  const { CloudHsmClusterId: clusterId, KeyStorePassword: password, NewCustomKeyStoreName: name } = input;
  const needsDisconnection = clusterId !== undefined || password !== undefined;
  if (store.connection !== 'DISCONNECTED' && (needsDisconnection || store.connection !== 'CONNECTED')) {
    throw fault('CustomKeyStoreInvalidStateException', 'The custom key store must be disconnected before you update it.');
  }
  if (clusterId !== undefined && !isSameCertificate(requireCluster(context, clusterId).trustAnchor, store.trustAnchor)) {
    throw fault(
      'CloudHsmClusterNotRelatedException',
      `AWS CloudHSM cluster ${clusterId} does not have the cluster certificate of the original cluster.`,
    );
  }
  return {
    ...store,
    name: name ?? store.name,
    clusterId: clusterId ?? store.clusterId,
    password: password === undefined ? store.password : new Secret(password),
  };
}

/** AWS: says what is wrong at once where it can be seen at once; the rest shows in the store's state. @throws Fault, Awaited */
export async function beginToConnect(context: Context, store: HardwareStoreRecord): Promise<void> {
  if (store.connection === 'CONNECTED' || store.connection === 'CONNECTING') return;
  const cluster = askCluster(context, store.clusterId);
  if (cluster !== undefined && !cluster.isActive) throw notActive(store.clusterId);
  if (cluster !== undefined && cluster.activeModules < 1) throw tooFewModules(store.clusterId, 1);
  const { account, region, keyStoreId } = store;
  connectingStores.put(context.transaction, { account, region, keyStoreId });
  await setConnection(context, { ...store, connection: 'CONNECTING' });
}

/** @throws Awaited */
export function endSessions(context: Context, { clusterId }: HardwareStoreRecord): void {
  context.answers.ask(`hardware end of sessions ${clusterId}`, () => context.hardware.disconnect(clusterId));
}

export const connectionsToModules: Job = {
  name: 'connections-to-modules',
  everyMs: 1_000,
  async run(job) {
    const [entry] = await connectingStores.list(job.transaction, [], { limit: 1 });
    if (entry === undefined) return undefined;
    const { account, region, keyStoreId } = entry.value;
    const context = job.contextFor({ account, region });
    const store = await keyStores.get(job.transaction, account, region, keyStoreId);
    connectingStores.remove(job.transaction, entry.value);
    if (store?.type !== 'AWS_CLOUDHSM' || store.connection !== 'CONNECTING') return 'more';
    const answer = context.answers.ask(`hardware connection ${keyStoreId}`, () => context.hardware.connect(loginOf(store)));
    if (!('problem' in answer)) await setConnection(context, { ...store, connection: 'CONNECTED' });
    else await setConnection(context, { ...store, connection: 'FAILED', connectionError: connectionError(answer.problem) });
    return 'more';
  },
};

function connectionError(problem: HardwareProblem): NonNullable<HardwareStoreRecord['connectionError']> {
  return problem === 'no-such-key' || problem === 'not-authentic' ? 'INTERNAL_ERROR' : problem;
}

export function hardwareEntry({ clusterId, trustAnchor }: HardwareStoreRecord): Partial<CustomKeyStoresListEntry> {
  return { CustomKeyStoreType: 'AWS_CLOUDHSM', CloudHsmClusterId: clusterId, TrustAnchorCertificate: trustAnchor };
}
