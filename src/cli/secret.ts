// `castellan secret get NAME`: prints a secret's value, whole or one key of its JSON.
import { isRecord } from '../base/record.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';
import { callService } from './service-call.ts';

export async function secret(
  context: CommandContext,
  [verb, name = '']: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (verb !== 'get') throw new CommandError(`\`${verb}\` is not a verb of secrets; use \`castellan secret get NAME\``, 2);
  const { key, versionStage, versionId } = options;
  const value = await secretValue(context, {
    SecretId: name,
    ...(typeof versionStage === 'string' ? { VersionStage: versionStage } : {}),
    ...(typeof versionId === 'string' ? { VersionId: versionId } : {}),
  });
  if (context.output.isJson) return context.output.json(value);
  if (typeof value.SecretBinary === 'string') {
    process.stdout.write(Buffer.from(value.SecretBinary, 'base64'));
    return;
  }
  context.output.print(typeof key === 'string' ? memberOf(value, key) : (value.SecretString ?? ''));
}

interface SecretValue {
  readonly Name: string;
  readonly SecretString?: string;
  /** Base64. */
  readonly SecretBinary?: string;
}

export async function secretValue(
  context: CommandContext,
  input: { readonly SecretId: string; readonly VersionStage?: string; readonly VersionId?: string },
): Promise<SecretValue> {
  const answer = await callService(context, { service: 'secretsmanager', target: 'secretsmanager.GetSecretValue', input });
  const { Name, SecretString, SecretBinary } = answer;
  return {
    Name: String(Name),
    ...(typeof SecretString === 'string' ? { SecretString } : {}),
    ...(typeof SecretBinary === 'string' ? { SecretBinary } : {}),
  };
}

function memberOf(value: SecretValue, key: string): string {
  const member = membersOf(value)?.[key];
  if (member === undefined) throw new CommandError(`the secret \`${value.Name}\` has no key \`${key}\``);
  return textOf(member);
}

/** Undefined when the value is no JSON object. */
export function membersOf({ SecretString = '' }: SecretValue): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(SecretString);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function textOf(member: unknown): string {
  return typeof member === 'string' ? member : JSON.stringify(member);
}
