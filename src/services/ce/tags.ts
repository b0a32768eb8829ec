// Tags of what Cost Explorer keeps: they are checked here, and set by operations of resource-tags.ts.
import type { ResourceTag } from './api.gen.ts';
import { fault, invalid } from './service.ts';

const tagsMax = 50;

export type Tags = Readonly<Record<string, string>>;

export function tagsOf(list: readonly ResourceTag[] | undefined): Tags {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key, Value]));
}

/** @throws Fault ValidationException, TooManyTagsException */
export function checkedTags(list: readonly ResourceTag[] | undefined, before: Tags, resourceName = ''): Tags {
  const keys = (list ?? []).map(({ Key }) => Key);
  if (new Set(keys).size < keys.length) throw invalid('Each tag key must be unique for the resource.');
  if (keys.some((key) => /^aws:/i.test(key))) throw invalid('Tag keys must not begin with aws:.');
  const tags = { ...before, ...tagsOf(list) };
  if (Object.keys(tags).length > tagsMax) {
    throw fault('TooManyTagsException', `A resource can have at most ${tagsMax} tags.`, { fields: { ResourceName: resourceName } });
  }
  return tags;
}
