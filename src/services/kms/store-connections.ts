// What the connection of a custom key store means for the keys in it.
import type { Context } from '../../kit/context.ts';
import { type KeyRecord, type KeyStoreRecord, keyStores, keys, storedKeys } from './records.ts';

/** The keys of a store that is not connected are unavailable; what they were comes back with the connection. */
export async function setConnection({ transaction }: Pick<Context, 'transaction'>, store: KeyStoreRecord): Promise<void> {
  keyStores.put(transaction, store);
  const isConnected = store.connection === 'CONNECTED';
  for (const { keyId } of await storedKeys.all(transaction, store.account, store.region, store.keyStoreId)) {
    const key = await keys.get(transaction, store.account, store.region, keyId);
    if (key === undefined) continue;
    const changed = isConnected ? availableKey(key) : unavailableKey(key);
    if (changed !== key) keys.put(transaction, changed);
  }
}

/** AWS: a key that waits for its deletion shows that, whatever its store does. */
function unavailableKey(key: KeyRecord): KeyRecord {
  const { state } = key;
  return state === 'Enabled' || state === 'Disabled' ? { ...key, state: 'Unavailable', stateWhenConnected: state } : key;
}

function availableKey(key: KeyRecord): KeyRecord {
  return key.state === 'Unavailable' ? { ...key, state: key.stateWhenConnected ?? 'Enabled', stateWhenConnected: undefined } : key;
}

/** The key in a state that it can have now: while its store is not connected, it will have it later. */
export async function withState(
  { transaction }: Pick<Context, 'transaction'>,
  key: KeyRecord,
  state: 'Enabled' | 'Disabled',
): Promise<KeyRecord> {
  if (key.customKeyStoreId === undefined) return { ...key, state };
  const store = await keyStores.get(transaction, key.account, key.region, key.customKeyStoreId);
  return store?.connection === 'CONNECTED' ? { ...key, state } : { ...key, state: 'Unavailable', stateWhenConnected: state };
}
