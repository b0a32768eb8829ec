// The composition root: the only file that knows every part. It reads like a bill of materials.
import type { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { createAttempts } from './base/attempts.ts';
import { isoSeconds, type MovableClock, systemClock } from './base/clock.ts';
import { type Ids, randomIds } from './base/ids.ts';
import { limits } from './base/limits.ts';
import { type AdminBackend, createAdmin } from './http/admin.ts';
import { adminToken, prepareDataDirectory, readText, writeServerFiles } from './http/data-directory.ts';
import { listen } from './http/server.ts';
import { openVpcDoors, type VpcDoor } from './http/vpc-doors.ts';
import { createCompiler } from './kit/compiler.ts';
import type { Sealer } from './kit/context.ts';
import { coverageOf } from './kit/coverage.ts';
import { storedExplanation } from './kit/decision-records.ts';
import { advanceClock, openInstallation, resumeClock } from './kit/installation.ts';
import { mailToPassOn } from './kit/mail.ts';
import { meteredServices } from './kit/metered-services.ts';
import { noHardware } from './kit/no-hardware.ts';
import { createOutside, type OutsideParts } from './kit/outside.ts';
import type { FunctionRuntime, HardwareModulesPort, OutboundPort, VpcEndpointsPort } from './kit/ports.ts';
import type { ServiceDefinition } from './kit/service.ts';
import { createTaggableDirectory } from './kit/taggables.ts';
import { createWork, type Work } from './kit/work.ts';
import { createOutbound } from './outbound/outbound.ts';
import { createAskedRecorder } from './pipeline/asked-record.ts';
import { createDecisionLog, type DecisionLog } from './pipeline/decision-log.ts';
import { cachedIdentities } from './pipeline/identity-cache.ts';
import { createRegistry, type RegistrySource } from './pipeline/registry.ts';
import { createPipeline, type Pipeline, type PipelineParts } from './pipeline/serve.ts';
import type { Received } from './pipeline/stages.ts';
import { type ConfiguredEndpoint, noVpcEndpoints, readVpcEndpoints, vpcEndpointsOf } from './pipeline/vpc-endpoints.ts';
import type { WireResponse } from './protocol/protocol.ts';
import { createProtocols } from './protocol/protocols.ts';
import { isLoopback, type RunningServer, type ServerInfo, type ServerOptions } from './server-options.ts';
import { createBilling } from './services/ce/billing.ts';
import { readPriceList } from './services/ce/example.ts';
import { importAwsManaged } from './services/iam/aws-managed-import.ts';
import { ensureAccount, type RootKey } from './services/iam/bootstrap.ts';
import { createIdentityPort } from './services/iam/identity.ts';
import { createProviderDirectory } from './services/iam/identity-providers.ts';
import { isOutboundIssuer } from './services/iam/outbound-federation.ts';
import { accounts } from './services/iam/records.ts';
import { services } from './services/index.ts';
import { catalog, loadServiceModel } from './services/models.ts';
import { createOrganizationDirectory } from './services/organizations/directory.ts';
import { createGuardrails } from './services/organizations/guardrails.ts';
import { createShares } from './services/ram/shared-policies.ts';
import { issuerKeySet } from './services/sts/web-identity-keys.ts';
import { createIssuerDocuments } from './signin/issuer-documents.ts';
import { createSignIn } from './signin/signin.ts';
import { createSigningKeyCache } from './sigv4/signing-keys.ts';
import { exportState, importState } from './store/export.ts';
import { openRootKeys, type RootKeys, requireRootKey } from './store/root-key.ts';
import { rotateRootKey } from './store/root-key-rotation.ts';
import { createSealer } from './store/seal.ts';
import type { Store } from './store/store.ts';
import { setUpTvm, showTvm } from './tvm/configuration.ts';
import { createTvm } from './tvm/tvm.ts';
import { createWhatIf, type WhatIf } from './what-if/what-if.ts';

const partition = 'aws';

type Services = Readonly<Record<string, () => Promise<ServiceDefinition>>>;

function registrySourceOf(implemented: Services): RegistrySource {
  return {
    catalog,
    loadModel: loadServiceModel,
    loadDefinition: async (name) => implemented[name]?.(),
    loadDefinitions: () => Promise.all(Object.values(implemented).map((load) => load())),
  };
}

const noFunctions: FunctionRuntime = {
  run: () => Promise.reject(new Error('this process runs no functions')),
};

export interface Parts {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly ids: Ids;
  readonly sealer: Sealer;
  readonly account: string;
  readonly region: string;
  /** Undefined: this process runs no functions. */
  readonly functions?: FunctionRuntime;
  readonly onInternalError: (error: unknown, requestId: string) => void;
  /** A price list as data; without one the example. */
  readonly priceList?: unknown;
  /** Without one no other server is reached. */
  readonly outbound?: OutboundPort;
  /** Private doors; without it every request comes by the public address. */
  readonly vpcEndpoints?: VpcEndpointsPort;
  /** Further services, or others in the place of these: for tests. */
  readonly services?: Services;
  /** Without one there are no clusters of hardware modules. */
  readonly hardware?: HardwareModulesPort;
  /** Without one no attestation document is believed. */
  readonly attestationRoots?: readonly X509Certificate[];
  /** Where clients reach the installation, once that is known. */
  readonly publicUrl?: () => string;
}

/** The pipeline over a store, without a network: what the server serves and what tests call. */
export interface Castellan {
  readonly pipeline: Pipeline;
  readonly decisions: DecisionLog;
  /** What services do by themselves. */
  readonly work: Work;
  /** What people's browsers ask for; undefined for every other request. */
  readonly site: (received: Received) => Promise<WireResponse> | undefined;
  /** Which calls of the past other policies would decide otherwise, as lines of JSON. */
  readonly whatIf: WhatIf;
}

export function compose(parts: Parts): Castellan {
  const { store, clock, ids, sealer } = parts;
  const compile = createCompiler();
  const identities = createIdentityPort(compile);
  const decisions = createDecisionLog();
  const source = registrySourceOf({ ...services, ...parts.services });
  const registry = createRegistry(source);
  const protocols = createProtocols();
  const outsideParts: OutsideParts = {
    store,
    clock,
    ids,
    sealer,
    partition,
    functions: parts.functions ?? noFunctions,
    runService: (service, transaction, when, run) => pipeline.runService(service, transaction, when, run),
  };
  const knownIdentities = cachedIdentities(identities, parts.account);
  const organizations = createOrganizationDirectory();
  const billing = createBilling({
    priceList: readPriceList(parts.priceList),
    meteredServices: meteredServices(catalog, source.loadDefinitions),
    organizations,
  });
  const publicUrl = parts.publicUrl ?? (() => 'http://localhost');
  const pipelineParts: PipelineParts = {
    store,
    ids,
    partition,
    homeAccount: parts.account,
    identities: knownIdentities,
    principals: identities,
    providers: createProviderDirectory(),
    organizations,
    billing,
    outbound: parts.outbound ?? createOutbound({ allowedHosts: [], routes: {} }),
    hardware: parts.hardware ?? noHardware,
    attestationRoots: parts.attestationRoots ?? [],
    taggables: createTaggableDirectory(source.loadDefinitions),
    publicUrl,
    registry,
    protocols,
    compile,
    router: { ids, registry, protocols, defaultRegion: parts.region },
    authenticator: {
      clock,
      sealer,
      partition,
      identities: knownIdentities,
      signingKeys: createSigningKeyCache(),
      homeAccount: parts.account,
    },
    vpcEndpoints: parts.vpcEndpoints ?? noVpcEndpoints,
    outside: (service) => createOutside(outsideParts, service),
    authorizer: {
      clock,
      sealer,
      decisions,
      recordAsked: createAskedRecorder(),
      guardrails: createGuardrails(partition),
      shares: createShares({ partition, compile, organizations, principals: identities, shareables: registry.shareables }),
    },
    onInternalError: parts.onInternalError,
  };
  const pipeline: Pipeline = createPipeline(pipelineParts);
  const whatIf = createWhatIf({ store, perform: pipelineParts, newGuardrails: () => createGuardrails(partition), now: clock.now });
  const work = createWork({
    ...outsideParts,
    services: source.loadDefinitions,
    onError: parts.onInternalError,
  });
  const signIn = createSignIn({
    store,
    ids,
    sealer,
    partition,
    publicUrl,
    region: parts.region,
    homeAccount: parts.account,
    identities: knownIdentities,
    principals: identities,
    isKnownAccount: async (transaction, account) => (await accounts.get(transaction, account)) !== undefined,
    attempts: createAttempts(),
    act: pipeline.act,
    onInternalError: parts.onInternalError,
  });
  const tvm = createTvm({
    store,
    ids,
    sealer,
    partition,
    region: parts.region,
    identities: knownIdentities,
    attempts: createAttempts(),
    act: pipeline.act,
    onInternalError: parts.onInternalError,
  });
  const issuerDocuments = createIssuerDocuments({
    store,
    publicUrl,
    isIssuer: isOutboundIssuer,
    keySet: (transaction, issuerId) => issuerKeySet(transaction, ids, issuerId),
    onInternalError: parts.onInternalError,
  });
  // A presigned URL is for a service too, whatever its path: a bucket may be called `console`.
  const isPresigned = ({ request }: Received) => /(?:^|&)X-Amz-Algorithm=/i.test(request.query);
  const site = (received: Received) =>
    isPresigned(received) ? undefined : (signIn(received) ?? tvm(received) ?? issuerDocuments(received));
  return { pipeline, decisions, work, site, whatIf };
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const endpoints = configuredEndpoints(options);
  // A list that cannot be used stops the start before anything is opened.
  readPriceList(options.priceList);
  prepareDataDirectory(options.dataDir);
  const ids = randomIds();
  const rootKeyPath = join(options.dataDir, 'root.key');
  const rootKeys = openRootKeys(rootKeyPath, ids);
  const sealer = createSealer(rootKeys, ids);
  const store = await openStore(options, rootKeys, ids);
  await requireRootKey(store, rootKeyPath);
  // A rotation that was interrupted is finished before anything is served.
  if (rootKeys.isRotating) await rotateRootKey(store, rootKeys, async () => undefined);
  const stopFollowingKeys = rootKeys.follow();
  const clock = systemClock();
  const stopFollowing = await resumeClock(store, clock, options.postgres !== undefined);
  const { account, created } = await openInstallation(store, options.rootAccount, ids);
  const ensureRoot = (): Promise<RootKey> =>
    store.transact((transaction) => ensureAccount({ transaction, account, ids, now: clock.now(), givenRootKey: givenRootKey(options) }));
  const root = await ensureRoot();
  let info: ServerInfo | undefined;
  const doors: VpcDoor[] = [];
  const functions = lazyFunctions(options, clock, () => reachable(info?.address ?? ''));
  const castellan = compose({
    store,
    clock,
    ids,
    sealer,
    account,
    region: options.region,
    functions,
    onInternalError: options.onInternalError,
    outbound: createOutbound({ allowedHosts: options.outboundAllow, routes: options.outboundRoutes }),
    publicUrl: () => options.publicUrl ?? info?.address ?? '',
    vpcEndpoints: vpcEndpointsOf(endpoints),
    priceList: options.priceList,
    attestationRoots: options.attestationRoots,
  });
  const describe = (port: number, key: RootKey): ServerInfo => {
    const address = addressOf(options, options.host, port);
    const secretAccessKey = key.secretAccessKey.reveal();
    const credentials = { account, accessKeyId: key.accessKeyId, secretAccessKey };
    return {
      address,
      account,
      dataDir: options.dataDir,
      region: options.region,
      store: options.postgres === undefined ? 'sqlite' : 'postgres',
      rootAccessKeyId: key.accessKeyId,
      credentialsFile: writeServerFiles(options.dataDir, address, options.region, credentials),
      created,
      allowReset: options.allowReset,
      allowTimeTravel: options.allowTimeTravel,
      hasGivenRootKey: options.rootAccessKeyId !== undefined,
      clockOffsetMs: clock.offsetMs,
      vpcEndpoints: doors.map(({ id, host, server }) => ({ id, address: addressOf(options, host, server.port) })),
    };
  };
  const backend: AdminBackend = {
    token: adminToken(options.dataDir, ids),
    allowReset: options.allowReset,
    allowTimeTravel: options.allowTimeTravel,
    info: () => info ?? {},
    explain: async (requestId) =>
      castellan.decisions.recall(requestId) ?? (await store.transact((transaction) => storedExplanation(transaction, requestId))),
    whatIf: castellan.whatIf,
    tvm: () => showTvm(store),
    setUpTvm: (request) => setUpTvm(store, request),
    coverage: async () => ({ services: await coverageOf(registrySourceOf(services)) }),
    async advanceClock(ms) {
      await advanceClock(store, clock, ms);
      await castellan.work.settle();
    },
    clock: () => ({ now: isoSeconds(clock.now()), offsetMs: clock.offsetMs }),
    exportState: (passphrase) => exportState(store, passphrase, ids),
    importState: (text, passphrase) => importState(store, text, passphrase, ids),
    importManagedPolicies: (text) => store.transact((transaction) => importAwsManaged(transaction, text, clock.now(), ids.uuid())),
    mail: () => store.transact(async (transaction) => ({ mail: await mailToPassOn(transaction, clock.now()) })),
    rotateRootKey: () => rotateRootKey(store, rootKeys, () => otherNodes(options)),
    async reset() {
      await store.clear();
      await openInstallation(store, account, ids);
      await advanceClock(store, clock, 0);
      const key = await ensureRoot();
      if (info !== undefined) info = describe(Number(new URL(info.address).port), key);
    },
  };
  const server = await listen(
    { host: options.host, port: options.port, tls: readTls(options) },
    {
      newRequestId: ids.uuid,
      now: clock.now,
      serve: castellan.pipeline.serve,
      refuse: castellan.pipeline.refuse,
      admin: createAdmin(backend),
      site: castellan.site,
    },
  );
  doors.push(
    ...(await openVpcDoors(endpoints, { tls: readTls(options), pipeline: castellan.pipeline, newRequestId: ids.uuid, now: clock.now })),
  );
  info = describe(server.port, root);
  const stopWork = castellan.work.start();
  return {
    info,
    async close() {
      stopFollowing();
      stopFollowingKeys();
      await Promise.all([server, ...doors.map((door) => door.server)].map((each) => each.close()));
      await stopWork();
      await functions.stop();
      await store.close();
    },
  };
}

/** @throws Error that names what is wrong in the file. */
function configuredEndpoints({ vpcEndpoints: file, allowPublic, tlsCert }: ServerOptions): readonly ConfiguredEndpoint[] {
  if (file === undefined) return [];
  try {
    const endpoints = readVpcEndpoints(readText(file), partition);
    const open = endpoints.find(({ listener }) => listener !== undefined && !isLoopback(listener.host));
    if (open !== undefined && tlsCert === undefined && !allowPublic)
      throw new Error(`the \`Listener\` of \`${open.id}\` can be reached by others; give --tls-cert and --tls-key, or say --allow-public`);
    return endpoints;
  } catch (error) {
    throw new Error(`--vpc-endpoints \`${file}\`: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function addressOf({ tlsCert }: ServerOptions, host: string, port: number): string {
  return `${tlsCert === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Until every other node has seen a changed file of root keys. */
function otherNodes(options: ServerOptions): Promise<void> {
  return options.postgres === undefined ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, limits.rootKeyWaitMs));
}

/** The address of a server that listens everywhere, as its own functions reach it. */
function reachable(address: string): string {
  return address.replace(/\/\/(?:0\.0\.0\.0|\[::\]):/, '//localhost:');
}

/** Loaded when the first function runs. */
function lazyFunctions(options: ServerOptions, clock: MovableClock, endpoint: () => string): FunctionRuntime & { stop(): Promise<void> } {
  let runtime: Promise<FunctionRuntime & { stop(): void }> | undefined;
  return {
    async run(run) {
      runtime ??= import('./functions/runtime.ts').then(({ createFunctionRuntime }) =>
        createFunctionRuntime({
          directory: join(options.dataDir, 'functions'),
          endpoint,
          certificateFile: options.tlsCert,
          now: clock.now,
        }),
      );
      return (await runtime).run(run);
    },
    async stop() {
      (await runtime)?.stop();
    },
  };
}

/** An engine is loaded only when it is used. */
async function openStore(options: ServerOptions, rootKeys: RootKeys, ids: Ids): Promise<Store> {
  if (options.postgres !== undefined) {
    const { openPostgresStore } = await import('./store/postgres/postgres.ts');
    return openPostgresStore({ url: options.postgres, rootKeys, ids });
  }
  const { openSqliteStore } = await import('./store/sqlite/sqlite.ts');
  return openSqliteStore({ dataDir: options.dataDir, rootKeys, ids });
}

function givenRootKey({ rootAccessKeyId, rootSecretAccessKey }: ServerOptions) {
  if (rootAccessKeyId === undefined || rootSecretAccessKey === undefined) return undefined;
  return { accessKeyId: rootAccessKeyId, secretAccessKey: rootSecretAccessKey };
}

function readTls(options: ServerOptions): { readonly certificate: string; readonly key: string } | undefined {
  if (options.tlsCert === undefined || options.tlsKey === undefined) return undefined;
  return { certificate: readText(options.tlsCert), key: readText(options.tlsKey) };
}
