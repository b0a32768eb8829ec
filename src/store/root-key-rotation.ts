// Rotation of the root key while the server serves: a new key, known to every node before it seals; then everything that is sealed is sealed again;
// then the old key goes. Interrupted at any point, it is finished at the next start.
import { limits } from '../base/limits.ts';
import { Secret } from '../base/secret.ts';
import type { RootKeyFile } from './root-key.ts';
import type { Document, Json, Store } from './store.ts';

export interface Resealed {
  /** Documents with sealed values in them. */
  readonly documents: number;
}

/** `wait` lets other nodes notice the changed file; a single node needs none. */
export async function rotateRootKey(store: Store, keys: RootKeyFile, wait: () => Promise<void>): Promise<Resealed> {
  if (!keys.isRotating) {
    keys.prepare();
    await wait();
    keys.promote();
  }
  await wait();
  return finishRotation(store, keys);
}

/** Seals everything again under the sealing key, and lets the other keys go. Sealing twice harms nothing. */
export async function finishRotation(store: Store, keys: RootKeyFile): Promise<Resealed> {
  let documents = 0;
  let batch: { readonly collection: string; readonly key: string }[] = [];
  const flush = async (): Promise<void> => {
    const places = batch;
    batch = [];
    documents += places.length;
    await store.transact(async (transaction) => {
      for (const { collection, key } of places) {
        const document = await transaction.get(collection, key);
        if (document !== undefined) transaction.put(collection, key, document);
      }
      transaction.scrub();
    });
  };
  for await (const { collection, key, value } of store.dump()) {
    if (!hasSecret(value)) continue;
    batch.push({ collection, key });
    if (batch.length >= limits.resealBatchMax) await flush();
  }
  if (batch.length > 0) await flush();
  keys.retire();
  return { documents };
}

function hasSecret(value: Json | Document | undefined): boolean {
  if (value instanceof Secret) return true;
  return value !== null && typeof value === 'object' && Object.values(value).some((member) => hasSecret(member));
}
