// Seals what must not be readable in the database: AES-256-GCM under keys derived from the installation's root key, bound to the place
// where the value stands (collection, key and path in the document), so that a ciphertext cannot be moved to another record.
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Ids } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import type { RootKeys } from './root-key.ts';
import type { Document, Json } from './store.ts';

/** Member that marks a sealed value in stored JSON. A document's own member of that name is kept apart by escaping. */
const mark = '$sealed';
const escapedMark = '$$sealed';
const version = 'v1';
const nonceBytes = 12;
const tagBytes = 16;

export interface DocumentSealer {
  /** The document as JSON text, each Secret in it sealed. */
  encode(collection: string, key: string, document: Document): string;
  /** The document, deeply frozen. @throws Error when a sealed value was changed or moved. */
  decode(collection: string, key: string, text: string): Document;
}

export function createDocumentSealer(rootKeys: RootKeys, ids: Ids): DocumentSealer {
  const box = createBox(rootKeys, 'castellan document', ids);
  return {
    encode(collection, key, document) {
      return JSON.stringify(sealJson(document, (path, secret) => box.seal(placeOf(collection, key, path), secret.revealBytes())));
    },
    decode(collection, key, text) {
      const parsed: Json = JSON.parse(text);
      if (!text.includes(mark)) return deepFreeze(parsed) as Document;
      const open = (path: string, token: string): Secret => {
        const bytes = box.open(placeOf(collection, key, path), token);
        if (bytes === undefined)
          throw new Error(`a sealed value of \`${collection}\` cannot be opened: it was changed, moved, or sealed under another root key`);
        return new Secret(bytes);
      };
      return deepFreeze(openJson(parsed, open)) as Document;
    },
  };
}

/** Stateless tokens: see kit/context.ts. */
export function createSealer(rootKeys: RootKeys, ids: Ids) {
  const box = createBox(rootKeys, 'castellan token', ids);
  return {
    seal: (purpose: string, text: string): string => box.seal(purpose, Buffer.from(text, 'utf8')),
    open(purpose: string, token: string): string | undefined {
      const bytes = box.open(purpose, token);
      return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
    },
  };
}

interface Box {
  seal(place: string, bytes: Uint8Array): string;
  open(place: string, token: string): Uint8Array | undefined;
}

/** One derived key per purpose and root key; a random nonce per value, the place as associated data. */
function createBox(rootKeys: RootKeys, info: string, ids: Ids): Box {
  const derived = new Map<Uint8Array, KeyObject>();
  const keyFrom = (rootKey: Uint8Array): KeyObject => {
    let key = derived.get(rootKey);
    if (key === undefined) {
      // Keys that are no longer used are not kept.
      for (const known of derived.keys()) if (!rootKeys.all.includes(known)) derived.delete(known);
      key = createSecretKey(Buffer.from(hkdfSync('sha256', rootKey, new Uint8Array(0), `${info} ${version}`, 32)));
      derived.set(rootKey, key);
    }
    return key;
  };
  return {
    seal(place, bytes) {
      const nonce = ids.bytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', keyFrom(rootKeys.current), nonce).setAAD(Buffer.from(place, 'utf8'));
      const sealed = Buffer.concat([nonce, cipher.update(bytes), cipher.final()]);
      return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(place, token) {
      const sealed = Buffer.from(token, 'base64url');
      if (sealed.length < nonceBytes + tagBytes || sealed.toString('base64url') !== token) return undefined;
      for (const rootKey of rootKeys.all) {
        const opened = openWith(keyFrom(rootKey), place, sealed);
        if (opened !== undefined) return opened;
      }
      return undefined;
    },
  };
}

function openWith(key: KeyObject, place: string, sealed: Buffer): Uint8Array | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(place, 'utf8')).setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function placeOf(collection: string, key: string, path: string): string {
  return JSON.stringify([collection, key, path]);
}

function sealJson(value: Json | undefined, seal: (path: string, secret: Secret) => string, path = ''): unknown {
  if (value instanceof Secret) return { [mark]: `${version}:${seal(path, value)}` };
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map((item, index) => sealJson(item, seal, `${path}/${index}`));
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    define(copy, name.endsWith(mark.slice(1)) && /^\$+sealed$/.test(name) ? `$${name}` : name, sealJson(member, seal, `${path}/${name}`));
  }
  return copy;
}

function openJson(value: Json, open: (path: string, token: string) => Secret, path = ''): Json {
  if (value === null || typeof value !== 'object' || value instanceof Secret) return value;
  if (isList(value)) return value.map((item, index) => openJson(item, open, `${path}/${index}`));
  const token = Object.hasOwn(value, mark) ? value[mark] : undefined;
  if (typeof token === 'string' && token.startsWith(`${version}:`)) return open(path, token.slice(version.length + 1));
  const copy: Record<string, Json> = {};
  for (const [stored, member] of Object.entries(value)) {
    const name = stored.startsWith(escapedMark.slice(0, 2)) && /^\$\$+sealed$/.test(stored) ? stored.slice(1) : stored;
    if (member !== undefined) define(copy, name, openJson(member, open, `${path}/${name}`));
  }
  return copy;
}

/** Sets an own member even when it is called `__proto__`. */
function define<Value>(target: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

export function deepFreeze<Value>(value: Value): Value {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
