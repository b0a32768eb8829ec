// Tags against the rules of an effective tag policy.
import { expect, test } from 'vitest';
import type { Access } from './operation.ts';
import { enforcedTagViolation, tagRulesOf, tagViolation } from './tag-policy.ts';

const rules = tagRulesOf({
  tags: {
    costcenter: { tag_key: 'CostCenter', tag_value: ['100', '2*', 'a*b*c'], enforced_for: ['secretsmanager:secret', 'kms:ALL_SUPPORTED'] },
    owner: { tag_value: ['x'], enforced_for: ['iam:saml-provider'] },
    free: { tag_key: 'Free' },
  },
});

const judged: readonly (readonly [Readonly<Record<string, string>>, 'key' | 'value' | undefined])[] = [
  [{ CostCenter: '100' }, undefined],
  [{ CostCenter: '1000' }, 'value'],
  [{ CostCenter: '2' }, undefined],
  [{ CostCenter: '2 and more' }, undefined],
  [{ CostCenter: 'abc' }, undefined],
  [{ CostCenter: 'a-b-c' }, undefined],
  [{ CostCenter: 'acb' }, 'value'],
  [{ CostCenter: 'ac' }, 'value'],
  [{ costcenter: '100' }, 'key'],
  [{ COSTCENTER: '7' }, 'key'],
  [{ owner: 'x' }, undefined],
  [{ Owner: 'x' }, 'key'],
  [{ Free: 'anything at all' }, undefined],
  [{ free: '' }, 'key'],
  [{ Other: 'tag' }, undefined],
];

test.each(judged)('%j', (tags, kind) => {
  expect(tagViolation(rules, tags)?.kind).toBe(kind);
});

const wrong = { CostCenter: '9', owner: 'y' };
const enforced: readonly (readonly [Access, string | undefined])[] = [
  [
    { action: 'secretsmanager:TagResource', resource: 'arn:aws:secretsmanager:us-east-1:1:secret:n-abcdef', requestTags: wrong },
    'CostCenter',
  ],
  [
    { action: 'secretsmanager:UntagResource', resource: 'arn:aws:secretsmanager:us-east-1:1:secret:n-abcdef', requestTags: wrong },
    undefined,
  ],
  [
    { action: 'secretsmanager:CreateSecret', resource: 'arn:aws:secretsmanager:us-east-1:1:secret:n', requestTags: { CostCenter: '100' } },
    undefined,
  ],
  [{ action: 'kms:CreateKey', resource: '*', requestTags: wrong }, 'CostCenter'],
  [{ action: 'iam:CreateSAMLProvider', resource: 'arn:aws:iam::1:saml-provider/p', requestTags: wrong }, 'owner'],
  [{ action: 'iam:CreateRole', resource: 'arn:aws:iam::1:role/r', requestTags: wrong }, undefined],
  [{ action: 'kms:CreateKey', resource: '*' }, undefined],
];

test.each(enforced)('%j is held to what is enforced for it', (access, key) => {
  expect(enforcedTagViolation(rules, access)?.key).toBe(key);
});

test('what is no tag policy has no rules', () => {
  for (const nothing of [undefined, null, 1, [], {}, { tags: [] }, { tags: { a: 'b' } }]) expect(tagRulesOf(nothing)).toEqual([]);
});
