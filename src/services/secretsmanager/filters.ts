// Filters of ListSecrets and BatchGetSecretValue. https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_search-secret.html
import type { Filter } from './api.gen.ts';
import type { FoundSecret } from './secret-ids.ts';
import { fault } from './service.ts';

type Matcher = (found: FoundSecret) => boolean;

/** All filters must match; of a filter's values one, and none of those that are negated with `!`. @throws Fault InvalidParameterException */
export function matcherOf(filters: readonly Filter[] = []): Matcher {
  const matchers = filters.map(filterMatcher);
  return (found) => matchers.every((matches) => matches(found));
}

function filterMatcher({ Key: key, Values: values = [] }: Filter): Matcher {
  if (key === undefined) throw fault('InvalidParameterException', 'Invalid filter key');
  if (values.length === 0) throw fault('InvalidParameterException', `Invalid filter values for key: ${key}`);
  const wanted = values.filter((value) => !value.startsWith('!')).map((value) => valueMatcher(key, value));
  const unwanted = values.filter((value) => value.startsWith('!')).map((value) => valueMatcher(key, value.slice(1)));
  return (found) => (wanted.length === 0 || wanted.some((matches) => matches(found))) && !unwanted.some((matches) => matches(found));
}

function valueMatcher(key: NonNullable<Filter['Key']>, value: string): Matcher {
  const startsWith = (text: string | undefined): boolean => text?.startsWith(value) === true;
  switch (key) {
    case 'name':
      return ({ secret }) => startsWith(secret.name);
    case 'description':
      return ({ secret }) => secret.description?.toLowerCase().startsWith(value.toLowerCase()) === true;
    case 'tag-key':
      return ({ secret }) => Object.keys(secret.tags).some(startsWith);
    case 'tag-value':
      return ({ secret }) => Object.values(secret.tags).some(startsWith);
    case 'primary-region':
      return ({ secret }) => startsWith(secret.region);
    case 'owning-service':
      // No service here keeps secrets for its users yet.
      return () => false;
    case 'all':
      return everyWord(value);
    default:
      throw fault('InvalidParameterException', `Invalid filter key: ${String(key)}`);
  }
}

/** AWS: the value is broken into words, which are looked for in every attribute without regard to case. */
function everyWord(value: string): Matcher {
  const words = wordsOf(value);
  return ({ secret }) => {
    const attributes = [secret.name, secret.description ?? '', ...Object.entries(secret.tags).flat(), secret.region];
    const present = attributes.flatMap(wordsOf);
    return words.every((word) => present.some((each) => each.startsWith(word)));
  };
}

function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}
