// Tags on accounts, roots, units and policies. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html
import type { Scope } from '../../kit/context.ts';
import type { Transaction } from '../../store/store.ts';
import { transfers } from './handshake-records.ts';
import { badToken } from './listing.ts';
import { quotas } from './quotas.ts';
import { type OrganizationRecord, policies, resourcePolicies, type Tags, tagsOf } from './records.ts';
import { constraint, fault, invalidInput } from './service.ts';
import { organizationOperation } from './standing.ts';
import { requireTarget } from './tree.ts';

type TagList = readonly { readonly Key: string; readonly Value: string }[];

/** @throws Fault InvalidInputException, ConstraintViolationException */
export function checkedTags(list: TagList | undefined, before: Tags = {}): Tags {
  const keys = (list ?? []).map(({ Key }) => Key);
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) {
    throw invalidInput(
      'DUPLICATE_TAG_KEY',
      'You specified a duplicate tag key. Tag keys must be unique among the tags attached to the same entity.',
    );
  }
  if (keys.some((key) => /^aws:/i.test(key))) {
    throw invalidInput(
      'INVALID_SYSTEM_TAGS_PARAMETER',
      'You specified a tag key that is a system tag. System tag keys are reserved for Amazon Web Services use.',
    );
  }
  const tags = { ...before, ...Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key, Value])) };
  if (Object.keys(tags).length > quotas.tagsPerResource) {
    throw constraint('MAX_TAG_LIMIT_EXCEEDED', 'You have exceeded the number of tags allowed on this resource.');
  }
  return tags;
}

export function putTags(transaction: Transaction, { organizationId }: OrganizationRecord, resourceId: string, tags: Tags): void {
  const record = { organizationId, resourceId, tags };
  if (Object.keys(tags).length === 0) tagsOf.remove(transaction, record);
  else tagsOf.put(transaction, record);
}

async function requireTaggable(scope: Scope, organization: OrganizationRecord, id: string): Promise<Tags> {
  const { transaction } = scope;
  const { organizationId } = organization;
  const tags = (await tagsOf.get(transaction, organizationId, id))?.tags ?? {};
  if (/^(?:\d{12}$|r-|ou-)/.test(id)) await requireTarget(scope, organization, id);
  else if (!(await isPolicy(transaction, organizationId, id))) {
    throw fault('TargetNotFoundException', "You specified a target that doesn't exist.");
  }
  return tags;
}

async function isPolicy(transaction: Transaction, organizationId: string, id: string): Promise<boolean> {
  if (id.startsWith('rp-')) return (await resourcePolicies.get(transaction, organizationId))?.policyId === id;
  if (id.startsWith('rt-')) return (await transfers.get(transaction, id))?.target.organizationId === organizationId;
  return (await policies.get(transaction, organizationId, id)) !== undefined;
}

export const TagResource = organizationOperation('TagResource', {
  who: 'policies',
  on: ({ ResourceId }) => [{ id: ResourceId }],
  tags: ({ Tags }) => Tags,
  async handle(input, context, organization) {
    const before = await requireTaggable(context, organization, input.ResourceId);
    putTags(context.transaction, organization, input.ResourceId, checkedTags(input.Tags, before));
    return {};
  },
});

export const UntagResource = organizationOperation('UntagResource', {
  who: 'policies',
  on: ({ ResourceId, TagKeys }) => [{ id: ResourceId, context: { 'aws:TagKeys': TagKeys } }],
  async handle(input, context, organization) {
    const before = await requireTaggable(context, organization, input.ResourceId);
    const left = Object.entries(before).filter(([key]) => !input.TagKeys.includes(key));
    putTags(context.transaction, organization, input.ResourceId, Object.fromEntries(left));
    return {};
  },
});

export const ListTagsForResource = organizationOperation('ListTagsForResource', {
  who: 'readers',
  on: ({ ResourceId }) => [{ id: ResourceId }],
  async handle(input, context, organization) {
    const tags = await requireTaggable(context, organization, input.ResourceId);
    // A resource has few tags, and they come in one page.
    if (input.NextToken !== undefined) throw badToken();
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
});

export const tagOperations = [TagResource, UntagResource, ListTagsForResource];
