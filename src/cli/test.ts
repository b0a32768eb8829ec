// `castellan test FILE...`: runs policy unit tests; ends with 0 when all pass, 1 when one fails, 2 when a file cannot be understood.
import { watch, writeFileSync } from 'node:fs';
import { elapsedMs } from '../base/clock.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';
import { folderOf } from './policy-question.ts';
import { type Answer, type AskServer, junitXml, runTestFile, type TestResult } from './policy-tests.ts';
import { queryService } from './service-call.ts';

export async function test(context: CommandContext, files: readonly string[], options: Readonly<Record<string, unknown>>): Promise<void> {
  if (files.length === 0) throw new CommandError('name the test files: `castellan test FILE...`', 2);
  const { junit, watch: isWatching } = options;
  const run = async (): Promise<void> => {
    const results: TestResult[] = [];
    for (const file of files) results.push(...(await runTestFile(file, elapsedMs, serverAnswers(context))));
    if (typeof junit === 'string') writeFileSync(junit, junitXml(results));
    report(context, results);
  };
  if (isWatching !== true) return run();
  await watchAndRun(context, files, run);
}

function report({ output }: CommandContext, results: readonly TestResult[]): void {
  const failed = results.filter(({ passed }) => !passed);
  process.exitCode = failed.length > 0 ? 1 : 0;
  if (output.isJson) return output.json({ passed: results.length - failed.length, failed: failed.length, results });
  const { good, bad, faint, strong } = output.palette;
  for (const { name, file, passed, problem } of results) {
    output.print(`${passed ? good('✓') : bad('✗')} ${name} ${faint(file)}`);
    if (problem !== undefined) output.print(problem.replace(/^/gm, '    '));
  }
  output.print(strong(`${results.length - failed.length} passed, ${failed.length} failed`));
}

/** Runs again whenever something in the folders of the files changes, until it is interrupted. */
async function watchAndRun({ output }: CommandContext, files: readonly string[], run: () => Promise<void>): Promise<void> {
  const again = async (): Promise<void> => {
    try {
      await run();
    } catch (error) {
      output.print(error instanceof Error ? error.message : String(error));
    }
    output.print(output.palette.faint('waiting for changes; Ctrl-C ends'));
  };
  await again();
  let timer: NodeJS.Timeout | undefined;
  for (const folder of new Set(files.map(folderOf))) {
    watch(folder, { recursive: true }, () => {
      clearTimeout(timer);
      // Editors write a file in several steps.
      timer = setTimeout(() => void again(), 100);
    });
  }
  await new Promise<never>(() => undefined);
}

/** A running server's own simulator, for principals that the files do not describe. */
function serverAnswers(context: CommandContext): AskServer {
  return async ({ principal, action, resource, context: given }): Promise<Answer> => {
    const entries = Object.entries(given).flatMap(([key, value], index) => {
      const prefix = `ContextEntries.member.${index + 1}`;
      const values = typeof value === 'string' ? [value] : value;
      return [
        [`${prefix}.ContextKeyName`, key],
        [`${prefix}.ContextKeyType`, typeof value === 'string' ? 'string' : 'stringList'],
        ...values.map((each, place) => [`${prefix}.ContextKeyValues.member.${place + 1}`, each]),
      ];
    });
    const parameters = {
      Action: 'SimulatePrincipalPolicy',
      Version: '2010-05-08',
      PolicySourceArn: principal,
      'ActionNames.member.1': action,
      ...(resource === '*' ? {} : { 'ResourceArns.member.1': resource }),
      ...Object.fromEntries(entries),
    };
    const text = await queryService(context, 'iam', parameters);
    const member = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1];
    const decision = member('EvalDecision');
    const outcome = decision === 'allowed' ? 'ALLOW' : decision === 'explicitDeny' ? 'EXPLICIT_DENY' : 'IMPLICIT_DENY';
    const layer =
      member('AllowedByOrganizations') === 'false'
        ? 'service-control'
        : member('AllowedByPermissionsBoundary') === 'false'
          ? 'boundary'
          : 'identity';
    return { outcome, layer, trace: `asked of the running server about ${principal}` };
  };
}
