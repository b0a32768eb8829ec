// An organisation that chance has drawn, with callers and calls of every kind that policies decide about, for trials of what-if.
import { GetSecretValueCommand, PutResourcePolicyCommand } from '@aws-sdk/client-secrets-manager';
import { callsTo } from '../src/kit/calls.ts';
import type { Operations as StsOperations } from '../src/services/sts/api.gen.ts';
import { type ClientCredentials, type InProcess, startInProcess } from './in-process.ts';
import { testUser } from './users.ts';
import { allow, assumed, type Call, documentOf, type Trials, trialsWith } from './what-if-setting.ts';

export interface Drawn {
  /** Of each unit the one under which it stands; -1: the root. Earlier ones only. */
  readonly units: readonly number[];
  /** The units in which the two member accounts stand; -1: the root. */
  readonly places: readonly [number, number];
}

export interface DrawnOrganisation extends Trials {
  readonly castellan: InProcess;
  /** Root, units and all accounts. */
  readonly nodes: readonly string[];
  /** Owns what is used; `other` uses it from outside, `management` is bound by nothing. */
  readonly owner: Member;
  readonly other: Member;
  readonly managedArn: string;
  readonly things: Things;
}

export interface Member {
  readonly account: string;
  readonly root: ClientCredentials;
}

interface Things {
  readonly roleArn: string;
  readonly keyArn: string;
  readonly secretArn: string;
  readonly sealedSecretArn: string;
  readonly functionArn: string;
  readonly groupArn: string;
}

export async function drawOrganisation(name: string, { units, places }: Drawn): Promise<DrawnOrganisation> {
  const castellan = await startInProcess(name);
  const organizations = castellan.organizations();
  await organizations.createOrganization({});
  const rootId = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
  for (const PolicyType of ['RESOURCE_CONTROL_POLICY', 'TAG_POLICY'] as const)
    await organizations.enablePolicyType({ RootId: rootId, PolicyType });
  await expectDone(castellan.call('ram', 'EnableSharingWithAwsOrganization', {}));
  const unitIds: string[] = [];
  for (const [at, parent] of units.entries()) {
    const ParentId = unitIds[parent] ?? rootId;
    unitIds.push((await organizations.createOrganizationalUnit({ ParentId, Name: `unit-${at}` })).OrganizationalUnit?.Id ?? '');
  }
  const members: Member[] = [];
  for (const [at, place] of places.entries()) {
    const { CreateAccountStatus } = await organizations.createAccount({ AccountName: `member-${at}`, Email: `m${at}@example.org` });
    const account = CreateAccountStatus?.AccountId ?? '';
    const DestinationParentId = unitIds[place];
    if (DestinationParentId !== undefined)
      await organizations.moveAccount({ AccountId: account, SourceParentId: rootId, DestinationParentId });
    members.push({ account, root: await castellan.addAccount(account) });
  }
  const [owner, other] = members;
  if (owner === undefined || other === undefined) throw new Error('there are two members');
  const nodes = [rootId, ...unitIds, owner.account, other.account, castellan.account];
  const things = await makeThings(castellan, owner, other);
  const managedArn = await makeManagedPolicy(castellan, owner);
  const callers = await makeCallers(castellan, { owner, other, things, managedArn });
  const calls = Object.entries(callers).flatMap(([who, as]) => callsOf(castellan, things, who, as));
  return { castellan, nodes, owner, other, managedArn, things, ...trialsWith(castellan, calls) };
}

/** What a call answers that must succeed. */
export async function expectDone(answer: ReturnType<InProcess['call']>): Promise<Record<string, unknown>> {
  const { error, output } = await answer;
  if (error !== undefined) throw new Error(`${error}: ${JSON.stringify(output)}`);
  return output;
}

/** A role, a key, a secret under AWS's key and one under the key, a function and a group that is shared with the other account. */
async function makeThings(castellan: InProcess, { account, root }: Member, other: Member): Promise<Things> {
  const iam = castellan.iam(root);
  const accounts = [account, other.account, castellan.account];
  const trust = { Effect: 'Allow', Principal: { AWS: accounts }, Action: ['sts:AssumeRole', 'sts:TagSession'] };
  const { Role } = await iam.createRole({ RoleName: 'worker', AssumeRolePolicyDocument: documentOf(trust) });
  await iam.putRolePolicy({ RoleName: 'worker', PolicyName: 'work', PolicyDocument: documentOf(allow(['iam:Get*', 'kms:*'])) });
  const runs = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const runner = await iam.createRole({ RoleName: 'runner', AssumeRolePolicyDocument: documentOf(runs) });
  const kms = castellan.kms(root);
  const keyArn = (await kms.createKey({})).KeyMetadata?.Arn ?? '';
  const named = (AWS: readonly string[], Action: string) => ({ Effect: 'Allow', Principal: { AWS }, Action, Resource: '*' });
  await kms.putKeyPolicy({ KeyId: keyArn, Policy: documentOf([named([account], 'kms:*'), named([other.account], 'kms:*')]) });
  const secret = async (Name: string, more: object) => {
    const token = Name.padEnd(32, 'a');
    const created = await expectDone(
      castellan.call('secretsmanager', 'CreateSecret', { Name, SecretString: 'x', ClientRequestToken: token, ...more }, root),
    );
    return String(created['ARN']);
  };
  const secretArn = await secret('db', {});
  const sealedSecretArn = await secret('sealed', { KmsKeyId: keyArn });
  const ResourcePolicy = documentOf(named([other.account], 'secretsmanager:GetSecretValue'));
  await castellan.secretsManager(root).send(new PutResourcePolicyCommand({ SecretId: sealedSecretArn, ResourcePolicy }));
  const made = { FunctionName: 'fn', Runtime: 'nodejs22.x', Role: runner.Role?.Arn, Handler: 'index.handler', Code: { ZipFile: emptyZip } };
  const { FunctionArn } = await expectDone(castellan.call('lambda', 'CreateFunction', made, root));
  const permission = { FunctionName: 'fn', StatementId: 'first', Action: 'lambda:GetFunction', Principal: other.account };
  await expectDone(castellan.call('lambda', 'AddPermission', permission, root));
  const query = { Type: 'TAG_FILTERS_1_0', Query: '{"ResourceTypeFilters":["AWS::AllSupported"],"TagFilters":[{"Key":"team"}]}' };
  const { Group } = await expectDone(castellan.call('resource-groups', 'CreateGroup', { Name: 'shared', ResourceQuery: query }, root));
  const groupArn = String(Object(Group)['GroupArn']);
  const share = { name: 'share', resourceArns: [groupArn], principals: [other.account] };
  await expectDone(castellan.call('ram', 'CreateResourceShare', share, root));
  await castellan.work.settle();
  return { roleArn: Role?.Arn ?? '', keyArn, secretArn, sealedSecretArn, functionArn: String(FunctionArn), groupArn };
}

/** The end of an archive, which is all of one without files. */
const emptyZip = Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex');

async function makeManagedPolicy(castellan: InProcess, { root }: Member): Promise<string> {
  const PolicyDocument = documentOf([allow(['iam:List*', 'kms:Encrypt', 'sts:AssumeRole', 'secretsmanager:*'])]);
  return (await castellan.iam(root).createPolicy({ PolicyName: 'managed', PolicyDocument })).Policy?.Arn ?? '';
}

type Parts = Pick<DrawnOrganisation, 'owner' | 'other' | 'things' | 'managedArn'>;

async function makeCallers(
  castellan: InProcess,
  { owner, other, things, managedArn }: Parts,
): Promise<Readonly<Record<string, ClientCredentials>>> {
  const { root } = owner;
  const iam = castellan.iam(root);
  const admin = await testUser(castellan, 'admin', [allow('*')], root);
  const limited = await testUser(castellan, 'limited', [allow('iam:ListUsers')], root);
  await iam.tagUser({ UserName: 'limited', Tags: [{ Key: 'team', Value: 'red' }] });
  await iam.createGroup({ GroupName: 'team' });
  await iam.addUserToGroup({ GroupName: 'team', UserName: 'limited' });
  await iam.attachGroupPolicy({ GroupName: 'team', PolicyArn: managedArn });
  const sts = castellan.sts(admin);
  return {
    root,
    admin,
    limited,
    session: await assumed(sts, things.roleArn, {}),
    narrow: await assumed(sts, things.roleArn, {
      Policy: documentOf(allow(['iam:Get*', 'kms:Encrypt', 'kms:DescribeKey'])),
      PolicyArns: [{ arn: managedArn }],
      Tags: [{ Key: 'team', Value: 'blue' }],
    }),
    other: await testUser(castellan, 'other', [allow('*')], other.root),
    management: await testUser(castellan, 'manager', [allow('*')]),
    linked: await serviceLinkedSession(castellan, owner),
  };
}

/** AWS: the session of a service's own role in a customer's account, which guardrails do not bind. */
async function serviceLinkedSession(castellan: InProcess, { account, root }: Member): Promise<ClientCredentials> {
  await castellan
    .iam(root)
    .createServiceLinkedRole({ AWSServiceName: 'organizations.amazonaws.com' })
    .catch(() => undefined);
  const RoleArn = `arn:aws:iam::${account}:role/aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations`;
  const { Credentials } = await castellan.runService('organizations', (contextFor) =>
    callsTo<StsOperations>('sts')(
      contextFor({ account, region: 'us-east-1' }),
      'AssumeRole',
      { RoleArn, RoleSessionName: 'linked' },
      { as: 'service' },
    ),
  );
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken: sessionToken = '' } = Credentials ?? {};
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** They change nothing, or not a second time. */
function callsOf(castellan: InProcess, things: Things, who: string, as: ClientCredentials): readonly Call[] {
  const { roleArn, keyArn, secretArn, sealedSecretArn, functionArn, groupArn } = things;
  const [iam, kms, secrets] = [castellan.iam(as), castellan.kms(as), castellan.secretsManager(as)];
  const EncryptionContext = { purpose: who };
  const Plaintext = new TextEncoder().encode('x');
  const Tags = [{ Key: 'team', Value: 'green' }];
  const json = (service: string, operation: string, input: object) => async () => {
    const { error } = await castellan.call(service, operation, { ...input }, as);
    if (error !== undefined) throw Object.assign(new Error(error), { name: error });
  };
  const made: Readonly<Record<string, () => Promise<unknown>>> = {
    'iam:ListUsers': () => iam.listUsers({}),
    'iam:GetUser': () => iam.getUser({ UserName: 'limited' }),
    'iam:CreateUser': () => iam.createUser({ UserName: 'limited', Tags }),
    'iam:CreateServiceLinkedRole': () => iam.createServiceLinkedRole({ AWSServiceName: 'organizations.amazonaws.com' }),
    'kms:Encrypt': () => kms.encrypt({ KeyId: keyArn, Plaintext, EncryptionContext }),
    'kms:DescribeKey': () => kms.describeKey({ KeyId: keyArn }),
    'kms:GetKeyPolicy': () => kms.getKeyPolicy({ KeyId: keyArn }),
    'kms:TagResource': () => kms.tagResource({ KeyId: keyArn, Tags: [{ TagKey: 'team', TagValue: 'green' }] }),
    'secretsmanager:GetSecretValue': () => secrets.send(new GetSecretValueCommand({ SecretId: secretArn })),
    'secretsmanager:GetSecretValue, sealed': () => secrets.send(new GetSecretValueCommand({ SecretId: sealedSecretArn })),
    'secretsmanager:TagResource': json('secretsmanager', 'TagResource', { SecretId: secretArn, Tags }),
    'sts:AssumeRole': () => assumed(castellan.sts(as), roleArn, {}),
    'sts:AssumeRole with tags': () => assumed(castellan.sts(as), roleArn, { Tags: [{ Key: 'team', Value: 'red' }] }),
    'lambda:GetFunction': json('lambda', 'GetFunction', { FunctionName: functionArn }),
    'resource-groups:GetGroup': json('resource-groups', 'GetGroup', { Group: groupArn }),
    'shield:DeleteProtectionGroup': json('shield', 'DeleteProtectionGroup', { ProtectionGroupId: 'g' }),
    'organizations:ListAccounts': json('organizations', 'ListAccounts', {}),
  };
  return Object.entries(made).map(([name, run]) => ({ name: `${who} ${name}`, run }));
}
