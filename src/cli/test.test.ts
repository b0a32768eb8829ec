// `castellan simulate` and `castellan test` as people call them: from files, with exit codes, JSON and JUnit.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/temporary.ts';

const root = join(import.meta.dirname, '../..');
const example = join(root, 'examples/policies');
const directory = temporaryDirectory('policy-tests');
afterAll(() => directory.remove());

function castellan(...parameters: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/castellan.js'), ...parameters], {
    encoding: 'utf8',
    cwd: root,
  });
  return { status, stdout, stderr };
}

test('the example’s tests pass, and the guide’s command is theirs', () => {
  const { status, stdout } = castellan('test', 'examples/policies/developers.test.yaml', '--json');
  expect([status, JSON.parse(stdout).failed, JSON.parse(stdout).passed]).toEqual([0, 0, 6]);
});

test('a test that fails shows the decision, fails the run, and stands in the JUnit file', () => {
  const file = join(directory.path, 'wrong.test.yaml');
  const when = 'principal: ann, action: s3:GetObject, resource: "arn:aws:s3:::b/k"';
  writeFileSync(
    file,
    `given:
  principals:
    ann:
      arn: arn:aws:iam::111122223333:user/ann
      identity: [{ Version: '2012-10-17', Statement: [{ Effect: Allow, Action: 's3:Get*', Resource: '*' }] }]
tests:
  - { name: 'denied & <gone>', when: { ${when} }, then: deny }
  - { when: { ${when} }, then: allow }
`,
  );
  const junit = join(directory.path, 'junit.xml');
  const { status, stdout } = castellan('test', file, '--junit', junit);
  expect(status).toBe(1);
  expect(stdout).toContain('expected deny, got allow by identity');
  expect(stdout).toContain('1 passed, 1 failed');
  const xml = readFileSync(junit, 'utf8');
  expect(xml).toContain('<testsuites tests="2" failures="1"');
  expect(xml).toContain('name="denied &amp; &lt;gone&gt;"');
});

test.each([
  ['a file that is none', '{', /cannot be read/],
  ['a file without tests', '{}', /has no list `tests`/],
  [
    'a principal that is not given',
    '{"tests":[{"when":{"principal":"x","action":"s3:GetObject"},"then":"allow"}]}',
    /`x` is not among those given/,
  ],
  ['an expectation that is none', '{"tests":[{"when":{"principal":"x","action":"s3:GetObject"},"then":"maybe"}]}', /`then` is one of/],
  [
    'a policy that is none',
    '{"given":{"principals":{"x":{"arn":"arn:aws:iam::111122223333:user/x","identity":[{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps"}]}]}}},"tests":[{"when":{"principal":"x","action":"s3:GetObject"},"then":"deny"}]}',
    /identity policy: /,
  ],
])('%s ends with 2 and says what to mend', (_what, content, sentence) => {
  const file = join(directory.path, 'bad.test.yaml');
  writeFileSync(file, content);
  const { status, stderr } = castellan('test', file);
  expect([status, stderr]).toEqual([2, expect.stringMatching(sentence)]);
});

test('a single question needs no server and answers by its exit code', () => {
  const question = [
    'simulate',
    '--principal',
    'arn:aws:iam::111122223333:user/ann',
    '--action',
    's3:GetObject',
    '--resource',
    'arn:aws:s3:::team-data/ann/x',
  ];
  const files = ['--identity', join(example, 'developer.json'), '--scp', join(example, 'only-europe.json')];
  expect(castellan(...question, ...files, '--context', 'aws:RequestedRegion=eu-west-1')).toMatchObject({ status: 0 });
  const denied = castellan(...question, ...files, '--context', 'aws:RequestedRegion=us-east-1', '--json');
  expect([denied.status, JSON.parse(denied.stdout).decidedBy]).toEqual([1, 'service-control']);
  expect(castellan('simulate', '--action', 's3:GetObject')).toMatchObject({ status: 2 });
  expect(castellan(...question, '--identity', 'no-such-file.json').stderr).toContain('is not there');
});
