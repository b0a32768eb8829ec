// BatchGetSecretValue: up to twenty values at once, each with its own permission, its own ledger entry and its own error.
import { Fault } from '../../base/fault.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import type { APIErrorType, BatchGetSecretValueRequest, Operations, SecretValueEntry } from './api.gen.ts';
import { secretsPage } from './lists.ts';
import { fault, operation } from './service.ts';

const itself = callsTo<Operations>('secretsmanager');
const batchMax = 20;

export const BatchGetSecretValue = operation('BatchGetSecretValue', {
  access: ({ Filters }) => [
    { action: 'secretsmanager:BatchGetSecretValue', resource: '*' } as const,
    ...(Filters === undefined ? [] : [{ action: 'secretsmanager:ListSecrets', resource: '*' } as const]),
  ],
  async handle(input, context) {
    const { ids, NextToken } = await idsOf(input, context);
    const SecretValues: SecretValueEntry[] = [];
    const Errors: APIErrorType[] = [];
    for (const SecretId of ids) {
      try {
        SecretValues.push(await itself(context, 'GetSecretValue', { SecretId }));
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        Errors.push({ SecretId, ErrorCode: error.code, Message: error.message });
      }
    }
    return { SecretValues, Errors, NextToken };
  },
});

type Batch = { readonly ids: readonly string[]; readonly NextToken?: string | undefined };

/** @throws Fault InvalidParameterException */
async function idsOf({ SecretIdList, Filters, MaxResults, NextToken }: BatchGetSecretValueRequest, context: Context): Promise<Batch> {
  if ((SecretIdList === undefined) === (Filters === undefined)) {
    throw fault('InvalidParameterException', "Either 'SecretIdList' or 'Filters' must be provided, but not both.");
  }
  if (Filters === undefined) {
    if (MaxResults !== undefined) {
      throw fault('InvalidParameterException', "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.");
    }
    return { ids: SecretIdList ?? [] };
  }
  const page = await secretsPage(context, { Filters, NextToken, MaxResults: MaxResults ?? batchMax });
  return { ids: page.items.map(({ arn }) => arn), NextToken: page.marker };
}

export const batchOperations = [BatchGetSecretValue];
