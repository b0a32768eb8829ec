// What the guardrails of the default landing zone do to whom, through the whole pipeline.
import { CreateSecretCommand, PutResourcePolicyCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientCredentials } from '../../test/in-process.ts';
import { apply, assume, inside, type Site, startSite } from '../../test/landing-zone-site.ts';
import { testUser } from '../../test/users.ts';
import type { World } from './world.ts';

let site: Site;
let world: World;
beforeAll(async () => {
  site = await startSite('landing-zone-guardrails');
  world = await apply(site);
});
afterAll(() => site.castellan.stop());

const accountOf = (name: string) => world.accounts.get(name) ?? '';

test('the logging account’s own root is refused when it tries to stop or delete a trail, by a service control policy', async () => {
  const account = accountOf('logging');
  const root = await site.castellan.addAccount(account);
  for (const operation of ['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors']) {
    const answer = await site.castellan.call('cloudtrail', operation, { Name: 'central', TrailName: 'central' }, root);
    expect(answer.error).toBe('AccessDeniedException');
    const message = String(answer.output['message'] ?? answer.output['Message']);
    expect(message).toContain(`User: arn:aws:iam::${account}:root is not authorized to perform: cloudtrail:${operation}`);
    expect(message).toContain('with an explicit deny in a service control policy: arn:aws:organizations::');
  }
});

test('a user of the identity account enters a workload through a mapped role, and no role that is not mapped', async () => {
  const identity = await inside(site, world, 'identity');
  const { AccessKey } = await site.castellan.iam(identity).createAccessKey({ UserName: 'alice' });
  const alice = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  const production = accountOf('production');
  const arn = (role: string) => `arn:aws:iam::${production}:role/castellan/${role}`;
  const session = await assume(world, alice, arn('administrator'));
  await site.castellan.iam(session).createUser({ UserName: 'made-by-alice' });
  await expect(assume(world, alice, arn('operator'))).rejects.toThrow('is not authorized to perform: sts:AssumeRole');
  // Not even an administrator of the account touches the baseline.
  await expect(site.castellan.iam(session).deleteRole({ RoleName: 'reader' })).rejects.toThrow('service control policy');
  await expect(site.castellan.iam(session).deleteRole({ RoleName: 'OrganizationAccountAccessRole' })).rejects.toThrow(
    'service control policy',
  );
});

test('other regions are refused, and services without a region are not', async () => {
  const session = await inside(site, world, 'development');
  await site.castellan.kms(session, 'eu-west-1').listKeys({});
  await expect(site.castellan.kms(session, 'eu-north-1').listKeys({})).rejects.toThrow('explicit deny in a service control policy');
  await site.castellan.iam(session).listUsers({});
});

test('an account does not leave the organisation', async () => {
  const session = await inside(site, world, 'development');
  await expect(site.castellan.organizations(session).leaveOrganization({})).rejects.toThrow('explicit deny in a service control policy');
});

test('the data perimeter refuses an outsider whom the resources’ own policies allow, and insiders from elsewhere, at KMS, Secrets Manager and STS', async () => {
  const outsider = await userOf(await site.castellan.addAccount('999900001111'), 'outsider');
  const insider = await userOf(await inside(site, world, 'development'), 'insider');
  const calls = await openResources(['999900001111', accountOf('development')]);
  for (const call of calls) {
    expect(await call(insider, '10.1.2.3')).toMatchObject({ status: 200 });
    const outside = await call(outsider, '10.1.2.3');
    expect(outside.status).toBeGreaterThanOrEqual(400);
    // AWS: across organisations nothing is said about the other side's policies.
    expect(outside.text).toContain('is not authorized to perform');
    expect(outside.text).not.toContain('control policy');
    expect((await call(insider, '203.0.113.9')).text).toContain('with an explicit deny in a resource control policy');
  }
  // Without the guardrail the outsider would pass: nothing else is in its way.
  const organizations = site.castellan.organizations();
  const policies = (await organizations.listPolicies({ Filter: 'RESOURCE_CONTROL_POLICY' })).Policies ?? [];
  const attachment = { PolicyId: policies.find(({ Name }) => Name === 'castellan-perimeter')?.Id, TargetId: world.rootId };
  await organizations.detachPolicy(attachment);
  for (const call of calls) expect(await call(outsider, '203.0.113.9')).toMatchObject({ status: 200 });
  await organizations.attachPolicy(attachment);
});

async function userOf(account: ClientCredentials, UserName: string): Promise<ClientCredentials> {
  return testUser(site.castellan, UserName, [{ Effect: 'Allow', Action: '*', Resource: '*' }], account);
}

type Request = (who: ClientCredentials, sourceIp: string) => Promise<{ readonly status: number; readonly text: string }>;

/** A key, a secret and a role of the production account, each open to these accounts, and a call of each. */
async function openResources(accounts: readonly string[]): Promise<readonly Request[]> {
  const { castellan } = site;
  const own = await inside(site, world, 'production');
  const Principal = { AWS: accounts.map((account) => `arn:aws:iam::${account}:root`) };
  const policy = (...statements: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const everybody = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' };
  const key = (await castellan.kms(own).createKey({ Policy: policy(everybody) })).KeyMetadata?.Arn ?? '';
  const secrets = castellan.secretsManager(own);
  const { ARN: secret } = await secrets.send(new CreateSecretCommand({ Name: 'shared', SecretString: 's', KmsKeyId: key }));
  const mayRead = { Effect: 'Allow', Principal, Action: 'secretsmanager:GetSecretValue', Resource: '*' };
  await secrets.send(new PutResourcePolicyCommand({ SecretId: secret, ResourcePolicy: policy(mayRead) }));
  const trust = policy({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' });
  const role = (await castellan.iam(own).createRole({ RoleName: 'shared', AssumeRolePolicyDocument: trust })).Role?.Arn ?? '';
  const json = (service: string, target: string, input: object) => ({
    service,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(input),
  });
  const assumption = { Action: 'AssumeRole', Version: '2011-06-15', RoleArn: role, RoleSessionName: 'visitor' };
  const forms = [
    json('kms', 'TrentService.Encrypt', { KeyId: key, Plaintext: 'AAAA' }),
    json('secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: secret }),
    {
      service: 'sts',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(assumption).toString(),
    },
  ];
  return forms.map((form) => (who, sourceIp) => castellan.send({ ...form, sourceIp }, who));
}
