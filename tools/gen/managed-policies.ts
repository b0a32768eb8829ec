// The AWS managed policies that ship with the product: their names and purpose are AWS's, their documents are declared here, the broad ones from
// the access levels of the service authorization reference. Real documents can be imported over them (`castellan managed-policies import`).
import { createHash } from 'node:crypto';
import type { IamData } from './authz-file.ts';
import { perService } from './managed-policy-services.ts';
import { administrative, jobFunctions, linkedRolePolicies, serviceRoles } from './managed-policy-table.ts';

/** One policy of the table; `statements` are made from the reference data. */
export interface ManagedPolicyDeclaration {
  readonly name: string;
  /** `/` unless given. */
  readonly path?: string;
  readonly description: string;
  readonly statements: (levels: AccessLevels) => readonly object[];
}

/** Which actions of a service have an access level, as patterns. */
export interface AccessLevels {
  readonly prefixes: readonly string[];
  /** Read and List, without those that hand out secrets or credentials. */
  readonly read: (prefixes: readonly string[]) => readonly string[];
  readonly list: (prefixes: readonly string[]) => readonly string[];
  /** What an auditor looks at: lists, descriptions, and how access, encryption and logging are configured; no content. */
  readonly audit: (prefixes: readonly string[]) => readonly string[];
}

export function managedPoliciesFile(iamData: IamData, prefixes: readonly string[]): string {
  const levels = accessLevels(iamData, prefixes);
  const declarations = [...administrative, ...jobFunctions, ...serviceRoles, ...linkedRolePolicies, ...perService];
  const lines = declarations
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .map((declaration) => {
      const { name, path = '/', description, statements } = declaration;
      const document = JSON.stringify({ Version: '2012-10-17', Statement: statements(levels) });
      return JSON.stringify({ name, path, id: idOf(nameOf(declaration)), description, document });
    });
  return `[\n${lines.join(',\n')}\n]\n`;
}

function nameOf({ name, path = '/' }: ManagedPolicyDeclaration): string {
  return `${path}${name}`;
}

/** In AWS's form; AWS's own ids are not published. */
function idOf(name: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return `ANPA${[...createHash('sha256').update(name).digest().subarray(0, 17)].map((byte) => alphabet.charAt(byte % 32)).join('')}`;
}

/** Of level Read in the reference, but the answer is a secret, a credential or a message that is gone afterwards. */
const revealing =
  /(Token|TokenFor\w*|Credentials|CredentialsFor\w*|SecretValue|RandomPassword|PasswordData|ReceiveMessage|AuthorizationCode|SigninToken|PrivateKey\w*|ExportCertificate|GetId|GetDataAccess|AllowVendedLogDeliveryForResource)$/;
const audited =
  /(Policy|Policies|Encryption|Acl|Access|Permission|Grant|Trust|Logging|Log|Public|Compliance|Rotation|Versioning|Tag|Configuration|Config|Settings|Status|Summary|Report|Attributes|Protection|Certificate)/;

function accessLevels(iamData: IamData, prefixes: readonly string[]): AccessLevels {
  const select = (chosen: readonly string[], isWanted: (name: string, level: string) => boolean): readonly string[] =>
    chosen.flatMap((prefix) => {
      const actions = Object.entries(iamData.authz(prefix).actions);
      const wanted = new Set(actions.flatMap(([name, { level }]) => (isWanted(name, level) ? [name] : [])));
      return patterns(
        actions.map(([name]) => name),
        wanted,
      ).map((pattern) => `${prefix}:${pattern}`);
    });
  return {
    prefixes,
    read: (chosen) => select(chosen, (name, level) => (level === 'Read' || level === 'List') && !revealing.test(name)),
    list: (chosen) => select(chosen, (name, level) => level === 'List' && !revealing.test(name)),
    audit: (chosen) =>
      select(chosen, (name, level) => {
        if (revealing.test(name)) return false;
        return level === 'List' || (level === 'Read' && (/^(Describe|List)/.test(name) || (/^Get/.test(name) && audited.test(name))));
      }),
  };
}

/** The wanted names, with `Verb*` for a verb all of whose actions are wanted. */
function patterns(all: readonly string[], wanted: ReadonlySet<string>): readonly string[] {
  const verbOf = (name: string): string => /^[A-Z]+[a-z]*/.exec(name)?.[0] ?? name;
  const verbs = new Map<string, string[]>();
  for (const name of wanted) verbs.set(verbOf(name), [...(verbs.get(verbOf(name)) ?? []), name]);
  return [...verbs].flatMap(([verb, names]) => {
    const isWhole = all.filter((name) => name.startsWith(verb)).every((name) => wanted.has(name));
    return isWhole && names.length > 1 ? [`${verb}*`] : names;
  });
}
