// What is wrong with an effective policy though each policy that made it is fine. AWS names one code, ELEMENTS_TOO_MANY; the others are ours.
import { isRecord } from '../../base/record.ts';
import type { EffectivePolicyType } from './api.gen.ts';
import type { Effective } from './inheritance.ts';
import { policyQuotas } from './quotas.ts';

export interface EffectiveProblem {
  readonly code: string;
  readonly message: string;
  /** `plans/nightly/rules/daily` */
  readonly path: string;
}

/** https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html */
const rulesPerPlanMax = 10;
const valuesPerTagMax = 500;

export function problemsOf(type: EffectivePolicyType, content: Effective): readonly EffectiveProblem[] {
  const tooLong: readonly EffectiveProblem[] =
    JSON.stringify(content).length > policyQuotas[type].characters * 10
      ? [{ code: 'POLICY_TOO_LARGE', message: 'The effective policy is larger than ten policies of its type.', path: '' }]
      : [];
  if (!isRecord(content)) return tooLong;
  switch (type) {
    case 'BACKUP_POLICY':
      return [...tooLong, ...membersOf(content['plans']).flatMap(([name, plan]) => planProblems(`plans/${name}`, plan))];
    case 'TAG_POLICY':
      return [...tooLong, ...membersOf(content['tags']).flatMap(([name, tag]) => tagProblems(`tags/${name}`, name, tag))];
    default:
      return tooLong;
  }
}

type Members = readonly (readonly [string, Readonly<Record<string, unknown>>])[];

function membersOf(value: unknown): Members {
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => (isRecord(member) ? [[name, member] as const] : []));
}

/** A plan backs nothing up without regions, selections and rules with a vault. */
function planProblems(path: string, plan: Readonly<Record<string, unknown>>): readonly EffectiveProblem[] {
  const missing = ['regions', 'rules', 'selections'].filter((name) => plan[name] === undefined).map((name) => required(`${path}/${name}`));
  const rules = membersOf(plan['rules']);
  const tooMany = rules.length > rulesPerPlanMax ? [excess(`${path}/rules`, rules.length, rulesPerPlanMax)] : [];
  const vaults = rules
    .filter(([, rule]) => rule['target_backup_vault_name'] === undefined)
    .map(([name]) => required(`${path}/rules/${name}/target_backup_vault_name`));
  return [...missing, ...tooMany, ...vaults];
}

/** The tag key must be the policy key, in any capitalisation. */
function tagProblems(path: string, name: string, tag: Readonly<Record<string, unknown>>): readonly EffectiveProblem[] {
  const { tag_key: key, tag_value: values } = tag;
  const isOther = typeof key === 'string' && key.toLowerCase() !== name.toLowerCase();
  const mismatch = isOther
    ? [{ code: 'TAG_KEY_MISMATCH', message: `The tag key \`${key}\` is not its policy key.`, path: `${path}/tag_key` }]
    : [];
  const tooMany =
    Array.isArray(values) && values.length > valuesPerTagMax ? [excess(`${path}/tag_value`, values.length, valuesPerTagMax)] : [];
  return [...mismatch, ...tooMany];
}

function required(path: string): EffectiveProblem {
  return { code: 'ELEMENT_REQUIRED', message: 'A required element is missing.', path };
}

function excess(path: string, count: number, most: number): EffectiveProblem {
  return { code: 'ELEMENTS_TOO_MANY', message: `There are ${count} elements where ${most} are allowed.`, path };
}
