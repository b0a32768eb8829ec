// The command line: one file per command, loaded when it is called.
import { Command, Option } from 'commander';
import { type Environment, serverOptions } from './options.ts';
import { CommandError, createOutput, type Output } from './output.ts';

export interface CommandContext {
  readonly output: Output;
  readonly environment: Environment;
  readonly dataDir: string;
}

type Values = Readonly<Record<string, unknown>>;
type Run = (context: CommandContext, parameters: readonly string[], options: Values) => Promise<void>;

export async function main(parameters: readonly string[]): Promise<void> {
  const environment: Environment = process.env;
  const program = new Command('castellan').description('a self-hosted security plane that speaks the AWS APIs').exitOverride();
  const add = (usage: string, description: string, load: () => Promise<Run>, ...options: readonly Option[]): void => {
    const command = program.command(usage).description(description);
    for (const option of [...options, new Option('--json', 'print JSON')]) command.addOption(option);
    if (!options.some(({ long }) => long === '--data-dir')) command.addOption(dataDirOption(environment));
    command.action(async (...received: readonly unknown[]) => {
      const given: Values = command.opts();
      const context = {
        output: createOutput(given['json'] === true, environment),
        environment,
        dataDir: String(given['dataDir'] ?? environment['CASTELLAN_DATA_DIR'] ?? './.data'),
      };
      const run = await load();
      await run(
        context,
        received.slice(0, -2).flatMap((value) => textsOf(value)),
        given,
      );
    });
  };
  const passphrase = new Option('--passphrase <text>', 'seals the secrets in the file (at least 12 characters)').env(
    'CASTELLAN_PASSPHRASE',
  );
  add('start', 'serve', async () => (await import('./start.ts')).start, ...serverOptions.map(startOption));
  add(
    'env',
    'print what points AWS clients at the server: eval "$(npx castellan env)"',
    async () => (await import('./env.ts')).env,
    new Option('--profile', 'print an AWS profile'),
  );
  add('explain <request-id>', 'why a request was allowed or refused', async () => (await import('./explain.ts')).explain);
  add('coverage [service]', 'what is enforced and executed, stored only, or absent', async () => (await import('./coverage.ts')).coverage);
  add('time [verb] [duration]', 'show the clock; `time advance 31d` moves it forward', async () => (await import('./time.ts')).time);
  add(
    'tvm [verb] [mode]',
    'the token vending machine; `tvm on anonymous --role-arn ARN` switches it on',
    async () => (await import('./tvm.ts')).tvm,
    new Option('--role-arn <arn>', 'the role whose sessions are handed out'),
    new Option('--broker-access-key-id <id>', 'key of the IAM user that assumes the role'),
    new Option('--duration <seconds>', 'how long they hold (default 3600)'),
    new Option('--policy <file>', 'session policy laid over the role'),
  );
  add(
    'secret <verb> <name>',
    "print a secret's value: `secret get NAME`",
    async () => (await import('./secret.ts')).secret,
    new Option('--key <name>', 'only this key of its JSON'),
    new Option('--version-stage <label>', 'the version with this staging label (default AWSCURRENT)'),
    new Option('--version-id <id>', 'this version'),
  );
  add(
    'exec [command...]',
    'run a command with secrets in its environment: `exec --secret NAME -- COMMAND`',
    async () => (await import('./exec.ts')).exec,
    new Option('--secret <name>', 'a secret, several times for several').argParser((name, before: readonly string[] = []) => [
      ...before,
      name,
    ]),
  );
  add('mail [address]', 'what AWS would have sent by mail, for you to pass on', async () => (await import('./mail.ts')).mail);
  add('root-key <verb>', '`root-key rotate` seals everything under a new root key', async () => (await import('./root-key.ts')).rootKey);
  add('export [file]', 'write the whole state to a file', async () => (await import('./state.ts')).exportFile, passphrase);
  add('import <file>', 'replace the whole state by that of a file', async () => (await import('./state.ts')).importFile, passphrase);
  add(
    'managed-policies <verb> <path>',
    '`managed-policies import PATH` takes in documents of AWS managed policies: a file of JSON lines, or a directory of such files',
    async () => (await import('./managed-policies.ts')).managedPolicies,
  );
  const several = (flags: string, description: string): Option =>
    new Option(flags, description).argParser((value: string, before: readonly string[] = []) => [...before, value]);
  add(
    'simulate',
    'ask the policy engine one question, from files alone; ends with 1 when it is denied',
    async () => (await import('./simulate.ts')).simulate,
    new Option('--principal <arn>', 'who: a user, role, session, root, service principal or `*`'),
    new Option('--action <action>', 'what: `s3:GetObject`'),
    new Option('--resource <arn>', 'on what (default `*`)'),
    new Option('--resource-account <id>', 'owner of the resource (default: the principal’s account)'),
    several('--context <key=value>', 'a condition key, several times for several'),
    several('--identity <file>', 'identity-based policy, several times for several'),
    new Option('--boundary <file>', 'permissions boundary'),
    several('--session <file>', 'session policy'),
    new Option('--resource-policy <file>', 'policy of the resource'),
    new Option('--resource-mode <kind>', 'optional (default), trust for roles, key for KMS keys'),
    several('--scp <file>', 'service control policy; each file is a level, the root of the organisation first'),
    several('--rcp <file>', 'resource control policy; each file is a level'),
    new Option('--vpc-endpoint <file>', 'VPC endpoint policy'),
  );
  add(
    'test [files...]',
    'run policy unit tests; ends with 1 when one fails',
    async () => (await import('./test.ts')).test,
    new Option('--junit <file>', 'write the results as JUnit XML too'),
    new Option('--watch', 'run again whenever a file changes'),
  );
  add(
    'what-if',
    'which calls of the ledger other policies would have decided otherwise; ends with 3 when there are some',
    async () => (await import('./what-if.ts')).whatIf,
    several('--attach <policy>', 'attach a policy: a file, or the id or ARN of one that exists'),
    several('--to <target>', 'where: a root, unit or account of an organization, a user, role or group, or a resource with a policy'),
    several('--detach <policy>', 'detach a policy: its id, its ARN, or the name of an inline policy'),
    several('--from <target>', 'from where'),
    several('--change <policy>', 'give a policy another document: its id or ARN, or the ARN of the resource (or role) whose policy it is'),
    several('--with <file>', 'the new document'),
    new Option('--of <arn>', 'the user, role or group whose inline policy --change names'),
    new Option('--as <kind>', 'how a policy is attached to a user or role: identity (default), boundary or trust'),
    new Option('--since <time>', 'replay from here on: a duration (30d) or a time (default: the whole ledger)'),
    new Option('--until <time>', 'replay up to here (default: now)'),
    new Option('--account <id>', 'replay only the events of this account'),
    new Option('--calls', 'list every call that differs too'),
  );
  add(
    'landing-zone <verb> [file]',
    '`landing-zone plan`, `apply`, `destroy`, `profiles`: accounts, guardrails, roles, people and keys from one file; plan ends with 2 when something is to change',
    async () => (await import('./landing-zone.ts')).landingZone,
    new Option('--close-accounts', 'apply may close accounts that the file has no more'),
    new Option('--yes', 'destroy does not ask'),
  );
  add(
    'bill',
    'what a month cost, by account and service; prices are those of the server’s price list',
    async () => (await import('./bill.ts')).bill,
    new Option('--month <month>', 'such as 2026-11 (default: this month)'),
    new Option('--account <id>', 'only this account'),
    new Option('--detail', 'with usage types, quantities and rates'),
    new Option('--focus <file>', 'write every charge to a CSV file in FOCUS 1.0'),
  );
  add('reset', 'erase everything', async () => (await import('./state.ts')).reset, new Option('--yes', 'do not ask'));
  add('doctor', 'check this installation and say what to do', async () => (await import('./doctor.ts')).doctor);
  add('completion <shell>', 'print the completion script for bash, zsh or fish', async () => (await import('./completion.ts')).completion);
  try {
    await program.parseAsync(['node', 'castellan', ...parameters]);
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** The words of a variadic argument come as a list. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

function startOption({ name, argument, fallback, environment, description }: (typeof serverOptions)[number]): Option {
  const shown = fallback === undefined ? `${description} (${environment})` : `${description} (default ${fallback}; ${environment})`;
  return new Option(argument === undefined ? `--${name}` : `--${name} <${argument}>`, shown);
}

function dataDirOption(_environment: Environment): Option {
  return new Option('--data-dir <path>', 'directory of the server (default ./.data; CASTELLAN_DATA_DIR)');
}

/** Exit codes: 1 for a failure, 2 for wrong usage. */
function report(error: unknown): number {
  if (error instanceof CommandError) {
    process.stderr.write(`castellan: ${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number') return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`castellan: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}
