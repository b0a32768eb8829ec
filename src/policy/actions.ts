// The Action and NotAction elements, made ready: which actions a statement is about, and which services it may be about at all.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
import type { ElementList } from './document.ts';
import { compileGlob, type Glob, globMatches } from './glob.ts';
import { type SharedParts, shared } from './shared-parts.ts';

/** In lower case: actions are compared without regard to case. */
export interface CompiledActions {
  /** NotAction: the names and patterns are those that are left out. */
  readonly isNegated: boolean;
  /** Every action of every service, before negation. */
  readonly isAll: boolean;
  readonly names: readonly string[];
  readonly globs: readonly Glob[];
  /** The names once more, where they are many. */
  readonly nameSet: ReadonlySet<string> | undefined;
}

/**
 * What an element may be about, in two sets of 32 bits: a bit per service prefix with the first letters of a name (`s3:get`), and a bit per
 * service prefix for patterns that begin with a wildcard or soon have one. Several share a bit: whoever has none of a request's bits is not
 * about it, and most of what is looked at is told apart by that alone.
 */
export interface Reach {
  readonly verbs: number;
  readonly services: number;
}

const everyService = -1;
const verbLetters = 3;

/** The two bits of an action, which like its prefix is in lower case. */
export function actionReach(action: string, service: string): Reach {
  const serviceHash = hashOf(service, 0, service.length);
  return { verbs: bitOf(serviceHash + hashOf(action, service.length, service.length + 1 + verbLetters)), services: bitOf(serviceHash) };
}

/** The bits of all actions that the element may be about. */
export function reachOf(element: ElementList | undefined): Reach {
  if (element === undefined) return { verbs: 0, services: 0 };
  const patterns = patternsOf(element);
  if (element.isNegated || patterns.some((text) => hasWildcard(prefixOf(text)))) return { verbs: 0, services: everyService };
  let [verbs, services] = [0, 0];
  for (const text of patterns) {
    const prefix = prefixOf(text);
    const reach = actionReach(text, prefix);
    if (hasWildcard(text.slice(0, prefix.length + 1 + verbLetters))) services |= reach.services;
    else verbs |= reach.verbs;
  }
  return { verbs, services };
}

function hashOf(text: string, start: number, end: number): number {
  let hash = 0;
  for (let index = start; index < end && index < text.length; index += 1) hash = (hash * 31 + text.charCodeAt(index)) | 0;
  return hash;
}

function bitOf(hash: number): number {
  const mixed = Math.imul(hash, 0x9e3779b1);
  return 1 << (mixed >>> 27);
}

/** From this many names on, a set is faster than a walk. */
const setSizeMin = 12;
const noActions: CompiledActions = { isNegated: false, isAll: false, names: [], globs: [], nameSet: undefined };

/** A statement without the element is about no action. */
export function compileActions(element: ElementList | undefined, parts: SharedParts | undefined): CompiledActions {
  if (element === undefined) return noActions;
  return shared(parts?.actions, `${element.isNegated} ${element.values.join(' ')}`, () => newActions(element, parts));
}

function newActions(element: ElementList, parts: SharedParts | undefined): CompiledActions {
  const { isNegated } = element;
  const patterns = patternsOf(element);
  if (patterns.some((text) => isStars(text.replace(':', '')))) return { ...noActions, isNegated, isAll: true };
  const names = patterns.filter((text) => !hasWildcard(text));
  const globs = patterns.filter(hasWildcard).map((text) => shared(parts?.globs, text, () => compileGlob(text)));
  return { isNegated, isAll: false, names, globs, nameSet: names.length >= setSizeMin ? new Set(names) : undefined };
}

/** The service that a name or pattern in lower case is about; undefined when it may be about several. */
export function serviceOf(text: string): string | undefined {
  const prefix = prefixOf(text);
  return hasWildcard(prefix) ? undefined : prefix;
}

function patternsOf({ values }: ElementList): readonly string[] {
  return values.map((value) => value.toLowerCase()).filter((text) => text.includes(':') || isStars(text));
}

/** What stands before the colon; stars alone are their own prefix. */
function prefixOf(text: string): string {
  const colon = text.indexOf(':');
  return colon < 0 ? text : text.slice(0, colon);
}

function hasWildcard(text: string): boolean {
  return text.includes('*') || text.includes('?');
}

/** Without a colon only stars alone are a pattern of actions. */
function isStars(text: string): boolean {
  return /^\*+$/.test(text);
}

/** Whether the element is about the action, which is in lower case. */
export function actionMatches(actions: CompiledActions, action: string): boolean {
  return (actions.isAll || isNamed(actions, action)) !== actions.isNegated;
}

function isNamed({ names, globs, nameSet }: CompiledActions, action: string): boolean {
  if (nameSet === undefined ? names.includes(action) : nameSet.has(action)) return true;
  for (const glob of globs) if (globMatches(glob, action)) return true;
  return false;
}
