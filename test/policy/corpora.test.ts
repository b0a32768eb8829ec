// Policies that people really use: AWS's managed policies and published service control policies are read, checked, compiled and written again
// without loss, and every word in them is known, or stands in unresolved.json.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compilePolicy, documentOf } from '../../src/policy/compile.ts';
import { type PolicyDocument, parseDocument, type Statement } from '../../src/policy/document.ts';
import { checkDocument, type DocumentType } from '../../src/policy/validate-document.ts';
import { readShared, sharedPath } from '../vectors/shared.ts';
import { loadVocabulary } from './vocabulary.ts';

const managed = sharedPath('corpora', 'managed-policies.jsonl');
const guardrails = sharedPath('corpora', 'service-control-policies');
/** As published, a comma is missing in it. */
const broken = 'Service-specific-controls_AWS-IAM_deny-service-specific-credential-by-type.json';

interface Published {
  readonly name: string;
  readonly type: DocumentType;
  readonly text: string;
}

describe.skipIf(managed === undefined || guardrails === undefined)('published policies', () => {
  let policies: readonly Published[] = [];
  beforeAll(() => {
    policies = [...managedPolicies(managed ?? ''), ...serviceControlPolicies(guardrails ?? '')];
  });

  test('there are 1,641 managed policies and 57 service control policies', () => {
    expect(policies.filter(({ type }) => type === 'identity').length).toBe(1641);
    expect(policies.filter(({ type }) => type === 'service-control').length).toBe(57);
  });

  test('each passes the checks of its type, but for one that is no JSON', () => {
    const refused = policies.filter(({ type, text }) => 'message' in checkDocument(type, text)).map(({ name }) => name);
    expect(refused).toEqual([broken]);
  });

  test('each compiles, and what was compiled is what the document says, to the last value', () => {
    for (const { name, text } of policies) {
      if (name === broken) continue;
      expect(written(documentOf(compilePolicy(text))), name).toEqual(normalized(JSON.parse(text)));
    }
  });

  test('every action, resource type and condition key is known, or reported in unresolved.json', async () => {
    const found = await unresolved(policies.filter(({ name }) => name !== broken));
    const file = join(import.meta.dirname, 'unresolved.json');
    if (process.env['UPDATE_UNRESOLVED'] !== undefined) writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
    expect(found).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });
});

function managedPolicies(path: string): readonly Published[] {
  const lines = readShared(path).trimEnd().split('\n');
  return lines.map((line) => {
    const { name, document }: { readonly name: string; readonly document: object | string } = JSON.parse(line);
    return { name, type: 'identity', text: typeof document === 'string' ? document : JSON.stringify(document) };
  });
}

function serviceControlPolicies(folder: string): readonly Published[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
  return files.map((name) => ({ name, type: 'service-control', text: readShared(join(folder, name)) }));
}

/** The document as JSON, every list a list. */
function written(document: PolicyDocument): object {
  return {
    ...(document.hasVersion ? { Version: document.version } : {}),
    ...(document.id === undefined ? {} : { Id: document.id }),
    Statement: document.statements.map((statement) => ({
      ...(statement.sid === undefined ? {} : { Sid: statement.sid }),
      Effect: statement.effect,
      ...pair('Action', statement.actions),
      ...pair('Resource', statement.resources),
      ...(statement.conditions.length === 0 ? {} : { Condition: conditionsOf(statement) }),
    })),
  };
}

function pair(name: string, list: Statement['actions']): object {
  return list === undefined ? {} : { [list.isNegated ? `Not${name}` : name]: list.values };
}

function conditionsOf({ conditions }: Statement): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> {
  const block: Record<string, Record<string, readonly string[]>> = {};
  for (const { operator, key, values } of conditions) block[operator] = { ...block[operator], [key]: values };
  return block;
}

type Json = Readonly<Record<string, unknown>>;

function normalized(document: Json): object {
  const statements = (Array.isArray(document['Statement']) ? document['Statement'] : [document['Statement']]) as readonly Json[];
  return { ...document, Statement: statements.map((statement) => Object.fromEntries(Object.entries(statement).map(normalizedElement))) };
}

function normalizedElement([name, value]: readonly [string, unknown]): readonly [string, unknown] {
  if (name === 'Sid' || name === 'Effect') return [name, value];
  if (name !== 'Condition') return [name, Array.isArray(value) ? value : [value]];
  const operators = Object.entries(value as Json).map(([operator, keys]) => {
    const texts = Object.entries(keys as Json).map(([key, values]) => [key, (Array.isArray(values) ? values : [values]).map(String)]);
    return [operator, Object.fromEntries(texts)];
  });
  return [name, Object.fromEntries(operators)];
}

interface Unresolved {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditionKeys: readonly string[];
}

async function unresolved(policies: readonly Published[]): Promise<Unresolved> {
  const vocabulary = await loadVocabulary();
  const documents = policies.map(({ text }) => parseDocument(text)).flatMap((parsed) => ('document' in parsed ? [parsed.document] : []));
  const statements = documents.flatMap((document) => document.statements);
  const unique = (words: readonly string[]): readonly string[] => [...new Set(words)].sort();
  const keys = unique(statements.flatMap(({ conditions }) => conditions.map(({ key }) => key)));
  const known = await Promise.all(keys.map((key) => vocabulary.hasConditionKey(key)));
  return {
    actions: unique(statements.flatMap(({ actions }) => actions?.values ?? [])).filter((action) => !vocabulary.hasAction(action)),
    resources: unique(statements.flatMap(({ resources }) => resources?.values ?? [])).filter((each) => !vocabulary.hasResource(each)),
    conditionKeys: keys.filter((_key, index) => known[index] !== true),
  };
}
