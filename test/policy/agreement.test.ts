// The fast evaluator against the reference and the explanation, over random questions. `npm run fuzz` asks many more.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluate } from '../../src/policy/evaluate.ts';
import { explain } from '../../src/policy/explain.ts';
import { authorizationRequest } from '../../src/policy/plain-request.ts';
import { referenceDecision } from '../../src/policy/reference.ts';
import { question } from './arbitrary.ts';

test('evaluation agrees with the reference on 20,000 random questions, of which a fair part is allowed and denied', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(question, (each) => {
      const { outcome, layer } = evaluate(authorizationRequest(each));
      const expected = referenceDecision(each);
      if (outcome !== expected.outcome || layer !== expected.layer) expect({ outcome, layer }).toEqual(expected);
      const kind = `${outcome} ${layer ?? 'outside policies'}`;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }),
    { numRuns: 20_000 },
  );
  // Every way to decide has been met, or the questions are no test.
  expect([...seen.keys()].sort()).toEqual([
    'ALLOW identity',
    'ALLOW outside policies',
    'ALLOW resource',
    'EXPLICIT_DENY boundary',
    'EXPLICIT_DENY identity',
    'EXPLICIT_DENY resource',
    'EXPLICIT_DENY resource-control',
    'EXPLICIT_DENY service-control',
    'EXPLICIT_DENY session',
    'EXPLICIT_DENY vpc-endpoint',
    'IMPLICIT_DENY boundary',
    'IMPLICIT_DENY identity',
    'IMPLICIT_DENY resource',
    'IMPLICIT_DENY resource-control',
    'IMPLICIT_DENY service-control',
    'IMPLICIT_DENY session',
    'IMPLICIT_DENY vpc-endpoint',
  ]);
  for (const count of seen.values()) expect(count).toBeGreaterThan(20);
}, 120_000);

test('what a list of policies knows of its policies changes no decision', () => {
  fc.assert(
    fc.property(question, (each) => {
      const request = authorizationRequest(each);
      const { identity, session, serviceControl, resourceControl } = request;
      const plain = {
        ...request,
        identity: [...identity],
        session: session && [...session],
        serviceControl: serviceControl?.map((level) => [...level]),
        resourceControl: resourceControl?.map((level) => [...level]),
      };
      expect(evaluate(plain)).toEqual(evaluate(request));
    }),
    { numRuns: 2_000 },
  );
});

test('the explanation decides as the evaluation does, and its layers bear it out', () => {
  fc.assert(
    fc.property(question, (each) => {
      const request = authorizationRequest(each);
      const decision = evaluate(request);
      const explanation = explain(request);
      expect(explanation).toMatchObject({ outcome: decision.outcome, decidedBy: decision.layer });
      const deciding = explanation.layers.find(({ layer }) => layer === decision.layer);
      if (decision.outcome === 'EXPLICIT_DENY') {
        expect(deciding?.result).toBe('denies');
        expect(deciding?.policies.flatMap(({ statements }) => statements).some(({ applies, effect }) => applies && effect === 'Deny')).toBe(
          true,
        );
      }
      if (decision.outcome === 'ALLOW' && decision.layer !== undefined) expect(deciding?.result).toBe('allows');
      if (decision.outcome === 'ALLOW' && decision.layer === undefined) expect(explanation.allowedAs).toBeDefined();
      for (const { statements } of explanation.layers.flatMap(({ policies }) => policies)) {
        for (const { applies, action, resource, principal, conditions } of statements) {
          expect(applies).toBe(action && resource && principal && conditions.every(({ holds }) => holds));
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
