// The condition keys of a request, each computed when a policy asks for it; and for those that no request of this build has, the reason.
import type { Access } from '../kit/operation.ts';
import type { ConditionContext, ConditionValue } from '../policy/policy.ts';
import { globalKeys } from './global-keys.ts';
import type { RequestFacts } from './request-facts.ts';
import services from './service-keys.gen.json' with { type: 'json' };

const computed = new Map(globalKeys.flatMap((key) => ('value' in key ? [[key.name.toLowerCase(), key.value] as const] : [])));
const absent = new Map(globalKeys.flatMap((key) => ('absentBecause' in key ? [[key.name.toLowerCase(), key.absentBecause] as const] : [])));
const present = new Set(globalKeys.filter((key) => 'present' in key).map(({ name }) => name.toLowerCase()));
const families = globalKeys.flatMap((key) =>
  'tags' in key ? [{ prefix: key.name.slice(0, key.name.indexOf('$')).toLowerCase(), tags: key.tags }] : [],
);

export function conditionContext(facts: RequestFacts, access: Access): ConditionContext {
  const own = ownKeys(access.context);
  const { federatedKeys, providedKeys } = facts.identity.caller.session ?? {};
  const ofSession = ownKeys(federatedKeys ?? providedKeys);
  return {
    get(key) {
      const value = computed.get(key)?.(facts, access);
      if (value !== undefined) return value;
      const family = key.startsWith('aws:') ? families.find(({ prefix }) => key.startsWith(prefix)) : undefined;
      if (family !== undefined) return tagNamed(family.tags(facts, access), key.slice(family.prefix.length));
      return own?.get(key) ?? ofSession?.get(key);
    },
    whyNeverPresent,
  };
}

const supplied = services.supplied.map((key) => familyOf(key.toLowerCase()));
const declared = services.unsupplied.map((key) => familyOf(key.toLowerCase()));
const servicesPresent = new Set(services.prefixes);

/** Why no request of this build has the key; undefined for a key that some requests have. */
export function whyNeverPresent(lowerCaseKey: string): string | undefined {
  const reason = absent.get(lowerCaseKey);
  if (reason !== undefined) return reason;
  if (present.has(lowerCaseKey) || families.some(({ prefix }) => lowerCaseKey.startsWith(prefix))) return undefined;
  const prefix = lowerCaseKey.slice(0, Math.max(0, lowerCaseKey.indexOf(':')));
  if (prefix === 'aws') return 'AWS documents no global key of this name';
  // Keys of identity providers (`saml:aud`, `example.com:sub`) come with the sessions that they vouch for.
  if (prefix === 'saml' || !/^[a-z0-9-]+$/.test(prefix)) return undefined;
  if (!servicesPresent.has(prefix)) return `this build has no service with the prefix \`${prefix}\``;
  if (supplied.some((family) => isOf(lowerCaseKey, family))) return undefined;
  return declared.some((family) => isOf(lowerCaseKey, family))
    ? `the service does not supply it yet`
    : `AWS declares no key of this name for \`${prefix}\``;
}

interface KeyFamily {
  readonly start: string;
  readonly isWhole: boolean;
}

/** `kms:EncryptionContext:${Key}` stands for all keys that begin so. */
function familyOf(key: string): KeyFamily {
  const variable = /\$\{|tag-key$/.exec(key);
  return variable === null ? { start: key, isWhole: true } : { start: key.slice(0, variable.index), isWhole: false };
}

function isOf(key: string, { start, isWhole }: KeyFamily): boolean {
  return isWhole ? key === start : key.startsWith(start);
}

function ownKeys(given: Access['context']): ReadonlyMap<string, ConditionValue> | undefined {
  if (given === undefined) return undefined;
  const keys = new Map<string, ConditionValue>();
  for (const [key, value] of Object.entries(given)) if (value !== undefined) keys.set(key.toLowerCase(), value);
  return keys;
}

/** AWS: the key part of a tag condition is compared without regard to case, the value with it. */
function tagNamed(tags: Readonly<Record<string, string>> | undefined, lowerCaseKey: string): string | undefined {
  if (tags === undefined) return undefined;
  for (const [key, value] of Object.entries(tags)) if (key.toLowerCase() === lowerCaseKey) return value;
  return undefined;
}
