// The file of a landing zone: what it may say, and that every mistake is told with its line and its path.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileProblems, parseZoneFile } from './file.ts';

const root = join(import.meta.dirname, '../..');
const noFiles = () => {
  throw new Error('there is no such file');
};

async function problemsOf(text: string): Promise<readonly string[]> {
  try {
    await parseZoneFile(text, { name: 'zone.yaml', readFile: noFiles });
    return [];
  } catch (error) {
    if (error instanceof FileProblems) return error.problems;
    throw error;
  }
}

const head = 'emails: "aws+{account}@example.org"\nregions: [us-east-1]\n';

const mistakes: readonly (readonly [string, string, readonly string[]])[] = [
  ['a member that is unknown', `${head}accounts: {}\nunit: [A]\n`, ['zone.yaml:4: unit is unknown here']],
  ['a member that is missing', 'accounts: {}\n', ['zone.yaml:1: the file has no `emails`', 'zone.yaml:1: the file has no `regions`']],
  [
    'a unit that is not there',
    `${head}units: [Work]\naccounts:\n  shop: { unit: Wrok }\n`,
    ['zone.yaml:5: accounts.shop.unit `Wrok` is not one of the units'],
  ],
  ['a wrong type', `${head}accounts: {}\nunits: Work\n`, ['zone.yaml:4: units is not a list']],
  ['text that does not look right', `emails: nobody\nregions: [us-east-1]\naccounts: {}\n`, ['zone.yaml:1: emails `nobody` does not look']],
  [
    'a role that is not there',
    `${head}accounts:\n  people: { unit: / }\nidentity:\n  account: people\n  groups:\n    admins: { assumes: [root] }\n`,
    ['zone.yaml:8: identity.groups.admins.assumes[0] `root` is not one of the roles'],
  ],
  [
    'a guardrail of its own without statements',
    `${head}accounts: {}\nguardrails:\n  mine: { kind: service-control, units: [/] }\n`,
    ['zone.yaml:5: guardrails.mine has no `statements`'],
  ],
  ['a guardrail that binds nobody', `${head}accounts: {}\nguardrails:\n  mine: { kind: no-leaving }\n`, ['guardrails.mine names neither']],
  [
    'a word that stands for nothing',
    `${head}accounts: {}\nguardrails:\n  mine:\n    kind: service-control\n    units: [/]\n    statements: [{ Effect: Deny, Action: "*", Resource: "{{account:x}}" }]\n`,
    ['zone.yaml:8: guardrails.mine.statements[0].Resource `{{account:x}}` stands for nothing'],
  ],
  [
    'one address for two accounts',
    `${head}accounts:\n  one: { unit: /, email: a@example.org }\n  two: { unit: /, email: A@example.org }\n`,
    ['zone.yaml:5: accounts.two.email'],
  ],
  [
    'a member that says nothing to its guardrail',
    `${head}accounts: {}\nguardrails:\n  stay:\n    kind: no-leaving\n    units: [/]\n    networks: [10.0.0.0/8]\n`,
    ['zone.yaml:8: guardrails.stay.networks says nothing to a no-leaving'],
  ],
  [
    'a network that is none',
    `${head}accounts: {}\nguardrails:\n  perimeter: { kind: data-perimeter, units: [/], networks: [10.0.0.0/8, "::1/128", 10.0.0.256/8, 10.0.0.0/33] }\n`,
    ['guardrails.perimeter.networks[2] `10.0.0.256/8`', 'guardrails.perimeter.networks[3] `10.0.0.0/33`'],
  ],
  [
    'a statement that neither allows nor denies',
    `${head}accounts: {}\nguardrails:\n  mine: { kind: service-control, units: [/], statements: [{ Action: "*" }, { Effect: deny }] }\n`,
    ['guardrails.mine.statements[0] has no `Effect`', 'guardrails.mine.statements[1].Effect is not one of Allow, Deny'],
  ],
  [
    'a role that trusts identity providers where there are none',
    `${head}accounts:\n  people: { unit: / }\n  shop: { unit: / }\nroles:\n  guest: { units: [/], trustsProviders: [login] }\nidentity:\n  account: people\n  openIdConnect:\n    login: { url: "https://a.example.org", clients: [x] }\n`,
    ['zone.yaml:7: roles.guest.trustsProviders are not known in `shop`'],
  ],
  [
    'two providers of one URL',
    `${head}accounts:\n  people: { unit: / }\nidentity:\n  account: people\n  openIdConnect:\n    one: { url: "https://a.example.org", clients: [x] }\n    two: { url: "https://A.example.org/", clients: [x] }\n`,
    ['zone.yaml:9: identity.openIdConnect.two.url'],
  ],
  [
    'a key that only others decrypt with, of whom there are none',
    `${head}accounts:\n  shop: { unit: / }\nkeys:\n  data: { account: shop, decryptOnly: true }\n`,
    ['zone.yaml:6: keys.data.decryptOnly is about others'],
  ],
  ['text that is no YAML', 'a: [1\n', ['zone.yaml:']],
  ['a member twice', 'zone: a\nzone: b\n', ['zone.yaml:2: Map keys must be unique']],
  [
    'metadata that cannot be read',
    `${head}accounts:\n  people: { unit: / }\nidentity:\n  account: people\n  saml:\n    idp: { metadata: idp.xml }\n`,
    ['zone.yaml:8: identity.saml.idp.metadata `idp.xml` cannot be read'],
  ],
];

test.each(mistakes)('%s is told with its place', async (_name, text, expected) => {
  const problems = await problemsOf(text);
  expect(problems).toHaveLength(expected.length);
  for (const [index, start] of expected.entries()) expect(problems[index]).toContain(start);
});

test('JSON is YAML too, and what is left out has its default', async () => {
  const text = JSON.stringify({
    emails: 'aws+{account}@example.org',
    regions: ['us-east-1'],
    units: ['A/B'],
    accounts: { shop: { unit: 'A/B' } },
  });
  const file = await parseZoneFile(text, { name: 'zone.json', readFile: noFiles });
  expect(file).toMatchObject({
    zone: 'castellan',
    units: ['A', 'A/B'],
    accounts: { shop: { unit: 'A/B', email: 'aws+shop@example.org' } },
  });
});

test('what the guide says stands in a file as it is', async () => {
  const guide = readFileSync(join(root, 'docs/guides/landing-zone.md'), 'utf8');
  const blocks = [...guide.matchAll(/(?:^ {4}.*\n)+/gm)].map(([block]) => block.replace(/^ {4}/gm, ''));
  const zones = blocks.filter((block) => /^[a-zA-Z]+:/.test(block));
  expect(zones.length).toBeGreaterThan(0);
  const rest = 'accounts:\n  identity: { unit: / }\n  production: { unit: / }\n';
  for (const zone of zones) {
    const withReader = zone.replace(/^roles:\n/m, 'roles:\n  reader: { accounts: [production] }\n');
    const file = await parseZoneFile(`${head}${rest}${withReader}`, { name: 'guide.yaml', readFile: () => '<metadata/>' });
    expect(file.roles['people']?.trustsProviders).toEqual(['corp', 'login']);
    expect(Object.keys(file.identity?.saml ?? {})).toEqual(['corp']);
  }
  const { guardrailKinds } = await import('./schema.ts');
  for (const kind of guardrailKinds) expect(guide).toContain(`\`${kind}\``);
});

describe('files that are published', () => {
  const examples = readdirSync(join(root, 'examples/landing-zone')).map((name) => join(root, 'examples/landing-zone', name));

  test.each([join(root, 'src/landing-zone/default.yaml'), ...examples])('%s is right', async (path) => {
    await parseZoneFile(readFileSync(path, 'utf8'), { name: path, readFile: noFiles });
  });
});
