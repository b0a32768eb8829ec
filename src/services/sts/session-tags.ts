// Session tags: which ones a new session has, and which of them go on through role chaining.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
import type { SessionFacts } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import type { Tag } from './api.gen.ts';

export interface SessionTags {
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
}

interface TagInput {
  readonly Tags?: readonly Tag[] | undefined;
  readonly TransitiveTagKeys?: readonly string[] | undefined;
}

/** The tags passed in the request by themselves, as conditions see them. */
export function requestedTags(input: TagInput): Readonly<Record<string, string>> {
  return tagRecord((input.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
}

/** The transitive tags that a session hands on. */
export function inheritedTags(session: SessionFacts | undefined): SessionTags {
  const transitiveTagKeys = session?.transitiveTagKeys ?? [];
  const isTransitive = keySet(transitiveTagKeys);
  const tags = tagRecord(Object.entries(session?.tags ?? {}).filter(([key]) => isTransitive.has(key.toLowerCase())));
  return { tags, transitiveTagKeys };
}

/** The new session's tags: those it inherits and those of the request, which may not touch an inherited one. */
export function sessionTagsOf(input: TagInput, session: SessionFacts | undefined): SessionTags {
  const requested = input.Tags ?? [];
  const requestedKeys = keySet(requested.map(({ Key }) => Key));
  if (requestedKeys.size !== requested.length) throw duplicateFault();
  if (requested.some(({ Key }) => Key.toLowerCase().startsWith('aws:'))) {
    throw commonFault('InvalidParameterValue', 'Tag keys that start with aws: are reserved for system use.');
  }
  const transitive = input.TransitiveTagKeys ?? [];
  if (keySet(transitive).size !== transitive.length) throw duplicateFault();
  const inherited = inheritedTags(session);
  if ([...keySet(inherited.transitiveTagKeys)].some((key) => requestedKeys.has(key))) {
    throw commonFault(
      'InvalidParameterValue',
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  if (transitive.some((key) => !requestedKeys.has(key.toLowerCase()))) {
    throw commonFault('InvalidParameterValue', 'The specified transitive tag key must be included in the requested tags.');
  }
  return {
    tags: { ...inherited.tags, ...requestedTags(input) },
    transitiveTagKeys: [...inherited.transitiveTagKeys, ...transitive],
  };
}

function duplicateFault() {
  return commonFault('InvalidParameterValue', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.');
}

/** AWS: keys keep their case, but two may not differ by case alone. */
function keySet(keys: readonly string[]): ReadonlySet<string> {
  return new Set(keys.map((key) => key.toLowerCase()));
}

/** `Object.fromEntries` defines properties, so a tag named `__proto__` is only a tag. */
function tagRecord(entries: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries);
}
