// The difference between a file and what is there, and its execution: first all that is made and changed, in the order in which things need
// each other, then all that is removed, in the reverse order. Every step finds out by itself whether it was done, so an apply that was killed
// goes on where it stopped.
import { RefusedCall } from './api.ts';
import { type Action, type Change, differencesOf, type Found, type Wanted } from './item.ts';
import { administrators, rootAccess, trustedServices } from './kinds/access.ts';
import { accounts } from './kinds/accounts.ts';
import { builder } from './kinds/builder.ts';
import { guardrails } from './kinds/guardrails.ts';
import { keys } from './kinds/keys.ts';
import type { Kind } from './kinds/kind.ts';
import { organization, policyTypes } from './kinds/organization.ts';
import { groups, users } from './kinds/people.ts';
import { openIdProviders, samlProviders } from './kinds/providers.ts';
import { roles } from './kinds/roles.ts';
import { units } from './kinds/units.ts';
import { resolved, type World, ZoneError } from './world.ts';

/** Each needs only what is before it. */
const kinds: readonly Kind[] = [
  organization,
  builder,
  policyTypes,
  trustedServices,
  rootAccess,
  units,
  accounts,
  administrators,
  openIdProviders,
  samlProviders,
  users,
  roles,
  groups,
  keys,
  guardrails,
];

export interface Plan {
  readonly changes: readonly Change[];
}

export type Goal = 'apply' | 'destroy';

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly change: Change;
}

export type Report = (progress: Progress) => void;

export interface PlanOptions {
  readonly goal: Goal;
  /** Undefined: nothing may be changed, so that what only the builder's user can look into is an error. */
  readonly prepare?: Report;
}

export async function planZone(world: World, { goal, prepare }: PlanOptions): Promise<Plan> {
  const changes: Change[] = [];
  for (const kind of kinds) {
    const ofKind = await planKind(world, kind, goal);
    changes.push(...ofKind);
    if (kind === builder && prepare !== undefined && world.organizationId !== '') {
      // Without its user root cannot even look into the accounts.
      const needed = changes.findIndex((change) => change.kind === 'builder' && (change.action === 'create' || change.action === 'change'));
      const change = changes[needed];
      if (change === undefined) continue;
      prepare({ step: 1, steps: 1, change });
      await perform(world, change);
      changes[needed] = { ...change, action: 'same', differences: [] };
    }
  }
  return { changes };
}

async function planKind(world: World, kind: Kind, goal: Goal): Promise<readonly Change[]> {
  const wanted = goal === 'destroy' ? [] : kind.wanted(world);
  const found = await kind.find(world, wanted);
  const byAddress = new Map(found.map((each) => [each.address, each]));
  const changes = wanted.map((wish) => changeOf(world, kind, wish, byAddress.get(wish.address)));
  const isKept = kind.isKept === 'always' || (kind.isKept === 'until-destroyed' && goal === 'apply');
  const wishes = new Set(wanted.map(({ address }) => address));
  const surplus = isKept ? [] : found.filter(({ address, foreign }) => foreign === undefined && !wishes.has(address));
  return [...changes, ...surplus.map((each) => removalOf(kind, each))];
}

function changeOf(world: World, kind: Kind, wish: Wanted, found: Found | undefined): Change {
  const { address, place } = wish;
  const wanted = { ...wish, properties: resolved(world, wish.properties) };
  const change = (action: Action, more: Partial<Change> = {}): Change => ({
    action,
    kind: kind.name,
    address,
    place,
    differences: differencesOf(found?.properties, wanted.properties),
    wanted: wish,
    found,
    ...more,
  });
  if (found === undefined) return change('create', { differences: differencesOf(undefined, wanted.properties) });
  if (found.foreign !== undefined) return change('blocked', { note: found.foreign, differences: [] });
  return change(differencesOf(found.properties, wanted.properties).length === 0 ? 'same' : 'change');
}

function removalOf(kind: Kind, found: Found): Change {
  const { address, place } = found;
  return { action: 'remove', kind: kind.name, address, place, differences: [], note: kind.removalNote, wanted: undefined, found };
}

/**
 * What there is to do, in order. Guardrails that are there are changed before anything is made in the accounts, because what the file now allows
 * may be needed for it; new ones come last.
 */
export function stepsOf({ changes }: Plan): readonly Change[] {
  const making = changes.filter(({ action }) => action === 'create' || action === 'change');
  const isEarly = ({ kind, action }: Change) => beforeContents.has(kind) || (kind === guardrails.name && action === 'change');
  const removing = changes.filter(({ action }) => action === 'remove').toReversed();
  return [...making.filter(isEarly), ...making.filter((change) => !isEarly(change)), ...removing];
}

const beforeContents: ReadonlySet<string> = new Set(
  [organization, builder, policyTypes, trustedServices, rootAccess, units, accounts].map(({ name }) => name),
);

/** What AWS does not let go now, and why. */
export interface Kept {
  readonly address: string;
  readonly reason: string;
}

export async function performPlan(world: World, plan: Plan, report: Report): Promise<readonly Kept[]> {
  const steps = stepsOf(plan);
  const kept: Kept[] = [];
  for (const [index, change] of steps.entries()) {
    const { action, address, kind } = change;
    if (action === 'remove' && kind === builder.name && kept.length > 0) {
      kept.push({ address, reason: 'without this user root could not look into what is left' });
      continue;
    }
    report({ step: index + 1, steps: steps.length, change });
    try {
      await perform(world, change);
    } catch (error) {
      const isKept = action === 'remove' && error instanceof RefusedCall && error.code.startsWith('ConstraintViolation');
      if (!isKept) throw error;
      kept.push({ address, reason: `${error.call} was refused: ${error.message}` });
    }
  }
  return kept;
}

async function perform(world: World, { action, kind: name, address, wanted, found, differences }: Change): Promise<void> {
  const kind = kinds.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`no kind is named \`${name}\``);
  if (action === 'remove' && found !== undefined) return kind.remove(world, found);
  if (wanted === undefined) return undefined;
  // What was made since the plan is known now.
  const now = { ...wanted, properties: resolved(world, wanted.properties) };
  const missing = /\{\{account:([^}]+)\}\}|\{\{organization\}\}/.exec(JSON.stringify(now.properties))?.[0];
  if (missing !== undefined) throw new ZoneError(`${address} needs ${missing}, which is not there yet; apply again`);
  if (action === 'create') return kind.create(world, now);
  if (action === 'change' && found !== undefined) return kind.change(world, now, found, resolved(world, differences));
  return undefined;
}
