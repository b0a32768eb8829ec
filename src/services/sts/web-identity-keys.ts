// The keys with which an account's own JSON Web Tokens are signed, one pair for each algorithm, made when they are first needed.
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Ids } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { Transaction } from '../../store/store.ts';

export type TokenAlgorithm = 'RS256' | 'ES384';

interface IssuerKeyRecord {
  readonly issuerId: string;
  readonly algorithm: TokenAlgorithm;
  readonly keyId: string;
  readonly privateKey: Secret;
}

const keys: Collection<IssuerKeyRecord> = collection('sts.issuer-key', ({ issuerId, algorithm }) => [issuerId, algorithm]);

export interface IssuerKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

export async function issuerKey(transaction: Transaction, ids: Ids, issuerId: string, algorithm: TokenAlgorithm): Promise<IssuerKey> {
  let record = await keys.get(transaction, issuerId, algorithm);
  if (record === undefined) {
    const pem = (await newKey(algorithm)).export({ format: 'pem', type: 'pkcs8' }).toString();
    record = { issuerId, algorithm, keyId: ids.uuid(), privateKey: new Secret(pem) };
    keys.put(transaction, record);
  }
  return { keyId: record.keyId, privateKey: createPrivateKey(record.privateKey.reveal()) };
}

async function newKey(algorithm: TokenAlgorithm): Promise<KeyObject> {
  const generate = promisify(generateKeyPair);
  const pair = algorithm === 'RS256' ? await generate('rsa', { modulusLength: 2_048 }) : await generate('ec', { namedCurve: 'P-384' });
  return pair.privateKey;
}

/** The public keys, as a key set publishes them. */
export async function issuerKeySet(transaction: Transaction, ids: Ids, issuerId: string): Promise<object> {
  const published = await Promise.all(
    (['RS256', 'ES384'] as const).map(async (algorithm) => {
      const { keyId, privateKey } = await issuerKey(transaction, ids, issuerId, algorithm);
      return { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: keyId, alg: algorithm, use: 'sig' };
    }),
  );
  return { keys: published };
}
