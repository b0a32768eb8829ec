// Operations that are not implemented: the stages before their execution are real, so that a guardrail is heard before the apology.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../test/in-process.ts';
import { testUser } from '../../test/users.ts';

let castellan: InProcess;
let account = '';
let memberRoot: ClientCredentials;
beforeAll(async () => {
  castellan = await startInProcess('absent');
  const organizations = castellan.organizations();
  await organizations.createOrganization({});
  const { CreateAccountStatus } = await organizations.createAccount({ AccountName: 'member', Email: 'member@example.org' });
  account = CreateAccountStatus?.AccountId ?? '';
  memberRoot = await castellan.addAccount(account);
  const Content = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Deny', Action: 'shield:DeleteProtectionGroup', Resource: '*' },
  });
  const { Policy } = await organizations.createPolicy({ Name: 'shield', Description: '', Type: 'SERVICE_CONTROL_POLICY', Content });
  await organizations.attachPolicy({ PolicyId: Policy?.PolicySummary?.Id, TargetId: account });
});
afterAll(async () => {
  await castellan.stop();
});

const remove = (as: ClientCredentials) => castellan.call('shield', 'DeleteProtectionGroup', { ProtectionGroupId: 'g' }, as);

test('a guardrail refuses an absent operation, to the root of its account too, and the refusal can be explained', async () => {
  const answer = await remove(memberRoot);
  expect(answer).toMatchObject({ status: 400, error: 'AccessDeniedException' });
  expect(answer.output['message'] ?? answer.output['Message']).toContain(
    `User: arn:aws:iam::${account}:root is not authorized to perform: shield:DeleteProtectionGroup on resource: * with an explicit deny in a service control policy: arn:aws:organizations::`,
  );
});

test('what nothing forbids answers that it is absent, whether anything allows it or not', async () => {
  expect((await remove(castellan.root)).status).toBe(501);
  expect((await remove(await testUser(castellan, 'nobody', [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }]))).status).toBe(501);
});

test('a forged signature is told so, and learns no more', async () => {
  const forged = { ...castellan.root, secretAccessKey: 'x'.repeat(40) };
  expect((await remove(forged)).error).toContain('Signature');
});
