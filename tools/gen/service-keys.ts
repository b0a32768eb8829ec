// Which of the condition keys that AWS declares for a service its code supplies: a key counts as supplied when the code writes its name.
// The table is read by explanations, and shown in docs/generated/condition-keys.md.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceAuthz } from '../../src/model/authz.ts';
import { globalKeys } from '../../src/pipeline/global-keys.ts';
import { services } from '../../src/services/index.ts';

interface ServiceKeys {
  readonly service: string;
  readonly prefix: string;
  readonly keys: readonly { readonly name: string; readonly type: string; readonly isSupplied: boolean }[];
}

/** Of the services that have something implemented; global keys and those of identity providers are not a service's own. */
export function serviceKeys(root: string): readonly ServiceKeys[] {
  const text = codeUnder(join(root, 'src/services')) + codeUnder(join(root, 'src/kit'));
  return Object.keys(services).flatMap((service) =>
    Object.entries(readAuthz(root, service)?.prefixes ?? {}).map(([prefix, { keys }]) => ({
      service,
      prefix,
      keys: Object.entries(keys)
        .filter(([name]) => name.startsWith(`${prefix}:`))
        .map(([name, type]) => ({ name, type, isSupplied: isWritten(name, text) })),
    })),
  );
}

export function readAuthz(root: string, service: string): ServiceAuthz | undefined {
  try {
    // Decoding boundary: a generated file of the form ServiceAuthz.
    return JSON.parse(readFileSync(join(root, 'src/services', service, 'authz.json'), 'utf8')) as ServiceAuthz;
  } catch {
    return undefined;
  }
}

/** The form that `pipeline/condition-context.ts` reads. */
export function serviceKeysFile(all: readonly ServiceKeys[]): string {
  const named = (isWanted: boolean) =>
    all.flatMap(({ keys }) => keys.filter(({ isSupplied }) => isSupplied === isWanted).map(({ name }) => name));
  return `${JSON.stringify({ prefixes: all.map(({ prefix }) => prefix), supplied: named(true), unsupplied: named(false) }, undefined, 1)}\n`;
}

export function conditionKeysDocument(all: readonly ServiceKeys[]): string {
  const global = globalKeys.map((key) => {
    const values = key.isMultivalued === true ? 'several' : 'one';
    return `| \`${key.name}\` | ${key.type} | ${values} | ${'absentBecause' in key ? `**not supplied**: ${key.absentBecause}` : key.present} |`;
  });
  const own = all
    .filter(({ keys }) => keys.length > 0)
    .flatMap(({ prefix, keys }) => [
      '',
      `## Keys of ${prefix}`,
      '',
      '| key | type | |',
      '|---|---|---|',
      ...keys.map(({ name, type, isSupplied }) => `| \`${name}\` | ${type} | ${isSupplied ? 'supplied' : '**not supplied**'} |`),
    ]);
  const head = [
    '# Condition keys',
    '',
    'Generated from the code. A policy may use any key; a key that this build does not supply is absent from every request, and `castellan explain` says so',
    'where a statement about the action uses it. Keys of identity providers (`saml:…`, `accounts.google.com:…`) come with the sessions that they vouch for.',
    '',
    '## Global keys',
    '',
    '| key | type | values | in the request when |',
    '|---|---|---|---|',
  ];
  return `${[...head, ...global, ...own].join('\n')}\n`;
}

/** All program text, without comments, tests and generated files. */
function codeUnder(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(test|gen)\.ts$/.test(path))
    .toSorted()
    .map((path) => readFileSync(join(folder, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''))
    .join('\n');
}

/** Of a family of keys (`iam:ResourceTag/${TagKey}`) the fixed part. */
function isWritten(key: string, code: string): boolean {
  const variable = /\$\{|tag-key$/.exec(key);
  const quoted = ["'", '`'];
  if (variable !== null) return quoted.some((quote) => code.includes(quote + key.slice(0, variable.index)));
  return quoted.some((quote) => code.includes(quote + key + quote));
}
