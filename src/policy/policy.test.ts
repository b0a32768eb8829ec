// The evaluation logic against its cases, and laws that hold for all policies.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allow, type PolicyCase, policyCases, requestOf } from './cases.ts';
import { evaluate } from './evaluate.ts';
import { explain } from './explain.ts';
import { compileGlob, globMatches } from './glob.ts';
import { refusalMessage } from './message.ts';
import { plain, renderExplanation } from './render.ts';
import { checkIdentityDocument, checkTrustDocument } from './validate-document.ts';

describe('evaluation', () => {
  test.each(policyCases)('$name', (each) => {
    const request = requestOf(each);
    const decision = evaluate(request);
    expect(decision.outcome).toBe(each.outcome);
    if (each.because !== undefined) expect(refusalMessage(request, decision)).toMatch(new RegExp(`${each.because}$`));
  });

  test.each(policyCases)('is explained truthfully: $name', (each) => {
    const request = requestOf(each);
    const explanation = explain(request);
    expect(explanation.outcome).toBe(each.outcome);
    expect(JSON.parse(JSON.stringify(explanation)).action).toBe(each.action);
    expect(renderExplanation(explanation, plain)).toContain(each.action);
    if (each.outcome !== 'ALLOW') expect(explanation.remedies.length).toBeGreaterThan(0);
  });
});

/** Small worlds in which statements meet often. */
const actions = ['s3:GetObject', 's3:PutObject', 'iam:GetUser'];
const resources = ['arn:aws:s3:::b/k', 'arn:aws:s3:::b/*', '*', 'arn:aws:iam::111111111111:user/alice'];
const statement = fc.record({
  Effect: fc.constantFrom('Allow', 'Deny'),
  Action: fc.constantFrom(...actions, 's3:*', '*', 's3:?etObject'),
  Resource: fc.constantFrom(...resources),
  Condition: fc.constantFrom(
    {},
    { StringEquals: { k: 'v' } },
    { StringNotEquals: { k: 'v' } },
    { 'ForAllValues:StringEquals': { m: ['a'] } },
    { Null: { k: 'true' } },
  ),
});
const document = fc.array(statement, { minLength: 1, maxLength: 3 }).map((Statement) => ({ Version: '2012-10-17', Statement }));
const world: fc.Arbitrary<PolicyCase> = fc.record(
  {
    name: fc.constant(''),
    action: fc.constantFrom(...actions),
    resource: fc.constantFrom('arn:aws:s3:::b/k', 'arn:aws:iam::111111111111:user/alice'),
    identity: fc.array(document, { maxLength: 2 }),
    boundary: document,
    session: fc.array(document, { maxLength: 2 }),
    serviceControl: fc.array(fc.array(document, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
    context: fc.record({ k: fc.constantFrom('v', 'w'), m: fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }) }, { requiredKeys: [] }),
    outcome: fc.constant('ALLOW' as const),
  },
  { requiredKeys: ['name', 'action', 'resource', 'identity', 'outcome'] },
) as fc.Arbitrary<PolicyCase>;

const outcomeOf = (each: PolicyCase) => evaluate(requestOf(each)).outcome;
const numRuns = 3_000;

describe('laws', () => {
  test('a further Deny never allows more, a further Allow never denies more', () => {
    fc.assert(
      fc.property(world, statement, (each, added) => {
        const more = { ...each, identity: [...(each.identity ?? []), { Version: '2012-10-17', Statement: [added] }] };
        const [before, after] = [outcomeOf(each), outcomeOf(more)];
        if (added.Effect === 'Deny') expect(before !== 'ALLOW' && after === 'ALLOW').toBe(false);
        else expect(before === 'ALLOW' && after !== 'ALLOW').toBe(false);
      }),
      { numRuns },
    );
  });

  test('the order of policies does not matter', () => {
    fc.assert(
      fc.property(world, (each) => {
        const reversed = { ...each, identity: (each.identity ?? []).toReversed() };
        expect(outcomeOf(reversed)).toBe(outcomeOf(each));
      }),
      { numRuns },
    );
  });

  test('without a resource policy a boundary only takes away', () => {
    fc.assert(
      fc.property(world, document, (each, boundary) => {
        const { boundary: _none, ...without } = each;
        if (outcomeOf({ ...without, boundary }) === 'ALLOW') expect(outcomeOf(without)).toBe('ALLOW');
      }),
      { numRuns },
    );
  });

  test('a service control policy that allows everything at every level is neutral', () => {
    fc.assert(
      fc.property(world, (each) => {
        const { serviceControl: _none, ...without } = each;
        expect(outcomeOf({ ...without, serviceControl: [[allow('*')], [allow('*')]] })).toBe(outcomeOf(without));
      }),
      { numRuns },
    );
  });

  test('the explanation decides as the evaluation does', () => {
    fc.assert(
      fc.property(world, (each) => {
        const request = requestOf(each);
        expect(explain(request).outcome).toBe(evaluate(request).outcome);
      }),
      { numRuns },
    );
  });
});

test('patterns agree with regular expressions', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?'), maxLength: 8 });
  fc.assert(
    fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 10 }), (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '[\\s\\S]*').replaceAll('?', '[\\s\\S]')}$`, 'u');
      expect(globMatches(compileGlob(pattern), text)).toBe(expression.test(text));
    }),
    { numRuns: 20_000 },
  );
});

test('patterns full of stars are matched in bounded time', () => {
  const began = performance.now();
  expect(globMatches(compileGlob('*a'.repeat(2_000)), 'a'.repeat(6_000).concat('b'))).toBe(false);
  expect(performance.now() - began).toBeLessThan(1_000);
});

describe('documents', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['bad JSON', '{', 'Syntax errors in policy.'],
    [
      'both Action and NotAction',
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}',
      'Syntax errors in policy.',
    ],
    [
      'an unknown element',
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","X":1}}',
      'Syntax errors in policy.',
    ],
    [
      'a member twice',
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}}',
      'Syntax errors in policy.',
    ],
    [
      'the wrong case of an effect',
      '{"Version":"2012-10-17","Statement":{"Effect":"allow","Action":"*","Resource":"*"}}',
      'The policy failed legacy parsing',
    ],
    [
      'the old version',
      '{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
      'Policy document must be version 2012-10-17 or greater.',
    ],
    [
      'a principal',
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}',
      'Policy document should not specify a principal.',
    ],
    ['no resource', '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*"}}', 'Policy statement must contain resources.'],
    [
      'no vendor',
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"Get","Resource":"*"}}',
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'a bad resource',
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"b/k"}}',
      'Resource b/k must be in ARN format or "*".',
    ],
    [
      'a Sid twice',
      '{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}]}',
      'Statement IDs (SID) in a single policy must be unique.',
    ],
  ];
  test.each(cases)('an identity policy with %s', (_name, text, message) => {
    expect(checkIdentityDocument(text)).toEqual({ message });
  });

  test('trust policies name a principal, an STS action and no resource', () => {
    const check = (statement: object) => checkTrustDocument(JSON.stringify({ Version: '2012-10-17', Statement: statement }));
    const right = { Effect: 'Allow', Principal: { AWS: '111111111111' }, Action: 'sts:AssumeRole' };
    expect(check(right)).toHaveProperty('document');
    expect(check({ ...right, Resource: '*' })).toEqual({ message: 'Has prohibited field Resource' });
    expect(check({ ...right, Principal: '*' })).toEqual({ message: 'Principal must be a JSON object.' });
    expect(check({ ...right, Action: 's3:*' })).toEqual({ message: 'AssumeRole policy may only specify STS AssumeRole actions.' });
  });
});
