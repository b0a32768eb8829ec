// Whether what an operation asks about is a resource that its action can be limited to, by the ARN forms of the services' authz.json.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PrefixAuthz, ServiceAuthz } from '../src/model/authz.ts';

export interface AskedResource {
  readonly action: string;
  readonly resource: string;
}

/** What is wrong with the pair of action and resource; undefined when they fit. */
export type ResourceCheck = (asked: AskedResource) => string | undefined;

export function createResourceCheck(): ResourceCheck {
  const prefixes = readPrefixes();
  return ({ action, resource }) => {
    const [prefix = '', name = ''] = action.split(':');
    const facts = prefixes.get(prefix)?.actions[name];
    if (facts === undefined) return `${action} is no action`;
    const types = Object.entries(facts.resources ?? {});
    if (resource === '*') return types.some(([, { required }]) => required) ? `${action} needs a resource` : undefined;
    const forms = types.map(([type]) => prefixes.get(prefix)?.resources[type]?.arn ?? '');
    if (forms.some((form) => hasForm(resource, form))) return undefined;
    return forms.length === 0 ? `${action} takes no resource` : `${action} is about ${types.map(([type]) => type).join(', ')}`;
  };
}

function readPrefixes(): ReadonlyMap<string, PrefixAuthz> {
  const services = join(import.meta.dirname, '../src/services');
  const files = readdirSync(services).map((name) => join(services, name, 'authz.json'));
  const all = files.filter((file) => existsSync(file)).map((file): ServiceAuthz => JSON.parse(readFileSync(file, 'utf8')));
  return new Map(all.flatMap(({ prefixes }) => Object.entries(prefixes)));
}

/** `arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}`: what stands for a variable has no colon, but at the end. */
function hasForm(arn: string, form: string): boolean {
  const pieces = form.split(/\$\{[^}]*\}/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const last = pieces.length - 1;
  const source = pieces.map((text, index) => text + (index === last ? '' : index === last - 1 && pieces[last] === '' ? '.+' : '[^:]*'));
  return new RegExp(`^${source.join('')}$`, 's').test(arn);
}
