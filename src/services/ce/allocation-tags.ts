// Cost allocation tags: tag keys that were seen on what is metered, and which of them divide the bill. A key divides usage from the moment on at
// which it is active. https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/cost-alloc-tags.html
import { isoSeconds } from '../../base/clock.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { Scope } from '../../kit/context.ts';
import { pageOf } from '../../kit/paging.ts';
import type { Transaction } from '../../store/store.ts';
import type { CostAllocationTag } from './api.gen.ts';
import { fault, invalid, operation } from './service.ts';

/** By payer: a management account decides for its organisation. */
interface TagKeyRecord {
  readonly payer: string;
  readonly key: string;
  readonly isActive: boolean;
  readonly updatedAtMs?: number | undefined;
  /** The first of the last month in which something with the tag was metered. */
  readonly usedMonth: string;
}

const tagKeys: Collection<TagKeyRecord> = collection('ce.tag-key', ({ payer, key }) => [payer, key]);
/** The active keys alone: read whenever usage is added. */
const activeKeys: Collection<{ readonly payer: string; readonly keys: readonly string[] }> = collection(
  'ce.active-tag-keys',
  ({ payer }) => [payer],
);

/** AWS: active keys of a payer. */
const activeMax = 500;
/** Keys that are remembered for a payer; later ones are not seen. */
const seenMax = 5_000;

export async function activeTagKeys(transaction: Transaction, payer: string): Promise<ReadonlySet<string>> {
  return new Set((await activeKeys.get(transaction, payer))?.keys);
}

export async function noteTagKeys(transaction: Transaction, payer: string, keys: readonly string[], now: number): Promise<void> {
  const usedMonth = `${isoSeconds(now).slice(0, 7)}-01T00:00:00Z`;
  for (const key of keys) {
    const known = await tagKeys.get(transaction, payer, key);
    if (known?.usedMonth === usedMonth || /^aws:/i.test(key)) continue;
    if (known === undefined && (await tagKeys.list(transaction, [payer], { limit: seenMax })).length === seenMax) continue;
    tagKeys.put(transaction, { payer, key, isActive: false, ...known, usedMonth });
  }
}

/** Only the management account, or an account of its own, has cost allocation tags. */
async function requirePayer({ organizations, transaction, account }: Scope): Promise<void> {
  const standing = await organizations.standingOf(transaction, account, 'billing.amazonaws.com');
  if (standing !== undefined && standing.managementAccount !== account) {
    throw invalid("Linked account doesn't have access to cost allocation tags.");
  }
}

export const ListCostAllocationTags = operation('ListCostAllocationTags', {
  access: () => ({ action: 'ce:ListCostAllocationTags', resource: '*' }),
  async handle(input, context) {
    await requirePayer(context);
    const { Status, TagKeys, Type, NextToken, MaxResults = 100 } = input;
    const request = {
      under: [context.account],
      limit: Math.min(MaxResults, 100),
      marker: NextToken,
      onBadMarker: () => fault('InvalidNextTokenException', 'The pagination token is invalid.'),
    };
    const { items, marker } = await pageOf(context.transaction, tagKeys, request, ({ key, isActive }) => {
      // Nothing here is tagged by AWS itself.
      if (Type === 'AWSGenerated') return false;
      return (Status === undefined || isActive === (Status === 'Active')) && (TagKeys === undefined || TagKeys.includes(key));
    });
    return { CostAllocationTags: items.map(shownTag), ...(marker === undefined ? {} : { NextToken: marker }) };
  },
});

function shownTag({ key, isActive, updatedAtMs, usedMonth }: TagKeyRecord): CostAllocationTag {
  return {
    TagKey: key,
    Type: 'UserDefined',
    Status: isActive ? 'Active' : 'Inactive',
    ...(updatedAtMs === undefined ? {} : { LastUpdatedDate: isoSeconds(updatedAtMs) }),
    LastUsedDate: usedMonth,
  };
}

export const UpdateCostAllocationTagsStatus = operation('UpdateCostAllocationTagsStatus', {
  access: () => ({ action: 'ce:UpdateCostAllocationTagsStatus', resource: '*' }),
  async handle({ CostAllocationTagsStatus: entries }, context) {
    await requirePayer(context);
    const { transaction, account: payer, now } = context;
    if (new Set(entries.map(({ TagKey }) => TagKey)).size < entries.length) throw invalid('Duplicate tag keys are not allowed.');
    const active = new Set(await activeTagKeys(transaction, payer));
    const errors: { TagKey: string; Code: string; Message: string }[] = [];
    for (const { TagKey, Status } of entries) {
      const known = await tagKeys.get(transaction, payer, TagKey);
      if (known === undefined) {
        errors.push({ TagKey, Code: 'TagKeysNotFoundException', Message: `Failed to update Cost Allocation Tag: ${TagKey}` });
        continue;
      }
      const isActive = Status === 'Active';
      if (known.isActive === isActive) continue;
      if (isActive) active.add(TagKey);
      else active.delete(TagKey);
      tagKeys.put(transaction, { ...known, isActive, updatedAtMs: now });
    }
    if (active.size > activeMax) throw fault('LimitExceededException', `You can activate at most ${activeMax} cost allocation tags.`);
    activeKeys.put(transaction, { payer, keys: [...active] });
    return { Errors: errors };
  },
});

export const allocationTagOperations = [ListCostAllocationTags, UpdateCostAllocationTagsStatus];
