// A what-if as it is asked for: which changes, and which calls.
import { isRecord } from '../base/record.ts';

/** A policy as a document, or as what names one that exists: `p-…`, an ARN, the name of an inline policy. */
export type PolicyGiven = { readonly text: string; readonly name: string } | { readonly id: string };

/** What an identity's or a role's policy is attached as, where its target alone does not say. */
export type Slot = 'identity' | 'boundary' | 'trust' | 'resource';

export type Change =
  | { readonly kind: 'attach'; readonly policy: PolicyGiven; readonly target: string; readonly slot: Slot | undefined }
  | { readonly kind: 'detach'; readonly policy: string; readonly target: string; readonly slot: Slot | undefined }
  /** `of` names the owner of an inline policy. */
  | {
      readonly kind: 'change';
      readonly policy: string;
      readonly text: string;
      readonly of: string | undefined;
      readonly slot: Slot | undefined;
    };

export interface WhatIfRequest {
  readonly changes: readonly Change[];
  readonly fromMs: number | undefined;
  /** Counted back from now, where `fromMs` is not given. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly account: string | undefined;
  /** Each call that differs is a line of its own too. */
  readonly listsCalls: boolean;
}

const changesMax = 20;

/** @throws Error about what is wrong in the request. */
export function readRequest(value: unknown): WhatIfRequest {
  if (!isRecord(value)) throw new Error('the request must be an object');
  const { changes } = value;
  if (!Array.isArray(changes) || changes.length === 0 || changes.length > changesMax)
    throw new Error(`\`changes\` must be a list of 1 to ${changesMax} changes`);
  return {
    changes: changes.map(readChange),
    fromMs: optional(value, 'fromMs', isMs, 'a number of milliseconds'),
    sinceMs: optional(value, 'sinceMs', isMs, 'a number of milliseconds'),
    untilMs: optional(value, 'untilMs', isMs, 'a number of milliseconds'),
    account: optional(value, 'account', isAccount, 'an account id of twelve digits'),
    listsCalls: value['listsCalls'] === true,
  };
}

function readChange(value: unknown): Change {
  if (!isRecord(value)) throw new Error('a change must be an object');
  const slot = optional(value, 'slot', isSlot, 'one of identity, boundary, trust, resource');
  switch (value['kind']) {
    case 'attach':
      return { kind: 'attach', policy: readPolicy(value['policy']), target: required(value, 'target'), slot };
    case 'detach':
      return { kind: 'detach', policy: required(value, 'policy'), target: required(value, 'target'), slot };
    case 'change': {
      const of = optional(value, 'of', isText, 'a text');
      return { kind: 'change', policy: required(value, 'policy'), text: required(value, 'text'), of, slot };
    }
    default:
      throw new Error('the kind of a change must be attach, detach or change');
  }
}

function readPolicy(value: unknown): PolicyGiven {
  if (!isRecord(value)) throw new Error('`policy` must be an object with `id`, or with `text` and `name`');
  return 'text' in value ? { text: required(value, 'text'), name: required(value, 'name') } : { id: required(value, 'id') };
}

function required(value: Readonly<Record<string, unknown>>, name: string): string {
  const text = value[name];
  if (!isText(text)) throw new Error(`\`${name}\` must be a text that is not empty`);
  return text;
}

function optional<Value>(
  value: Readonly<Record<string, unknown>>,
  name: string,
  is: (given: unknown) => given is Value,
  what: string,
): Value | undefined {
  const given = value[name];
  if (given === undefined || given === null) return undefined;
  if (!is(given)) throw new Error(`\`${name}\` must be ${what}`);
  return given;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isMs(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isAccount(value: unknown): value is string {
  return typeof value === 'string' && /^\d{12}$/.test(value);
}

function isSlot(value: unknown): value is Slot {
  return value === 'identity' || value === 'boundary' || value === 'trust' || value === 'resource';
}
