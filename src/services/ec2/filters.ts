// Filters of EC2's Describe operations: each has a name and values with `*` and `?`, and a thing must match one value of every filter.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
import { compileGlob, globMatches } from '../../policy/glob.ts';
import type { Filter } from './api.gen.ts';
import { fault } from './service.ts';

/** The things that match; `fields` says by which names and on what. @throws Fault InvalidParameterValue for a name that there is not. */
export function filtered<Item>(
  items: readonly Item[],
  filters: readonly Filter[] = [],
  fields: Readonly<Record<string, (item: Item) => string>>,
): readonly Item[] {
  const tests = filters.map(({ Name = '', Values = [] }) => {
    const field = Object.hasOwn(fields, Name) ? fields[Name] : undefined;
    if (field === undefined) throw fault('InvalidParameterValue', `The filter '${Name}' is invalid`);
    const globs = Values.map(compileGlob);
    return (item: Item) => globs.some((glob) => globMatches(glob, field(item)));
  });
  return items.filter((item) => tests.every((test) => test(item)));
}
