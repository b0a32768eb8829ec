// The keys that SigV4 derives from a secret for one day, region and service, and the HMAC they are used with.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { limits } from '../base/limits.ts';
import type { Secret } from '../base/secret.ts';

export interface SigningKeyCache {
  key(secret: Secret, accessKeyId: string, date: string, region: string, service: string): KeyObject;
}

/** Signing keys by credential scope. A key is found only with the very Secret it was made from, so a changed secret finds nothing. */
export function createSigningKeyCache(): SigningKeyCache {
  const keys = new Map<string, { readonly secret: Secret; readonly key: KeyObject }>();
  return {
    key(secret, accessKeyId, date, region, service) {
      const id = `${accessKeyId}/${date}/${region}/${service}`;
      const cached = keys.get(id);
      if (cached?.secret.equals(secret)) return cached.key;
      const key = createSecretKey(signingKey(secret, date, region, service));
      keys.delete(id);
      keys.set(id, { secret, key });
      if (keys.size > limits.signingKeyCacheEntriesMax) keys.delete(keys.keys().next().value ?? id);
      return key;
    },
  };
}

export function signingKey(secret: Secret, date: string, region: string, service: string): Buffer {
  const dateKey = hmac(Buffer.from(`AWS4${secret.reveal()}`, 'utf8'), date);
  return hmac(hmac(hmac(dateKey, region), service), 'aws4_request');
}

/** A KeyObject spares node the preparation of the key at every call. */
export function hmac(key: Uint8Array | KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}
