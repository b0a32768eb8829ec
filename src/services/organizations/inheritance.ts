// How management policies merge: from the root down to the account, level by level, each setting by its operators.
// https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
import { isRecord } from '../../base/record.ts';
import type { EffectivePolicyType } from './api.gen.ts';

type Scalar = string | number | boolean;
type Operator = '@@assign' | '@@append' | '@@remove';

export type Effective = Scalar | readonly Scalar[] | { readonly [name: string]: Effective };

const operators: readonly Operator[] = ['@@assign', '@@append', '@@remove'];
const childControl = '@@operators_allowed_for_child_policies';

/** One setting or group of settings while levels are laid over each other. Names are compared without regard to case. */
interface Node {
  readonly name: string;
  readonly children: Map<string, Node>;
  value: Scalar | readonly Scalar[] | undefined;
  /** Operators that lower levels may use here. */
  allowed: ReadonlySet<Operator>;
  /** What the policies of the current level leave to lower ones. */
  pending: ReadonlySet<Operator> | undefined;
  /** The level that assigned last: of several policies at one level the one attached first wins. */
  assignedAt: number;
  readonly bornAt: number;
}

/**
 * `levels`: the parsed policies of each level, root first, each level in the order of attachment.
 * Undefined when nothing is set.
 */
export function mergePolicies(type: EffectivePolicyType, levels: readonly (readonly unknown[])[]): Effective | undefined {
  const root = newNode('', 0);
  levels.forEach((policies, level) => {
    for (const policy of policies) if (isRecord(policy)) apply(root, policy, level);
    settle(root);
  });
  return rendered(root, type, '');
}

function newNode(name: string, bornAt: number): Node {
  return { name, children: new Map(), value: undefined, allowed: new Set(operators), pending: undefined, assignedAt: -1, bornAt };
}

function apply(node: Node, source: Readonly<Record<string, unknown>>, level: number): void {
  const control = source[childControl];
  if (control !== undefined) node.pending = intersection(node.pending ?? new Set(operators), controlled(control));
  for (const operator of operators) {
    if (operator in source && node.allowed.has(operator)) setValue(node, operator, source[operator], level);
  }
  for (const [name, value] of Object.entries(source)) {
    if (name.startsWith('@@') || !isRecord(value)) continue;
    const child = node.children.get(name.toLowerCase()) ?? addChild(node, name, level);
    if (child !== undefined) apply(child, value, level);
  }
}

/** AWS: a group that leaves no way of setting to lower levels takes no new members from them. */
function addChild(node: Node, name: string, level: number): Node | undefined {
  const isOpen = node.bornAt === level || node.allowed.has('@@append') || node.allowed.has('@@assign');
  if (!isOpen) return undefined;
  const child = newNode(name, level);
  node.children.set(name.toLowerCase(), child);
  return child;
}

function setValue(node: Node, operator: Operator, given: unknown, level: number): void {
  const value = settingOf(given);
  if (value === undefined) return;
  switch (operator) {
    case '@@assign':
      if (node.assignedAt === level) return;
      node.value = value;
      node.assignedAt = level;
      return;
    case '@@append':
      node.value = [...new Set([...listOf(node.value), ...listOf(value)])];
      return;
    case '@@remove': {
      const removed = new Set(listOf(value));
      node.value = listOf(node.value).filter((item) => !removed.has(item));
      return;
    }
  }
}

function settingOf(value: unknown): Scalar | readonly Scalar[] | undefined {
  if (isScalar(value)) return value;
  return Array.isArray(value) && value.every(isScalar) ? value : undefined;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function listOf(value: Scalar | readonly Scalar[] | undefined): readonly Scalar[] {
  if (value === undefined) return [];
  return isScalar(value) ? [value] : value;
}

function controlled(control: unknown): ReadonlySet<Operator> {
  const names = Array.isArray(control) ? control : [];
  return new Set(operators.filter((operator) => names.includes(operator) || names.includes('@@all')));
}

function intersection(some: ReadonlySet<Operator>, others: ReadonlySet<Operator>): ReadonlySet<Operator> {
  return new Set([...some].filter((operator) => others.has(operator)));
}

/** The end of a level: what its policies leave open is all that is open below, for good. */
function settle(node: Node): void {
  if (node.pending !== undefined) node.allowed = intersection(node.allowed, node.pending);
  node.pending = undefined;
  for (const child of node.children.values()) settle(child);
}

/** Groups whose members AWS shows in lower case. */
const lowerCaseGroups: ReadonlySet<string> = new Set(['tags', 'rules', 'backup_plan_tags', 'recovery_point_tags']);

function rendered(node: Node, type: EffectivePolicyType, group: string): Effective | undefined {
  if (node.value !== undefined) return Array.isArray(node.value) && node.value.length === 0 ? undefined : node.value;
  const isLower = (type === 'TAG_POLICY' || type === 'BACKUP_POLICY') && lowerCaseGroups.has(group);
  const members: (readonly [string, Effective])[] = [];
  for (const child of node.children.values()) {
    const value = rendered(child, type, child.name);
    if (value !== undefined) members.push([isLower ? child.name.toLowerCase() : child.name, value]);
  }
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
