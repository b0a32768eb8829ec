// What tools ask about a function to know it whole, of features that this build does not have (README.md): since nothing can make them, there are
// none, and that is the answer. Whatever would make one is absent and says so.
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { functionAccess, functionArn, namedFunction, requireFunction, requireVersion } from './names.ts';
import { latest } from './records.ts';
import { byUser, fault, operation } from './service.ts';

interface OfFunction {
  readonly FunctionName: string;
  readonly Qualifier?: string | undefined;
}

const onFunction =
  (action: Access['action']) =>
  (input: OfFunction, scope: Scope): Promise<Access> =>
    functionAccess(scope, action, namedFunction(scope, input.FunctionName, input.Qualifier));
const onAll = (action: Access['action']) => (): Access => ({ action, resource: '*' });

const nothingThere = () => fault('ResourceNotFoundException', 'The resource you requested does not exist.', byUser);

export const ListEventSourceMappings = operation('ListEventSourceMappings', {
  access: onAll('lambda:ListEventSourceMappings'),
  async handle(input, context) {
    const named = input.FunctionName === undefined ? undefined : namedFunction(context, input.FunctionName);
    // The permission is for the caller's own account, so nothing is told of another's functions.
    if (named !== undefined && named.account !== context.account) throw nothingThere();
    if (named !== undefined) await requireFunction(context, named);
    return { EventSourceMappings: [] };
  },
});

export const GetEventSourceMapping = operation('GetEventSourceMapping', {
  access: (input, { partition, region, account }) => ({
    action: 'lambda:GetEventSourceMapping',
    resource: `arn:${partition}:lambda:${region}:${account}:event-source-mapping:${input.UUID}`,
  }),
  handle() {
    throw nothingThere();
  },
});

export const GetFunctionUrlConfig = operation('GetFunctionUrlConfig', {
  access: onFunction('lambda:GetFunctionUrlConfig'),
  async handle(input, context) {
    await requireFunction(context, namedFunction(context, input.FunctionName));
    throw nothingThere();
  },
});

export const ListFunctionUrlConfigs = operation('ListFunctionUrlConfigs', {
  access: onFunction('lambda:ListFunctionUrlConfigs'),
  async handle(input, context) {
    await requireFunction(context, namedFunction(context, input.FunctionName));
    return { FunctionUrlConfigs: [] };
  },
});

export const GetFunctionCodeSigningConfig = operation('GetFunctionCodeSigningConfig', {
  access: onFunction('lambda:GetFunctionCodeSigningConfig'),
  async handle(input, context) {
    const { name } = await requireFunction(context, namedFunction(context, input.FunctionName));
    // AWS: a function without one answers all the same.
    return { FunctionName: name, CodeSigningConfigArn: '' };
  },
});

export const ListCodeSigningConfigs = operation('ListCodeSigningConfigs', {
  access: onAll('lambda:ListCodeSigningConfigs'),
  handle: () => ({ CodeSigningConfigs: [] }),
});

export const ListProvisionedConcurrencyConfigs = operation('ListProvisionedConcurrencyConfigs', {
  access: onFunction('lambda:ListProvisionedConcurrencyConfigs'),
  async handle(input, context) {
    await requireFunction(context, namedFunction(context, input.FunctionName));
    return { ProvisionedConcurrencyConfigs: [] };
  },
});

export const ListLayers = operation('ListLayers', {
  access: onAll('lambda:ListLayers'),
  handle: () => ({ Layers: [] }),
});

export const ListLayerVersions = operation('ListLayerVersions', {
  access: onAll('lambda:ListLayerVersions'),
  handle: () => ({ LayerVersions: [] }),
});

export const ListCapacityProviders = operation('ListCapacityProviders', {
  access: onAll('lambda:ListCapacityProviders'),
  handle: () => ({ CapacityProviders: [] }),
});

/** AWS: updates of the runtime are automatic unless somebody has said otherwise. */
export const GetRuntimeManagementConfig = operation('GetRuntimeManagementConfig', {
  access: onFunction('lambda:GetRuntimeManagementConfig'),
  async handle(input, context) {
    const named = namedFunction(context, input.FunctionName, input.Qualifier);
    await requireVersion(context, named);
    return { UpdateRuntimeOn: 'Auto', FunctionArn: functionArn(context, { ...named, qualifier: named.qualifier ?? latest }) };
  },
});

export const neverConfiguredOperations = [
  ListEventSourceMappings,
  GetEventSourceMapping,
  GetFunctionUrlConfig,
  ListFunctionUrlConfigs,
  GetFunctionCodeSigningConfig,
  ListCodeSigningConfigs,
  ListProvisionedConcurrencyConfigs,
  ListLayers,
  ListLayerVersions,
  ListCapacityProviders,
  GetRuntimeManagementConfig,
];
