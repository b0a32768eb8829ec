// Whether two readings of something are the same to every decision: policies by their texts, and where they stand.
import type { AccountPlace, Identity } from '../kit/ports.ts';
import type { PolicySource } from '../policy/policy.ts';
import type { ResourceState } from './past-call.ts';

type Sources = readonly PolicySource[];

export function sameIdentity(left: Identity, right: Identity): boolean {
  return (
    sameSources(left.identityPolicies, right.identityPolicies) &&
    sameSource(left.boundary, right.boundary) &&
    sameLists(left.sessionPolicies, right.sessionPolicies, sameSource) &&
    sameData(left.caller, right.caller)
  );
}

export function samePlace(left: AccountPlace, right: AccountPlace): boolean {
  return (
    left.path === right.path &&
    sameData(left.tagRules, right.tagRules) &&
    sameLists(left.serviceControl, right.serviceControl, sameSources) &&
    sameLists(left.resourceControl, right.resourceControl, sameSources)
  );
}

export function sameResource(left: ResourceState, right: ResourceState): boolean {
  return (
    left.policy?.mode === right.policy?.mode && sameSource(left.policy?.source, right.policy?.source) && sameData(left.tags, right.tags)
  );
}

function sameSources(left: Sources, right: Sources): boolean {
  return sameLists(left, right, sameSource);
}

function sameSource(left: PolicySource | undefined, right: PolicySource | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  if (left.arn !== right.arn || left.name !== right.name) return false;
  const [first, second] = [left.policy.origin, right.policy.origin];
  return typeof first === 'string' ? first === second : sameData(first, second);
}

function sameLists<Item>(
  left: readonly Item[] | undefined,
  right: readonly Item[] | undefined,
  isSame: (left: Item, right: Item) => boolean,
): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.length === right.length && left.every((item, index) => isSame(item, right[index] ?? item));
}

function sameData(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
