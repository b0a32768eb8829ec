// Every worked vector of the reference document is a case here, found by its number; those that are about other parts of the product are named with
// the part that shows them.
import { expect, test } from 'vitest';
import { readShared, sharedPath } from '../vectors/shared.ts';
import { readCases } from './case-files.ts';

const reference = sharedPath('reference', 'policy-evaluation.md');

/** May only shrink. */
const ofOtherParts: Readonly<Record<string, string>> = {
  'V-6.1': 'the name qualifier of a SAML session: src/services/sts',
  'V-6.2': 'the longest session of a chain of roles: src/services/sts',
  'V-6.3': 'GetSessionToken with temporary credentials: src/services/sts',
  'V-6.5': 'the number of session tags: src/services/sts',
  'V-6.6': 'session tags that differ in case only: src/services/sts',
  'V-6.7': 'the longest session of AssumeRoot, and its endpoint: src/services/sts',
  'V-6.8': 'what a session of GetSessionToken may not call: src/kit/session-restrictions.test.ts',
  'V-7.3': 'comparing policies: Access Analyzer',
  'V-7.4': 'comparing policies: Access Analyzer',
  'V-7.5': 'public access: Access Analyzer',
  'V-8.1': 'validating digests: CloudTrail',
  'V-8.2': 'validating digests: CloudTrail',
  'V-8.3': 'validating digests: CloudTrail',
  'V-8.4': 'validating digests: CloudTrail',
};

function vectorsIn(text: string): readonly string[] {
  return [...new Set(text.match(/\bV-\d+\.\d+\b/g) ?? [])].sort();
}

test.skipIf(reference === undefined)('every vector of the reference document is a case, or belongs to another part', () => {
  const wanted = vectorsIn(readShared(reference ?? ''));
  expect(wanted.length).toBeGreaterThanOrEqual(69);
  const { questions, statements, documents } = readCases();
  const shown = new Set([...questions, ...statements, ...documents].flatMap(({ name }) => vectorsIn(name)));
  expect(wanted.filter((vector) => !shown.has(vector) && !Object.hasOwn(ofOtherParts, vector))).toEqual([]);
  expect([...shown].filter((vector) => !wanted.includes(vector))).toEqual([]);
  expect(Object.keys(ofOtherParts).filter((vector) => shown.has(vector) || !wanted.includes(vector))).toEqual([]);
});
