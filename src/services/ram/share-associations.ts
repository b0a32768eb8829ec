// Putting resources, principals and sources into a share and taking them out; also how a principal leaves a share that it was given.
import type { Context } from '../../kit/context.ts';
import { entityAccesses, shareAccess } from './access.ts';
import type {
  AssociatedSource,
  AssociateResourceShareRequest,
  DisassociateResourceShareRequest,
  GetResourceShareAssociationsRequest,
  ListSourceAssociationsRequest,
  ResourceShareAssociation,
} from './api.gen.ts';
import { requireArn, requireShareId, shareArn } from './arns.ts';
import { addEntities, associationShape, disassociate, removeEntities, requireFew } from './associations.ts';
import { once } from './idempotency.ts';
import { type AssociationKind, type AssociationRecord, associations, type ShareRecord } from './records.ts';
import { invalidParameter, notPermitted, operation } from './service.ts';
import { requireActive } from './shares.ts';
import { sourceType } from './sources.ts';
import { nestedStream, pageOfStream, recordsUnder, type Stream } from './streams.ts';
import { reasonsFor, requireReadableShare, visibleShares } from './views.ts';

export const AssociateResourceShare = operation('AssociateResourceShare', {
  access: (input: AssociateResourceShareRequest, scope) => {
    requireFew(input);
    return entityAccesses(scope, input, (more) => shareAccess(scope, 'ram:AssociateResourceShare', input.resourceShareArn, more));
  },
  handle: (input, context) =>
    once(context, 'AssociateResourceShare', input, async () => {
      const share = await requireActive(context, input.resourceShareArn);
      requireSomething(input);
      const added = await addEntities(context, share, input);
      // AWS: says that it is at it, though principals and resources have each other at once.
      return { resourceShareAssociations: added.map((each) => associationShape(context, share, each, 'ASSOCIATING')) };
    }),
});

export const DisassociateResourceShare = operation('DisassociateResourceShare', {
  access: (input: DisassociateResourceShareRequest, scope) => {
    requireFew(input);
    return entityAccesses(scope, input, (more) => shareAccess(scope, 'ram:DisassociateResourceShare', input.resourceShareArn, more));
  },
  handle: (input, context) =>
    once(context, 'DisassociateResourceShare', input, async () => {
      if (requireShareId(input.resourceShareArn).account !== context.account) return leave(context, input);
      const share = await requireActive(context, input.resourceShareArn);
      requireSomething(input);
      const removed = await removeEntities(context, share, input);
      return { resourceShareAssociations: removed.map((each) => associationShape(context, share, each, 'DISASSOCIATING')) };
    }),
});

function requireSomething({ resourceArns = [], principals = [], sources = [] }: AssociateResourceShareRequest): void {
  if (resourceArns.length + principals.length + sources.length > 0) return;
  throw invalidParameter('You must specify at least one resource, principal or source.');
}

/**
 * Whoever has accepted a share may give it back; inside an organisation it is the owner's to take away.
 * https://docs.aws.amazon.com/ram/latest/userguide/working-with-shared-leave.html
 */
async function leave(
  context: Context,
  { resourceShareArn, resourceArns = [], principals = [], sources = [] }: DisassociateResourceShareRequest,
): Promise<{ readonly resourceShareAssociations: readonly ResourceShareAssociation[] }> {
  const share = await requireReadableShare(context, resourceShareArn);
  requireSomething({ resourceShareArn, resourceArns, principals, sources });
  if (resourceArns.length + sources.length > 0) throw notPermitted('Only the owner of a resource share can take resources out of it.');
  const reasons = await reasonsFor(context, share);
  const left: AssociationRecord[] = [];
  for (const principal of new Set(principals)) {
    const reason = reasons.find(({ entity, holder }) => entity === principal && holder?.id === context.account);
    if (reason?.holder?.organizationId !== undefined) {
      throw notPermitted(
        'You cannot leave a resource share that an account of your organization shares with you. Ask its owner to remove you.',
      );
    }
    if (reason === undefined) throw notPermitted(`You cannot take the principal ${principal} out of this resource share.`);
    left.push(await disassociate(context, reason));
  }
  return { resourceShareAssociations: left.map((each) => associationShape(context, share, each, 'DISASSOCIATING')) };
}

export const GetResourceShareAssociations = operation('GetResourceShareAssociations', {
  access: () => ({ action: 'ram:GetResourceShareAssociations', resource: '*' }),
  async handle(input, context) {
    requireFitting(input);
    const stream = entriesOf(context, input.associationType, input.resourceShareArns, (entry) => isWanted(input, entry));
    const { items, token } = await pageOfStream('GetResourceShareAssociations', stream, input);
    return { resourceShareAssociations: items.map(({ share, association }) => associationShape(context, share, association)), ...token };
  },
});

function requireFitting({ associationType, resourceArn, principal }: GetResourceShareAssociationsRequest): void {
  if (resourceArn !== undefined && associationType !== 'RESOURCE') {
    throw invalidParameter('You cannot specify resourceArn when the association type is not RESOURCE.');
  }
  if (principal !== undefined && associationType !== 'PRINCIPAL') {
    throw invalidParameter('You cannot specify principal when the association type is not PRINCIPAL.');
  }
  if (resourceArn !== undefined) requireArn(resourceArn);
}

function isWanted({ resourceArn, principal, associationStatus }: GetResourceShareAssociationsRequest, entry: AssociationRecord): boolean {
  if (resourceArn !== undefined && entry.entity !== resourceArn) return false;
  // AWS: an organisation or unit may be asked for by its id.
  if (principal !== undefined && entry.entity !== principal && !entry.entity.endsWith(`/${principal}`)) return false;
  return associationStatus === undefined || entry.status === associationStatus;
}

interface Entry {
  readonly share: ShareRecord;
  readonly association: AssociationRecord;
}

/** Associations of one kind in the caller's own shares. */
function entriesOf(
  context: Context,
  kind: AssociationKind,
  shareArns: readonly string[] | undefined,
  isAsked: (association: AssociationRecord) => boolean,
): Stream<Entry> {
  return nestedStream(
    visibleShares(context, 'SELF', shareArns),
    (share) =>
      async function* (after) {
        const under = [share.account, share.region, share.shareId, kind];
        for await (const { cursor, value } of recordsUnder(context.transaction, associations, under, after)) {
          yield { position: cursor, item: isAsked(value) ? { share, association: value } : undefined };
        }
      },
  );
}

export const ListSourceAssociations = operation('ListSourceAssociations', {
  access: () => ({ action: 'ram:ListSourceAssociations', resource: '*' }),
  async handle(input, context) {
    const stream = entriesOf(context, 'SOURCE', input.resourceShareArns, (entry) => isWantedSource(input, entry));
    const { items, token } = await pageOfStream('ListSourceAssociations', stream, input);
    return { sourceAssociations: items.map((entry) => sourceShape(context, entry)), ...token };
  },
});

function isWantedSource(
  { sourceId, sourceType: type, associationStatus }: ListSourceAssociationsRequest,
  entry: AssociationRecord,
): boolean {
  if (sourceId !== undefined && entry.entity !== sourceId) return false;
  if (type !== undefined && sourceType(entry.entity) !== type) return false;
  return associationStatus === undefined || entry.status === associationStatus;
}

function sourceShape(context: Context, { share, association }: Entry): AssociatedSource {
  return {
    resourceShareArn: shareArn(context, share),
    sourceId: association.entity,
    sourceType: sourceType(association.entity),
    status: association.status,
    creationTime: association.createdAtMs,
    lastUpdatedTime: association.updatedAtMs,
  };
}

export const shareAssociationOperations = [
  AssociateResourceShare,
  DisassociateResourceShare,
  GetResourceShareAssociations,
  ListSourceAssociations,
];
