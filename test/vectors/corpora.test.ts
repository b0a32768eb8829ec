// Policies that people really use: all of AWS's managed policies and published service control policies compile and pass validation.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../src/policy/compile.ts';
import { parseDocument } from '../../src/policy/document.ts';
import { checkIdentityDocument } from '../../src/policy/validate-document.ts';
import { readShared, sharedPath } from './shared.ts';

const managed = sharedPath('corpora', 'managed-policies.jsonl');
const guardrails = sharedPath('corpora', 'service-control-policies');

describe.skipIf(managed === undefined || guardrails === undefined)('corpora', () => {
  test('AWS managed policies', () => {
    const lines = readShared(managed ?? '')
      .trimEnd()
      .split('\n');
    const refused: string[] = [];
    for (const line of lines) {
      const { name, document }: { readonly name: string; readonly document: object } = JSON.parse(line);
      const text = typeof document === 'string' ? document : JSON.stringify(document);
      compilePolicy(text);
      const check = checkIdentityDocument(text);
      if ('message' in check) refused.push(`${name}: ${check.message}`);
    }
    expect(lines.length).toBe(1641);
    expect(refused).toEqual([]);
  });

  test('service control policies', () => {
    const files = readdirSync(guardrails ?? '', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
    const refused = files.filter((file) => 'problem' in parseDocument(readShared(join(guardrails ?? '', file))));
    expect(files.length).toBe(57);
    // As published, a comma is missing in it.
    expect(refused).toEqual(
      ['Service-specific-controls_AWS-IAM_deny-service-specific-credential-by-type.json'].filter((name) => files.includes(name)),
    );
    expect(refused.length).toBe(1);
  });
});
