// The IAM user of the management account with whose key the landing zone enters member accounts when root builds it: AWS lets no root user
// assume a role. An administrator who calls needs none.
import { ifExists, listAll, listIn, memberOf, textIn } from '../api.ts';
import { addressIn, builderRole, marksOf } from '../marks.ts';
import { resolved, type World } from '../world.ts';
import type { Kind } from './kind.ts';
import { documentOf } from './permissions.ts';
import { tagMap } from './tags.ts';
import { removeUserWithCredentials } from './user-removal.ts';

const address = 'builder';
const policyName = 'enter-accounts';

export const builder: Kind = {
  name: 'builder',
  isKept: 'until-destroyed',
  wanted: (world) =>
    world.isCallerRoot ? [{ ...itemOf(world), properties: { key: 'on this machine', permissions: { policy: permissions() } } }] : [],
  async find(world) {
    const { api } = world;
    const UserName = userName(world);
    const answer = await ifExists(api({ service: 'iam', operation: 'GetUser', input: { UserName } }));
    const user = answer === undefined ? undefined : memberOf(answer, 'User');
    if (user === undefined) return [];
    const item = { ...itemOf(world), id: UserName };
    const isOwn = addressIn(world.file.zone, tagMap(listIn(user, 'Tags'))) === address;
    if (!isOwn) return [{ ...item, properties: {}, foreign: `the user ${textIn(user, 'Arn')} is there without the zone's tags` }];
    const policy = await ifExists(api({ service: 'iam', operation: 'GetUserPolicy', input: { UserName, PolicyName: policyName } }));
    const keys = await listAll(api, { service: 'iam', operation: 'ListAccessKeys', input: { UserName } }, 'AccessKeyMetadata');
    const own = world.builderKey.read()?.accessKeyId;
    const isUsable = keys.some((key) => textIn(key, 'AccessKeyId') === own && textIn(key, 'Status') === 'Active');
    return [
      {
        ...item,
        properties: {
          key: isUsable ? 'on this machine' : 'not on this machine',
          permissions: policy === undefined ? '' : documentOf(textIn(policy, 'PolicyDocument')),
        },
      },
    ];
  },
  async create(world) {
    const input = { UserName: userName(world), Path: `/${world.file.zone}/`, Tags: marksOf(world.file.zone, address) };
    await world.api({ service: 'iam', operation: 'CreateUser', input });
    await permit(world);
    await renewKey(world);
  },
  async change(world, _wanted, _found, differences) {
    if (differences.some(({ property }) => property === 'permissions')) await permit(world);
    if (differences.some(({ property }) => property === 'key')) await renewKey(world);
  },
  async remove(world) {
    await removeUserWithCredentials(world.api, userName(world));
    world.builderKey.write(undefined);
  },
};

function userName({ file }: World): string {
  return `${file.zone}-landing-zone-builder`;
}

function itemOf(world: World) {
  return { address, place: ['management account', `user ${userName(world)}`] };
}

function permissions() {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'EnterAccounts',
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Resource: `arn:aws:iam::*:role/${builderRole}`,
        Condition: { StringEquals: { 'aws:ResourceOrgID': '{{organization}}' } },
      },
    ],
  };
}

async function permit(world: World): Promise<void> {
  const PolicyDocument = JSON.stringify(resolved(world, permissions()));
  await world.api({
    service: 'iam',
    operation: 'PutUserPolicy',
    input: { UserName: userName(world), PolicyName: policyName, PolicyDocument },
  });
}

/** A user has two keys at most, and those that are not on this machine are nobody's. */
async function renewKey(world: World): Promise<void> {
  const UserName = userName(world);
  for (const key of await listAll(world.api, { service: 'iam', operation: 'ListAccessKeys', input: { UserName } }, 'AccessKeyMetadata')) {
    await world.api({ service: 'iam', operation: 'DeleteAccessKey', input: { UserName, AccessKeyId: textIn(key, 'AccessKeyId') } });
  }
  const answer = await world.api({ service: 'iam', operation: 'CreateAccessKey', input: { UserName } });
  const key = memberOf(answer, 'AccessKey') ?? {};
  world.builderKey.write({ accessKeyId: textIn(key, 'AccessKeyId'), secretAccessKey: textIn(key, 'SecretAccessKey') });
}
