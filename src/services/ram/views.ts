// Which shares an account sees: its own, and those that others share with it. Both are streams in the order of the shares' ids.
import type { Scope } from '../../kit/context.ts';
import type { ResourceOwner } from './api.gen.ts';
import { requireShareId } from './arns.ts';
import { holderIdsOf } from './principals.ts';
import { type AssociationRecord, associations, type ShareId, type ShareRecord, shares, sharesOfHolder } from './records.ts';
import { unknown } from './service.ts';
import { sharingOrganization } from './sharing.ts';
import { recordsUnder, type Stream } from './streams.ts';

export function visibleShares(scope: Scope, owner: ResourceOwner, arns: readonly string[] | undefined): Stream<ShareRecord> {
  if (arns !== undefined && arns.length > 0) return namedShares(scope, owner, arns);
  return owner === 'SELF' ? ownShares(scope) : foreignShares(scope);
}

function ownShares({ transaction, account, region }: Scope): Stream<ShareRecord> {
  return async function* (after) {
    for await (const { cursor, value } of recordsUnder(transaction, shares, [account, region], after)) {
      yield { position: cursor, item: value };
    }
  };
}

/** @throws Fault MalformedArnException, UnknownResourceException */
function namedShares(scope: Scope, owner: ResourceOwner, arns: readonly string[]): Stream<ShareRecord> {
  return async function* (after) {
    for (const arn of [...new Set(arns)].sort()) {
      const share = await requireVisible(scope, owner, arn);
      if (after === undefined || arn > after) yield { position: arn, item: share };
    }
  };
}

async function requireVisible(scope: Scope, owner: ResourceOwner, arn: string): Promise<ShareRecord> {
  const id = requireShareId(arn);
  const share = await shareOf(scope, id);
  const isVisible =
    share !== undefined &&
    id.region === scope.region &&
    (owner === 'SELF' ? id.account === scope.account : id.account !== scope.account && (await isSharedWith(scope, share)));
  if (!isVisible) throw unknown('ResourceShare', arn);
  return share;
}

function shareOf({ transaction }: Scope, { account, region, shareId }: ShareId): Promise<ShareRecord | undefined> {
  return shares.get(transaction, account, region, shareId);
}

async function isSharedWith(scope: Scope, share: ShareRecord): Promise<boolean> {
  return (await reasonsFor(scope, share)).length > 0;
}

/** The associations through which the caller's account has a share of somebody else. */
export async function reasonsFor(scope: Scope, share: ShareRecord): Promise<readonly AssociationRecord[]> {
  if (share.isDeleted || share.featureSet !== 'STANDARD') return [];
  const place = await scope.guardrails.placeOf(scope.account, scope.transaction);
  const found: AssociationRecord[] = [];
  for (const holderId of holderIdsOf(scope.account, place)) {
    for (const { entity, account } of await sharesOfHolder.all(scope.transaction, holderId, share.region, share.shareId)) {
      if (account !== share.account) continue;
      const association = await associations.get(scope.transaction, account, share.region, share.shareId, 'PRINCIPAL', entity);
      if (association?.status === 'ASSOCIATED' && (await isValid(scope, share, association))) found.push(association);
    }
  }
  return found;
}

/** Whether what was shared inside an organisation is still inside: owner and holder in it, and sharing on. */
export async function isValid(
  scope: Pick<Scope, 'partition' | 'transaction' | 'organizations' | 'principals'>,
  share: ShareRecord,
  { holder }: AssociationRecord,
): Promise<boolean> {
  if (holder?.organizationId === undefined) return true;
  if ((await sharingOrganization(scope, share.account))?.organizationId !== holder.organizationId) return false;
  if (holder.kind === 'organization' || holder.kind === 'unit' || share.retains) return true;
  return (await sharingOrganization(scope, holder.id))?.organizationId === holder.organizationId;
}

/** Shares of others, found under everything that stands for the caller's account. */
function foreignShares(scope: Scope): Stream<ShareRecord> {
  return async function* (after) {
    const { transaction, account, region, guardrails } = scope;
    const holderIds = holderIdsOf(account, await guardrails.placeOf(account, transaction));
    // Whatever stands after the id in a key sorts before this.
    const from = after === undefined ? undefined : `${after}\u001f\uffff`;
    const sources = await Promise.all(
      holderIds.map(async (id) => {
        const records = recordsUnder(transaction, sharesOfHolder, [id, region], from);
        return { records, next: await records.next() };
      }),
    );
    for (;;) {
      const ids = sources.flatMap(({ next }) => (next.done === true ? [] : [next.value.value]));
      const [first] = ids.toSorted((left, right) => (left.shareId < right.shareId ? -1 : 1));
      if (first === undefined) return;
      const share = first.account === account ? undefined : await shareOf(scope, first);
      yield { position: first.shareId, item: share !== undefined && (await isSharedWith(scope, share)) ? share : undefined };
      for (const source of sources) {
        while (source.next.done !== true && source.next.value.value.shareId === first.shareId) source.next = await source.records.next();
      }
    }
  };
}

/** A share of the caller's own, in this region. @throws Fault */
export async function requireOwnShare(scope: Scope, arn: string): Promise<ShareRecord> {
  const id = requireShareId(arn);
  const share = id.account === scope.account && id.region === scope.region ? await shareOf(scope, id) : undefined;
  if (share === undefined) throw unknown('ResourceShare', arn);
  return share;
}

/** The share itself, or one that is shared with the caller. @throws Fault */
export async function requireReadableShare(scope: Scope, arn: string): Promise<ShareRecord> {
  return requireVisible(scope, requireShareId(arn).account === scope.account ? 'SELF' : 'OTHER-ACCOUNTS', arn);
}
