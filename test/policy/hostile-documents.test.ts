// Documents that somebody wrote to keep us busy: each is read, checked and compiled in time that grows with its size only.
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../src/policy/compile.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { authorizationRequest } from '../../src/policy/plain-request.ts';
import { checkDocument, type DocumentType } from '../../src/policy/validate-document.ts';

const size = 131_072;
const statementWith = (more: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*', ...more }] });
const repeated = (text: string): string => text.repeat(Math.floor(size / text.length));
const hostile: readonly (readonly [string, string])[] = [
  ['opening braces of variables', statementWith({ Resource: `arn:aws:s3:::${repeated('${')}` })],
  ['variables', statementWith({ Resource: `arn:aws:s3:::${repeated('${a}')}` })],
  ['variables that never end', statementWith({ Resource: `arn:aws:s3:::${repeated("${a, '")}}` })],
  ['a variable of white space', statementWith({ Resource: `arn:aws:s3:::\${a${repeated(' ')}}` })],
  ['colons and a line break', statementWith({ Resource: `arn:${repeated(':')}\n` })],
  ['a partition of stars', statementWith({ Resource: `arn:${repeated('*')}\n:s3:::b` })],
  ['stars', statementWith({ Resource: `arn:aws:s3:::${repeated('*a')}` })],
  ['stars and question marks', statementWith({ Action: `kms:${repeated('*?a')}` })],
  ['an action of colons', statementWith({ Action: repeated('a:') })],
  ['actions', statementWith({ Action: Array.from({ length: size / 8 }, (_each, index) => `s${index}:a`) })],
  ['slashes in a principal', statementWith({ Principal: { AWS: `arn:aws:iam::111111111111:user/${repeated('a/')} ` } })],
  ['dots in a service', statementWith({ Principal: { Service: `${repeated('a.')}!` } })],
  ['a name of backslashes', `{"${repeated('\\\\')}":1,"Statement":[]}`],
  ['white space before a colon', `{"Statement"${repeated(' ')}:[]}`],
  ['brackets', repeated('[')],
  ['nested lists', `{"Statement":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`],
  ['digits', statementWith({ Condition: { NumericEquals: { 'k:n': repeated('1') }, DateEquals: { 'k:d': repeated('1') } } })],
  ['groups of an address', statementWith({ Condition: { IpAddress: { 'aws:SourceIp': repeated('1:') } } })],
  [
    'condition keys',
    statementWith({ Condition: { StringEquals: Object.fromEntries(Array.from({ length: 8_000 }, (_each, at) => [`k:${at}`, 'x'])) } }),
  ],
];
const types: readonly DocumentType[] = ['identity', 'trust', 'resource', 'key', 'service-control', 'resource-control', 'vpc-endpoint'];

describe.each(hostile)('%s', (_name, text) => {
  test('are checked and compiled in bounded time', () => {
    const began = performance.now();
    for (const type of types) checkDocument(type, text);
    try {
      compilePolicy(text);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    // Some milliseconds when nothing is quadratic; the room is for busy machines.
    expect(performance.now() - began).toBeLessThan(1_500);
  });
});

test('a request is decided in bounded time, whatever the pattern', () => {
  const patterns = ['*a'.repeat(3_000), '*?a'.repeat(2_000), '*ab'.repeat(2_000), `${'*a'.repeat(3_000)}b`, '?'.repeat(2_000)];
  const resource = `arn:aws:s3:::${'a'.repeat(2_000)}c`;
  const began = performance.now();
  for (const pattern of patterns) {
    const identity = [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: `arn:aws:s3:::${pattern}x` }] }];
    const principal = { kind: 'user', arn: 'arn:aws:iam::111111111111:user/alice', account: '111111111111' } as const;
    const request = authorizationRequest({ principal, action: 's3:GetObject', resource, policies: { identity } });
    expect(evaluate(request).outcome).toBe('IMPLICIT_DENY');
  }
  expect(performance.now() - began).toBeLessThan(1_000);
});
