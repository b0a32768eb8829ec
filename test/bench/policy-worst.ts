// Cost against size in the worst cases: policies as large as their quota, full of wildcards, and organisations of very many statements.
import { evaluate } from '../../src/policy/evaluate.ts';
import type { AuthorizationRequest } from '../../src/policy/policy.ts';
import { bareRequest, compiled, named, sessionOf } from './policy-worlds.ts';

const principal = sessionOf('111111111111', 'app');

export function worstCases(print: (name: string, value: string) => void): void {
  print('cost against size, each row for a quarter, half, whole and double the size', 'µs');
  row(print, 'a resource pattern of stars and letters, against a text of 2,048 that almost fits', [1_536, 3_072, 6_144, 12_288], (size) =>
    withResource(`arn:aws:s3:::${'*a'.repeat(size / 2)}b`, `arn:aws:s3:::${'a'.repeat(2_000)}c`),
  );
  row(print, 'a resource pattern of stars and longer words', [1_536, 3_072, 6_144, 12_288], (size) =>
    withResource(`arn:aws:s3:::${'*aab'.repeat(size / 4)}`, `arn:aws:s3:::${'aab'.repeat(600)}aa`),
  );
  row(print, 'a resource pattern of stars and question marks', [1_536, 3_072, 6_144, 12_288], (size) =>
    withResource(`arn:aws:s3:::${'*?a'.repeat(size / 3)}b`, `arn:aws:s3:::${'a'.repeat(2_000)}c`),
  );
  row(print, 'many small patterns of stars in one policy', [64, 128, 256, 512], (count) =>
    withResources(
      Array.from({ length: count }, (_each, index) => `arn:aws:s3:::*a*b*c*${index}x`),
      `arn:aws:s3:::${'abc'.repeat(600)}`,
    ),
  );
  row(print, 'many actions with stars in one policy', [64, 128, 256, 512], (count) =>
    withActions(Array.from({ length: count }, (_each, index) => `s3:*G*e*t*${index}`)),
  );
  row(print, 'statements of an organisation that all are about the action', [2_500, 5_000, 10_000, 20_000], (count) =>
    organization(count, 's3'),
  );
  row(print, 'statements of an organisation that are about other services', [2_500, 5_000, 10_000, 20_000], (count) =>
    organization(count, 'sqs'),
  );
}

function row(
  print: (name: string, value: string) => void,
  name: string,
  sizes: readonly number[],
  make: (size: number) => AuthorizationRequest,
): void {
  print(`  ${name}: ${sizes.join(', ')}`, sizes.map((size) => microseconds(make(size))).join('  '));
}

function microseconds(request: AuthorizationRequest): string {
  const rounds: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const began = performance.now();
    let count = 0;
    while (performance.now() - began < 15) {
      evaluate(request);
      count += 1;
    }
    rounds.push(((performance.now() - began) * 1000) / count);
  }
  return Math.min(...rounds).toFixed(1);
}

function withResources(resources: readonly string[], resource: string): AuthorizationRequest {
  const policy = compiled([{ Effect: 'Allow', Action: 's3:*', Resource: resources }]);
  return { ...bareRequest(principal, 's3:GetObject', resource), identity: [named('worst', policy)] };
}

function withResource(pattern: string, resource: string): AuthorizationRequest {
  return withResources([pattern], resource);
}

function withActions(actions: readonly string[]): AuthorizationRequest {
  return {
    ...bareRequest(principal, 's3:GetObject', 'arn:aws:s3:::b/k'),
    identity: [named('worst', compiled([{ Effect: 'Allow', Action: actions, Resource: '*' }]))],
  };
}

/** Guardrails of ten levels, in policies of a hundred statements. */
function organization(statementCount: number, service: string): AuthorizationRequest {
  const full = named('full', compiled([{ Effect: 'Allow', Action: '*', Resource: '*' }]));
  const levels = Array.from({ length: 10 }, (_each, level) => [
    full,
    ...Array.from({ length: statementCount / 1_000 }, (_other, at) =>
      named(
        `${level} ${at}`,
        compiled(
          Array.from({ length: 100 }, (_third, index) => ({
            Effect: 'Deny',
            Action: [`${service}:Get*`, `${service}:Put*`],
            Resource: `arn:aws:${service}:::*secret-${level}-${at}-${index}*`,
          })),
        ),
      ),
    ),
  ]);
  return {
    ...bareRequest(principal, 's3:GetObject', 'arn:aws:s3:::bucket/path/to/an/object.json'),
    identity: [full],
    serviceControl: levels,
  };
}
