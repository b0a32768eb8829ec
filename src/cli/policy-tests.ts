// Policy unit tests: files that say who may do what, read, asked and judged. The command around them is test.ts.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { isRecord } from '../base/record.ts';
import { authorizationRequest, evaluate, explain, type Outcome, type PolicyLayer } from '../policy/library.ts';
import { renderExplanation } from '../policy/render.ts';
import { CommandError } from './output.ts';
import { folderOf, listOf, policiesOf, policyDocument, principalOf, withCaller } from './policy-question.ts';

export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
  /** What was expected and what came instead, with the whole decision. */
  readonly problem?: string;
  readonly durationMs: number;
}

/** An answer, and which layer gave it. */
export interface Answer {
  readonly outcome: Outcome;
  readonly layer: PolicyLayer | undefined;
  readonly trace: string;
}

/** Asks a running server about one of its own principals. */
export type AskServer = (question: {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
}) => Promise<Answer>;

type Context = Readonly<Record<string, string | readonly string[]>>;
type Fields = Readonly<Record<string, unknown>>;

interface Given {
  readonly principals: Fields;
  readonly resources: Fields;
  readonly folder: string;
}

const effects = ['allow', 'deny', 'explicit deny', 'implicit deny'];
const layers: ReadonlySet<string> = new Set([
  'identity',
  'resource',
  'boundary',
  'session',
  'service-control',
  'resource-control',
  'vpc-endpoint',
]);

/** @throws CommandError when the file is no test file */
export async function runTestFile(file: string, now: () => number, askServer: AskServer): Promise<readonly TestResult[]> {
  const content: unknown = read(file);
  if (!isRecord(content) || !Array.isArray(content['tests']))
    throw new CommandError(`\`${file}\` has no list \`tests\`; see docs/guides/test-policies.md`, 2);
  const given = fieldsOf(content['given']);
  const world = { principals: fieldsOf(given['principals']), resources: fieldsOf(given['resources']), folder: folderOf(file) };
  const results: TestResult[] = [];
  for (const [index, each] of content['tests'].entries()) {
    const test = fieldsOf(each);
    const name = typeof test['name'] === 'string' ? test['name'] : `test ${index + 1}`;
    const began = now();
    const problem = await judge(world, test, name, file, askServer);
    results.push({ file, name, passed: problem === undefined, durationMs: now() - began, ...(problem === undefined ? {} : { problem }) });
  }
  return results;
}

function read(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'), { maxAliasCount: 100 });
  } catch (cause) {
    throw new CommandError(`\`${file}\` cannot be read: ${cause instanceof Error ? cause.message : 'it is neither YAML nor JSON'}`, 2);
  }
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

async function judge(world: Given, test: Fields, name: string, file: string, askServer: AskServer): Promise<string | undefined> {
  const where = `\`${name}\` in ${file}`;
  const expected = expectation(test['then'], where);
  const answer = await ask(world, fieldsOf(test['when']), where, askServer);
  const effect = answer.outcome === 'ALLOW' ? 'allow' : answer.outcome === 'EXPLICIT_DENY' ? 'explicit deny' : 'implicit deny';
  const isRight = expected.effect === effect || (expected.effect === 'deny' && answer.outcome !== 'ALLOW');
  const isBy = expected.by === undefined || expected.by === answer.layer;
  if (isRight && isBy) return undefined;
  const said = (what: string, by: string | undefined): string => (by === undefined ? what : `${what} by ${by}`);
  return `expected ${said(expected.effect, expected.by)}, got ${said(effect, answer.layer)}\n${answer.trace}`;
}

/** `allow`, `deny`, or `{ effect: deny, by: service-control }`. */
function expectation(then: unknown, where: string): { readonly effect: string; readonly by: string | undefined } {
  const effect = typeof then === 'string' ? then : fieldsOf(then)['effect'];
  const by = typeof then === 'string' ? undefined : fieldsOf(then)['by'];
  if (typeof effect !== 'string' || !effects.includes(effect))
    throw new CommandError(`${where}: \`then\` is one of ${effects.join(', ')}`, 2);
  if (by !== undefined && (typeof by !== 'string' || !layers.has(by)))
    throw new CommandError(`${where}: \`by\` is one of ${[...layers].join(', ')}`, 2);
  return { effect, by };
}

async function ask(world: Given, when: Fields, where: string, askServer: AskServer): Promise<Answer> {
  const { principal: who, action, resource = '*' } = when;
  if (typeof who !== 'string' || typeof action !== 'string' || typeof resource !== 'string') {
    throw new CommandError(`${where}: \`when\` needs a principal, an action and, where the action has one, a resource`, 2);
  }
  const context = contextFields(fieldsOf(when['context']));
  const known = world.principals[who];
  // A principal that the file does not describe is one of the running server's.
  if (known === undefined && who.startsWith('arn:'))
    return askServer({ principal: who, action, resource: resourceArn(world, resource), context });
  if (known === undefined) throw new CommandError(`${where}: the principal \`${who}\` is not among those given, and no ARN`, 2);
  const described = fieldsOf(known);
  const arn = described['arn'];
  if (typeof arn !== 'string') throw new CommandError(`${where}: the principal \`${who}\` needs an \`arn\``, 2);
  const principal = principalOf(arn);
  const target = fieldsOf(world.resources[resource]);
  const mode = target['mode'] === 'trust' || target['mode'] === 'key' ? target['mode'] : undefined;
  const type = mode ?? 'resource';
  const account = target['account'];
  const request = authorizationRequest({
    principal,
    action,
    resource: resourceArn(world, resource),
    resourceAccount: typeof account === 'string' || typeof account === 'number' ? String(account) : undefined,
    context: withCaller(
      { ...contextFields(fieldsOf(described['context'])), ...contextFields(fieldsOf(target['context'])), ...context },
      principal,
    ),
    policies: {
      ...policiesOf({ ...described, ...onlyControls(target) }, world.folder),
      resource: target['policy'] === undefined ? undefined : policyDocument(target['policy'], type, world.folder),
      ...(mode === undefined ? {} : { resourceMode: mode }),
    },
  });
  const { outcome, layer } = evaluate(request);
  return { outcome, layer, trace: renderExplanation(explain(request)) };
}

/** Resource control policies follow the resource. */
function onlyControls({ resourceControl }: Fields): Fields {
  return resourceControl === undefined ? {} : { resourceControl };
}

function resourceArn({ resources }: Given, resource: string): string {
  const arn = fieldsOf(resources[resource])['arn'];
  return typeof arn === 'string' ? arn : resource;
}

/** YAML has numbers and booleans; conditions compare text. */
function contextFields(fields: Fields): Context {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, Array.isArray(value) ? listOf(value).map(String) : String(value)]),
  );
}

/** The results in the format that CI systems read. https://github.com/testmoapp/junitxml */
export function junitXml(results: readonly TestResult[]): string {
  const failures = results.filter(({ passed }) => !passed).length;
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const cases = results.map(({ file, name, problem, durationMs }) => {
    const open = `    <testcase classname="${escaped(file)}" name="${escaped(name)}" time="${seconds(durationMs)}"`;
    if (problem === undefined) return `${open}/>`;
    return `${open}>\n      <failure message="${escaped(problem.split('\n')[0] ?? '')}">${escaped(problem)}</failure>\n    </testcase>`;
  });
  const total = seconds(results.reduce((sum, { durationMs }) => sum + durationMs, 0));
  const counts = `tests="${results.length}" failures="${failures}" time="${total}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n  <testsuite name="castellan" ${counts}>\n${cases.join('\n')}\n  </testsuite>\n</testsuites>\n`;
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character] ?? character);
}
