// Whether a resource's tags are as the effective tag policy of its account wants them.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies.html
import { type TagRule, tagViolation } from '../../kit/tag-policy.ts';
import type { Tags } from '../../kit/taggables.ts';

export interface Compliance {
  readonly NoncompliantKeys: readonly string[];
  readonly KeysWithNoncompliantValues: readonly string[];
  readonly ComplianceStatus: boolean;
}

/** Tags of which the policy says nothing are compliant, and so is a resource without any. */
export function complianceOf(rules: readonly TagRule[], tags: Tags): Compliance {
  const violations = Object.entries(tags).map(([key, value]) => tagViolation(rules, { [key]: value }));
  const keysOf = (kind: 'key' | 'value') => violations.flatMap((violation) => (violation?.kind === kind ? [violation.key] : []));
  const NoncompliantKeys = keysOf('key');
  const KeysWithNoncompliantValues = keysOf('value');
  return {
    NoncompliantKeys,
    KeysWithNoncompliantValues,
    ComplianceStatus: NoncompliantKeys.length === 0 && KeysWithNoncompliantValues.length === 0,
  };
}
