// A plan for people, as a tree like the organisation's own, and for programs.
import { type Change, canonical, type Difference, type Property } from './item.ts';
import type { Plan } from './plan.ts';

export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

const signs = { create: '+', change: '~', remove: '-', same: '=', blocked: '!' } as const;

interface Node {
  readonly children: Map<string, Node>;
  change: Change | undefined;
}

export function renderPlan(plan: Plan, paint: Paint): string {
  const root: Node = { children: new Map(), change: undefined };
  for (const change of plan.changes) {
    let node = root;
    for (const step of change.place) node = childOf(node, step);
    node.change = change;
  }
  return [...linesOf(root, '', paint), '', paint.strong(summaryText(plan))].join('\n');
}

function childOf(node: Node, step: string): Node {
  const known = node.children.get(step);
  if (known !== undefined) return known;
  const made: Node = { children: new Map(), change: undefined };
  node.children.set(step, made);
  return made;
}

function linesOf(node: Node, indent: string, paint: Paint): readonly string[] {
  return [...node.children].flatMap(([step, child]) => {
    const { change } = child;
    const head = `${change === undefined ? ' ' : signs[change.action]} ${indent}${labelOf(step, change)}`;
    const inner = `${indent}  `;
    return [painted(change, head, paint), ...detailsOf(change, `  ${inner}  `, paint), ...linesOf(child, inner, paint)];
  });
}

function labelOf(step: string, change: Change | undefined): string {
  if (change === undefined) return step;
  const isNamed = step.startsWith(`${change.kind} `) || change.kind === step;
  const id = change.kind === 'account' && change.found !== undefined ? ` (${change.found.id})` : '';
  return ['unit', 'account', 'guardrail'].includes(change.kind) && !isNamed ? `${change.kind} ${step}${id}` : `${step}${id}`;
}

function painted(change: Change | undefined, text: string, paint: Paint): string {
  switch (change?.action) {
    case 'create':
      return paint.good(text);
    case 'remove':
    case 'blocked':
      return paint.bad(text);
    case 'change':
      return paint.strong(text);
    default:
      return paint.faint(text);
  }
}

function detailsOf(change: Change | undefined, indent: string, paint: Paint): readonly string[] {
  if (change === undefined) return [];
  const note = change.note === undefined ? [] : [`${indent}${change.note}`];
  if (change.action !== 'change') return note;
  return [...change.differences.flatMap((difference) => differenceLines(difference, indent, paint)), ...note];
}

function differenceLines({ property, before, after }: Difference, indent: string, paint: Paint): readonly string[] {
  const [old, wanted] = [shownLines(before), shownLines(after)];
  if (old.length <= 1 && wanted.length <= 1) return [`${indent}${property}: ${old[0] ?? 'none'} -> ${wanted[0] ?? 'none'}`];
  const gone = old.filter((line) => !wanted.includes(line));
  const come = wanted.filter((line) => !old.includes(line));
  return [
    `${indent}${property}:`,
    ...gone.map((line) => paint.bad(`${indent}  - ${line}`)),
    ...come.map((line) => paint.good(`${indent}  + ${line}`)),
  ];
}

/** A list by its items, a policy by its statements. */
function shownLines(value: Property | undefined): readonly string[] {
  if (value === undefined || value === '') return [];
  if (typeof value === 'string') return value.split('\n');
  if (!('policy' in value)) return [...value];
  const { policy } = value;
  const statements: unknown = policy !== null && typeof policy === 'object' && 'Statement' in policy ? policy.Statement : policy;
  return (Array.isArray(statements) ? statements : [statements]).map((statement: unknown) => canonical(statement));
}

export interface Summary {
  readonly create: number;
  readonly change: number;
  readonly remove: number;
  readonly same: number;
  readonly blocked: number;
}

export function summaryOf({ changes }: Plan): Summary {
  const count = (action: Change['action']) => changes.filter((change) => change.action === action).length;
  return { create: count('create'), change: count('change'), remove: count('remove'), same: count('same'), blocked: count('blocked') };
}

export function hasChanges(summary: Summary): boolean {
  return summary.create + summary.change + summary.remove + summary.blocked > 0;
}

function summaryText(plan: Plan): string {
  const { create, change, remove, same, blocked } = summaryOf(plan);
  const counts = `${create} to create, ${change} to change, ${remove} to remove, ${same} as they should be`;
  return blocked === 0 ? counts : `${counts}, ${blocked} blocked`;
}

export function planJson(plan: Plan) {
  return {
    changes: plan.changes.map(({ action, kind, address, differences, note, found }) => ({
      action,
      kind,
      address,
      ...(found === undefined ? {} : { id: found.id }),
      ...(differences.length === 0 ? {} : { differences: differences.map(shownDifference) }),
      ...(note === undefined ? {} : { note }),
    })),
    summary: summaryOf(plan),
  };
}

function shownDifference({ property, before, after }: Difference) {
  const plain = (value: Property | undefined) =>
    value !== undefined && typeof value === 'object' && 'policy' in value ? value.policy : value;
  return { property, before: plain(before) ?? null, after: plain(after) ?? null };
}

/** One line of progress. */
export function stepText(change: Change): string {
  const verbs = { create: 'creating', change: 'changing', remove: 'removing', same: 'keeping', blocked: 'leaving' } as const;
  return `${verbs[change.action]} ${change.address.replace('/', ' ')}`;
}
