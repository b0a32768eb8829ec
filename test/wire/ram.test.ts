// Resource groups shared between accounts by boto3, the AWS CLI and the JavaScript SDK over HTTP: on SQLite, and on PostgreSQL with two nodes, where
// what is shared through one binds at the next request to the other.
import { IAM } from '@aws-sdk/client-iam';
import { Organizations } from '@aws-sdk/client-organizations';
import {
  type GetResourceSharesCommandInput,
  paginateGetResourceShareAssociations,
  paginateGetResourceShares,
  paginateListPermissions,
  paginateListPermissionVersions,
  paginateListPrincipals,
  paginateListResourceSharePermissions,
  paginateListResources,
  paginateListResourceTypes,
  RAM,
} from '@aws-sdk/client-ram';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { startTwoNodes } from '../two-nodes.ts';
import { type Credentials, clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
const hasCli = isInstalled('aws');
if (!hasBoto) console.warn('skipped: boto3 is not installed (`pip install boto3`)');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed (`apt-get install awscli` or `pip install awscli`)');
const postgres: TestPostgres | undefined = await startPostgres();
afterAll(async () => {
  await postgres?.stop();
});

/** An organisation with a management account, which shares, and another account. */
interface Site {
  readonly one: ServerProcess;
  readonly two: ServerProcess;
  readonly owner: Credentials & { readonly sessionToken?: never };
  readonly other: Credentials & { readonly sessionToken: string };
  readonly otherAccount: string;
  readonly organization: string;
  stop(): Promise<void>;
}

async function onSqlite(): Promise<Pick<Site, 'one' | 'two' | 'stop'>> {
  const directory = temporaryDirectory('ram-sqlite');
  const server = await startServerProcess({ dataDir: directory.path });
  return {
    one: server,
    two: server,
    async stop() {
      await server.stop();
      directory.remove();
    },
  };
}

const onPostgres = async () => startTwoNodes('ram', (await postgres?.database()) ?? '');

const everything = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });

async function build(servers: Pick<Site, 'one' | 'two' | 'stop'>): Promise<Site> {
  const at = { region: 'us-east-1', endpoint: servers.one.endpoint, credentials: servers.one.credentials };
  const organizations = new Organizations(at);
  const { Organization } = await organizations.createOrganization({});
  const { CreateAccountStatus } = await organizations.createAccount({ AccountName: 'other', Email: 'other@example.org' });
  const otherAccount = CreateAccountStatus?.AccountId ?? '';
  const iam = new IAM(at);
  await iam.createUser({ UserName: 'admin' });
  await iam.putUserPolicy({ UserName: 'admin', PolicyName: 'p', PolicyDocument: everything });
  const { AccessKey } = await iam.createAccessKey({ UserName: 'admin' });
  const owner = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  const sts = new STSClient({ ...at, credentials: owner });
  const RoleArn = `arn:aws:iam::${otherAccount}:role/OrganizationAccountAccessRole`;
  const { Credentials: session } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'other' }));
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = session ?? {};
  const other = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  return { ...servers, owner, other, otherAccount, organization: Organization?.Arn ?? '' };
}

/** Everything of every page. */
async function all<Page, Item>(pages: AsyncIterable<Page>, itemsOf: (page: Page) => readonly Item[] | undefined): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(itemsOf(page) ?? []));
  return items;
}

const engines = [
  { engine: 'one server on SQLite', isThere: true, start: onSqlite },
  { engine: 'two nodes on PostgreSQL', isThere: postgres !== undefined, start: onPostgres },
];

describe.each(engines.filter(({ isThere }) => isThere))('resource shares, $engine', ({ start }) => {
  let site: Site;
  beforeAll(async () => {
    site = await build(await start());
  });
  afterAll(async () => {
    await site?.stop();
  });

  test.skipIf(!hasBoto)('boto3 shares through one node and uses through the other, with paginators and error codes', async () => {
    const finished = await run('python3', ['test/wire/ram.py'], {
      ...clientEnvironment(site.one),
      ONE: site.one.endpoint,
      TWO: site.two.endpoint,
      OWNER: JSON.stringify(site.owner),
      OTHER: JSON.stringify(site.other),
      OTHER_ACCOUNT: site.otherAccount,
      ORGANIZATION: site.organization,
    });
    expect(finished.stderr).toBe('');
    expect(JSON.parse(finished.stdout)).toEqual({
      before: 'AccessDeniedException',
      invitation: ['PENDING', true, true],
      pending: ['resource-groups:Group'],
      accepted: 'ok',
      again: 'ResourceShareInvitationAlreadyAcceptedException',
      left: 'AccessDeniedException',
      'wrong rounds': [],
      'own shares': true,
      'shares of others': [true, false],
      'resources of others': true,
      principals: true,
      associations: Array(5).fill('ASSOCIATED'),
      policies: true,
      token: 'InvalidNextTokenException',
      version: ['2', true, 'ATTACHABLE'],
      replaced: ['COMPLETED', 'AccessDeniedException', 'ok'],
      'in use': 'OperationNotPermittedException',
      role: 'OperationNotPermittedException',
      'too long': 'InvalidParameterException',
      mismatch: 'IdempotentParameterMismatchException',
      malformed: 'MalformedArnException',
      'not mine': 'UnknownResourceException',
      deleted: 'AccessDeniedException',
    });
  });

  test('the JavaScript SDK shares, pages from both sides, and reads typed exceptions and times', async () => {
    const client = new RAM({ region: 'us-east-1', endpoint: site.one.endpoint, credentials: site.owner, maxAttempts: 1 });
    const consumer = new RAM({ region: 'us-east-1', endpoint: site.two.endpoint, credentials: site.other, maxAttempts: 1 });
    await client.enableSharingWithAwsOrganization({});
    const made: string[] = [];
    for (const name of ['sdk-1', 'sdk-2', 'sdk-3']) {
      const { resourceShare } = await client.createResourceShare({
        name,
        principals: [site.otherAccount],
        tags: [{ key: 'by', value: 'sdk' }],
      });
      expect(resourceShare?.creationTime).toBeInstanceOf(Date);
      made.push(resourceShare?.resourceShareArn ?? '');
    }
    // The paginators write their tokens into what they are given, so each gets its own.
    const own = (): GetResourceSharesCommandInput => ({ resourceOwner: 'SELF', tagFilters: [{ tagKey: 'by', tagValues: ['sdk'] }] });
    const shares = await all(paginateGetResourceShares({ client, pageSize: 1 }, own()), (page) => page.resourceShares);
    expect(shares.map(({ resourceShareArn }) => resourceShareArn).toSorted()).toEqual(made.toSorted());
    const given = () => ({ resourceOwner: 'OTHER-ACCOUNTS', resourceShareArns: made }) as const;
    expect(await all(paginateGetResourceShares({ client: consumer, pageSize: 2 }, given()), (page) => page.resourceShares)).toHaveLength(3);
    expect(await all(paginateListResources({ client: consumer, pageSize: 2 }, given()), (page) => page.resources)).toEqual([]);
    const principals = { resourceOwner: 'SELF', resourceShareArns: made } as const;
    expect(await all(paginateListPrincipals({ client, pageSize: 1 }, principals), (page) => page.principals)).toHaveLength(3);
    const associations = { associationType: 'PRINCIPAL', resourceShareArns: made } as const;
    const paged = paginateGetResourceShareAssociations({ client, pageSize: 2 }, associations);
    expect(await all(paged, (page) => page.resourceShareAssociations)).toHaveLength(3);
    const types = await all(paginateListResourceTypes({ client, pageSize: 1 }, {}), (page) => page.resourceTypes);
    expect(types).toEqual([{ resourceType: 'resource-groups:Group', serviceName: 'resource-groups', resourceRegionScope: 'REGIONAL' }]);
    const permissionArn = 'arn:aws:ram::aws:permission/AWSRAMDefaultPermissionResourceGroup';
    const permissions = await all(
      paginateListPermissions({ client, pageSize: 1 }, { permissionType: 'AWS_MANAGED' }),
      (page) => page.permissions,
    );
    expect(permissions).toMatchObject([{ arn: permissionArn, isResourceTypeDefault: true }]);
    expect(await all(paginateListPermissionVersions({ client, pageSize: 1 }, { permissionArn }), (page) => page.permissions)).toHaveLength(
      1,
    );
    const [resourceShareArn = ''] = made;
    await client.associateResourceSharePermission({ resourceShareArn, permissionArn });
    const used = paginateListResourceSharePermissions({ client, pageSize: 1 }, { resourceShareArn });
    expect(await all(used, (page) => page.permissions)).toMatchObject([{ arn: permissionArn, status: 'ASSOCIATED' }]);
    await expect(client.getResourceShares({ resourceOwner: 'SELF', resourceShareArns: [`${resourceShareArn}0`] })).rejects.toMatchObject({
      name: 'UnknownResourceException',
      message: `ResourceShare ${resourceShareArn}0 could not be found.`,
    });
    await expect(consumer.enableSharingWithAwsOrganization({})).rejects.toMatchObject({ name: 'OperationNotPermittedException' });
    for (const each of made) await client.deleteResourceShare({ resourceShareArn: each });
    const deleted = await client.getResourceShares({ ...own(), resourceShareStatus: 'DELETED' });
    expect(deleted.resourceShares).toHaveLength(3);
  });

  test.skipIf(!hasCli)('the AWS CLI shares a group, pages and goes on where it stopped, and takes the group back', async () => {
    const cli = async (server: ServerProcess, credentials: Credentials, line: string, ...more: readonly string[]): Promise<string> => {
      const output = more.includes('--output') ? [] : ['--output', 'text'];
      const finished = await run('aws', [...line.split(' '), ...more, ...output], clientEnvironment(server, credentials));
      if (finished.status !== 0) throw new Error(finished.stderr.trim());
      return finished.stdout.trim();
    };
    const owner = (line: string, ...more: readonly string[]) => cli(site.one, site.owner, line, ...more);
    const other = (line: string, ...more: readonly string[]) => cli(site.two, site.other, line, ...more);
    await owner('ram enable-sharing-with-aws-organization');
    const arns: string[] = [];
    for (const name of ['cli-1', 'cli-2', 'cli-3']) {
      arns.push(await owner(`resource-groups create-group --name ${name}`, '--query', 'Group.GroupArn'));
    }
    const made = ['ram create-resource-share --name cli', '--query', 'resourceShare.resourceShareArn'] as const;
    const share = await owner(...made, '--resource-arns', ...arns, '--principals', site.organization);
    expect(await other(`resource-groups get-group --group ${arns[0]}`, '--query', 'Group.Name')).toBe('cli-1');
    const list = `ram list-resources --resource-owner OTHER-ACCOUNTS --resource-share-arns ${share} --page-size 1`;
    expect((await other(list, '--query', 'resources[].arn')).split(/\s+/).toSorted()).toEqual(arns);
    const first = JSON.parse(await other(`${list} --max-items 2`, '--output', 'json'));
    const rest = JSON.parse(await other(list, '--starting-token', first.NextToken, '--output', 'json'));
    expect([...first.resources, ...rest.resources].map(({ arn }) => arn).toSorted()).toEqual(arns);
    await owner(`ram disassociate-resource-share --resource-share-arn ${share} --resource-arns ${arns[0]}`);
    await expect(other(`resource-groups get-group --group ${arns[0]}`)).rejects.toThrow('(AccessDeniedException)');
    await owner(`ram update-resource-share --resource-share-arn ${share} --name renamed --no-allow-external-principals`);
    await expect(owner(`ram associate-resource-share --resource-share-arn ${share} --principals 999988887777`)).rejects.toThrow(
      'Principal 999988887777 is not in your AWS organization.',
    );
    await owner(`ram delete-resource-share --resource-share-arn ${share}`);
    await expect(other(`resource-groups list-group-resources --group ${arns[1]}`)).rejects.toThrow('(AccessDeniedException)');
  });
});
