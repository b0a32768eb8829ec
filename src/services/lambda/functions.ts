// Functions: made, shown, changed and deleted. https://docs.aws.amazon.com/lambda/latest/dg/lambda-functions.html
import type { Collection } from '../../kit/collection.ts';
import type { Context } from '../../kit/context.ts';
import { pageOf } from '../../kit/paging.ts';
import { passRole } from '../../kit/pass-role.ts';
import type { UpdateFunctionConfigurationRequest, VpcConfig } from './api.gen.ts';
import { dropUnusedCode, storeCode } from './code.ts';
import { configurationShape, environmentOf, requireAssumable, requireLimits, runtimeOf } from './configuration.ts';
import { functionAccess, functionArn, isAliasName, namedFunction, requireFunction, requireRevision, requireVersion } from './names.ts';
import { aliases, codes, type FunctionRecord, functions, latest, permissions, retries } from './records.ts';
import { byUser, fault, operation } from './service.ts';
import { requireSupported } from './unsupported.ts';
import { publish } from './versions.ts';

const defaults = { timeoutSeconds: 3, memoryMb: 128, scratchMb: 512, architecture: 'x86_64' } as const;
const listMax = 50;

/** AWS: in which network the function is to be. */
function networkOf(config: VpcConfig | undefined) {
  return { 'lambda:SubnetIds': config?.SubnetIds, 'lambda:SecurityGroupIds': config?.SecurityGroupIds };
}

export const CreateFunction = operation('CreateFunction', {
  access: async (input, scope) => [
    await functionAccess(scope, 'lambda:CreateFunction', namedFunction(scope, input.FunctionName), {
      requestTags: input.Tags ?? {},
      context: networkOf(input.VpcConfig),
    }),
    await passRole(scope, input.Role, 'lambda.amazonaws.com'),
  ],
  async handle(input, context) {
    const { transaction, now, ids } = context;
    const named = namedFunction(context, input.FunctionName);
    if ((await functions.get(transaction, named.account, named.region, named.name, latest)) !== undefined) {
      throw fault('ResourceConflictException', `Function already exist: ${named.name}`, byUser);
    }
    requireSupported(input);
    requireLimits(input);
    const runtime = runtimeOf(input.Runtime);
    if (input.Handler === undefined) runtimeOf(undefined);
    await requireAssumable(context, input.Role);
    const record: FunctionRecord = {
      account: named.account,
      region: named.region,
      name: named.name,
      version: latest,
      role: input.Role,
      runtime,
      handler: input.Handler ?? '',
      description: input.Description ?? '',
      timeoutSeconds: input.Timeout ?? defaults.timeoutSeconds,
      memoryMb: input.MemorySize ?? defaults.memoryMb,
      architecture: input.Architectures?.[0] ?? defaults.architecture,
      scratchMb: input.EphemeralStorage?.Size ?? defaults.scratchMb,
      tracingMode: input.TracingConfig?.Mode ?? 'PassThrough',
      vpc: input.VpcConfig,
      logging: input.LoggingConfig,
      environment: environmentOf(input.Environment),
      kmsKeyArn: input.KMSKeyArn || undefined,
      ...storeCode(context, named.name, input.Code),
      modifiedAtMs: now,
      revisionId: ids.uuid(),
      lastVersion: 0,
      tags: input.Tags ?? {},
    };
    functions.put(transaction, record);
    return configurationShape(context, input.Publish ? publish(context, record) : record);
  },
});

export const GetFunction = operation('GetFunction', {
  access: (input, scope) => functionAccess(scope, 'lambda:GetFunction', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    const record = await requireVersion(context, named);
    const { tags, reservedConcurrency } = await requireFunction(context, named);
    return {
      Configuration: configurationShape(context, record, named.qualifier),
      Code: { RepositoryType: 'S3' },
      ...(Object.keys(tags).length === 0 ? {} : { Tags: tags }),
      ...(reservedConcurrency === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: reservedConcurrency } }),
    };
  },
});

export const GetFunctionConfiguration = operation('GetFunctionConfiguration', {
  access: (input, scope) =>
    functionAccess(scope, 'lambda:GetFunctionConfiguration', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    return configurationShape(context, await requireVersion(context, named), named.qualifier);
  },
});

export const ListFunctions = operation('ListFunctions', {
  access: () => ({ action: 'lambda:ListFunctions', resource: '*' }),
  async handle(input, context) {
    const isWanted = (record: FunctionRecord): boolean => input.FunctionVersion === 'ALL' || record.version === latest;
    const page = await pageOf(
      context.transaction,
      functions,
      {
        under: [context.account, context.region],
        limit: Math.min(input.MaxItems ?? listMax, listMax),
        marker: input.Marker,
        onBadMarker: () => fault('InvalidParameterValueException', 'Invalid marker', byUser),
      },
      isWanted,
    );
    const shown = (record: FunctionRecord) =>
      configurationShape(context, record, input.FunctionVersion === 'ALL' ? record.version : undefined);
    return { Functions: page.items.map(shown), NextMarker: page.marker };
  },
});

export const UpdateFunctionCode = operation('UpdateFunctionCode', {
  access: (input, scope) => functionAccess(scope, 'lambda:UpdateFunctionCode', namedFunction(scope, input.FunctionName)),
  async handle(input, context) {
    const record = await requireFunction(context, namedFunction(context, input.FunctionName));
    requireRevision(record, input.RevisionId);
    const changed = { ...record, ...storeCode(context, record.name, input), architecture: input.Architectures?.[0] ?? record.architecture };
    if (input.DryRun) return configurationShape(context, changed);
    const written = write(context, changed);
    await dropUnusedCode(context, record);
    return configurationShape(context, input.Publish ? publish(context, written) : written);
  },
});

export const UpdateFunctionConfiguration = operation('UpdateFunctionConfiguration', {
  access: async (input, scope) => [
    await functionAccess(scope, 'lambda:UpdateFunctionConfiguration', namedFunction(scope, input.FunctionName), {
      context: networkOf(input.VpcConfig),
    }),
    ...(input.Role === undefined ? [] : [await passRole(scope, input.Role, 'lambda.amazonaws.com')]),
  ],
  async handle(input, context) {
    const record = await requireFunction(context, namedFunction(context, input.FunctionName));
    requireRevision(record, input.RevisionId);
    requireSupported(input);
    requireLimits(input);
    if (input.Role !== undefined) await requireAssumable(context, input.Role);
    return configurationShape(context, write(context, { ...record, ...changesOf(input, record) }));
  },
});

function changesOf(input: UpdateFunctionConfigurationRequest, record: FunctionRecord): Partial<FunctionRecord> {
  return {
    role: input.Role ?? record.role,
    runtime: input.Runtime === undefined ? record.runtime : runtimeOf(input.Runtime),
    handler: input.Handler ?? record.handler,
    description: input.Description ?? record.description,
    timeoutSeconds: input.Timeout ?? record.timeoutSeconds,
    memoryMb: input.MemorySize ?? record.memoryMb,
    scratchMb: input.EphemeralStorage?.Size ?? record.scratchMb,
    tracingMode: input.TracingConfig?.Mode ?? record.tracingMode,
    vpc: input.VpcConfig ?? record.vpc,
    logging: input.LoggingConfig === undefined ? record.logging : { ...record.logging, ...input.LoggingConfig },
    environment: input.Environment === undefined ? record.environment : environmentOf(input.Environment),
    kmsKeyArn: input.KMSKeyArn === undefined ? record.kmsKeyArn : input.KMSKeyArn || undefined,
  };
}

/** A change of `$LATEST` has a new revision and time. */
function write(context: Context, record: FunctionRecord): FunctionRecord {
  const written = { ...record, revisionId: context.ids.uuid(), modifiedAtMs: context.now };
  functions.put(context.transaction, written);
  return written;
}

export const DeleteFunction = operation('DeleteFunction', {
  access: (input, scope) => functionAccess(scope, 'lambda:DeleteFunction', namedFunction(scope, input.FunctionName, input.Qualifier)),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    if (named.qualifier === undefined) await deleteWhole(context, await requireFunction(context, named));
    else if (named.qualifier === latest || isAliasName(named.qualifier)) {
      throw fault('InvalidParameterValueException', '$LATEST version cannot be deleted without deleting the function.', byUser);
    } else await deleteVersion(context, await requireVersion(context, named));
    return { StatusCode: 204 };
  },
});

async function deleteWhole(context: Context, { account, region, name }: FunctionRecord): Promise<void> {
  const removeAll = async <Value extends object>(part: Collection<Value>): Promise<void> => {
    for (const record of await part.all(context.transaction, account, region, name)) part.remove(context.transaction, record);
  };
  await removeAll(functions);
  await removeAll(codes);
  await removeAll(aliases);
  await removeAll(permissions);
  await removeAll(retries);
}

async function deleteVersion(context: Context, record: FunctionRecord): Promise<void> {
  const { account, region, name, version } = record;
  const using = (await aliases.all(context.transaction, account, region, name)).filter(
    (alias) => alias.version === version || alias.routing?.version === version,
  );
  if (using.length > 0) {
    const arns = using.map(({ alias }) => functionArn(context, { ...record, qualifier: alias }));
    throw fault('ResourceConflictException', `Version ${version} is referenced by aliases [${arns.join(', ')}]`, byUser);
  }
  functions.remove(context.transaction, record);
  await dropUnusedCode(context, record);
}

export const functionOperations = [
  CreateFunction,
  GetFunction,
  GetFunctionConfiguration,
  ListFunctions,
  UpdateFunctionCode,
  UpdateFunctionConfiguration,
  DeleteFunction,
];
