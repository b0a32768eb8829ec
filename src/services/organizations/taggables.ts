// Accounts, units, policies and the root, as the tagging API finds and tags them: in the management account.
import type { ArnParts } from '../../base/arn.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Taggable, TaggedResource, TagPlace } from '../../kit/taggables.ts';
import type { Operations } from './api.gen.ts';
import { accountArn, policyArn, resourcePolicyArn, rootArn, unitArn } from './arns.ts';
import { members, type OrganizationRecord, organizations, policies, type TagsRecord, tagsOf } from './records.ts';

const call = callsTo<Operations>('organizations');

type ArnOf = (place: TagPlace, organization: OrganizationRecord, id: string) => string | undefined | Promise<string | undefined>;

const cloudFormationTypes: Readonly<Record<string, string>> = {
  account: 'AWS::Organizations::Account',
  ou: 'AWS::Organizations::OrganizationalUnit',
  policy: 'AWS::Organizations::Policy',
  resourcepolicy: 'AWS::Organizations::ResourcePolicy',
};

export const organizationTaggables: readonly Taggable[] = [
  taggable('account', /^\d{12}$/, (place, organization, id) => accountArn(place.partition, organization, id)),
  taggable('ou', /^ou-/, (place, organization, id) => unitArn(place.partition, organization, id)),
  taggable('root', /^r-/, (place, organization, id) => rootArn(place.partition, organization, id)),
  taggable('resourcepolicy', /^rp-/, (place, organization, id) => resourcePolicyArn(place.partition, organization, id)),
  taggable('policy', /^p-/, async (place, organization, id) => {
    const policy = await policies.get(place.transaction, organization.organizationId, id);
    return policy && policyArn(place.partition, organization, policy.type, id);
  }),
];

function taggable(kind: string, form: RegExp, arnOf: ArnOf): Taggable {
  const resourceOf = async (place: TagPlace, organization: OrganizationRecord, { resourceId, tags }: TagsRecord) => {
    const arn = form.test(resourceId) ? await arnOf(place, organization, resourceId) : undefined;
    return arn === undefined ? undefined : { arn, tags };
  };
  return {
    type: `organizations:${kind}`,
    key: `organizations:${kind}`,
    cloudFormationType: cloudFormationTypes[kind],
    prefix: `${kind}/`,
    isGlobal: true,
    isListed: true,
    async list(place, range) {
      const organization = await managedBy(place);
      if (organization === undefined) return [];
      const listed = await tagsOf.list(place.transaction, [organization.organizationId], range);
      return Promise.all(listed.map(async ({ cursor, value }) => ({ cursor, resource: await resourceOf(place, organization, value) })));
    },
    async find(place, arn): Promise<TaggedResource | undefined> {
      const organization = await managedBy(place);
      const record = organization && (await tagsOf.get(place.transaction, organization.organizationId, idOf(arn)));
      return organization && record && resourceOf(place, organization, record);
    },
    tag: (context, arn, tags) =>
      call(context, 'TagResource', { ResourceId: lastPart(arn), Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
    untag: (context, arn, keys) => call(context, 'UntagResource', { ResourceId: lastPart(arn), TagKeys: keys }),
  };
}

async function managedBy({ transaction, account }: TagPlace): Promise<OrganizationRecord | undefined> {
  const member = await members.get(transaction, account);
  return member?.managementAccount === account ? organizations.get(transaction, member.organizationId) : undefined;
}

function idOf({ resource }: ArnParts): string {
  return lastPart(resource);
}

/** All ARNs of Organizations end with the id. */
function lastPart(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}
