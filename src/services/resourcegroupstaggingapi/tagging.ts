// TagResources and UntagResources: each resource is tagged by its own service, which asks the caller's permissions itself.
import type { ArnParts } from '../../base/arn.ts';
import { Fault } from '../../base/fault.ts';
import type { Context } from '../../kit/context.ts';
import { type Taggable, taggablesOf } from '../../kit/taggables.ts';
import type { ErrorCode, FailureInfo } from './api.gen.ts';
import { requireArn } from './arns.ts';
import { formerlyTagged } from './records.ts';
import { fault, globalRegion, invalidParameter, operation } from './service.ts';
import { placeOf } from './walk.ts';

export const TagResources = operation('TagResources', {
  access: () => ({ action: 'tag:TagResources', resource: '*' }),
  handle: (input, context) =>
    eachResource(context, input.ResourceARNList, async (taggable, arn) => {
      await taggable.tag(context, arn, input.Tags);
      formerlyTagged.remove(context.transaction, { account: context.account, arn });
    }),
});

export const UntagResources = operation('UntagResources', {
  access: () => ({ action: 'tag:UntagResources', resource: '*' }),
  handle: (input, context) =>
    eachResource(context, input.ResourceARNList, async (taggable, arn, parts) => {
      const before = await taggable.find(placeOf(context), parts);
      await taggable.untag(context, arn, input.TagKeys);
      const left = await taggable.find(placeOf(context), parts);
      const hasLost = before !== undefined && Object.keys(before.tags).length > 0;
      if (hasLost && left !== undefined && Object.keys(left.tags).length === 0) {
        formerlyTagged.put(context.transaction, { account: context.account, arn });
      }
    }),
});

type Change = (taggable: Taggable, arn: string, parts: ArnParts) => Promise<void>;

/** One after the other; what one refuses is told, and does not hinder the others. */
async function eachResource(context: Context, list: readonly string[], change: Change) {
  const named = [...new Set(list)].map((text) => ({ text, arn: requireArn(context, text) }));
  const FailedResourcesMap: Record<string, FailureInfo> = {};
  for (const { text, arn } of named) {
    try {
      await change(await requireTaggable(context, text, arn), text, arn);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      FailedResourcesMap[text] = failureOf(error);
    }
  }
  return { FailedResourcesMap };
}

/** @throws Fault InvalidParameterException, InternalServiceException */
async function requireTaggable({ taggables, account, region }: Context, text: string, arn: ArnParts): Promise<Taggable> {
  const [taggable] = taggablesOf(await taggables.all(), arn);
  // AWS: this is also what it says of types that the tagging API does not support.
  if (taggable === undefined) {
    throw fault('InternalServiceException', `The resource type of ${text} is not supported by the Resource Groups Tagging API.`, {
      status: 500,
    });
  }
  if (arn.account !== account) throw invalidParameter(`${text} does not belong to the account ${account}.`);
  const where = taggable.isGlobal ? globalRegion : arn.region;
  if (where !== region) throw invalidParameter(`${text} can be tagged in the region ${where} only.`);
  return taggable;
}

function failureOf({ code, status, message }: Fault): FailureInfo {
  // AWS: the codes of all services occur, whatever the model's enumeration says.
  return { StatusCode: status ?? 400, ErrorCode: code as ErrorCode, ErrorMessage: message };
}
