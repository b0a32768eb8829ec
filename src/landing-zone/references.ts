// What a landing zone's file says about itself: names that stand for something else in it must be there, and members must mean something where
// they are.
import { isRecord } from '../base/record.ts';
import type { Guardrail, Identity, Key, Role, Targets, ZoneFile } from './file.ts';
import type { Problem } from './schema-check.ts';

type Path = Problem['path'];

export function checkReferences(file: ZoneFile): readonly Problem[] {
  return [
    ...accountProblems(file),
    ...Object.entries(file.administrators).flatMap(([service, account]) => needAccount(file, account, ['administrators', service])),
    ...Object.entries(file.guardrails).flatMap(([name, guardrail]) => guardrailProblems(file, guardrail, ['guardrails', name])),
    ...Object.entries(file.roles).flatMap(([name, role]) => roleProblems(file, role, ['roles', name])),
    ...Object.entries(file.keys).flatMap(([name, key]) => keyProblems(file, key, ['keys', name])),
    ...(file.identity === undefined ? [] : identityProblems(file, file.identity)),
    ...wordProblems(file),
  ];
}

/** Accounts of the units, with all that is below them, and those that are named. */
export function accountsOf({ accounts }: ZoneFile, { units = [], accounts: named = [] }: Targets): readonly string[] {
  const isIn = (unit: string) => units.some((each) => each === '/' || unit === each || unit.startsWith(`${each}/`));
  return Object.entries(accounts).flatMap(([name, { unit }]) => (isIn(unit) || named.includes(name) ? [name] : []));
}

function need(isThere: boolean, path: Path, message: string): readonly Problem[] {
  return isThere ? [] : [{ path, message }];
}

function needAccount({ accounts }: ZoneFile, name: string, path: Path): readonly Problem[] {
  return need(Object.hasOwn(accounts, name), path, `\`${name}\` is not one of the accounts`);
}

function needUnit({ units }: ZoneFile, unit: string, path: Path): readonly Problem[] {
  return need(unit === '/' || units.includes(unit), path, `\`${unit}\` is not one of the units`);
}

function needRoles({ roles }: ZoneFile, names: readonly string[] = [], path: Path): readonly Problem[] {
  return names.flatMap((name, at) => need(Object.hasOwn(roles, name), [...path, at], `\`${name}\` is not one of the roles`));
}

function needTargets(file: ZoneFile, { units, accounts }: Targets, path: Path): readonly Problem[] {
  return [
    ...need((units ?? accounts) !== undefined, path, 'names neither units nor accounts, so that it is nowhere; `/` is the root'),
    ...(units ?? []).flatMap((unit, at) => needUnit(file, unit, [...path, 'units', at])),
    ...(accounts ?? []).flatMap((account, at) => needAccount(file, account, [...path, 'accounts', at])),
  ];
}

function accountProblems(file: ZoneFile): readonly Problem[] {
  const emails = new Set<string>();
  return Object.entries(file.accounts).flatMap(([name, { unit, email }]) => {
    const isFree = !emails.has(email.toLowerCase());
    emails.add(email.toLowerCase());
    return [
      ...needUnit(file, unit, ['accounts', name, 'unit']),
      ...need(isFree, ['accounts', name, 'email'], `\`${email}\` is the address of another account too`),
    ];
  });
}

/** Members that only some kinds of guardrail read. */
const membersOfKinds: Readonly<Record<string, readonly Guardrail['kind'][]>> = {
  regions: ['region-limit'],
  exempt: ['region-limit', 'protect-baseline', 'data-perimeter', 'resource-perimeter'],
  networks: ['data-perimeter'],
  trustedAccounts: ['data-perimeter', 'resource-perimeter'],
  services: ['data-perimeter', 'resource-perimeter'],
};

function isOfOtherKind(kind: Guardrail['kind'], member: string): boolean {
  const kinds = membersOfKinds[member];
  return kinds !== undefined && !kinds.includes(kind);
}

function guardrailProblems(file: ZoneFile, guardrail: Guardrail, path: Path): readonly Problem[] {
  const { kind, statements } = guardrail;
  const idle = Object.keys(guardrail).filter((member) => isOfOtherKind(kind, member));
  const isOwn = kind === 'service-control' || kind === 'resource-control';
  const message = isOwn ? 'has no `statements`' : `has \`statements\`, which a ${kind} makes itself`;
  return [
    ...needTargets(file, guardrail, path),
    ...idle.flatMap((member) => need(false, [...path, member], `says nothing to a ${kind}`)),
    ...need(isOwn === (statements !== undefined), path, message),
  ];
}

function roleProblems(file: ZoneFile, role: Role, path: Path): readonly Problem[] {
  const { trusts, trustsServices, trustsProviders, assumes } = role;
  const trustsSomebody = (trusts ?? trustsServices ?? trustsProviders) !== undefined || file.identity !== undefined;
  const providers = { ...file.identity?.openIdConnect, ...file.identity?.saml };
  // AWS: a role trusts identity providers of its own account alone.
  const elsewhere = trustsProviders && accountsOf(file, role).find((account) => account !== file.identity?.account);
  return [
    ...needTargets(file, role, path),
    ...(trusts ?? []).flatMap((account, at) => needAccount(file, account, [...path, 'trusts', at])),
    ...needRoles(file, assumes, [...path, 'assumes']),
    ...need(trustsSomebody, path, 'trusts nobody: there is no `identity`, so say `trusts`'),
    ...(trustsProviders ?? []).flatMap((each, at) =>
      need(Object.hasOwn(providers, each), [...path, 'trustsProviders', at], `\`${each}\` is not a provider of \`identity\``),
    ),
    ...need(
      elsewhere === undefined,
      [...path, 'trustsProviders'],
      `are not known in \`${elsewhere}\`, where the role is too; only the identity account has identity providers`,
    ),
  ];
}

function keyProblems(file: ZoneFile, { account, decryptOnly, sharedWith }: Key, path: Path): readonly Problem[] {
  const isForOthers = decryptOnly !== true || sharedWith === 'organization';
  const message = 'is about others than the account, with whom it is shared by `sharedWith: organization`';
  return [...needAccount(file, account, [...path, 'account']), ...need(isForOthers, [...path, 'decryptOnly'], message)];
}

function identityProblems(file: ZoneFile, { account, groups, users, openIdConnect, saml }: Identity): readonly Problem[] {
  const urls = new Set<string>();
  const ofProviders = Object.entries(openIdConnect).flatMap(([name, { url }]) => {
    const path = ['identity', 'openIdConnect', name];
    const host = url.replace(/\/$/, '').toLowerCase();
    const isNew = !urls.has(host);
    urls.add(host);
    const both = 'has the name of a SAML provider, so that `trustsProviders` could mean both';
    return [
      ...need(isNew, [...path, 'url'], `\`${url}\` is the URL of another provider too`),
      ...need(!Object.hasOwn(saml, name), path, both),
    ];
  });
  return [
    ...needAccount(file, account, ['identity', 'account']),
    ...Object.entries(groups).flatMap(([name, group]) => needRoles(file, group.assumes, ['identity', 'groups', name, 'assumes'])),
    ...Object.entries(users).flatMap(([name, user]) =>
      (user.groups ?? []).flatMap((group, at) =>
        need(Object.hasOwn(groups, group), ['identity', 'users', name, 'groups', at], `\`${group}\` is not one of the groups`),
      ),
    ),
    ...ofProviders,
  ];
}

/** `{{account:NAME}}` in statements. */
function wordProblems(file: ZoneFile): readonly Problem[] {
  const problems: Problem[] = [];
  const walk = (value: unknown, path: Problem['path']): void => {
    if (typeof value === 'string') {
      for (const [word, name] of value.matchAll(/\{\{([^}]*)\}\}/g)) {
        const account = /^account:(.+)$/.exec(name ?? '')?.[1];
        const isKnown =
          name === 'organization' || name === 'management' || (account !== undefined && Object.hasOwn(file.accounts, account));
        if (!isKnown)
          problems.push({
            path,
            message: `\`${word}\` stands for nothing; there is {{organization}}, {{management}} and {{account:NAME}}`,
          });
      }
    } else if (Array.isArray(value)) value.forEach((each, index) => void walk(each, [...path, index]));
    else if (isRecord(value)) for (const [name, each] of Object.entries(value)) walk(each, [...path, name]);
  };
  walk(file.guardrails, ['guardrails']);
  walk(file.roles, ['roles']);
  walk(file.identity?.groups, ['identity', 'groups']);
  return problems;
}
