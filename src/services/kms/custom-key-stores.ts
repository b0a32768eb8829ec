// Custom key stores: made, connected to the proxy of an external key manager or (hardware-stores.ts) a cluster of hardware modules, changed, and removed.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-store-overview.html
import { Secret } from '../../base/secret.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import type { CreateCustomKeyStoreRequest, CustomKeyStoresListEntry, UpdateCustomKeyStoreRequest } from './api.gen.ts';
import { beginToConnect, endSessions, hardwareEntry, hardwareSettings, updatedHardwareStore } from './hardware-stores.ts';
import { type ExternalStoreRecord, type KeyStoreRecord, keyStores, storedKeys } from './records.ts';
import { pageFor } from './requests.ts';
import { fault, operation } from './service.ts';
import { setConnection } from './store-connections.ts';
import { proxyOf, requireKeyStore } from './stored-keys.ts';
import { connectionError, managementFault } from './xks-problems.ts';
import { type XksAnswer, xksClient } from './xks-proxy.ts';

/** AWS: of an account in a region. */
const storesMax = 10;

function access(action: Access['action']): (input: object, scope: Scope) => Access {
  return (_input, { account }) => ({ action, resource: '*', context: { 'kms:CallerAccount': account } });
}

export const CreateCustomKeyStore = operation('CreateCustomKeyStore', {
  access: access('kms:CreateCustomKeyStore'),
  async handle(input, context) {
    const { account, region, now, ids, transaction } = context;
    const known = await keyStores.all(transaction, account, region);
    if (known.length >= storesMax) {
      throw fault('LimitExceededException', `You have reached the limit of ${storesMax} custom key stores in this Region.`);
    }
    const keyStoreId = `cks-${ids.uuid().replaceAll('-', '').slice(0, 17)}`;
    const common = { account, region, keyStoreId, name: input.CustomKeyStoreName, createdAtMs: now, connection: 'DISCONNECTED' as const };
    noteWithoutSecrets(context);
    requireUniqueName(common, known);
    const isExternal = input.CustomKeyStoreType === 'EXTERNAL_KEY_STORE';
    const store = isExternal ? { ...common, ...externalSettings(input) } : { ...common, ...(await hardwareSettings(context, input)) };
    if (store.type === 'EXTERNAL_KEY_STORE') {
      requireUnique(store, known);
      // AWS: an endpoint inside of a VPC is first asked when the store is connected.
      if (store.connectivity === 'PUBLIC_ENDPOINT') requireHealth(context, store, 'CreateCustomKeyStore');
    }
    keyStores.put(transaction, store);
    return { CustomKeyStoreId: store.keyStoreId };
  },
});

type Settings = Pick<
  ExternalStoreRecord,
  'type' | 'endpoint' | 'path' | 'connectivity' | 'accessKeyId' | 'secretAccessKey' | 'vpcServiceName' | 'vpcServiceOwner'
>;

/** @throws Fault ValidationException */
function externalSettings(input: CreateCustomKeyStoreRequest): Settings {
  requireNoHsmMembers(input);
  const { XksProxyUriEndpoint: endpoint, XksProxyUriPath: path, XksProxyConnectivity: connectivity } = input;
  const { XksProxyAuthenticationCredential: credential } = input;
  if (endpoint === undefined || path === undefined || connectivity === undefined || credential === undefined) {
    throw commonFault(
      'ValidationException',
      'XksProxyUriEndpoint, XksProxyUriPath, XksProxyConnectivity and XksProxyAuthenticationCredential are required for a custom key store of type EXTERNAL_KEY_STORE.',
    );
  }
  const settings = {
    type: 'EXTERNAL_KEY_STORE' as const,
    endpoint,
    path,
    connectivity,
    accessKeyId: credential.AccessKeyId,
    secretAccessKey: new Secret(credential.RawSecretAccessKey),
    vpcServiceName: input.XksProxyVpcEndpointServiceName,
    vpcServiceOwner: input.XksProxyVpcEndpointServiceOwner,
  };
  requireVpcMembers(settings);
  return settings;
}

function requireNoHsmMembers(input: CreateCustomKeyStoreRequest | UpdateCustomKeyStoreRequest): void {
  const isHsm =
    input.CloudHsmClusterId ?? input.KeyStorePassword ?? ('TrustAnchorCertificate' in input ? input.TrustAnchorCertificate : undefined);
  if (isHsm === undefined) return;
  throw commonFault(
    'ValidationException',
    'CloudHsmClusterId, KeyStorePassword and TrustAnchorCertificate are valid only for custom key stores of type AWS_CLOUDHSM.',
  );
}

function requireVpcMembers({ connectivity, vpcServiceName }: Pick<Settings, 'connectivity' | 'vpcServiceName'>): void {
  if ((connectivity === 'VPC_ENDPOINT_SERVICE') === (vpcServiceName !== undefined)) return;
  throw commonFault(
    'ValidationException',
    'XksProxyVpcEndpointServiceName is required, and valid only, when XksProxyConnectivity is VPC_ENDPOINT_SERVICE.',
  );
}

/** @throws Fault CustomKeyStoreNameInUseException */
function requireUniqueName(store: Pick<KeyStoreRecord, 'keyStoreId' | 'name'>, known: readonly KeyStoreRecord[]): void {
  if (!known.some(({ keyStoreId, name }) => keyStoreId !== store.keyStoreId && name === store.name)) return;
  throw fault('CustomKeyStoreNameInUseException', `Custom key store name ${store.name} is already in use.`);
}

/** @throws Fault for an address or endpoint service that another store has */
function requireUnique(store: ExternalStoreRecord, known: readonly KeyStoreRecord[]): void {
  const others = known.filter(({ keyStoreId }) => keyStoreId !== store.keyStoreId).filter((each) => each.type === 'EXTERNAL_KEY_STORE');
  const sameEndpoint = others.filter(({ endpoint }) => endpoint.toLowerCase() === store.endpoint.toLowerCase());
  if (sameEndpoint.some(({ path }) => path === store.path)) {
    throw fault('XksProxyUriInUseException', `The proxy URI ${store.endpoint}${store.path} is already in use.`);
  }
  const isPrivate = store.connectivity === 'VPC_ENDPOINT_SERVICE';
  if (sameEndpoint.some(({ connectivity }) => isPrivate || connectivity !== store.connectivity)) {
    throw fault('XksProxyUriEndpointInUseException', `The proxy URI endpoint ${store.endpoint} is already in use.`);
  }
  if (isPrivate && others.some(({ vpcServiceName }) => vpcServiceName === store.vpcServiceName)) {
    throw fault('XksProxyVpcEndpointServiceInUseException', `The VPC endpoint service ${store.vpcServiceName} is already in use.`);
  }
}

/** Credentials stay out of the ledger. */
function noteWithoutSecrets(context: Context): void {
  context.note({ requestParameters: { xksProxyAuthenticationCredential: undefined, keyStorePassword: undefined } });
}

/** @throws Fault, Awaited */
function requireHealth(context: Context, store: ExternalStoreRecord, operationName: string): void {
  const health = askHealth(context, store, operationName);
  if ('problem' in health) throw managementFault(health.problem);
}

function askHealth(context: Context, store: ExternalStoreRecord, kmsOperation: string): XksAnswer<true> {
  const client = xksClient(context.outbound, proxyOf(store), { kmsOperation, kmsRequestId: context.requestId });
  return context.answers.ask(`${kmsOperation} health of ${store.endpoint}${store.path}`, () => client.health());
}

export const ConnectCustomKeyStore = operation('ConnectCustomKeyStore', {
  access: access('kms:ConnectCustomKeyStore'),
  async handle(input, context) {
    const store = await requireKeyStore(context, input.CustomKeyStoreId);
    if (store.connection === 'FAILED') {
      throw fault(
        'CustomKeyStoreInvalidStateException',
        'Disconnect the custom key store, whose connection has failed, before you connect it.',
      );
    }
    if (store.type === 'AWS_CLOUDHSM') {
      await beginToConnect(context, store);
      return {};
    }
    const health = askHealth(context, store, 'ConnectCustomKeyStore');
    if ('problem' in health) {
      await setConnection(context, { ...store, connection: 'FAILED', connectionError: connectionError(health.problem) });
    } else {
      await setConnection(context, { ...store, connection: 'CONNECTED' });
    }
    return {};
  },
});

export const DisconnectCustomKeyStore = operation('DisconnectCustomKeyStore', {
  access: access('kms:DisconnectCustomKeyStore'),
  async handle(input, context) {
    const store = await requireKeyStore(context, input.CustomKeyStoreId);
    if (store.connection === 'DISCONNECTED') {
      throw fault('CustomKeyStoreInvalidStateException', 'The custom key store is already disconnected.');
    }
    if (store.type === 'AWS_CLOUDHSM') endSessions(context, store);
    await setConnection(context, { ...store, connection: 'DISCONNECTED', connectionError: undefined });
    return {};
  },
});

export const UpdateCustomKeyStore = operation('UpdateCustomKeyStore', {
  access: access('kms:UpdateCustomKeyStore'),
  async handle(input, context) {
    const store = await requireKeyStore(context, input.CustomKeyStoreId);
    const known = await keyStores.all(context.transaction, store.account, store.region);
    requireUniqueName({ keyStoreId: store.keyStoreId, name: input.NewCustomKeyStoreName ?? store.name }, known);
    noteWithoutSecrets(context);
    const changed = store.type === 'AWS_CLOUDHSM' ? updatedHardwareStore(context, store, input) : updatedExternalStore(store, input);
    if (changed.type === 'EXTERNAL_KEY_STORE') {
      requireUnique(changed, known);
      const isReachable = changed.connectivity === 'PUBLIC_ENDPOINT' || store.connection === 'CONNECTED';
      if (isProxyChanged(input) && isReachable) requireHealth(context, changed, 'UpdateCustomKeyStore');
    }
    keyStores.put(context.transaction, changed);
    return {};
  },
});

/** @throws Fault CustomKeyStoreInvalidStateException, ValidationException */
function updatedExternalStore(store: ExternalStoreRecord, input: UpdateCustomKeyStoreRequest): ExternalStoreRecord {
  requireNoHsmMembers(input);
  requireUpdatable(store, input);
  const credential = input.XksProxyAuthenticationCredential;
  const connectivity = input.XksProxyConnectivity ?? store.connectivity;
  const isPrivate = connectivity === 'VPC_ENDPOINT_SERVICE';
  const changed: ExternalStoreRecord = {
    ...store,
    name: input.NewCustomKeyStoreName ?? store.name,
    endpoint: input.XksProxyUriEndpoint ?? store.endpoint,
    path: input.XksProxyUriPath ?? store.path,
    connectivity,
    vpcServiceName: input.XksProxyVpcEndpointServiceName ?? (isPrivate ? store.vpcServiceName : undefined),
    vpcServiceOwner: input.XksProxyVpcEndpointServiceOwner ?? (isPrivate ? store.vpcServiceOwner : undefined),
    ...(credential === undefined
      ? {}
      : { accessKeyId: credential.AccessKeyId, secretAccessKey: new Secret(credential.RawSecretAccessKey) }),
  };
  requireVpcMembers(changed);
  return changed;
}

/** AWS: a connected store takes a new name, path and credential; for everything else it must be disconnected. */
function requireUpdatable({ connection }: KeyStoreRecord, input: UpdateCustomKeyStoreRequest): void {
  const needsDisconnection = [
    input.XksProxyUriEndpoint,
    input.XksProxyConnectivity,
    input.XksProxyVpcEndpointServiceName,
    input.XksProxyVpcEndpointServiceOwner,
  ].some((member) => member !== undefined);
  if (connection === 'DISCONNECTED' || (connection === 'CONNECTED' && !needsDisconnection)) return;
  throw fault('CustomKeyStoreInvalidStateException', 'The custom key store must be disconnected before you update it.');
}

function isProxyChanged(input: UpdateCustomKeyStoreRequest): boolean {
  const { XksProxyUriEndpoint, XksProxyUriPath, XksProxyConnectivity, XksProxyAuthenticationCredential } = input;
  return (XksProxyUriEndpoint ?? XksProxyUriPath ?? XksProxyConnectivity ?? XksProxyAuthenticationCredential) !== undefined;
}

export const DeleteCustomKeyStore = operation('DeleteCustomKeyStore', {
  access: access('kms:DeleteCustomKeyStore'),
  async handle(input, context) {
    const store = await requireKeyStore(context, input.CustomKeyStoreId);
    if (store.connection !== 'DISCONNECTED') {
      throw fault('CustomKeyStoreInvalidStateException', 'The custom key store must be disconnected before you delete it.');
    }
    const { account, region, keyStoreId } = store;
    if ((await storedKeys.list(context.transaction, [account, region, keyStoreId], { limit: 1 })).length > 0) {
      throw fault('CustomKeyStoreHasCMKsException', `Custom key store ${keyStoreId} contains KMS keys.`);
    }
    keyStores.remove(context.transaction, store);
    return {};
  },
});

export const DescribeCustomKeyStores = operation('DescribeCustomKeyStores', {
  access: access('kms:DescribeCustomKeyStores'),
  async handle(input, context) {
    const { CustomKeyStoreId: id, CustomKeyStoreName: name } = input;
    if (id !== undefined && name !== undefined) {
      throw commonFault('ValidationException', 'You can specify CustomKeyStoreId or CustomKeyStoreName, but not both.');
    }
    if (id !== undefined) return { CustomKeyStores: [entryOf(await requireKeyStore(context, id))], Truncated: false };
    const matches = (store: KeyStoreRecord) => name === undefined || store.name === name;
    const { items, page } = await pageFor(context, keyStores, [context.account, context.region], input, { limit: storesMax, matches });
    if (name !== undefined && items.length === 0) {
      throw fault('CustomKeyStoreNotFoundException', `Custom key store ${name} does not exist.`);
    }
    return { CustomKeyStores: items.map(entryOf), ...page };
  },
});

function entryOf(store: KeyStoreRecord): CustomKeyStoresListEntry {
  return {
    CustomKeyStoreId: store.keyStoreId,
    CustomKeyStoreName: store.name,
    ConnectionState: store.connection,
    ...(store.connectionError === undefined ? {} : { ConnectionErrorCode: store.connectionError }),
    CreationDate: store.createdAtMs,
    ...(store.type === 'AWS_CLOUDHSM' ? hardwareEntry(store) : externalEntry(store)),
  };
}

function externalEntry(store: ExternalStoreRecord): Partial<CustomKeyStoresListEntry> {
  return {
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    XksProxyConfiguration: {
      Connectivity: store.connectivity,
      AccessKeyId: store.accessKeyId,
      UriEndpoint: store.endpoint,
      UriPath: store.path,
      ...(store.vpcServiceName === undefined ? {} : { VpcEndpointServiceName: store.vpcServiceName }),
      ...(store.vpcServiceOwner === undefined ? {} : { VpcEndpointServiceOwner: store.vpcServiceOwner }),
    },
  };
}

export const customKeyStoreOperations = [
  CreateCustomKeyStore,
  ConnectCustomKeyStore,
  DisconnectCustomKeyStore,
  UpdateCustomKeyStore,
  DeleteCustomKeyStore,
  DescribeCustomKeyStores,
];
