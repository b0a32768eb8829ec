// People of the identity account at work in a workload account, on two nodes: what a guardrail of the unit refuses through one node, the other
// refuses too, and allows at the next request once the account has been moved.
import { IAM } from '@aws-sdk/client-iam';
import { Organizations } from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import type { ServerProcess } from '../server-process.ts';
import { startTwoNodes, type TwoNodes } from '../two-nodes.ts';
import { type Credentials, run } from './command.ts';

const postgres: TestPostgres | undefined = await startPostgres();

describe.skipIf(postgres === undefined)('people of the identity account', () => {
  let nodes: TwoNodes | undefined;
  let one: ServerProcess;
  let two: ServerProcess;

  beforeAll(async () => {
    nodes = await startTwoNodes('identity-account', (await postgres?.database()) ?? '');
    ({ one, two } = nodes);
  });
  afterAll(async () => {
    await nodes?.stop();
    await postgres?.stop();
  });

  const settings = (node: ServerProcess, credentials: Credentials) => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const key = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    return { endpoint: node.endpoint, region: 'us-east-1', credentials: key, maxAttempts: 1 };
  };
  const iam = (node: ServerProcess, credentials: Credentials) => new IAM(settings(node, credentials));
  const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });

  async function assume(node: ServerProcess, as: Credentials, account: string, role: string): Promise<Credentials> {
    const RoleArn = `arn:aws:iam::${account}:role/${role}`;
    const { Credentials: session } = await new STSClient(settings(node, as)).send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: 'work' }),
    );
    return {
      accessKeyId: session?.AccessKeyId ?? '',
      secretAccessKey: session?.SecretAccessKey ?? '',
      sessionToken: session?.SessionToken,
    };
  }

  async function user(node: ServerProcess, as: Credentials, name: string, statement: object): Promise<Credentials> {
    await iam(node, as).createUser({ UserName: name });
    await iam(node, as).putUserPolicy({ UserName: name, PolicyName: 'own', PolicyDocument: document(statement) });
    const { AccessKey } = await iam(node, as).createAccessKey({ UserName: name });
    return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  }

  test('are bound by the unit of the account in which they work, on every node and at once', async () => {
    const organizations = new Organizations(settings(one, one.credentials));
    await organizations.createOrganization({});
    const root = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
    await organizations.enablePolicyType({ RootId: root, PolicyType: 'SERVICE_CONTROL_POLICY' });
    const account = async (name: string) =>
      (await organizations.createAccount({ AccountName: name, Email: `${name}@example.org` })).CreateAccountStatus?.AccountId ?? '';
    const [identity, workload] = [await account('identity'), await account('workload')];
    const unit = async (Name: string) =>
      (await organizations.createOrganizationalUnit({ ParentId: root, Name })).OrganizationalUnit?.Id ?? '';
    const [production, sandbox] = [await unit('production'), await unit('sandbox')];
    const noNewUsers = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'iam:CreateUser', Resource: '*' }] };
    const { Policy } = await organizations.createPolicy({
      Name: 'no-new-users',
      Description: 'People come from the identity account.',
      Type: 'SERVICE_CONTROL_POLICY',
      Content: JSON.stringify(noNewUsers),
    });
    await organizations.attachPolicy({ PolicyId: Policy?.PolicySummary?.Id ?? '', TargetId: production });
    await organizations.moveAccount({ AccountId: workload, SourceParentId: root, DestinationParentId: production });

    const builder = await user(one, one.credentials, 'builder', { Action: '*', Resource: '*' });
    const inWorkload = await assume(one, builder, workload, 'OrganizationAccountAccessRole');
    await iam(one, inWorkload).createRole({
      RoleName: 'developer',
      AssumeRolePolicyDocument: document({ Action: 'sts:AssumeRole', Principal: { AWS: identity } }),
    });
    await iam(one, inWorkload).putRolePolicy({
      RoleName: 'developer',
      PolicyName: 'people',
      PolicyDocument: document({ Action: 'iam:*', Resource: '*' }),
    });
    const inIdentity = await assume(one, builder, identity, 'OrganizationAccountAccessRole');
    const mayEnter = { Action: 'sts:AssumeRole', Resource: `arn:aws:iam::${workload}:role/developer` };
    const alice = await user(one, inIdentity, 'alice', mayEnter);

    const developer = await assume(two, alice, workload, 'developer');
    for (const node of [one, two]) {
      await iam(node, developer).listUsers({});
      const refused = await iam(node, developer)
        .createUser({ UserName: 'stranger' })
        .catch((error: Error & { readonly $metadata: { readonly requestId: string } }) => error);
      expect(refused).toMatchObject({ name: 'AccessDenied' });
      const [sentence, requestId] = 'message' in refused ? [refused.message, refused.$metadata.requestId] : ['', ''];
      expect(sentence).toContain(`arn:aws:sts::${workload}:assumed-role/developer/work is not authorized to perform: iam:CreateUser`);
      expect(sentence).toContain('with an explicit deny in a service control policy');
      const explained = await run('node', ['bin/castellan.js', 'explain', requestId, '--data-dir', node.dataDir], {});
      expect(explained.stdout).toContain('no-new-users');
      expect(explained.stdout).toContain('production');
    }

    await organizations.moveAccount({ AccountId: workload, SourceParentId: production, DestinationParentId: sandbox });
    await iam(two, developer).createUser({ UserName: 'stranger' });
    await iam(one, developer).deleteUser({ UserName: 'stranger' });
    await organizations.moveAccount({ AccountId: workload, SourceParentId: sandbox, DestinationParentId: production });
    for (const node of [two, one])
      await expect(iam(node, developer).createUser({ UserName: 'x' })).rejects.toThrow('service control policy');
  });
});
