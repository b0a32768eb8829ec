// `npm run bench -- compliance`: tag policies over organisations of two sizes. Prints how long the compliance summary takes for each, in one sum and
// grouped by account through all pages, with the memory that it holds and how long the server answers nobody meanwhile.
// COMPLIANCE_ACCOUNTS and COMPLIANCE_RESOURCES (of each account) set the size of the larger one.
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { Structure } from '../../src/protocol/protocol.ts';
import { secrets } from '../../src/services/secretsmanager/records.ts';
import { type InProcess, startInProcess } from '../in-process.ts';

const accounts = Number(process.env['COMPLIANCE_ACCOUNTS'] ?? 5_000);
const resources = Number(process.env['COMPLIANCE_RESOURCES'] ?? 8);
const unitsOf = 10;
const tagPolicy = {
  tags: {
    costcenter: { tag_key: { '@@assign': 'CostCenter' }, tag_value: { '@@assign': ['100', '2*'] } },
    owner: { tag_key: { '@@assign': 'Owner' } },
  },
};
/** Every fourth breaks the policy. */
const tagsOf = (index: number) => ({ CostCenter: index % 4 === 0 ? '999' : '250', Owner: 'ada' });

interface Figures {
  readonly perAccount: Readonly<Record<string, number>>;
}

const few = await measure(Math.max(1, Math.floor(accounts / 10)));
const many = await measure(accounts);
for (const [name, cost] of Object.entries(many.perAccount)) {
  print(`${name}: cost of an account there by its cost in a tenth of the accounts`, cost / (few.perAccount[name] ?? Number.NaN));
}

function print(name: string, value: number): void {
  process.stdout.write(`${name.padEnd(100)}${Math.round(value * 100) / 100}\n`);
}

async function measure(count: number): Promise<Figures> {
  const castellan = await startInProcess('compliance');
  const began = performance.now();
  const targets = await organisation(castellan, count);
  await fill(castellan, targets);
  print(`${count} accounts with ${resources} tagged resources each, made in, s`, (performance.now() - began) / 1_000);
  const perAccount: Record<string, number> = {};
  const run = async (name: string, input: Structure, repeat = 1) => {
    const { seconds, pages, total, heapMb, blockedMs } = await summary(castellan, input);
    print(`  ${name}: s`, seconds);
    print(`  ${name}: pages`, pages);
    print(`  ${name}: resources that break the policy`, total);
    print(`  ${name}: heap at its highest, MB above the start`, heapMb);
    print(`  ${name}: longest time without an answer to others, ms`, blockedMs);
    perAccount[name] = (seconds / count) * repeat;
  };
  await run('first time', {});
  await run('one sum', {});
  await run('by region and type', { GroupBy: ['REGION', 'RESOURCE_TYPE'] });
  await run('by account', { GroupBy: ['TARGET_ID'] });
  await castellan.stop();
  return { perAccount };
}

async function organisation(castellan: InProcess, count: number): Promise<readonly string[]> {
  const organizations = castellan.organizations();
  await organizations.createOrganization({ FeatureSet: 'ALL' });
  await organizations.enableAWSServiceAccess({ ServicePrincipal: 'tagpolicies.tag.amazonaws.com' });
  const root = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
  await organizations.enablePolicyType({ RootId: root, PolicyType: 'TAG_POLICY' });
  const { Policy } = await organizations.createPolicy({
    Name: 't',
    Type: 'TAG_POLICY',
    Description: '',
    Content: JSON.stringify(tagPolicy),
  });
  await organizations.attachPolicy({ PolicyId: Policy?.PolicySummary?.Id, TargetId: root });
  const units: string[] = [];
  for (let index = 0; index < unitsOf; index += 1) {
    const { OrganizationalUnit } = await organizations.createOrganizationalUnit({ ParentId: root, Name: `unit ${index}` });
    units.push(OrganizationalUnit?.Id ?? '');
  }
  const made: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const answer = await organizations.createAccount({ AccountName: `a${index}`, Email: `a${index}@example.org` });
    const AccountId = answer.CreateAccountStatus?.AccountId ?? '';
    await organizations.moveAccount({ AccountId, SourceParentId: root, DestinationParentId: units[index % unitsOf] });
    made.push(AccountId);
  }
  return made;
}

/** One secret is made by its service; the others are copies of it. */
async function fill(castellan: InProcess, targets: readonly string[]): Promise<void> {
  const Tags = Object.entries(tagsOf(1)).map(([Key, Value]) => ({ Key, Value }));
  await castellan.secretsManager().send(new CreateSecretCommand({ Name: 'model', SecretString: 'x', Tags }));
  for (let from = 0; from < targets.length; from += 500) {
    await castellan.store.transact(async (transaction) => {
      const model = await secrets.get(transaction, castellan.account, 'us-east-1', 'model');
      if (model === undefined) throw new Error('the secret was not made');
      for (const account of targets.slice(from, from + 500)) {
        for (let index = 0; index < resources; index += 1) {
          const region = index % 2 === 0 ? 'us-east-1' : 'eu-west-1';
          secrets.put(transaction, { ...model, account, region, name: `s/${index}`, tags: tagsOf(index) });
        }
      }
    });
  }
}

interface Summary {
  readonly seconds: number;
  readonly pages: number;
  readonly total: number;
  readonly heapMb: number;
  readonly blockedMs: number;
}

async function summary(castellan: InProcess, input: Structure): Promise<Summary> {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let highest = before;
  let blockedMs = 0;
  let last = performance.now();
  const tick = () => {
    blockedMs = Math.max(blockedMs, performance.now() - last);
    highest = Math.max(highest, process.memoryUsage().heapUsed);
    last = performance.now();
  };
  const timer = setInterval(tick, 1);
  const began = performance.now();
  let pages = 0;
  let total = 0;
  let token = '';
  do {
    const answer = await castellan.call('resourcegroupstaggingapi', 'GetComplianceSummary', { ...input, PaginationToken: token });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer));
    for (const row of answer.output['SummaryList'] as readonly { readonly NonCompliantResources: number }[])
      total += row.NonCompliantResources;
    token = String(answer.output['PaginationToken'] ?? '');
    pages += 1;
    tick();
  } while (token !== '');
  const seconds = (performance.now() - began) / 1_000;
  clearInterval(timer);
  return { seconds, pages, total, heapMb: (highest - before) / 1e6, blockedMs };
}
