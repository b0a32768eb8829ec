// The state as text that another installation can read: one JSON document per line, secrets sealed under a passphrase.
import { scryptSync } from 'node:crypto';
import type { Ids } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import { fixedRootKey } from './root-key.ts';
import { createDocumentSealer } from './seal.ts';
import type { Document, Store } from './store.ts';

interface Header {
  readonly castellan: 'export';
  readonly version: 1;
  readonly salt: string;
}

/** Cost 2^15: about 100 ms. */
const scryptCost = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

export async function exportState(store: Store, passphrase: string, ids: Ids): Promise<string> {
  const salt = Buffer.from(ids.bytes(16)).toString('base64');
  const sealer = createDocumentSealer(fixedRootKey(keyOf(passphrase, salt)), ids);
  const header: Header = { castellan: 'export', version: 1, salt };
  const lines = [JSON.stringify(header)];
  for await (const { collection, key, value } of store.dump()) {
    lines.push(JSON.stringify([collection, key, sealer.encode(collection, key, value)]));
  }
  return `${lines.join('\n')}\n`;
}

/** Replaces the whole state in one unit of work. @throws Error when the text is no export or the passphrase is wrong. */
export async function importState(store: Store, text: string, passphrase: string, ids: Ids): Promise<{ readonly documents: number }> {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  const header = readHeader(first);
  const sealer = createDocumentSealer(fixedRootKey(keyOf(passphrase, header.salt)), ids);
  const documents = lines.map((line): readonly [string, string, Document] => {
    const [collection, key, sealed]: readonly unknown[] = JSON.parse(line);
    if (typeof collection !== 'string' || typeof key !== 'string' || typeof sealed !== 'string')
      throw new Error('a line of the export is damaged');
    return [collection, key, sealer.decode(collection, key, sealed)];
  });
  const present: (readonly [string, string])[] = [];
  for await (const { collection, key } of store.dump()) present.push([collection, key]);
  await store.transact(async (transaction) => {
    for (const [collection, key] of present) transaction.delete(collection, key);
    for (const [collection, key, document] of documents) transaction.put(collection, key, document);
  });
  return { documents: documents.length };
}

function readHeader(line: string): Header {
  const header: unknown = line.length > limits.shownValueMax ? undefined : JSON.parse(line);
  const isExport = header !== null && typeof header === 'object' && 'castellan' in header && 'version' in header && 'salt' in header;
  if (!isExport || header.castellan !== 'export' || typeof header.salt !== 'string') throw new Error('the file is no Castellan export');
  if (header.version !== 1) throw new Error('the export was made by a newer version of Castellan');
  return { castellan: 'export', version: 1, salt: header.salt };
}

function keyOf(passphrase: string, salt: string): Uint8Array {
  return scryptSync(passphrase, Buffer.from(salt, 'base64'), 32, scryptCost);
}
