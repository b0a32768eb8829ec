// What a function may ask for on AWS and cannot have here: refused, so that nothing is promised silently.
import type { CreateFunctionRequest } from './api.gen.ts';
import { byUser, fault } from './service.ts';

type Input = Partial<Omit<CreateFunctionRequest, 'FunctionName' | 'Role' | 'Code'>>;

const absent: Readonly<Record<string, (input: Input) => boolean>> = {
  'container images': ({ PackageType, ImageConfig }) => PackageType === 'Image' || ImageConfig !== undefined,
  layers: ({ Layers = [] }) => Layers.length > 0,
  'file systems': ({ FileSystemConfigs = [] }) => FileSystemConfigs.length > 0,
  'code signing': ({ CodeSigningConfigArn }) => CodeSigningConfigArn !== undefined,
  // AWS: an empty ARN takes the queue away.
  'dead-letter queues': ({ DeadLetterConfig }) => Boolean(DeadLetterConfig?.TargetArn),
  SnapStart: ({ SnapStart }) => SnapStart?.ApplyOn === 'PublishedVersions',
  'capacity providers': ({ CapacityProviderConfig }) => CapacityProviderConfig !== undefined,
  'durable functions': ({ DurableConfig }) => DurableConfig !== undefined,
  'tenant isolation': ({ TenancyConfig }) => TenancyConfig !== undefined,
  'JSON logs': ({ LoggingConfig }) => LoggingConfig?.LogFormat === 'JSON',
};

/** @throws Fault InvalidParameterValueException */
export function requireSupported(input: Input): void {
  const found = Object.entries(absent).find(([, isAsked]) => isAsked(input));
  if (found === undefined) return;
  throw fault(
    'InvalidParameterValueException',
    `Castellan runs functions without ${found[0]}; see the README of its lambda service.`,
    byUser,
  );
}
