// Laws of evaluation that hold whatever the policies say, and the pattern matcher against regular expressions.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../src/policy/evaluate.ts';
import { compileGlob, globMatches, patternMatches, patternOf } from '../../src/policy/glob.ts';
import { authorizationRequest, type PlainPolicies, type PlainRequest } from '../../src/policy/plain-request.ts';
import type { Outcome } from '../../src/policy/policy.ts';
import { document, question, statement } from './arbitrary.ts';

const numRuns = 1_000;
const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
const everythingForAll = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] };

function outcomeOf(each: PlainRequest): Outcome {
  return evaluate(authorizationRequest(each)).outcome;
}

function withPolicies(each: PlainRequest, change: (policies: PlainPolicies) => PlainPolicies): PlainRequest {
  return { ...each, policies: change(each.policies ?? {}) };
}

function single(added: object): object {
  return { Version: '2012-10-17', Statement: [added] };
}

/** Adds one document to a layer that holds several, or one statement to a layer that holds one. */
const additions: readonly { readonly layer: string; readonly add: (policies: PlainPolicies, added: object) => PlainPolicies }[] = [
  { layer: 'identity', add: (policies, added) => ({ ...policies, identity: [...(policies.identity ?? []), single(added)] }) },
  {
    layer: 'session',
    add: (policies, added) => (policies.session === undefined ? policies : { ...policies, session: [...policies.session, single(added)] }),
  },
  {
    layer: 'service-control',
    add: (policies, added) => ({
      ...policies,
      ...(policies.serviceControl && { serviceControl: policies.serviceControl.map((level) => [...level, single(added)]) }),
    }),
  },
  {
    layer: 'resource-control',
    add: (policies, added) => ({
      ...policies,
      ...(policies.resourceControl && {
        resourceControl: policies.resourceControl.map((level) => [...level, single({ ...added, Principal: '*' })]),
      }),
    }),
  },
];

describe.each(additions)('in the layer $layer', ({ add }) => {
  test('a further Deny never allows more, a further Allow never denies more', () => {
    fc.assert(
      fc.property(question, statement, (each, added) => {
        const [before, after] = [outcomeOf(each), outcomeOf(withPolicies(each, (policies) => add(policies, added)))];
        if (added['Effect'] === 'Deny') expect(before !== 'ALLOW' && after === 'ALLOW').toBe(false);
        else expect(before === 'ALLOW' && after !== 'ALLOW').toBe(false);
      }),
      { numRuns },
    );
  });
});

describe('laws', () => {
  test('the order of policies does not matter', () => {
    holds((each) => {
      const reversed = withPolicies(each, (policies) => ({
        ...policies,
        ...(policies.identity && { identity: policies.identity.toReversed() }),
        ...(policies.session && { session: policies.session.toReversed() }),
        ...(policies.serviceControl && { serviceControl: policies.serviceControl.map((level) => level.toReversed()).toReversed() }),
      }));
      expect(outcomeOf(reversed)).toBe(outcomeOf(each));
    });
  });

  test('the order of statements does not matter', () => {
    const reversed = (text: object): object => ({ ...text, Statement: (text as { Statement: readonly object[] }).Statement.toReversed() });
    holds((each) => {
      const turned = withPolicies(each, (policies) => ({
        ...policies,
        ...(policies.identity && { identity: policies.identity.map(reversed) }),
        ...(policies.resource && { resource: reversed(policies.resource) }),
      }));
      expect(outcomeOf(turned)).toBe(outcomeOf(each));
    });
  });

  test('a policy twice is a policy once', () => {
    holds((each) => {
      const doubled = withPolicies(each, (policies) => ({
        ...policies,
        identity: [...(policies.identity ?? []), ...(policies.identity ?? [])],
      }));
      expect(outcomeOf(doubled)).toBe(outcomeOf(each));
    });
  });

  test('without a resource policy and a grant, a boundary and a session policy only take away', () => {
    fc.assert(
      fc.property(question, document, (each, added) => {
        const bare = { ...withPolicies(each, ({ resource: _resource, ...policies }) => policies), isGranted: false };
        const free = withPolicies(bare, ({ boundary: _boundary, session: _session, ...policies }) => policies);
        if (each.principal.kind === 'federated-user') return;
        for (const more of [{ boundary: added }, { session: [added] }]) {
          if (outcomeOf(withPolicies(free, (policies) => ({ ...policies, ...more }))) === 'ALLOW') expect(outcomeOf(free)).toBe('ALLOW');
        }
      }),
      { numRuns },
    );
  });

  test('guardrails that allow everything at every level are neutral', () => {
    holds((each) => {
      const free = withPolicies(each, ({ serviceControl: _s, resourceControl: _r, vpcEndpoint: _v, ...policies }) => policies);
      const guarded = withPolicies(free, (policies) => ({
        ...policies,
        serviceControl: [[everything], [everything]],
        resourceControl: [[everythingForAll]],
        vpcEndpoint: everythingForAll,
      }));
      expect(evaluate(authorizationRequest(guarded))).toMatchObject({ outcome: outcomeOf(free) });
    });
  });

  test('guardrails grant nothing', () => {
    holds((each) => {
      if (outcomeOf(each) !== 'ALLOW') return;
      const free = withPolicies(each, ({ serviceControl: _s, resourceControl: _r, vpcEndpoint: _v, ...policies }) => policies);
      expect(outcomeOf(free)).toBe('ALLOW');
    });
  });

  test('the case of an action does not matter', () => {
    holds((each) => {
      expect(outcomeOf({ ...each, action: each.action.toUpperCase() })).toBe(outcomeOf(each));
    });
  });

  test('without any Allow nothing is allowed but by root, grants and what is never denied', () => {
    const onlyDeny = (text: object): object => ({
      ...text,
      Statement: (text as { Statement: readonly object[] }).Statement.map((each) => ({ ...each, Effect: 'Deny' })),
    });
    holds((each) => {
      const silent = withPolicies(each, (policies) => ({
        ...policies,
        ...(policies.identity && { identity: policies.identity.map(onlyDeny) }),
        ...(policies.resource && { resource: onlyDeny(policies.resource) }),
        ...(policies.shares && { shares: policies.shares.map(onlyDeny) }),
      }));
      const { outcome, layer } = evaluate(authorizationRequest(silent));
      if (outcome === 'ALLOW') expect(layer).toBeUndefined();
    });
  });
});

function holds(law: (each: PlainRequest) => void): void {
  fc.assert(fc.property(question, law), { numRuns });
}

test('patterns agree with regular expressions', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?', '.'), maxLength: 8 });
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.', '😀', '\n'), maxLength: 10 });
  fc.assert(
    fc.property(letters, texts, (pattern, text) => {
      const source = pattern.replaceAll('.', '\\.').replaceAll('*', '[\\s\\S]*').replaceAll('?', '[\\s\\S]');
      const expected = new RegExp(`^${source}$`, 'u').test(text);
      expect(globMatches(compileGlob(pattern), text)).toBe(expected);
      expect(patternMatches(patternOf(pattern), text)).toBe(expected);
    }),
    { numRuns: 20_000 },
  );
});

test('patterns that fit a text, with pieces of it replaced by wildcards, match it', () => {
  const pieces = fc.array(
    fc.tuple(fc.string({ unit: fc.constantFrom('a', 'b', '/', ':'), maxLength: 5 }), fc.constantFrom('keep', 'star', 'one')),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.map(([piece]) => piece).join('');
      const pattern = parts.map(([piece, how]) => (how === 'keep' ? piece : how === 'star' ? '*' : '?'.repeat(piece.length))).join('');
      expect(globMatches(compileGlob(pattern), text)).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});
