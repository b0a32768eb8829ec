// What happens to a share's associations: resources, principals and sources come and go, with the indexes, counts and invitations that hang on
// them. Operations are in share-associations.ts.
import type { Context, Scope } from '../../kit/context.ts';
import type { ShareableType } from '../../kit/shareables.ts';
import type { ResourceShareAssociation } from './api.gen.ts';
import { shareArn } from './arns.ts';
import { closeInvitation, invite } from './invitation-state.ts';
import { defaultPermission, type Permission } from './permission-lookup.ts';
import { holderOf, isInvited, requireOutsidersAllowed, requireSuitable } from './principals.ts';
import { count, quotas } from './quotas.ts';
import {
  type AssociationKind,
  type AssociationRecord,
  associations,
  due,
  type Holder,
  type ShareId,
  type ShareRecord,
  sharePermissions,
  sharesOfHolder,
  sharesOfPermission,
  sharesOfResource,
} from './records.ts';
import { invalidParameter, limitExceeded, notPermitted, unknown } from './service.ts';
import { sourceType } from './sources.ts';
import { requireShareable, typeNamed } from './types.ts';

/** AWS: what was taken away is still shown for a while. */
export const forgottenAfterMs = 2 * 3_600_000;

export interface Entities {
  readonly resourceArns?: readonly string[] | undefined;
  readonly principals?: readonly string[] | undefined;
  readonly sources?: readonly string[] | undefined;
}

/** @throws Fault */
export async function addEntities(context: Context, share: ShareRecord, entities: Entities): Promise<readonly AssociationRecord[]> {
  requireFew(entities);
  const added: AssociationRecord[] = [];
  // Resources first: what they are decides whom they may be shared with. What is in the share already is read once for all of them.
  const [resourceArns, principals] = [unique(entities.resourceArns), unique(entities.principals)];
  const known = resourceArns.size === 0 ? [] : await standing(context, share, 'PRINCIPAL');
  for (const arn of resourceArns) added.push(await addResource(context, share, arn, known));
  const types = principals.size === 0 ? [] : await sharedTypes(context, share);
  for (const principal of principals) added.push(await addPrincipal(context, share, principal, types));
  for (const source of unique(entities.sources)) added.push(await addSource(context, share, source));
  return added;
}

export function requireFew({ resourceArns = [], principals = [], sources = [] }: Entities): void {
  if (Math.max(resourceArns.length, principals.length, sources.length) > quotas.entitiesPerCall) {
    throw limitExceeded(`You can associate or disassociate up to ${quotas.entitiesPerCall} resources or principals per call.`);
  }
}

function unique(values: readonly string[] | undefined): ReadonlySet<string> {
  return new Set(values);
}

async function addResource(
  context: Context,
  share: ShareRecord,
  arn: string,
  principals: readonly AssociationRecord[],
): Promise<AssociationRecord> {
  const { transaction } = context;
  const type = await requireShareable(context, arn);
  const known = await associationOf(context, share, 'RESOURCE', arn);
  if (isStanding(known)) return known;
  for (const principal of principals) {
    if (principal.holder !== undefined) requireSuitable(type, principal.entity, principal.holder);
  }
  await countAssociation(context, share, 'RESOURCE', 1);
  if ((await sharePermissions.get(transaction, share.account, share.region, share.shareId, type.type)) === undefined) {
    setPermission(context, share, defaultPermission(context, type));
  }
  sharesOfResource.put(transaction, { ...shareIdOf(share), arn });
  return put(context, share, 'RESOURCE', arn, { status: 'ASSOCIATED', resourceType: type.type });
}

async function addPrincipal(
  context: Context,
  share: ShareRecord,
  principal: string,
  types: readonly ShareableType[],
): Promise<AssociationRecord> {
  const holder = await holderOf(context, principal);
  await requireOutsidersAllowed(context, principal, holder, share.allowsExternal);
  const known = await associationOf(context, share, 'PRINCIPAL', principal);
  if (isStanding(known)) return known;
  for (const type of types) requireSuitable(type, principal, holder);
  await countAssociation(context, share, 'PRINCIPAL', 1);
  sharesOfHolder.put(context.transaction, { ...shareIdOf(share), holderId: holder.id, entity: principal });
  if (!isInvited(holder)) return put(context, share, 'PRINCIPAL', principal, { status: 'ASSOCIATED', holder });
  const invitationId = await invite(context, share, principal, holder, invitationHours(types));
  return put(context, share, 'PRINCIPAL', principal, { status: 'ASSOCIATING', holder, invitationId });
}

async function addSource(context: Context, share: ShareRecord, source: string): Promise<AssociationRecord> {
  sourceType(source);
  const known = await associationOf(context, share, 'SOURCE', source);
  if (isStanding(known)) return known;
  return put(context, share, 'SOURCE', source, { status: 'ASSOCIATED' });
}

/** The shortest time that the shared types give. */
function invitationHours(types: readonly ShareableType[]): number {
  return Math.min(168, ...types.map((type) => type.invitationHours));
}

async function sharedTypes(scope: Scope, share: ShareId): Promise<readonly ShareableType[]> {
  const types = await Promise.all([...(await resourceTypesOf(scope, share))].map((name) => typeNamed(scope, name)));
  return types.filter((type) => type !== undefined);
}

/** @throws Fault UnknownResourceException, InvalidParameterException */
export async function removeEntities(context: Context, share: ShareRecord, entities: Entities): Promise<readonly AssociationRecord[]> {
  requireFew(entities);
  const removed: AssociationRecord[] = [];
  const wanted = [
    ...[...unique(entities.resourceArns)].map((entity) => ({ kind: 'RESOURCE', what: 'Resource', entity }) as const),
    ...[...unique(entities.principals)].map((entity) => ({ kind: 'PRINCIPAL', what: 'Principal', entity }) as const),
    ...[...unique(entities.sources)].map((entity) => ({ kind: 'SOURCE', what: 'Source', entity }) as const),
  ];
  for (const { kind, what, entity } of wanted) {
    const known = await associationOf(context, share, kind, entity);
    if (!isStanding(known)) throw unknown(what, entity);
    removed.push(await disassociate(context, known));
  }
  if ((entities.sources?.length ?? 0) > 0) await requireSource(context, share);
  return removed;
}

async function requireSource(context: Context, share: ShareId): Promise<void> {
  const principals = await standing(context, share, 'PRINCIPAL');
  if (!principals.some(({ holder }) => holder?.kind === 'service')) return;
  if ((await standing(context, share, 'SOURCE')).length > 0) return;
  throw invalidParameter('At least one source must remain when service principals are present.');
}

/** Takes one away, with everything that hangs on it. */
export async function disassociate(
  context: Context,
  association: AssociationRecord,
  end: { readonly status: 'DISASSOCIATED' | 'FAILED'; readonly message?: string } = { status: 'DISASSOCIATED' },
): Promise<AssociationRecord> {
  const { transaction, now } = context;
  const { kind, entity, holder } = association;
  await countAssociation(context, association, kind, -1);
  if (kind === 'RESOURCE') sharesOfResource.remove(transaction, { ...shareIdOf(association), arn: entity });
  if (holder !== undefined) {
    sharesOfHolder.remove(transaction, { ...shareIdOf(association), holderId: holder.id, entity });
    if (association.status === 'ASSOCIATING') await closeInvitation(context, association);
  }
  const ended: AssociationRecord = {
    ...association,
    status: end.status,
    updatedAtMs: now,
    ...(end.message === undefined ? {} : { statusMessage: end.message }),
  };
  associations.put(transaction, ended);
  const key = [association.account, association.region, association.shareId, kind, entity];
  due.put(transaction, { dueAtMs: now + forgottenAfterMs, what: 'forget-association', key });
  return ended;
}

async function countAssociation(context: Context, share: ShareId, kind: AssociationKind, step: 1 | -1): Promise<void> {
  if (kind === 'SOURCE') return;
  const what = kind === 'RESOURCE' ? 'resources' : 'principals';
  const onExcess = () => limitExceeded(`You have reached the limit on the number of ${what} you can share.`);
  await count(context.transaction, share, what, step, { most: quotas[what], onExcess });
  const inShare = `${what} of ${share.shareId}`;
  await count(context.transaction, share, inShare, step, {
    most: kind === 'RESOURCE' ? quotas.resourcesPerShare : quotas.principalsPerShare,
    onExcess: () => limitExceeded(`You have reached the maximum number of ${what} for this resource share.`),
  });
}

function put(
  { transaction, now }: Context,
  share: ShareRecord,
  kind: AssociationKind,
  entity: string,
  rest: Pick<AssociationRecord, 'status' | 'resourceType' | 'holder' | 'invitationId'>,
): AssociationRecord {
  const record: AssociationRecord = { ...shareIdOf(share), kind, entity, createdAtMs: now, updatedAtMs: now, ...rest };
  associations.put(transaction, record);
  return record;
}

/** Which permission the share grants for the permission's type from now on. */
export function setPermission({ transaction, now }: Pick<Context, 'transaction' | 'now'>, share: ShareId, permission: Permission): void {
  const { resourceType, arn, version } = permission;
  const id = shareIdOf(share);
  sharePermissions.put(transaction, { ...id, resourceType, permissionArn: arn, version, updatedAtMs: now });
  sharesOfPermission.put(transaction, { ...id, permissionArn: arn, resourceType });
}

export function shareIdOf({ account, region, shareId }: ShareId): ShareId {
  return { account, region, shareId };
}

function associationOf({ transaction }: Context, share: ShareId, kind: AssociationKind, entity: string) {
  return associations.get(transaction, share.account, share.region, share.shareId, kind, entity);
}

function isStanding(association: AssociationRecord | undefined): association is AssociationRecord {
  return association?.status === 'ASSOCIATED' || association?.status === 'ASSOCIATING';
}

/** What is associated, or about to be. */
export async function standing(
  scope: Pick<Scope, 'transaction'>,
  share: ShareId,
  kind: AssociationKind,
): Promise<readonly AssociationRecord[]> {
  return (await associations.all(scope.transaction, share.account, share.region, share.shareId, kind)).filter(isStanding);
}

/** Types of which the share has resources. */
export async function resourceTypesOf(scope: Pick<Scope, 'transaction'>, share: ShareId): Promise<ReadonlySet<string>> {
  const types = new Set<string>();
  for (const { resourceType } of await standing(scope, share, 'RESOURCE')) if (resourceType !== undefined) types.add(resourceType);
  return types;
}

/** @throws Fault OperationNotPermittedException */
export function requireManageable({ featureSet }: ShareRecord): void {
  if (featureSet === 'STANDARD') return;
  throw notPermitted('You cannot modify a resource share that was created from a policy. Promote it first.');
}

export function associationShape(
  scope: Pick<Scope, 'partition'>,
  share: Pick<ShareRecord, keyof ShareId | 'name'>,
  association: AssociationRecord,
  status?: 'ASSOCIATING' | 'DISASSOCIATING',
): ResourceShareAssociation {
  return {
    resourceShareArn: shareArn(scope, share),
    resourceShareName: share.name,
    associatedEntity: association.entity,
    associationType: association.kind,
    status: status ?? association.status,
    ...(association.statusMessage === undefined ? {} : { statusMessage: association.statusMessage }),
    creationTime: association.createdAtMs,
    lastUpdatedTime: association.updatedAtMs,
    external: isExternal(association.holder),
  };
}

export function isExternal(holder: Holder | undefined): boolean {
  return holder !== undefined && isInvited(holder);
}
