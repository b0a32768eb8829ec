// What is shared and with whom, over all shares that an account sees, its own or those of others.
import type { Context } from '../../kit/context.ts';
import type { ListPrincipalsRequest, ListResourcesRequest, Principal, Resource } from './api.gen.ts';
import { requireArn, shareArn } from './arns.ts';
import { isExternal, shareIdOf, standing } from './associations.ts';
import { type AssociationRecord, associations, type ShareRecord } from './records.ts';
import { fault, operation } from './service.ts';
import { isSharedByAws } from './shared-by-aws.ts';
import { nestedStream, pageOfStream, recordsUnder, type Stream } from './streams.ts';
import { isInScope, regionScope, typeNamed } from './types.ts';
import { reasonsFor, visibleShares } from './views.ts';

interface Entry {
  readonly share: ShareRecord;
  readonly association: AssociationRecord;
}

export const ListResources = operation('ListResources', {
  access: () => ({ action: 'ram:ListResources', resource: '*' }),
  async handle(input, context) {
    const { resourceType } = input;
    if (resourceType !== undefined && !(await isType(context, resourceType))) throw invalidType(resourceType);
    for (const arn of input.resourceArns ?? []) requireArn(arn);
    const stream = nestedStream(
      visibleShares(context, input.resourceOwner, input.resourceShareArns),
      (share) =>
        async function* (after) {
          if (!(await hasPrincipal(context, input, share))) return;
          for await (const entry of resourcesOf(context, share)(after)) {
            const isAsked = entry.item !== undefined && (await isWanted(context, input, entry.item.association));
            yield { position: entry.position, item: isAsked ? entry.item : undefined };
          }
        },
    );
    const { items, token } = await pageOfStream('ListResources', stream, input);
    return { resources: await Promise.all(items.map((entry) => resourceShape(context, entry))), ...token };
  },
});

async function isType(context: Context, name: string): Promise<boolean> {
  return isSharedByAws(name) || (await typeNamed(context, name)) !== undefined;
}

function invalidType(resourceType: string): Error {
  return fault('InvalidResourceTypeException', `The resource type ${resourceType} is not valid.`);
}

/** Resources that are in a share now. */
export function resourcesOf(context: Context, share: ShareRecord): Stream<Entry> {
  return async function* (after) {
    const under = [share.account, share.region, share.shareId, 'RESOURCE'];
    for await (const { cursor, value } of recordsUnder(context.transaction, associations, under, after)) {
      yield { position: cursor, item: value.status === 'ASSOCIATED' ? { share, association: value } : undefined };
    }
  };
}

async function hasPrincipal(context: Context, { principal, resourceOwner }: ListResourcesRequest, share: ShareRecord): Promise<boolean> {
  // AWS: what others share is shared with the caller, whoever else has it.
  if (principal === undefined || resourceOwner === 'OTHER-ACCOUNTS') return principal === undefined || principal === share.account;
  const association = await associations.get(context.transaction, share.account, share.region, share.shareId, 'PRINCIPAL', principal);
  return association?.status === 'ASSOCIATED' || association?.status === 'ASSOCIATING';
}

async function isWanted(context: Context, input: ListResourcesRequest, { entity, resourceType = '' }: AssociationRecord): Promise<boolean> {
  if (input.resourceType !== undefined && input.resourceType.toLowerCase() !== resourceType.toLowerCase()) return false;
  if (input.resourceArns !== undefined && input.resourceArns.length > 0 && !input.resourceArns.includes(entity)) return false;
  const type = await typeNamed(context, resourceType);
  return type === undefined || isInScope(type, input.resourceRegionScope);
}

export async function resourceShape(context: Context, { share, association }: Entry): Promise<Resource> {
  const { entity, resourceType = '' } = association;
  const type = await typeNamed(context, resourceType);
  const exists = type !== undefined && (await type.exists(context.transaction, entity));
  return {
    arn: entity,
    type: resourceType,
    resourceShareArn: shareArn(context, share),
    status: exists ? 'AVAILABLE' : 'UNAVAILABLE',
    creationTime: association.createdAtMs,
    lastUpdatedTime: association.updatedAtMs,
    resourceRegionScope: regionScope(type ?? {}),
  };
}

export const ListPrincipals = operation('ListPrincipals', {
  access: () => ({ action: 'ram:ListPrincipals', resource: '*' }),
  async handle(input, context) {
    if (input.resourceArn !== undefined) requireArn(input.resourceArn);
    const shares = visibleShares(context, input.resourceOwner, input.resourceShareArns);
    const stream = nestedStream(shares, (share) =>
      input.resourceOwner === 'SELF' ? principalsOf(context, input, share) : ownerOf(context, input, share),
    );
    const { items, token } = await pageOfStream('ListPrincipals', stream, input);
    return { principals: items, ...token };
  },
});

function principalsOf(context: Context, input: ListPrincipalsRequest, share: ShareRecord): Stream<Principal> {
  return async function* (after) {
    if (!(await hasResources(context, input, share))) return;
    const under = [share.account, share.region, share.shareId, 'PRINCIPAL'];
    for await (const { cursor, value } of recordsUnder(context.transaction, associations, under, after)) {
      const isAsked = value.status !== 'DISASSOCIATED' && value.status !== 'FAILED' && (input.principals?.includes(value.entity) ?? true);
      yield { position: cursor, item: isAsked ? principalShape(context, share, value, value.entity) : undefined };
    }
  };
}

/** Seen from those who have the share: the account that shares. */
function ownerOf(context: Context, input: ListPrincipalsRequest, share: ShareRecord): Stream<Principal> {
  return async function* (after) {
    const isAsked = (await hasResources(context, input, share)) && (input.principals?.includes(share.account) ?? true);
    const [reason] = isAsked ? await reasonsFor(context, share) : [];
    if (after === undefined && reason !== undefined) {
      yield { position: share.account, item: principalShape(context, share, reason, share.account) };
    }
  };
}

async function hasResources(context: Context, { resourceArn, resourceType }: ListPrincipalsRequest, share: ShareRecord): Promise<boolean> {
  if (resourceArn === undefined && resourceType === undefined) return true;
  const resources = await standing(context, shareIdOf(share), 'RESOURCE');
  return resources.some(
    (each) =>
      (resourceArn === undefined || each.entity === resourceArn) &&
      (resourceType === undefined || each.resourceType?.toLowerCase() === resourceType.toLowerCase()),
  );
}

function principalShape(context: Context, share: ShareRecord, association: AssociationRecord, id: string): Principal {
  return {
    id,
    resourceShareArn: shareArn(context, share),
    creationTime: association.createdAtMs,
    lastUpdatedTime: association.updatedAtMs,
    external: isExternal(association.holder),
  };
}

export const ListResourceTypes = operation('ListResourceTypes', {
  access: () => ({ action: 'ram:ListResourceTypes', resource: '*' }),
  async handle(input, context) {
    const types = (await context.shareables())
      .filter((type) => isInScope(type, input.resourceRegionScope))
      .toSorted((left, right) => (left.type < right.type ? -1 : 1));
    const { items, token } = await pageOfStream<(typeof types)[number]>(
      'ListResourceTypes',
      async function* (after) {
        for (const type of types) if (after === undefined || type.type > after) yield { position: type.type, item: type };
      },
      input,
    );
    const resourceTypes = items.map((type) => ({
      resourceType: type.type,
      serviceName: type.type.split(':')[0],
      resourceRegionScope: regionScope(type),
    }));
    return { resourceTypes, ...token };
  },
});

export const sharedThingOperations = [ListResources, ListPrincipals, ListResourceTypes];
