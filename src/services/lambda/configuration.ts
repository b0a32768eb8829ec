// A function's configuration: what may stand in it, and how it is shown.
import { isoSeconds } from '../../base/clock.ts';
import { Secret } from '../../base/secret.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import type { Operations as StsOperations } from '../sts/api.gen.ts';
import type { Environment, FunctionConfiguration, Runtime } from './api.gen.ts';
import { codeSha256 } from './code.ts';
import { functionArn } from './names.ts';
import { type FunctionRecord, latest } from './records.ts';
import { byUser, fault } from './service.ts';

const sts = callsTo<StsOperations>('sts');

/** AWS: names that functions get from Lambda itself. */
const reserved: ReadonlySet<string> = new Set(
  '_HANDLER _X_AMZN_TRACE_ID AWS_DEFAULT_REGION AWS_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_LAMBDA_RUNTIME_API LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR'.split(
    ' ',
  ),
);
const environmentBytesMax = 4_096;
const timeoutSecondsMax = 900;
const memoryMbMax = 10_240;
/** AWS: these can be neither created nor updated any more. */
const retiredRuntimes = /^nodejs(?:4\.3(?:-edge)?|6\.10|8\.10|1[0246]\.x)?$/;

/** @throws Fault InvalidParameterValueException */
export function environmentOf(environment: Environment | undefined): Secret | undefined {
  const variables = environment?.Variables ?? {};
  if (Object.keys(variables).length === 0) return undefined;
  const taken = Object.keys(variables).filter((name) => reserved.has(name));
  if (taken.length > 0) {
    throw invalid(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${taken.join(', ')}`,
    );
  }
  const text = JSON.stringify(variables);
  if (Buffer.byteLength(text, 'utf8') > environmentBytesMax) {
    throw invalid(
      'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.',
    );
  }
  return new Secret(text);
}

export function variablesOf({ environment }: FunctionRecord): Readonly<Record<string, string>> {
  // Decoding boundary: only environmentOf writes it.
  return environment === undefined ? {} : (JSON.parse(environment.reveal()) as Record<string, string>);
}

/** AWS: what the model leaves open. @throws Fault ValidationException */
export function requireLimits({
  Timeout = 0,
  MemorySize = 0,
}: {
  readonly Timeout?: number | undefined;
  readonly MemorySize?: number | undefined;
}): void {
  const tooMuch = (member: string, value: number, max: number) =>
    commonFault(
      'ValidationException',
      `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have value less than or equal to ${max}`,
    );
  if (Timeout > timeoutSecondsMax) throw tooMuch('timeout', Timeout, timeoutSecondsMax);
  if (MemorySize > memoryMbMax) throw tooMuch('memorySize', MemorySize, memoryMbMax);
}

/** Castellan runs Node.js functions only. @throws Fault InvalidParameterValueException */
export function runtimeOf(runtime: Runtime | undefined): Runtime {
  if (runtime === undefined) throw invalid('Runtime and Handler are mandatory parameters for functions created with deployment packages.');
  if (retiredRuntimes.test(runtime)) {
    throw invalid(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  }
  if (!/^nodejs\d+\.x$/.test(runtime)) throw invalid(`Castellan runs functions of the Node.js runtimes; it does not have ${runtime}.`);
  return runtime;
}

/** Lambda tries the role before it takes it. @throws Fault InvalidParameterValueException */
export async function requireAssumable(context: Context, roleArn: string): Promise<void> {
  const named = { RoleArn: roleArn, RoleSessionName: 'awslambda' };
  await sts(context, 'AssumeRole', named, { as: 'service' }).catch((cause: unknown) => {
    throw fault('InvalidParameterValueException', 'The role defined for the function cannot be assumed by Lambda.', { ...byUser, cause });
  });
}

export function configurationShape(scope: Scope, record: FunctionRecord, qualifier?: string): FunctionConfiguration {
  const variables = variablesOf(record);
  return {
    FunctionName: record.name,
    // AWS: the ARN has a version only when one was asked for.
    FunctionArn: functionArn(scope, { ...record, qualifier: qualifier ?? (record.version === latest ? undefined : record.version) }),
    Runtime: record.runtime,
    Role: record.role,
    Handler: record.handler,
    CodeSize: record.codeBytes,
    Description: record.description,
    Timeout: record.timeoutSeconds,
    MemorySize: record.memoryMb,
    LastModified: `${isoSeconds(record.modifiedAtMs).slice(0, 19)}.${String(record.modifiedAtMs % 1000).padStart(3, '0')}+0000`,
    CodeSha256: codeSha256(record.archiveId),
    Version: record.version,
    ...(Object.keys(variables).length === 0 ? {} : { Environment: { Variables: variables } }),
    ...(record.kmsKeyArn === undefined ? {} : { KMSKeyArn: record.kmsKeyArn }),
    ...(record.vpc?.SubnetIds?.length ? { VpcConfig: { ...record.vpc, VpcId: '' } } : {}),
    TracingConfig: { Mode: record.tracingMode },
    RevisionId: record.revisionId,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [record.architecture],
    EphemeralStorage: { Size: record.scratchMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${record.name}`, ...record.logging },
  };
}

function invalid(message: string) {
  return fault('InvalidParameterValueException', message, byUser);
}
