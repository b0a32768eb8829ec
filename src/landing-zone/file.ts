// A landing zone's file: YAML or JSON text to a checked value. All that is wrong is told at once, each with its line and its path in the file.
import { checkReferences } from './references.ts';
import { type guardrailKinds, schema } from './schema.ts';
import { checkSchema, type Problem } from './schema-check.ts';

export interface Targets {
  readonly units?: readonly string[];
  readonly accounts?: readonly string[];
}

export type Statement = Readonly<Record<string, unknown>>;

export interface Guardrail extends Targets {
  readonly kind: (typeof guardrailKinds)[number];
  readonly description?: string;
  readonly regions?: readonly string[];
  readonly exempt?: readonly string[];
  readonly networks?: readonly string[];
  readonly trustedAccounts?: readonly string[];
  readonly services?: readonly string[];
  readonly statements?: readonly Statement[];
}

export interface Role extends Targets {
  readonly description?: string;
  readonly trusts?: readonly string[];
  readonly trustsServices?: readonly string[];
  readonly trustsProviders?: readonly string[];
  readonly mfa?: boolean;
  readonly sessionHours?: number;
  readonly policies?: readonly string[];
  readonly statements?: readonly Statement[];
  readonly assumes?: readonly string[];
}

export interface Group {
  readonly assumes?: readonly string[];
  readonly policies?: readonly string[];
  readonly statements?: readonly Statement[];
}

export interface OpenIdConnect {
  readonly url: string;
  readonly clients: readonly string[];
  readonly thumbprints?: readonly string[];
}

export interface Key {
  readonly account: string;
  readonly region?: string;
  readonly description?: string;
  readonly sharedWith?: 'account' | 'organization';
  readonly decryptOnly?: boolean;
  readonly services?: readonly string[];
}

type Named<Value> = Readonly<Record<string, Value>>;

export interface Identity {
  readonly account: string;
  readonly groups: Named<Group>;
  readonly users: Named<{ readonly groups?: readonly string[] }>;
  readonly openIdConnect: Named<OpenIdConnect>;
  /** The metadata itself. */
  readonly saml: Named<{ readonly metadata: string }>;
}

export interface ZoneFile {
  readonly zone: string;
  readonly emails: string;
  readonly regions: readonly [string, ...string[]];
  /** With their parents, each parent before its children. */
  readonly units: readonly string[];
  readonly accounts: Named<{ readonly unit: string; readonly email: string }>;
  readonly trustedServices: readonly string[];
  readonly administrators: Named<string>;
  readonly centralRootAccess: boolean;
  readonly guardrails: Named<Guardrail>;
  readonly roles: Named<Role>;
  readonly identity: Identity | undefined;
  readonly keys: Named<Key>;
}

export class FileProblems extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** @throws FileProblems */
export async function parseZoneFile(text: string, source: { name: string; readFile: (path: string) => string }): Promise<ZoneFile> {
  const { LineCounter, parseDocument, isNode } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new FileProblems(
      document.errors.map(({ message, pos }) => `${source.name}:${lines.linePos(pos[0]).line}: ${message.split('\n')[0]}`),
    );
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const report = (problems: readonly Problem[]): void => {
    if (problems.length === 0) return;
    throw new FileProblems(
      problems.map(({ path, message }) => {
        const node = path.length === 0 ? document.contents : document.getIn(path, true);
        const offset = isNode(node) ? node.range?.[0] : undefined;
        const line = offset === undefined ? '' : `:${lines.linePos(offset).line}`;
        return `${source.name}${line}: ${pathText(path)} ${message}`;
      }),
    );
  };
  report(checkSchema(schema, value ?? {}));
  const { file, problems } = completed(value, source.readFile);
  report([...problems, ...checkReferences(file)]);
  return file;
}

function pathText(path: Problem['path']): string {
  return path.length === 0
    ? 'the file'
    : path
        .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
        .join('')
        .replace(/^\./, '');
}

// A boundary: the schema has been checked, and these are the types that it describes; members may be missing or empty.
type Raw = Partial<Omit<ZoneFile, 'identity' | 'accounts'>> & {
  readonly accounts: Named<{ readonly unit: string; readonly email?: string }>;
  readonly identity?: Partial<Identity>;
};

function completed(value: unknown, readFile: (path: string) => string): { readonly file: ZoneFile; readonly problems: readonly Problem[] } {
  const raw = value as Raw;
  const emails = raw.emails ?? '';
  const problems: Problem[] = [];
  const saml = Object.entries(raw.identity?.saml ?? {}).map(([name, { metadata }]) => {
    try {
      return [name, { metadata: readFile(metadata) }] as const;
    } catch {
      problems.push({ path: ['identity', 'saml', name, 'metadata'], message: `\`${metadata}\` cannot be read` });
      return [name, { metadata: '' }] as const;
    }
  });
  const file: ZoneFile = {
    zone: raw.zone ?? 'castellan',
    emails,
    regions: raw.regions ?? ['us-east-1'],
    units: withParents(raw.units ?? []),
    accounts: mapped(raw.accounts, (account, name) => ({ unit: account.unit, email: account.email ?? emails.replace('{account}', name) })),
    trustedServices: raw.trustedServices ?? [],
    administrators: raw.administrators ?? {},
    centralRootAccess: raw.centralRootAccess ?? false,
    guardrails: raw.guardrails ?? {},
    roles: mapped(raw.roles ?? {}, (role) => role ?? {}),
    identity:
      raw.identity === undefined
        ? undefined
        : {
            account: raw.identity.account ?? '',
            groups: mapped(raw.identity.groups ?? {}, (group) => group ?? {}),
            users: mapped(raw.identity.users ?? {}, (user) => user ?? {}),
            openIdConnect: raw.identity.openIdConnect ?? {},
            saml: Object.fromEntries(saml),
          },
    keys: raw.keys ?? {},
  };
  return { file, problems };
}

function mapped<From, To>(members: Named<From>, change: (value: From, name: string) => To): Named<To> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value, name)]));
}

function withParents(paths: readonly string[]): readonly string[] {
  const all = paths
    .filter((path) => path !== '/')
    .flatMap((path) => path.split('/').map((_step, index, steps) => steps.slice(0, index + 1).join('/')));
  return [...new Set(all)];
}
