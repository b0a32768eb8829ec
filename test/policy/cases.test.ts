// Every case file, through the evaluator, the reference and the explanation. One case alone: `npx vitest run test/policy -t 'its name'`.
import { describe, expect, test } from 'vitest';
import { compilePolicy, documentOf } from '../../src/policy/compile.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { explain } from '../../src/policy/explain.ts';
import { refusalMessage } from '../../src/policy/message.ts';
import { authorizationRequest, type PlainRequest } from '../../src/policy/plain-request.ts';
import type { Outcome } from '../../src/policy/policy.ts';
import { referenceDecision } from '../../src/policy/reference.ts';
import { plain, renderExplanation } from '../../src/policy/render.ts';
import { checkDocument } from '../../src/policy/validate-document.ts';
import { readCases, type StatementCase } from './case-files.ts';

const { questions, statements, documents } = readCases();

test('there are at least six hundred cases, each with a name of its own', () => {
  const names = [...questions, ...statements, ...documents].map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(600);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe('questions', () => {
  test.each(questions)('$name', (each) => {
    const { expect: expected } = each;
    const request = authorizationRequest(each);
    const decision = evaluate(request);
    expect(decision.outcome).toBe(expected.outcome);
    if (expected.layer !== undefined) expect(decision.layer ?? null).toBe(expected.layer);
    if (expected.message !== undefined) expect(refusalMessage(request, decision)).toBe(expected.message);
    expect(referenceDecision(each)).toEqual({ outcome: decision.outcome, layer: decision.layer });
    const explanation = explain(request);
    expect(explanation).toMatchObject({ outcome: decision.outcome, decidedBy: decision.layer });
    expect(renderExplanation(explanation, plain)).toContain(each.action);
    if (decision.outcome !== 'ALLOW') expect(explanation.remedies.length).toBeGreaterThan(0);
  });
});

describe('statements', () => {
  test.each(statements)('$name', (each) => {
    for (const effect of ['Allow', 'Deny'] as const) {
      const question = questionOf(each, effect);
      const outcome = expectedOutcome(each, effect);
      expect(evaluate(authorizationRequest(question)).outcome, effect).toBe(outcome);
      expect(referenceDecision(question).outcome, effect).toBe(outcome);
    }
    if (each.grant === undefined) return;
    const explanation = explain(authorizationRequest(questionOf(each, 'Allow')));
    expect(explanation.layers.find(({ layer }) => layer === 'resource')?.grant ?? null).toBe(each.grant);
  });
});

/** A statement with a principal is a trust-like resource policy, so that only it decides; one without is an identity policy. */
function questionOf({ request, statement, version }: StatementCase, effect: 'Allow' | 'Deny'): PlainRequest {
  const document = { Version: version, Statement: [{ Effect: effect, ...statement }] };
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const hasPrincipal = 'Principal' in statement || 'NotPrincipal' in statement;
  if (!hasPrincipal) return { ...request, policies: { identity: effect === 'Allow' ? [document] : [document, everything] } };
  const open = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };
  const resource = effect === 'Allow' ? document : { ...document, Statement: [...document.Statement, open] };
  return { ...request, policies: { ...request.policies, identity: [everything], session: [everything], resource, resourceMode: 'trust' } };
}

function expectedOutcome({ applies }: StatementCase, effect: 'Allow' | 'Deny'): Outcome {
  if (effect === 'Allow') return applies ? 'ALLOW' : 'IMPLICIT_DENY';
  return applies ? 'EXPLICIT_DENY' : 'ALLOW';
}

describe('documents', () => {
  test.each(documents)('$name', ({ type, text, refused }) => {
    const check = checkDocument(type, text);
    expect('message' in check ? check.message : null).toBe(refused);
    if (refused === null) expect(documentOf(compilePolicy(text)).statements.length).toBeGreaterThan(0);
  });
});
