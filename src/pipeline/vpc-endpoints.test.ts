// Requests through VPC endpoints: by which door one came, what the endpoint's policy lets through, and which condition keys say so. The perimeter
// is the one of AWS's guidance: trusted identities and trusted resources at the endpoint, expected networks at the resource.
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, type Place, startInProcess } from '../../test/in-process.ts';
import { testUser } from '../../test/users.ts';
import type { VpcEndpointsPort } from '../kit/ports.ts';
import { readVpcEndpoints, vpcEndpointsOf } from './vpc-endpoints.ts';

const owner = '111122223333';
const stranger = '444455556666';
const corporate = 'vpce-0a1b2c3d4e5f60001';
const otherDoor = 'vpce-0a1b2c3d4e5f60002';
const secretsDoor = 'vpce-0a1b2c3d4e5f60003';
const stsDoor = 'vpce-0a1b2c3d4e5f60004';
const vpc = 'vpc-0a1b2c3d4e5f60000';
const everything = { Effect: 'Allow', Action: '*', Resource: '*' };

let castellan: InProcess;
let insider: ClientCredentials;
let outsider: ClientCredentials;
let organizationId = '';
const keys: Record<string, string> = {};
/** Told once the organisation has its id. */
let doors: VpcEndpointsPort = { endpointOf: async () => undefined };

const inside: Place = { sourceIp: '10.0.1.7' };
const endpoint = (id: string, service: string, more: object = {}) => ({
  VpcEndpointId: id,
  VpcId: vpc,
  OwnerId: owner,
  ServiceName: `com.amazonaws.us-east-1.${service}`,
  Networks: ['10.0.0.0/16'],
  ...more,
});

beforeAll(async () => {
  castellan = await startInProcess('vpc-endpoints', {
    vpcEndpoints: { endpointOf: (path, transaction) => doors.endpointOf(path, transaction) },
  });
  organizationId = (await castellan.organizations().createOrganization({})).Organization?.Id ?? '';
  const strangersRoot = await castellan.addAccount(stranger);
  insider = await testUser(castellan, 'insider', [everything]);
  outsider = await testUser(castellan, 'outsider', [everything], strangersRoot);
  keys['own'] = await newKey(castellan.root, `arn:aws:iam::${owner}:root`);
  keys['shared by strangers'] = await newKey(strangersRoot, '*');
  keys['network'] = await newKey(castellan.root, `arn:aws:iam::${owner}:root`, {
    Effect: 'Deny',
    Principal: '*',
    Action: 'kms:Encrypt',
    Resource: '*',
    Condition: { StringNotEqualsIfExists: { 'aws:SourceVpc': vpc }, BoolIfExists: { 'aws:ViaAWSService': 'false' } },
  });
  const perimeter = {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AllowRequestsByOrgsIdentitiesToOrgsResources',
        ...everything,
        Principal: { AWS: '*' },
        Condition: { StringEquals: { 'aws:PrincipalOrgID': organizationId, 'aws:ResourceOrgID': organizationId } },
      },
      { Sid: 'NobodyDeletesFromHere', Effect: 'Deny', Principal: '*', Action: 'kms:ScheduleKeyDeletion', Resource: '*' },
    ],
  };
  doors = vpcEndpointsOf(
    readVpcEndpoints(
      JSON.stringify({
        VpcEndpoints: [
          endpoint(corporate, 'kms', { PolicyDocument: perimeter }),
          endpoint(otherDoor, 'kms', { Networks: [], VpcId: 'vpc-0a1b2c3d4e5f69999', Listener: { Port: 0 } }),
          endpoint(secretsDoor, 'secretsmanager'),
          endpoint(stsDoor, 'sts', { PolicyDocument: JSON.stringify(perimeter) }),
        ],
      }),
      'aws',
    ),
  );
});
afterAll(() => castellan.stop());

async function newKey(root: ClientCredentials, AWS: string, more?: object): Promise<string> {
  const statements = [{ ...everything, Action: 'kms:*', Principal: { AWS } }, ...(more === undefined ? [] : [more])];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const { KeyMetadata } = await castellan.kms(root).createKey({ Policy });
  return KeyMetadata?.Arn ?? '';
}

const encrypt = (place: Place, as: ClientCredentials, key: string) =>
  castellan
    .from(place)
    .kms(as)
    .encrypt({ KeyId: keys[key], Plaintext: new Uint8Array(1) });
const outside: Place = { sourceIp: '192.0.2.1' };

describe('trusted identities, trusted resources', () => {
  test('the organisation’s principals reach its resources', async () => {
    await encrypt(inside, insider, 'own');
  });

  test('the endpoint stops principals of others, also on the way to their own resources', async () => {
    await encrypt(outside, outsider, 'shared by strangers');
    await expect(encrypt(inside, outsider, 'shared by strangers')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: arn:aws:iam::${stranger}:user/outsider is not authorized to perform: kms:Encrypt on resource: ${keys['shared by strangers']} because no VPC endpoint policy allows the kms:Encrypt action`,
    });
  });

  test('the endpoint stops the organisation’s principals on the way to resources of others', async () => {
    await encrypt(outside, insider, 'shared by strangers');
    await expect(encrypt(inside, insider, 'shared by strangers')).rejects.toThrow(
      'because no VPC endpoint policy allows the kms:Encrypt action',
    );
  });

  test('root is stopped as everybody is', async () => {
    await expect(encrypt(inside, castellan.root, 'shared by strangers')).rejects.toThrow('because no VPC endpoint policy allows');
  });

  test('an explicit deny of the endpoint is said to be one, and the decision record shows its statement', async () => {
    const error: unknown = await castellan
      .from(inside)
      .kms(insider)
      .scheduleKeyDeletion({ KeyId: keys['own'] })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      message: `User: arn:aws:iam::${owner}:user/insider is not authorized to perform: kms:ScheduleKeyDeletion on resource: ${keys['own']} with an explicit deny in a VPC endpoint policy`,
    });
    const { requestId } = (error as { readonly $metadata: { readonly requestId: string } }).$metadata;
    const record = await castellan.explain(requestId);
    expect(record?.decisions[0]?.decidedBy).toBe('vpc-endpoint');
    expect(record?.decisions[0]?.layers.find(({ layer }) => layer === 'vpc-endpoint')).toMatchObject({
      result: 'denies',
      policies: [
        { name: `policy of VPC endpoint ${corporate}`, statements: [{ applies: true }, { sid: 'NobodyDeletesFromHere', applies: true }] },
      ],
    });
    expect(record?.context).toMatchObject({ 'aws:SourceVpce': corporate, 'aws:SourceVpc': vpc, 'aws:VpcSourceIp': '10.0.1.7' });
    expect(record?.context).not.toHaveProperty('aws:SourceIp');
  });

  test('what AWS asks no permission for is not asked of the endpoint either', async () => {
    await castellan.from(inside).sts(outsider).send(new GetSessionTokenCommand({}));
  });
});

describe('expected networks', () => {
  test('a resource that only its network may reach is reached through the endpoint, and not from elsewhere or through another one', async () => {
    await encrypt(inside, insider, 'network');
    for (const place of [{ sourceIp: '10.1.0.1', listener: otherDoor }]) {
      await expect(encrypt(place, insider, 'network')).rejects.toThrow('with an explicit deny in a resource-based policy');
    }
  });

  test('a service that calls for somebody comes from its own network, whatever door that one used', async () => {
    const secrets = castellan.from(inside).secretsManager(insider);
    await secrets.send(
      new CreateSecretCommand({ Name: 'behind', SecretString: 'x', KmsKeyId: keys['network'], ClientRequestToken: 'c'.repeat(32) }),
    );
    await secrets.send(new GetSecretValueCommand({ SecretId: 'behind' }));
    const events = await castellan.cloudtrail().send(new LookupEventsCommand({}));
    const records = (events.Events ?? []).map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent ?? '{}'));
    const record = (eventName: string, source: string) =>
      records.find((each) => each.eventName === eventName && each.eventSource === `${source}.amazonaws.com`);
    expect(record('GetSecretValue', 'secretsmanager')).toMatchObject({
      sourceIPAddress: '10.0.1.7',
      vpcEndpointId: secretsDoor,
      vpcEndpointAccountId: owner,
    });
    expect(record('Decrypt', 'kms')).toMatchObject({ sourceIPAddress: 'secretsmanager.amazonaws.com' });
    expect(record('Decrypt', 'kms')).not.toHaveProperty('vpcEndpointId');
  });

  const keyed = (place: Place, Condition: object) => async () => {
    users += 1;
    const user = await testUser(castellan, `keyed-${users}`, [{ ...everything, Condition }]);
    return encrypt(place, user, 'own');
  };
  let users = 0;
  test.each([
    ['aws:SourceVpce', { StringEquals: { 'aws:SourceVpce': corporate } }],
    ['aws:SourceVpc', { StringEquals: { 'aws:SourceVpc': vpc } }],
    ['aws:SourceVpcArn', { ArnEquals: { 'aws:SourceVpcArn': `arn:aws:ec2:us-east-1:${owner}:vpc/${vpc}` } }],
    ['aws:VpceAccount', { StringEquals: { 'aws:VpceAccount': owner } }],
    ['aws:VpceOrgID', { StringLike: { 'aws:VpceOrgID': 'o-*' } }],
    ['aws:VpceOrgPaths', { 'ForAnyValue:StringLike': { 'aws:VpceOrgPaths': 'o-*/r-*/*' } }],
    ['aws:VpcSourceIp', { IpAddress: { 'aws:VpcSourceIp': '10.0.0.0/8' } }],
    ['the absence of aws:SourceIp', { Null: { 'aws:SourceIp': 'true' } }],
  ])('%s counts through the endpoint and not by the public address', async (_name, condition) => {
    await keyed(inside, condition)();
    await expect(keyed(outside, condition)()).rejects.toThrow('because no identity-based policy allows the kms:Encrypt action');
  });
});

describe('the door', () => {
  const own = (place: Place) => encrypt(place, outsider, 'shared by strangers');
  const named = `https://${corporate}-x1y2z3ab.kms.us-east-1.vpce.amazonaws.com`;

  test.each([
    ['the name of the service, from the network', inside, true],
    ['the name of the endpoint, from the network', { ...inside, endpoint: named }, true],
    ['the name of the endpoint, claimed from elsewhere', { ...outside, endpoint: named }, false],
    ['an address that only looks like the network', { sourceIp: '10.1.0.7' }, false],
    ['the listener of an endpoint that lets everybody through', { sourceIp: '192.0.2.1', listener: otherDoor }, false],
  ] satisfies readonly (readonly [string, Place, boolean])[])('%s', async (_name, place, isThrough) => {
    if (isThrough) await expect(own(place)).rejects.toThrow('because no VPC endpoint policy allows');
    else await own(place);
  });

  test('a listener leads to no other service than its endpoint’s', async () => {
    const iam = castellan.from({ ...inside, listener: otherDoor }).iam(insider);
    await expect(iam.listUsers({})).rejects.toThrow('the VPC endpoint that took the request does not lead to `iam` in this region');
  });
});

const good = endpoint(corporate, 'kms');
test.each([
  ['no list', {}, '`VpcEndpoints` must be a list'],
  ['an id of another kind', [{ ...good, VpcEndpointId: 'eni-1' }], '`VpcEndpointId` of `VpcEndpoints[0]` is missing or has the wrong form'],
  ['an unknown member', [{ ...good, Policy: {} }], `\`${corporate}\` has an unknown member \`Policy\``],
  ['no owner', [{ ...good, OwnerId: undefined }], `\`OwnerId\` of \`${corporate}\` is missing or has the wrong form`],
  ['an endpoint twice', [good, good], `\`${corporate}\` is listed twice`],
  ['no way in', [{ ...good, Networks: [] }], `\`${corporate}\` can be reached by nobody: give \`Networks\` or a \`Listener\``],
  [
    'a network that is none',
    [{ ...good, Networks: ['10.0.0.0/33'] }],
    `\`Networks\` of \`${corporate}\` has an element that is no CIDR block`,
  ],
  ['a listener without a port', [{ ...good, Listener: {} }], `\`Listener\` of \`${corporate}\` must have an \`Address\` and a \`Port\``],
  [
    'a service of nobody',
    [{ ...good, ServiceName: 'com.example.kms' }],
    `\`ServiceName\` of \`${corporate}\` is missing or has the wrong form`,
  ],
  [
    'a policy without principals',
    [{ ...good, PolicyDocument: { Version: '2012-10-17', Statement: [everything] } }],
    /the policy of `vpce-0a1b2c3d4e5f60001` is refused: /,
  ],
  [
    'a policy that is too large',
    [{ ...good, PolicyDocument: { Version: '2012-10-17', Statement: [{ ...everything, Principal: '*', Sid: 'a'.repeat(20_480) }] } }],
    /is larger than 20,480 characters/,
  ],
])('a file with %s is refused', (_name, VpcEndpoints, problem) => {
  expect(() => readVpcEndpoints(JSON.stringify({ VpcEndpoints }), 'aws')).toThrow(problem);
});
