// Every service whose operations tag resources says so to the tagging API. The list of those that do not may only shrink.
import { expect, test } from 'vitest';
import { services } from './index.ts';

/** Services that have operations to tag resources, and no taggables yet. */
const notYetTaggable: ReadonlySet<string> = new Set([]);

const definitions = await Promise.all(Object.values(services).map((load) => load()));
const tagging = /^(?:Tag|AddTags|CreateTags|PutTags|SetTags)(?:$|[A-Z])/;

test('each service with operations that tag resources declares its taggables', () => {
  const silent = definitions
    .filter(({ operations, taggables = [] }) => taggables.length === 0 && operations.some(({ name }) => tagging.test(name)))
    .map(({ name }) => name)
    // Its operations tag the resources of others.
    .filter((name) => name !== 'resourcegroupstaggingapi');
  expect(silent.filter((name) => !notYetTaggable.has(name))).toEqual([]);
  expect([...notYetTaggable].filter((name) => !silent.includes(name))).toEqual([]);
});

test('each taggable has a key of its own, and a name of a service and a type', () => {
  const taggables = definitions.flatMap(({ taggables: own = [] }) => own);
  expect(new Set(taggables.map(({ key }) => key)).size).toBe(taggables.length);
  for (const { type, key, prefix } of taggables) {
    expect(type).toMatch(/^[a-z0-9-]+:[A-Za-z0-9/-]+$/);
    expect(key.split('#')[0]).toBe(type);
    expect(prefix).toMatch(/^[A-Za-z-]+[/:]$/);
  }
});

test('each operation of IAM that tags a resource stands behind a taggable', () => {
  const iam = definitions.find(({ name }) => name === 'iam');
  const tagged = (iam?.operations ?? []).filter(({ name }) => tagging.test(name)).map(({ name }) => name);
  expect(iam?.taggables?.length).toBe(tagged.length);
});
