// The root, organisational units, and walking the tree. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_ous.html
import type { Scope } from '../../kit/context.ts';
import type { OrganizationalUnit, PolicyType, Root } from './api.gen.ts';
import { rootArn, unitArn } from './arns.ts';
import { detachEverything } from './attachment-records.ts';
import { listPage } from './listing.ts';
import { quotas } from './quotas.ts';
import { children, type OrganizationRecord, tagsOf, type UnitRecord, unitNames, units } from './records.ts';
import { constraint, fault, shortId } from './service.ts';
import { organizationOperation } from './standing.ts';
import { checkedTags, putTags } from './tags.ts';
import { childOf, count, countOf, depthOf, findMember, requireParent, requireUnit } from './tree.ts';

function unitShape(scope: Scope, organization: OrganizationRecord, { unitId, name, path }: UnitRecord): OrganizationalUnit {
  return { Id: unitId, Arn: unitArn(scope.partition, organization, unitId), Name: name, Path: path };
}

export function rootShape(scope: Scope, organization: OrganizationRecord): Root {
  const { rootId, policyTypes } = organization;
  // Decoding boundary: the record's keys are policy types.
  const types = Object.keys(policyTypes) as PolicyType[];
  return {
    Id: rootId,
    Arn: rootArn(scope.partition, organization, rootId),
    Name: 'Root',
    PolicyTypes: types.map((Type) => ({ Type, Status: 'ENABLED' as const })),
  };
}

export const ListRoots = organizationOperation('ListRoots', {
  who: 'readers',
  handle: (_input, context, organization) => ({ Roots: [rootShape(context, organization)] }),
});

export const CreateOrganizationalUnit = organizationOperation('CreateOrganizationalUnit', {
  who: 'management',
  on: ({ ParentId }) => [{ id: ParentId }],
  tags: ({ Tags }) => Tags,
  async handle(input, context, organization) {
    const { transaction, ids, now } = context;
    const { organizationId, rootId } = organization;
    const parent = await requireParent(context, organization, input.ParentId);
    if (depthOf(parent.path) >= quotas.organizationalUnitDepth) {
      throw constraint('OU_DEPTH_LIMIT_EXCEEDED', 'You have exceeded the allowed depth of OUs.');
    }
    if ((await countOf(transaction, organization, 'units')) >= quotas.organizationalUnits) {
      throw constraint('OU_NUMBER_LIMIT_EXCEEDED', 'You have exceeded the allowed number of OUs.');
    }
    await freeName(context, organization, parent.id, input.Name);
    const unitId = `ou-${rootId.slice(2)}-${shortId(ids, 8)}`;
    const unit: UnitRecord = {
      organizationId,
      unitId,
      name: input.Name,
      parentId: parent.id,
      path: `${parent.path}${unitId}/`,
      createdAtMs: now,
    };
    units.put(transaction, unit);
    unitNames.put(transaction, unit);
    children.put(transaction, childRecord(unit));
    await count(transaction, organization, 'units', 1);
    putTags(transaction, organization, unitId, checkedTags(input.Tags));
    return { OrganizationalUnit: unitShape(context, organization, unit) };
  },
});

async function freeName(scope: Scope, { organizationId }: OrganizationRecord, parentId: string, name: string): Promise<void> {
  if ((await unitNames.get(scope.transaction, organizationId, parentId, name)) === undefined) return;
  throw fault('DuplicateOrganizationalUnitException', 'An OU with the same name already exists.');
}

function childRecord({ organizationId, parentId, unitId, createdAtMs }: UnitRecord) {
  return { organizationId, parentId, kind: 'ORGANIZATIONAL_UNIT', id: unitId, atMs: createdAtMs } as const;
}

export const DescribeOrganizationalUnit = organizationOperation('DescribeOrganizationalUnit', {
  who: 'readers',
  on: ({ OrganizationalUnitId }) => [{ id: OrganizationalUnitId }],
  async handle(input, context, organization) {
    return { OrganizationalUnit: unitShape(context, organization, await requireUnit(context, organization, input.OrganizationalUnitId)) };
  },
});

export const UpdateOrganizationalUnit = organizationOperation('UpdateOrganizationalUnit', {
  who: 'management',
  on: ({ OrganizationalUnitId }) => [{ id: OrganizationalUnitId }],
  async handle(input, context, organization) {
    const { transaction } = context;
    const unit = await requireUnit(context, organization, input.OrganizationalUnitId);
    if (input.Name === undefined || input.Name === unit.name) return { OrganizationalUnit: unitShape(context, organization, unit) };
    await freeName(context, organization, unit.parentId, input.Name);
    const renamed: UnitRecord = { ...unit, name: input.Name };
    unitNames.remove(transaction, unit);
    unitNames.put(transaction, renamed);
    units.put(transaction, renamed);
    return { OrganizationalUnit: unitShape(context, organization, renamed) };
  },
});

export const DeleteOrganizationalUnit = organizationOperation('DeleteOrganizationalUnit', {
  who: 'management',
  on: ({ OrganizationalUnitId }) => [{ id: OrganizationalUnitId }],
  async handle(input, context, organization) {
    const { transaction } = context;
    const unit = await requireUnit(context, organization, input.OrganizationalUnitId);
    const inside = await Promise.all([
      childOf(transaction, organization, unit.unitId, 'ACCOUNT'),
      childOf(transaction, organization, unit.unitId, 'ORGANIZATIONAL_UNIT'),
    ]);
    if (inside.some((child) => child !== undefined)) {
      throw fault(
        'OrganizationalUnitNotEmptyException',
        'The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try the operation again.',
      );
    }
    await detachEverything(transaction, organization.organizationId, unit.unitId);
    tagsOf.remove(transaction, { organizationId: organization.organizationId, resourceId: unit.unitId, tags: {} });
    children.remove(transaction, childRecord(unit));
    unitNames.remove(transaction, unit);
    units.remove(transaction, unit);
    await count(transaction, organization, 'units', -1);
    return {};
  },
});

export const ListOrganizationalUnitsForParent = organizationOperation('ListOrganizationalUnitsForParent', {
  who: 'readers',
  on: ({ ParentId }) => [{ id: ParentId }],
  async handle(input, context, organization) {
    const { transaction } = context;
    const parent = await requireParent(context, organization, input.ParentId);
    const page = await listPage(context, children, [organization.organizationId, parent.id, 'ORGANIZATIONAL_UNIT'], input);
    const found = await Promise.all(page.items.map(({ id }) => units.get(transaction, organization.organizationId, id)));
    return {
      OrganizationalUnits: found.flatMap((unit) => (unit === undefined ? [] : [unitShape(context, organization, unit)])),
      ...page.state,
    };
  },
});

export const ListChildren = organizationOperation('ListChildren', {
  who: 'readers',
  on: ({ ParentId }) => [{ id: ParentId }],
  async handle(input, context, organization) {
    const parent = await requireParent(context, organization, input.ParentId);
    const page = await listPage(context, children, [organization.organizationId, parent.id, input.ChildType], input);
    return { Children: page.items.map(({ id, kind }) => ({ Id: id, Type: kind })), ...page.state };
  },
});

export const ListParents = organizationOperation('ListParents', {
  who: 'readers',
  on: ({ ChildId }) => [{ id: ChildId }],
  async handle(input, context, organization) {
    const { transaction } = context;
    const parentId = /^\d{12}$/.test(input.ChildId)
      ? (await findMember(transaction, organization, input.ChildId))?.parentId
      : (await units.get(transaction, organization.organizationId, input.ChildId))?.parentId;
    if (parentId === undefined) throw fault('ChildNotFoundException', "You specified a child that doesn't exist.");
    return { Parents: [{ Id: parentId, Type: parentId === organization.rootId ? 'ROOT' : 'ORGANIZATIONAL_UNIT' }] };
  },
});

export const unitOperations = [
  ListRoots,
  CreateOrganizationalUnit,
  DescribeOrganizationalUnit,
  UpdateOrganizationalUnit,
  DeleteOrganizationalUnit,
  ListOrganizationalUnitsForParent,
  ListChildren,
  ListParents,
];
