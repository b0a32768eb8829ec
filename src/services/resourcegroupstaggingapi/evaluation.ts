// The tagged resources of many accounts in all their regions, each judged by its own account's effective tag policy.
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import type { TagRule } from '../../kit/tag-policy.ts';
import { walk } from '../../kit/taggable-walk.ts';
import type { TaggedResource } from '../../kit/taggables.ts';
import { type Compliance, complianceOf } from './compliance.ts';
import { constraint } from './organization.ts';
import { fault, globalRegion } from './service.ts';
import { listedTypes } from './walk.ts';

export interface Judged extends TaggedResource {
  readonly account: string;
  readonly region: string;
  readonly type: string;
  readonly compliance: Compliance;
}

/** Records that one request looks at. */
const scannedMax = 200_000;

/** @throws Fault ConstraintViolationException when no tag policy reaches any of the accounts */
export async function rulesOf(scope: Scope, accounts: readonly string[]): Promise<ReadonlyMap<string, readonly TagRule[]>> {
  const rules = new Map<string, readonly TagRule[]>();
  for (const account of accounts) rules.set(account, (await scope.guardrails.placeOf(account, scope.transaction))?.tagRules ?? []);
  if ([...rules.values()].every(({ length }) => length === 0)) {
    throw constraint('You must have a tag policy attached to the organization root, an OU, or an account.');
  }
  return rules;
}

export async function* judgedResources(scope: Scope, rules: ReadonlyMap<string, readonly TagRule[]>): AsyncGenerator<Judged> {
  const types = await listedTypes(scope, globalRegion, undefined);
  const { transaction, partition } = scope;
  let scanned = 0;
  for (const [account, ofAccount] of rules) {
    for await (const { taggable, items } of walk(types, { transaction, partition, account, region: undefined })) {
      scanned += items.length;
      if (scanned > scannedMax) {
        throw fault(
          'ThrottledException',
          `More than ${scannedMax} resources would have to be evaluated: narrow down with TargetIdFilters.`,
        );
      }
      for (const { resource } of items) {
        if (resource === undefined || Object.keys(resource.tags).length === 0) continue;
        const region = parseArn(resource.arn)?.region || globalRegion;
        yield { ...resource, account, region, type: taggable.type, compliance: complianceOf(ofAccount, resource.tags) };
      }
    }
  }
}
