// What an account's effective tag policy demands of tags, and whether tags comply. Enforced by the pipeline; reported by the tagging API.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_example-tag-policies.html
import { isRecord } from '../base/record.ts';
import type { Access } from './operation.ts';

export interface TagRule {
  /** In the capitalisation that is demanded. */
  readonly key: string;
  /** Allowed values, in which `*` stands for anything; undefined: any value. */
  readonly values: readonly string[] | undefined;
  /** `secretsmanager:*`, `kms:key`, `kms:ALL_SUPPORTED` */
  readonly enforcedFor: readonly string[];
  /** Types on which the tag is reported as required, written alike. */
  readonly requiredFor: readonly string[];
}

export interface TagViolation {
  readonly kind: 'key' | 'value';
  /** As it was given. */
  readonly key: string;
}

/** The rules of an effective tag policy (the answer of DescribeEffectivePolicy, parsed). */
export function tagRulesOf(effective: unknown): readonly TagRule[] {
  const tags = isRecord(effective) ? effective['tags'] : undefined;
  if (!isRecord(tags)) return [];
  return Object.entries(tags).flatMap(([name, rule]) => {
    if (!isRecord(rule)) return [];
    // AWS: without a tag key its lower-case name is demanded.
    const key = typeof rule['tag_key'] === 'string' ? rule['tag_key'] : name.toLowerCase();
    const values = rule['tag_value'] === undefined ? undefined : textsOf(rule['tag_value']);
    return [{ key, values, enforcedFor: textsOf(rule['enforced_for']), requiredFor: textsOf(rule['report_required_tag_for']) }];
  });
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');
}

/** The first tag that breaks a rule. */
export function tagViolation(rules: readonly TagRule[], tags: Readonly<Record<string, string>>): TagViolation | undefined {
  for (const [key, value] of Object.entries(tags)) {
    const rule = rules.find((each) => each.key.toLowerCase() === key.toLowerCase());
    if (rule === undefined) continue;
    if (rule.key !== key) return { kind: 'key', key };
    if (rule.values !== undefined && !rule.values.some((pattern) => isMatch(pattern, value))) return { kind: 'value', key };
  }
  return undefined;
}

/** `*` stands for any run of characters. */
function isMatch(pattern: string, value: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return value === pattern;
  const last = rest.at(-1) ?? '';
  if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length) return false;
  let from = first.length;
  for (const part of rest.slice(0, -1)) {
    const at = value.indexOf(part, from);
    if (at < 0 || at + part.length > value.length - last.length) return false;
    from = at + part.length;
  }
  return true;
}

/** A tag of the request that may not be written, by the rules that are enforced for what it is written to. */
export function enforcedTagViolation(rules: readonly TagRule[], access: Access): TagViolation | undefined {
  if (access.requestTags === undefined || /:(?:Untag|Remove|Delete)/.test(access.action)) return undefined;
  return tagViolation(
    rules.filter(({ enforcedFor }) => enforcedFor.some((type) => isEnforcedOn(type, access))),
    access.requestTags,
  );
}

function isEnforcedOn(type: string, { action, resource }: Access): boolean {
  const [service = '', kind = ''] = type.split(':', 2);
  if (service !== action.slice(0, action.indexOf(':'))) return false;
  if (kind === '*' || kind === 'ALL_SUPPORTED') return true;
  // A resource that is about to be made may have no ARN yet; then the action tells what it is.
  if (resource === '*') return action.toLowerCase().includes(kind.replaceAll('-', '').toLowerCase());
  return resource.split(':')[5]?.split('/')[0] === kind;
}
