// What shares put on resources, for the pipeline: read in each request's own unit of work, so that a share that ended grants nothing more.
import type { Compile } from '../../kit/compiler.ts';
import type { ShareableType, ShareQuestion, SharesPort } from '../../kit/shareables.ts';
import type { PolicySource } from '../../policy/policy.ts';
import type { Transaction } from '../../store/store.ts';
import { shareArn } from './arns.ts';
import { disassociate, shareIdOf, standing } from './associations.ts';
import { mirrorPolicy, removeMirrors } from './mirrors.ts';
import { findPermission } from './permission-lookup.ts';
import { policyText, type ResourceStatement, statementsOf } from './policy-text.ts';
import { holderIdsOf } from './principals.ts';
import {
  type AssociationRecord,
  associations,
  type ShareId,
  type ShareRecord,
  sharePermissions,
  shares,
  sharesOfHolder,
  sharesOfResource,
} from './records.ts';
import { type SharingOrganization, type SharingParts, sharingOrganization } from './sharing.ts';
import { statementsOfTemplate } from './templates.ts';

export interface SharesParts extends Omit<SharingParts, 'transaction'> {
  readonly compile: Compile;
  readonly shareables: () => Promise<readonly ShareableType[]>;
}

export function createShares(parts: SharesParts): SharesPort {
  return {
    async policiesFor(transaction, question) {
      const found: PolicySource[] = [];
      const organizationOf = rememberedOrganization({ ...parts, transaction });
      for (const id of await sharesOfResource.all(transaction, question.arn)) {
        const principals = await principalsFor(transaction, id, question);
        const share = principals.length === 0 ? undefined : await shares.get(transaction, id.account, id.region, id.shareId);
        if (share === undefined || !isBinding(share)) continue;
        const statements = await shareStatements({ ...parts, transaction, organizationOf }, share, question.arn, principals);
        if (statements.length === 0) continue;
        found.push({ name: `resource share ${share.name} (${shareArn(parts, share)})`, policy: parts.compile(policyText(statements)) });
      }
      return found;
    },
    policyChanged: mirrorPolicy,
    async resourceRemoved(context, arn) {
      await removeMirrors(context, arn);
      for (const id of await sharesOfResource.all(context.transaction, arn)) {
        const association = await associations.get(context.transaction, id.account, id.region, id.shareId, 'RESOURCE', arn);
        if (association !== undefined)
          await disassociate(context, association, { status: 'DISASSOCIATED', message: 'The resource is deleted.' });
      }
    },
  };
}

/** What only shows a policy that the resource has anyway puts nothing beside it. */
export function isBinding({ isDeleted, featureSet }: ShareRecord): boolean {
  return !isDeleted && featureSet === 'STANDARD';
}

/** The share's principals that may stand for this caller. */
async function principalsFor(
  transaction: Transaction,
  { account, region, shareId }: ShareId,
  { principal, place }: ShareQuestion,
): Promise<readonly AssociationRecord[]> {
  const ids = principal.kind === 'service' ? [principal.arn] : principal.account === undefined ? [] : holderIdsOf(principal.account, place);
  const found: AssociationRecord[] = [];
  for (const id of ids) {
    for (const held of await sharesOfHolder.all(transaction, id, region, shareId)) {
      if (held.account !== account) continue;
      const association = await associations.get(transaction, account, region, shareId, 'PRINCIPAL', held.entity);
      if (association !== undefined) found.push(association);
    }
  }
  return found;
}

interface StatementParts extends SharingParts, Pick<SharesParts, 'shareables'> {
  /** In which an account can share. */
  readonly organizationOf: OrganizationOf;
}

type OrganizationOf = (account: string) => Promise<SharingOrganization | undefined>;

/** Within one unit of work; the shares of a resource have one owner. */
export function rememberedOrganization(parts: SharingParts): OrganizationOf {
  const known = new Map<string, ReturnType<OrganizationOf>>();
  return (account) => {
    const found = known.get(account) ?? sharingOrganization(parts, account);
    known.set(account, found);
    return found;
  };
}

/** What the share grants on the resource to those of the principals who have accepted it. */
export async function shareStatements(
  parts: StatementParts,
  share: ShareRecord,
  resourceArn: string,
  principals: readonly AssociationRecord[],
): Promise<readonly ResourceStatement[]> {
  const { transaction, partition } = parts;
  const accepted = principals.filter(({ status }) => status === 'ASSOCIATED');
  if (accepted.length === 0) return [];
  const { account, region, shareId } = share;
  const resource = await associations.get(transaction, account, region, shareId, 'RESOURCE', resourceArn);
  if (resource?.status !== 'ASSOCIATED') return [];
  const used = await sharePermissions.get(transaction, account, region, shareId, resource.resourceType ?? '');
  const permission = used === undefined ? undefined : await findPermission(parts, used.permissionArn, used.version);
  if (permission === undefined) return [];
  // Sharing inside the organisation needs both accounts in it, and sharing on; the statements ask for the other one.
  const own = accepted.some(({ holder }) => holder?.organizationId !== undefined) ? await parts.organizationOf(account) : undefined;
  return statementsOf({
    partition,
    share,
    resourceArn,
    permission: statementsOfTemplate(permission.template),
    principals: accepted.filter(({ holder }) => holder?.organizationId === undefined || holder.organizationId === own?.organizationId),
    sources: (await standing({ transaction }, shareIdOf(share), 'SOURCE')).map(({ entity }) => entity),
  });
}
