// Every modelled operation is mapped to actions that exist, and nothing is declared by hand that AWS's rule already says.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mappedOperations } from './authz-map.ts';
import { departures } from './operation-actions.ts';
import { readAuthz } from './service-keys.ts';

const root = join(import.meta.dirname, '../..');
const all = mappedOperations(root);

/** May only shrink. */
const departuresMax = 116;
/** Of them, operations without any action: a token instead of a signature, or an action that the data lacks. May only shrink. */
const withoutActionMax = 19;

test('every operation of every vendored service asks for actions that exist', () => {
  const unknown = all.flatMap(({ service, operation, actions }) =>
    actions.filter(({ facts }) => facts === undefined).map(({ name }) => `${service}.${operation}: ${name}`),
  );
  expect(unknown).toEqual([]);
  expect(all.length).toBeGreaterThan(3000);
});

test('every resource type and condition key that an action names is declared by its service', () => {
  const unknown = all.flatMap(({ service, actions }) =>
    actions.flatMap(({ name, facts }) => {
      const declared = readAuthz(root, service)?.prefixes[name.slice(0, name.indexOf(':'))];
      if (declared === undefined) return [];
      return Object.keys(facts?.resources ?? {})
        .filter((type) => declared.resources[type] === undefined)
        .map((type) => `${name}: ${type}`);
    }),
  );
  expect(unknown).toEqual([]);
});

test('what is declared by hand departs from the rule, names an operation that exists, and shrinks', () => {
  const known = new Set(all.map(({ service, operation }) => `${service}.${operation}`));
  const declared = Object.entries(departures).flatMap(([service, list]) =>
    list.flatMap(({ operations }) => Object.keys(operations).map((operation) => ({ service, operation }))),
  );
  const needless = declared.filter(({ service, operation }) =>
    Object.values(readAuthz(root, service)?.prefixes ?? {}).some(({ actions }) => actions[operation] !== undefined),
  );
  expect(needless).toEqual([]);
  expect(declared.filter(({ service, operation }) => !known.has(`${service}.${operation}`))).toEqual([]);
  expect(new Set(declared.map(({ service, operation }) => `${service}.${operation}`)).size).toBe(declared.length);
  expect(declared.length).toBeLessThanOrEqual(departuresMax);
  expect(all.filter(({ actions }) => actions.length === 0).length).toBeLessThanOrEqual(withoutActionMax);
});
