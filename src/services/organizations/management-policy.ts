// The texts of management policies: JSON objects whose values are set by inheritance operators.
// https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
import { isRecord } from '../../base/record.ts';
import type { EffectivePolicyType } from './api.gen.ts';

/** The member that a policy of each type begins with, where AWS documents it. */
const topMembers: Readonly<Partial<Record<EffectivePolicyType, readonly string[]>>> = {
  TAG_POLICY: ['tags'],
  BACKUP_POLICY: ['plans'],
  AISERVICES_OPT_OUT_POLICY: ['services'],
  CHATBOT_POLICY: ['chatbot'],
  DECLARATIVE_POLICY_EC2: ['ec2_attributes'],
  SECURITYHUB_POLICY: ['securityhub'],
  INSPECTOR_POLICY: ['inspector'],
  UPGRADE_ROLLOUT_POLICY: ['upgrade_rollout'],
  BEDROCK_POLICY: ['bedrock'],
  S3_POLICY: ['s3_attributes'],
};

const depthMax = 20;
const valueOperators: readonly string[] = ['@@assign', '@@append', '@@remove'];
const childControl = '@@operators_allowed_for_child_policies';

export function isManagementPolicy(type: EffectivePolicyType, content: string): boolean {
  const json = parsed(content);
  if (json === undefined) return false;
  const members = Object.keys(json).filter((name) => name !== childControl);
  return (
    members.length > 0 && members.every((name) => topMembers[type]?.includes(name) ?? true) && isNode(json, 0) && isOfItsType(type, json)
  );
}

/** Types whose settings AWS documents one by one. */
function isOfItsType(type: EffectivePolicyType, json: Readonly<Record<string, unknown>>): boolean {
  if (type === 'TAG_POLICY') return settingsOf(json['tags']).every(([name, tag]) => isTagRule(name, tag));
  if (type === 'AISERVICES_OPT_OUT_POLICY') return settingsOf(json['services']).every(([, service]) => isOptOut(service));
  return true;
}

type Settings = readonly (readonly [string, Readonly<Record<string, unknown>>])[];

function settingsOf(group: unknown): Settings {
  if (!isRecord(group)) return [];
  return Object.entries(group).flatMap(([name, value]) => (!name.startsWith('@@') && isRecord(value) ? [[name, value] as const] : []));
}

/** The tag key is the policy key in its capitalisation. */
function isTagRule(name: string, tag: Readonly<Record<string, unknown>>): boolean {
  const known = ['tag_key', 'tag_value', 'enforced_for', 'report_required_tag_for'];
  return settingsOf(tag).every(([setting, value]) => {
    if (!known.includes(setting)) return false;
    if (setting !== 'tag_key') return true;
    const key = value['@@assign'];
    return !('@@append' in value) && !('@@remove' in value) && (key === undefined || String(key).toLowerCase() === name.toLowerCase());
  });
}

function isOptOut(service: Readonly<Record<string, unknown>>): boolean {
  return settingsOf(service).every(([setting, value]) => {
    const choice = value['@@assign'];
    const isAssigned = !('@@append' in value) && !('@@remove' in value);
    return setting === 'opt_out_policy' && isAssigned && (choice === undefined || choice === 'optIn' || choice === 'optOut');
  });
}

function parsed(content: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(content);
    return isRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** An object of settings: either nested settings, or the operators that make one value. */
function isNode(node: Readonly<Record<string, unknown>>, depth: number): boolean {
  if (depth > depthMax) return false;
  const names = Object.keys(node);
  const hasValue = names.some((name) => valueOperators.includes(name));
  return names.every((name) => {
    const value = node[name];
    if (name === childControl) return isChildControl(value);
    if (valueOperators.includes(name)) return isValue(name, value);
    return !hasValue && !name.startsWith('@@') && isRecord(value) && isNode(value, depth + 1);
  });
}

function isChildControl(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((each) => ['@@all', '@@none', ...valueOperators].includes(String(each)));
}

function isValue(operator: string, value: unknown): boolean {
  const isScalar = (each: unknown) => ['string', 'number', 'boolean'].includes(typeof each);
  if (Array.isArray(value)) return value.every(isScalar);
  // Only lists can be added to and taken from; AWS takes a single value for a list of one.
  return isScalar(value) && (operator === '@@assign' || typeof value === 'string');
}
