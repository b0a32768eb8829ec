// The tagged resources of many accounts in all their regions, each judged by its own account's effective tag policy. What thousands of accounts
// have is looked at in parts, each of which is small enough for one unit of work.
import { parseArn } from '../../base/arn.ts';
import { limits } from '../../base/limits.ts';
import type { Context } from '../../kit/context.ts';
import type { OrganizationMember } from '../../kit/ports.ts';
import { type Position, walk } from '../../kit/taggable-walk.ts';
import type { Taggable, TaggedResource } from '../../kit/taggables.ts';
import { type Compliance, complianceOf } from './compliance.ts';
import { isTargeted, membersOf, type Organization, tagRulesOf } from './organization.ts';
import { fault, globalRegion } from './service.ts';
import { listedTypes } from './walk.ts';

export interface Judged extends TaggedResource {
  readonly account: string;
  readonly region: string;
  readonly type: string;
  readonly compliance: Compliance;
}

export interface Question {
  readonly organization: Organization;
  /** Undefined: everything that is in the organisation. */
  readonly targets: ReadonlySet<string> | undefined;
  /** The first account. */
  readonly from: string;
}

export interface Part {
  readonly judged: readonly Judged[];
  /** Accounts before this one are done; undefined: all are. */
  readonly next: Place | undefined;
  /** Records that were looked at. */
  readonly looked: number;
}

interface Place {
  readonly account: string;
  /** Where in the account, when it has been begun. */
  readonly position?: Position;
}

/** Runs what reads one part: in the caller's unit of work, or each in one of its own. */
export type InPart = (read: (context: Context) => Promise<Part>) => Promise<Part>;

/** @throws Fault ThrottledException */
export async function* judgedParts(inPart: InPart, question: Question): AsyncGenerator<Part> {
  let looked = 0;
  for (let place: Place | undefined = { account: question.from }; place !== undefined; ) {
    const from: Place = place;
    const part: Part = await inPart((context) => judgedPart(context, question, from));
    looked += part.looked;
    if (looked > limits.complianceRecordsMax) {
      const message = `More than ${limits.complianceRecordsMax} resources would have to be evaluated: narrow down with TargetIdFilters.`;
      throw fault('ThrottledException', message);
    }
    yield part;
    place = part.next;
  }
}

async function judgedPart(context: Context, { organization, targets }: Question, from: Place): Promise<Part> {
  const has = accountsWith(context, await listedTypes(context, globalRegion, undefined));
  const judged: Judged[] = [];
  let looked = 0;
  let accounts = 0;
  for await (const members of membersOf(context, organization, from.account)) {
    for (const member of members) {
      if (accounts >= limits.complianceAccountsAtOnce || looked >= limits.complianceRecordsAtOnce) {
        return { judged, looked, next: { account: member.account } };
      }
      accounts += 1;
      if (!isTargeted(member, targets)) continue;
      const begun = member.account === from.account ? from.position : undefined;
      const types = await has(member.account);
      const ofAccount = await judgedOf(context, { member, types, begun, left: limits.complianceRecordsAtOnce - looked });
      judged.push(...ofAccount.judged);
      looked += ofAccount.looked;
      if (ofAccount.position !== undefined) {
        return { judged, looked, next: { account: member.account, position: ofAccount.position } };
      }
    }
  }
  return { judged, looked, next: undefined };
}

/** Which types an account has resources of. It is asked of one account after the other, in order, so that types that nobody has cost nothing. */
function accountsWith({ transaction }: Context, types: readonly Taggable[]): (account: string) => Promise<readonly Taggable[]> {
  const nextOf = new Map<Taggable, string | undefined>();
  const isIn = async (type: Taggable, account: string): Promise<boolean> => {
    if (type.accountFrom === undefined) return true;
    const known = nextOf.get(type);
    if (nextOf.has(type) && (known === undefined || known >= account)) return known === account;
    const next = await type.accountFrom(transaction, account);
    nextOf.set(type, next);
    return next === account;
  };
  return async (account) => {
    const found: Taggable[] = [];
    for (const type of types) if (await isIn(type, account)) found.push(type);
    return found;
  };
}

interface OfAccount {
  readonly member: OrganizationMember;
  readonly types: readonly Taggable[];
  readonly begun: Position | undefined;
  readonly left: number;
}

/** What is in one account, or as much of it as there is room for. */
async function judgedOf(context: Context, { member: { account }, types, begun, left }: OfAccount) {
  const { transaction, partition } = context;
  const rules = await tagRulesOf(context, account);
  const judged: Judged[] = [];
  let looked = 0;
  for await (const { taggable, items } of walk(types, { transaction, partition, account, region: undefined }, begun)) {
    for (const { resource } of items) {
      if (resource === undefined || Object.keys(resource.tags).length === 0) continue;
      const region = parseArn(resource.arn)?.region || globalRegion;
      judged.push({ ...resource, account, region, type: taggable.type, compliance: complianceOf(rules, resource.tags) });
    }
    looked += items.length;
    if (looked >= left) return { judged, looked, position: { key: taggable.key, cursor: items.at(-1)?.cursor ?? '' } };
  }
  return { judged, looked, position: undefined };
}
