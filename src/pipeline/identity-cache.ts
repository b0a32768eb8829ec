// Identities by credential, each valid as long as its account's generation (kit/generation.ts) stands. Bounded; the oldest leave first.
import { limits } from '../base/limits.ts';
import { accountOfAccessKeyId } from '../kit/account-ids.ts';
import { generationOf } from '../kit/generation.ts';
import type { Identification, IdentityLookup, IdentityPort, PresentedCredential } from '../kit/ports.ts';

interface Cached {
  readonly account: string;
  readonly generation: string;
  readonly found: Identification;
}

/** `homeAccount` owns the keys whose form tells no account (a root key of any form). */
export function cachedIdentities(port: IdentityPort, homeAccount: string): IdentityPort {
  const cache = new Map<string, Cached>();
  return {
    async identify(presented: PresentedCredential, lookup: IdentityLookup): Promise<Identification> {
      const key = presented.sessionToken === undefined ? presented.accessKeyId : `${presented.accessKeyId} ${presented.sessionToken}`;
      const cached = cache.get(key);
      const account = cached?.account ?? accountOfAccessKeyId(presented.accessKeyId) ?? homeAccount;
      const generation = await generationOf(lookup.transaction, account);
      if (cached !== undefined && cached.generation === generation) return cached.found;
      const found = await port.identify(presented, lookup);
      cache.delete(key);
      // What is not known may be created at any moment without a new generation, so only identities are kept.
      if (found.kind === 'identity') {
        cache.set(key, { account, generation, found });
        if (cache.size > limits.identityCacheEntriesMax) cache.delete(cache.keys().next().value ?? key);
      }
      return found;
    },
  };
}
