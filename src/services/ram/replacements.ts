// Putting one permission in the place of another in all shares that use it: a piece of work that goes on by itself.
import type { Context, Scope } from '../../kit/context.ts';
import type { Job, JobContext } from '../../kit/jobs.ts';
import type { Access } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceType } from '../../kit/resources.gen.ts';
import { permissionAccess } from './access.ts';
import type {
  ListReplacePermissionAssociationsWorkRequest,
  ReplacePermissionAssociationsRequest,
  ReplacePermissionAssociationsWork,
} from './api.gen.ts';
import { setPermission, standing } from './associations.ts';
import { once } from './idempotency.ts';
import { findPermission, requireAttachable, requirePermission } from './permission-lookup.ts';
import { openReplacements, type ReplacementRecord, replacements, sharePermissions, shares, sharesOfPermission } from './records.ts';
import { invalidParameter, operation } from './service.ts';
import { pageOfStream, recordsUnder } from './streams.ts';
import { typeNamed } from './types.ts';

export const ReplacePermissionAssociations = operation('ReplacePermissionAssociations', {
  access: async (input, scope): Promise<readonly Access[]> => [
    await permissionAccess(scope, 'ram:ReplacePermissionAssociations', input.fromPermissionArn),
    await permissionAccess(scope, 'ram:ReplacePermissionAssociations', input.toPermissionArn),
    ...(await policyAccesses(scope, input)),
  ],
  handle: (input, context) =>
    once(context, 'ReplacePermissionAssociations', input, async () => {
      const { account, region, ids, now, transaction } = context;
      const from = await requirePermission(context, input.fromPermissionArn, input.fromPermissionVersion);
      const to = await requireAttachable(context, input.toPermissionArn);
      if (from.resourceType !== to.resourceType) throw invalidParameter('Both permissions must be for the same resource type.');
      const work: ReplacementRecord = {
        account,
        region,
        workId: ids.uuid(),
        fromArn: from.arn,
        ...(input.fromPermissionVersion === undefined ? {} : { fromVersion: input.fromPermissionVersion }),
        toArn: to.arn,
        toVersion: to.version,
        status: 'IN_PROGRESS',
        createdAtMs: now,
        updatedAtMs: now,
      };
      replacements.put(transaction, work);
      openReplacements.put(transaction, work);
      return { replacePermissionAssociationsWork: workShape(work) };
    }),
});

/** A call asks about so many resources; AWS speaks of all affected resource types. */
const askedMax = 1_000;

/** AWS: whoever does this must be allowed to change the policies of the resources that it affects. */
async function policyAccesses(scope: Scope, input: ReplacePermissionAssociationsRequest): Promise<readonly Access[]> {
  const { transaction, account, region } = scope;
  const accesses: Access[] = [];
  for await (const { value } of recordsUnder(transaction, sharesOfPermission, [input.fromPermissionArn, account, region], undefined)) {
    const used = await sharePermissions.get(transaction, account, region, value.shareId, value.resourceType);
    if (used === undefined || (input.fromPermissionVersion ?? used.version) !== used.version) continue;
    const action = (await typeNamed(scope, value.resourceType))?.policyAction;
    if (action === undefined) continue;
    for (const { entity, resourceType } of await standing(scope, value, 'RESOURCE')) {
      if (resourceType !== value.resourceType) continue;
      if (accesses.length === askedMax) return accesses;
      accesses.push({ action, resource: resourceNamed<ResourceType>(entity) });
    }
  }
  return accesses;
}

const sharesPerRun = 100;

export const replacementWork: Job = {
  name: 'permission-replacements',
  everyMs: 2_000,
  async run(job) {
    const [next] = await openReplacements.list(job.transaction, [], { limit: 1 });
    if (next === undefined) return undefined;
    const { account, region, workId } = next.value;
    const work = await replacements.get(job.transaction, account, region, workId);
    if (work === undefined || (await advance(job, work)) === 'done') openReplacements.remove(job.transaction, next.value);
    return 'more';
  },
};

/** A part of the shares. What is done is no longer found, but for a permission that replaces its own former version. */
async function advance(job: JobContext, work: ReplacementRecord): Promise<'done' | 'more'> {
  const { transaction, now } = job;
  const { account, region, fromArn, fromVersion, toArn, toVersion } = work;
  const context = job.contextFor({ account, region });
  const to = await findPermission(context, toArn, toVersion);
  if (to === undefined || to.isDeleted) {
    return finish(context, { ...work, status: 'FAILED', statusMessage: 'The permission that should be associated is deleted.' });
  }
  let replaced = 0;
  for await (const { value } of recordsUnder(transaction, sharesOfPermission, [fromArn, account, region], undefined)) {
    const used = await sharePermissions.get(transaction, account, region, value.shareId, value.resourceType);
    if (used === undefined || (fromVersion ?? used.version) !== used.version) continue;
    if (used.permissionArn === toArn && used.version === toVersion) continue;
    const share = await shares.get(transaction, account, region, value.shareId);
    if (share === undefined || share.featureSet !== 'STANDARD') continue;
    sharesOfPermission.remove(transaction, used);
    setPermission({ transaction, now }, used, to);
    replaced += 1;
    if (replaced === sharesPerRun) return 'more';
  }
  return finish(context, { ...work, status: 'COMPLETED' });
}

function finish({ transaction, now }: Context, work: ReplacementRecord): 'done' {
  replacements.put(transaction, { ...work, updatedAtMs: now });
  return 'done';
}

export const ListReplacePermissionAssociationsWork = operation('ListReplacePermissionAssociationsWork', {
  access: () => ({ action: 'ram:ListReplacePermissionAssociationsWork', resource: '*' }),
  async handle(input, context) {
    const { items, token } = await pageOfStream<ReplacementRecord>(
      'ListReplacePermissionAssociationsWork',
      async function* (after) {
        for await (const { cursor, value } of recordsUnder(context.transaction, replacements, placeOf(context), after)) {
          yield { position: cursor, item: isWanted(input, value) ? value : undefined };
        }
      },
      input,
    );
    return { replacePermissionAssociationsWorks: items.map(workShape), ...token };
  },
});

function placeOf({ account, region }: Scope): readonly string[] {
  return [account, region];
}

function isWanted({ workIds = [], status }: ListReplacePermissionAssociationsWorkRequest, work: ReplacementRecord): boolean {
  return (workIds.length === 0 || workIds.includes(work.workId)) && (status ?? work.status) === work.status;
}

function workShape(work: ReplacementRecord): ReplacePermissionAssociationsWork {
  return {
    id: work.workId,
    fromPermissionArn: work.fromArn,
    ...(work.fromVersion === undefined ? {} : { fromPermissionVersion: String(work.fromVersion) }),
    toPermissionArn: work.toArn,
    toPermissionVersion: String(work.toVersion),
    status: work.status,
    ...(work.statusMessage === undefined ? {} : { statusMessage: work.statusMessage }),
    creationTime: work.createdAtMs,
    lastUpdatedTime: work.updatedAtMs,
  };
}

export const replacementOperations = [ReplacePermissionAssociations, ListReplacePermissionAssociationsWork];
