// How often and for how long an invocation of type Event is tried, for a function, a version or an alias.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
import { pageOf } from '../../kit/paging.ts';
import type { Transaction } from '../../store/store.ts';
import type { DestinationConfig, FunctionEventInvokeConfig } from './api.gen.ts';
import { functionAccess, functionArn, type Named, namedFunction, requireFunction, requireVersion } from './names.ts';
import { latest, type RetryRecord, retries } from './records.ts';
import { byUser, fault, operation } from './service.ts';

/** AWS: two more attempts, and six hours. */
const defaults = { attempts: 2, ageSeconds: 21_600 };
const listMax = 50;

export async function retriesOf(
  transaction: Transaction,
  { account, region, name, qualifier }: Pick<RetryRecord, 'account' | 'region' | 'name' | 'qualifier'>,
): Promise<{ readonly attempts: number; readonly ageSeconds: number }> {
  const { attempts, ageSeconds } = (await retries.get(transaction, account, region, name, qualifier)) ?? {};
  return { attempts: attempts ?? defaults.attempts, ageSeconds: ageSeconds ?? defaults.ageSeconds };
}

export const PutFunctionEventInvokeConfig = operation('PutFunctionEventInvokeConfig', {
  access: (input, scope) =>
    functionAccess(scope, 'lambda:PutFunctionEventInvokeConfig', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    await requireVersion(context, named);
    requireNoDestination(input.DestinationConfig);
    const record = {
      ...keyOf(named),
      attempts: input.MaximumRetryAttempts,
      ageSeconds: input.MaximumEventAgeInSeconds,
      modifiedAtMs: context.now,
    };
    retries.put(context.transaction, record);
    return shapeOf(context, record);
  },
});

export const UpdateFunctionEventInvokeConfig = operation('UpdateFunctionEventInvokeConfig', {
  access: (input, scope) =>
    functionAccess(scope, 'lambda:UpdateFunctionEventInvokeConfig', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    const found = await requireRecord(context, named);
    requireNoDestination(input.DestinationConfig);
    const record = {
      ...found,
      attempts: input.MaximumRetryAttempts ?? found.attempts,
      ageSeconds: input.MaximumEventAgeInSeconds ?? found.ageSeconds,
      modifiedAtMs: context.now,
    };
    retries.put(context.transaction, record);
    return shapeOf(context, record);
  },
});

export const GetFunctionEventInvokeConfig = operation('GetFunctionEventInvokeConfig', {
  access: (input, scope) =>
    functionAccess(scope, 'lambda:GetFunctionEventInvokeConfig', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context) {
    return shapeOf(context, await requireRecord(context, namedFunction(context, input.FunctionName, input.Qualifier)));
  },
});

export const DeleteFunctionEventInvokeConfig = operation('DeleteFunctionEventInvokeConfig', {
  access: (input, scope) =>
    functionAccess(scope, 'lambda:DeleteFunctionEventInvokeConfig', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context) {
    retries.remove(context.transaction, await requireRecord(context, namedFunction(context, input.FunctionName, input.Qualifier)));
    return {};
  },
});

export const ListFunctionEventInvokeConfigs = operation('ListFunctionEventInvokeConfigs', {
  access: (input, scope) => functionAccess(scope, 'lambda:ListFunctionEventInvokeConfigs', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const { account, region, name } = await requireFunction(context, namedFunction(context, input.FunctionName));
    const page = await pageOf(context.transaction, retries, {
      under: [account, region, name],
      limit: Math.min(input.MaxItems ?? listMax, listMax),
      marker: input.Marker,
      onBadMarker: () => fault('InvalidParameterValueException', 'Invalid marker', byUser),
    });
    return { FunctionEventInvokeConfigs: page.items.map((record) => shapeOf(context, record)), NextMarker: page.marker };
  },
});

function keyOf({ account, region, name, qualifier = latest }: Named): Pick<RetryRecord, 'account' | 'region' | 'name' | 'qualifier'> {
  return { account, region, name, qualifier };
}

/** @throws Fault ResourceNotFoundException */
async function requireRecord(context: Parameters<typeof requireVersion>[0], named: Named): Promise<RetryRecord> {
  const { account, region, name, qualifier } = keyOf(named);
  await requireVersion(context, named);
  const found = await retries.get(context.transaction, account, region, name, qualifier);
  if (found !== undefined) return found;
  const arn = functionArn(context, { ...named, qualifier });
  throw fault('ResourceNotFoundException', `The function ${arn} doesn't have an EventInvokeConfig`, byUser);
}

/** @throws Fault InvalidParameterValueException */
function requireNoDestination(config: DestinationConfig | undefined): void {
  if (config?.OnFailure?.Destination || config?.OnSuccess?.Destination) {
    throw fault('InvalidParameterValueException', 'Castellan has no destinations for asynchronous invocations.', byUser);
  }
}

function shapeOf(scope: { readonly partition: string }, record: RetryRecord): FunctionEventInvokeConfig {
  return {
    LastModified: record.modifiedAtMs,
    // AWS: the function itself is shown as its version $LATEST.
    FunctionArn: functionArn(scope, record),
    MaximumRetryAttempts: record.attempts,
    MaximumEventAgeInSeconds: record.ageSeconds,
    DestinationConfig: { OnSuccess: {}, OnFailure: {} },
  };
}

export const retryOperations = [
  PutFunctionEventInvokeConfig,
  UpdateFunctionEventInvokeConfig,
  GetFunctionEventInvokeConfig,
  DeleteFunctionEventInvokeConfig,
  ListFunctionEventInvokeConfigs,
];
