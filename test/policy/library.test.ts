// The policy library as others use it: by the package's name, and in a browser.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compilePolicy, evaluate, explain } from 'castellan/policy';
import { expect, test } from 'vitest';
import { projectRoot } from '../server-process.ts';

const request = {
  principal: { kind: 'user', arn: 'arn:aws:iam::111111111111:user/alice', account: '111111111111' },
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
  resourceAccount: undefined,
  context: new Map<string, string>(),
  identity: [
    {
      name: 'reader',
      policy: compilePolicy('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}}'),
    },
  ],
  boundary: undefined,
  session: undefined,
  resourcePolicy: undefined,
  serviceControl: undefined,
  resourceControl: undefined,
  vpcEndpoint: undefined,
} as const;

test('a program that imports castellan/policy gets decisions and explanations', () => {
  expect(evaluate(request)).toMatchObject({ outcome: 'ALLOW', layer: 'identity' });
  expect(explain({ ...request, action: 's3:PutObject' })).toMatchObject({ outcome: 'IMPLICIT_DENY', decidedBy: 'identity' });
});

test('the library imports nothing but itself and uses nothing that a browser lacks', () => {
  const door: { readonly exports: { readonly './policy': string } } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  const files = reachable(join(projectRoot, door.exports['./policy']));
  expect(files.size).toBeGreaterThan(20);
  for (const [file, code] of files) {
    expect(code.match(/\b(?:Buffer|process|require|setImmediate|__dirname|globalThis)\b(?!['.]?:)/g) ?? [], file).toEqual([]);
  }
});

/** Every file that the door imports, without its comments. @throws Error for an import that is no relative path. */
function reachable(start: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const waiting = [start];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    const code = readFileSync(file, 'utf8').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '');
    files.set(file, code);
    for (const [, specifier = ''] of code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
      if (!specifier.startsWith('./') && !specifier.startsWith('../')) throw new Error(`${file} imports ${specifier}`);
      waiting.push(join(dirname(file), specifier));
    }
  }
  return files;
}
