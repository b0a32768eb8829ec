// `castellan exec --secret NAME -- COMMAND`: runs a command with secrets in its environment, and in nobody else's.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';
import { membersOf, secretValue, textOf } from './secret.ts';

export async function exec(
  context: CommandContext,
  [command, ...parameters]: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { secret: names } = options;
  if (command === undefined || !Array.isArray(names) || names.length === 0) {
    throw new CommandError('name a secret and a command: `castellan exec --secret NAME -- COMMAND`', 2);
  }
  const variables: Record<string, string> = {};
  for (const name of names) Object.assign(variables, await variablesOf(context, String(name)));
  process.exitCode = await run(command, parameters, { ...context.environment, ...variables });
}

/** The members of a JSON object under their own names, or the whole value under the secret's: `app/db-password` is DB_PASSWORD. */
async function variablesOf(context: CommandContext, name: string): Promise<Readonly<Record<string, string>>> {
  const value = await secretValue(context, { SecretId: name });
  if (value.SecretString === undefined) throw new CommandError(`the secret \`${value.Name}\` is binary, which no variable can hold`);
  const members = membersOf(value);
  if (members === undefined) return { [variableName(value.Name.split('/').at(-1) ?? '').toUpperCase()]: value.SecretString };
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [variableName(key), textOf(member)]));
}

function variableName(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9])/, '_');
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/** The command's exit code; 128 and its number for a signal, as shells say it. */
function run(command: string, parameters: readonly string[], environment: CommandContext['environment']): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...parameters], { stdio: 'inherit', env: environment });
    const forward = (signal: NodeJS.Signals) => void child.kill(signal);
    for (const signal of forwarded) process.on(signal, forward);
    child.once('error', (error) => {
      const isForbidden = 'code' in error && error.code === 'EACCES';
      reject(new CommandError(`\`${command}\` could not be started (${error.message})`, isForbidden ? 126 : 127));
    });
    child.once('exit', (code, signal) => {
      for (const each of forwarded) process.off(each, forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
