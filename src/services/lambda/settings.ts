// What is set beside a function's configuration: its share of the account's concurrency, its tags, and the account's own limits.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
import { limits } from '../../base/limits.ts';
import type { Scope } from '../../kit/context.ts';
import { functionAccess, namedFunction, requireFunction } from './names.ts';
import { type FunctionRecord, functions, latest } from './records.ts';
import { byUser, fault, operation } from './service.ts';

/** AWS's defaults for a new account. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const accountLimits = { concurrency: 1_000, unreservedMin: 100, codeBytes: 80_530_636_800, zippedBytes: 52_428_800 };
const tagsMax = 50;

export const PutFunctionConcurrency = operation('PutFunctionConcurrency', {
  access: (input, scope) => functionAccess(scope, 'lambda:PutFunctionConcurrency', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const record = await requireFunction(context, namedFunction(context, input.FunctionName));
    const { ReservedConcurrentExecutions: reserved } = input;
    const others = (await latestOf(context)).filter(({ name }) => name !== record.name);
    const left = accountLimits.concurrency - reserved - others.reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0);
    if (left < accountLimits.unreservedMin) {
      throw fault(
        'InvalidParameterValueException',
        `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${accountLimits.unreservedMin}].`,
        byUser,
      );
    }
    functions.put(context.transaction, { ...record, reservedConcurrency: reserved });
    return { ReservedConcurrentExecutions: reserved };
  },
});

export const GetFunctionConcurrency = operation('GetFunctionConcurrency', {
  access: (input, scope) => functionAccess(scope, 'lambda:GetFunctionConcurrency', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const { reservedConcurrency } = await requireFunction(context, namedFunction(context, input.FunctionName));
    return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
  },
});

export const DeleteFunctionConcurrency = operation('DeleteFunctionConcurrency', {
  access: (input, scope) => functionAccess(scope, 'lambda:DeleteFunctionConcurrency', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const record = await requireFunction(context, namedFunction(context, input.FunctionName));
    functions.put(context.transaction, { ...record, reservedConcurrency: undefined });
    return {};
  },
});

export const GetAccountSettings = operation('GetAccountSettings', {
  access: () => ({ action: 'lambda:GetAccountSettings', resource: '*' }),
  async handle(_input, context) {
    const all = await functions.all(context.transaction, context.account, context.region);
    const reserved = all.reduce((sum, { reservedConcurrency = 0, version }) => sum + (version === latest ? reservedConcurrency : 0), 0);
    return {
      AccountLimit: {
        TotalCodeSize: accountLimits.codeBytes,
        CodeSizeUnzipped: limits.functionCodeBytesMax,
        CodeSizeZipped: accountLimits.zippedBytes,
        ConcurrentExecutions: accountLimits.concurrency,
        UnreservedConcurrentExecutions: accountLimits.concurrency - reserved,
      },
      AccountUsage: {
        TotalCodeSize: all.reduce((sum, { codeBytes }) => sum + codeBytes, 0),
        FunctionCount: all.filter(({ version }) => version === latest).length,
      },
    };
  },
});

export const TagResource = operation('TagResource', {
  access: (input, scope) => functionAccess(scope, 'lambda:TagResource', namedFunction(scope, input.Resource), { requestTags: input.Tags }),
  async handle(input, context) {
    const record = await requireFunction(context, namedFunction(context, input.Resource));
    const tags = { ...record.tags, ...input.Tags };
    if (Object.keys(tags).length > tagsMax)
      throw fault('InvalidParameterValueException', `Tag count exceeded: the limit is ${tagsMax}`, byUser);
    functions.put(context.transaction, { ...record, tags });
    return {};
  },
});

export const UntagResource = operation('UntagResource', {
  access: (input, scope) =>
    functionAccess(scope, 'lambda:UntagResource', namedFunction(scope, input.Resource), { context: { 'aws:TagKeys': input.TagKeys } }),
  async handle(input, context) {
    const record = await requireFunction(context, namedFunction(context, input.Resource));
    const tags = Object.fromEntries(Object.entries(record.tags).filter(([key]) => !input.TagKeys.includes(key)));
    functions.put(context.transaction, { ...record, tags });
    return {};
  },
});

export const ListTags = operation('ListTags', {
  access: (input, scope) => functionAccess(scope, 'lambda:ListTags', namedFunction(scope, input.Resource)),
  async handle(input, context) {
    const { tags } = await requireFunction(context, namedFunction(context, input.Resource));
    return { Tags: tags };
  },
});

async function latestOf({ transaction, account, region }: Scope): Promise<readonly FunctionRecord[]> {
  return (await functions.all(transaction, account, region)).filter(({ version }) => version === latest);
}

export const settingOperations = [
  PutFunctionConcurrency,
  GetFunctionConcurrency,
  DeleteFunctionConcurrency,
  GetAccountSettings,
  TagResource,
  UntagResource,
  ListTags,
];
