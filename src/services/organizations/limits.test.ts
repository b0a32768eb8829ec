// The quotas of a whole organisation: the last free place is taken once, however many ask for it at the same time. The counts are set to the
// brink in the store, so that thousands of records need not be made.
import type { Organizations } from '@aws-sdk/client-organizations';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { dayMs, policyQuotas, quotas } from './quotas.ts';
import { closures, counts } from './records.ts';

let castellan: InProcess;
let organizations: Organizations;
let organizationId = '';
let rootId = '';
beforeAll(async () => {
  castellan = await startInProcess('organization-limits');
  organizations = castellan.organizations();
  organizationId = (await organizations.createOrganization({})).Organization?.Id ?? '';
  rootId = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
});
afterAll(async () => {
  await castellan.stop();
});

const setCount = (what: string, count: number) =>
  castellan.store.transact(async (transaction) => counts.put(transaction, { organizationId, what, count }));

/** How many of parallel calls succeeded, and why the others did not. */
async function race(calls: readonly Promise<unknown>[]): Promise<{ readonly won: number; readonly reasons: ReadonlySet<unknown> }> {
  const ends = await Promise.allSettled(calls);
  const reasons = ends.flatMap((end) => (end.status === 'rejected' ? [(end.reason as { readonly Reason?: string }).Reason] : []));
  return { won: ends.length - reasons.length, reasons: new Set(reasons) };
}

const six = [1, 2, 3, 4, 5, 6];
const deny = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'sns:*', Resource: '*' }] });

test('accounts', async () => {
  await setCount('accounts', quotas.accounts - 1);
  const create = (n: number) => organizations.createAccount({ AccountName: `a${n}`, Email: `a${n}@example.org` });
  expect(await race(six.map(create))).toEqual({ won: 1, reasons: new Set(['ACCOUNT_NUMBER_LIMIT_EXCEEDED']) });
  await expect(organizations.inviteAccountToOrganization({ Target: { Type: 'ACCOUNT', Id: '222222222222' } })).rejects.toMatchObject({
    name: 'HandshakeConstraintViolationException',
    Reason: 'ACCOUNT_NUMBER_LIMIT_EXCEEDED',
  });
  await setCount('accounts', 2);
});

test('invitations count as accounts until they are answered', async () => {
  await setCount('accounts', quotas.accounts - 1);
  const invite = (n: number) => organizations.inviteAccountToOrganization({ Target: { Type: 'ACCOUNT', Id: `22222222222${n}` } });
  expect(await race(six.map(invite))).toEqual({ won: 1, reasons: new Set(['ACCOUNT_NUMBER_LIMIT_EXCEEDED']) });
  await setCount('accounts', 2);
});

test('organisational units', async () => {
  await setCount('units', quotas.organizationalUnits - 1);
  const create = (n: number) => organizations.createOrganizationalUnit({ ParentId: rootId, Name: `u${n}` });
  expect(await race(six.map(create))).toEqual({ won: 1, reasons: new Set(['OU_NUMBER_LIMIT_EXCEEDED']) });
  // A deleted unit makes room.
  const { OrganizationalUnits } = await organizations.listOrganizationalUnitsForParent({ ParentId: rootId });
  await organizations.deleteOrganizationalUnit({ OrganizationalUnitId: OrganizationalUnits?.[0]?.Id });
  await create(7);
});

test('policies of a type', async () => {
  await setCount('policies SERVICE_CONTROL_POLICY', policyQuotas.SERVICE_CONTROL_POLICY.perOrganization - 1);
  const create = (n: number) =>
    organizations.createPolicy({ Name: `p${n}`, Description: '', Type: 'SERVICE_CONTROL_POLICY', Content: deny });
  expect(await race(six.map(create))).toEqual({ won: 1, reasons: new Set(['POLICY_NUMBER_LIMIT_EXCEEDED']) });
  await organizations.createPolicy({
    Name: 'other',
    Description: '',
    Type: 'TAG_POLICY',
    Content: '{"tags":{"a":{"tag_key":{"@@assign":"A"}}}}',
  });
});

test('accounts closed within thirty days', async () => {
  const account = async (name: string) =>
    (await organizations.createAccount({ AccountName: name, Email: `${name}@example.org` })).CreateAccountStatus?.AccountId;
  const [one, two] = [await account('first'), await account('second')];
  const now = castellan.clock.now();
  await castellan.store.transact(async (transaction) => {
    for (let made = 1; made < quotas.closedAccountsPer30Days.floor; made += 1) {
      closures.put(transaction, { organizationId, account: String(made), atMs: now - made });
    }
  });
  expect(await race([one, two].map((AccountId) => organizations.closeAccount({ AccountId })))).toEqual({
    won: 1,
    reasons: new Set(['CLOSE_ACCOUNT_QUOTA_EXCEEDED']),
  });
  castellan.clock.advance(31 * dayMs);
  const { Accounts } = await organizations.listAccounts({});
  const open = Accounts?.find(({ Id, State }) => State === 'ACTIVE' && (Id === one || Id === two));
  await organizations.closeAccount({ AccountId: open?.Id });
});

test('delegated administrators of a service', async () => {
  const ServicePrincipal = 'guardduty.amazonaws.com';
  await organizations.enableAWSServiceAccess({ ServicePrincipal });
  await setCount(`delegated ${ServicePrincipal}`, quotas.delegatedAdministratorsPerService - 1);
  const ids: (string | undefined)[] = [];
  for (const n of [1, 2, 3]) {
    ids.push((await organizations.createAccount({ AccountName: `d${n}`, Email: `d${n}@example.org` })).CreateAccountStatus?.AccountId);
  }
  const register = ids.map((AccountId) => organizations.registerDelegatedAdministrator({ AccountId, ServicePrincipal }));
  expect(await race(register)).toEqual({ won: 1, reasons: new Set(['MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED']) });
});
