// Shares and permissions that show what a resource's own policy grants to other accounts (feature set CREATED_FROM_POLICY), and how they become
// ordinary ones. https://docs.aws.amazon.com/ram/latest/APIReference/API_PromoteResourceShareCreatedFromPolicy.html
import { isRecord } from '../../base/record.ts';
import type { Context } from '../../kit/context.ts';
import type { ShareableType } from '../../kit/shareables.ts';
import { permissionAccess, shareAccess } from './access.ts';
import { setPermission } from './associations.ts';
import { once } from './idempotency.ts';
import {
  customerPermission,
  findPermission,
  managedPermission,
  type Permission,
  permissionSummary,
  requirePermission,
} from './permission-lookup.ts';
import { addPermission, isUsed, removePermission } from './permissions.ts';
import { readPrincipal } from './principals.ts';
import {
  type AssociationRecord,
  associations,
  permissions,
  type ShareRecord,
  sharePermissions,
  shares,
  sharesOfHolder,
  sharesOfPermission,
  sharesOfResource,
  versions,
} from './records.ts';
import { fault, invalidParameter, notPermitted, operation } from './service.ts';
import { isSameTemplate, requireTemplate } from './templates.ts';
import { typeNamed, typeOfArn } from './types.ts';
import { requireOwnShare } from './views.ts';

/** Principals that one and the same template is for. */
interface Group {
  readonly template: string;
  readonly principals: Set<string>;
}

/** The resource has another policy, or none. */
export async function mirrorPolicy(context: Context, arn: string, document: string | undefined): Promise<void> {
  await removeMirrors(context, arn);
  const type = await typeOfArn(context, arn);
  if (type === undefined || document === undefined) return;
  for (const group of groupsOf(context, document)) await addMirror(context, type, arn, group);
}

/** What a policy grants to principals of other accounts that it names. Statements for everybody name nobody. */
function groupsOf(scope: Context, document: string): readonly Group[] {
  const parsed: unknown = JSON.parse(document);
  const element = isRecord(parsed) ? parsed['Statement'] : undefined;
  const statements = Array.isArray(element) ? element : [element];
  const groups: Group[] = [];
  for (const statement of statements) {
    if (!isRecord(statement) || statement['Effect'] !== 'Allow' || statement['Action'] === undefined) continue;
    const principals = principalsOf(statement['Principal'], scope.partition).filter(
      (each) => readPrincipal(scope, each).id !== scope.account,
    );
    if (principals.length === 0) continue;
    const { Condition } = statement;
    const template = JSON.stringify({
      Effect: 'Allow',
      Action: listOf(statement['Action']),
      ...(Condition === undefined ? {} : { Condition }),
    });
    const known = groups.find((group) => isSameTemplate(group.template, template));
    if (known === undefined) groups.push({ template, principals: new Set(principals) });
    else for (const each of principals) known.principals.add(each);
  }
  return groups;
}

function listOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');
}

function principalsOf(element: unknown, partition: string): readonly string[] {
  if (!isRecord(element)) return [];
  return listOf(element['AWS']).flatMap((value) => {
    const account = /^(?:arn:[^:]*:iam::)?(\d{12})(?::root)?$/.exec(value)?.[1];
    if (account !== undefined) return [account];
    return value.startsWith(`arn:${partition}:iam::`) && /:\d{12}:(?:role|user)\//.test(value) ? [value] : [];
  });
}

async function addMirror(context: Context, type: ShareableType, arn: string, { template, principals }: Group): Promise<void> {
  const { transaction, account, region, ids, now } = context;
  const id = { account, region, shareId: ids.uuid() };
  const share: ShareRecord = {
    ...id,
    name: arn.slice(arn.lastIndexOf('/') + 1),
    allowsExternal: true,
    retains: true,
    isDeleted: false,
    featureSet: 'CREATED_FROM_POLICY',
    tags: {},
    createdAtMs: now,
    updatedAtMs: now,
    policyOf: arn,
  };
  const permission =
    managedWith(context, type, template) ??
    (await addPermission(context, {
      name: `CreatedFromPolicy-${id.shareId.slice(0, 8)}`,
      resourceType: type.type,
      template,
      featureSet: 'CREATED_FROM_POLICY',
    }));
  shares.put(transaction, share);
  setPermission(context, share, permission);
  const base = { ...id, status: 'ASSOCIATED', createdAtMs: now, updatedAtMs: now } as const;
  associations.put(transaction, { ...base, kind: 'RESOURCE', entity: arn, resourceType: type.type });
  sharesOfResource.put(transaction, { ...id, arn });
  for (const entity of principals) {
    const { kind, id: holderId } = readPrincipal(context, entity);
    const principalId = kind === 'account' ? undefined : await context.principals.principalId(transaction, entity);
    const association: AssociationRecord = { ...base, kind: 'PRINCIPAL', entity, holder: { kind, id: holderId, principalId } };
    associations.put(transaction, association);
    sharesOfHolder.put(transaction, { ...id, holderId, entity });
  }
}

function managedWith(context: Context, type: ShareableType, template: string): Permission | undefined {
  return type.permissions.map((each) => managedPermission(context, type, each)).find((each) => isSameTemplate(each.template, template));
}

export async function removeMirrors(context: Context, arn: string): Promise<void> {
  const { transaction } = context;
  for (const id of await sharesOfResource.all(transaction, arn)) {
    const { account, region, shareId } = id;
    const share = await shares.get(transaction, account, region, shareId);
    if (share?.featureSet !== 'CREATED_FROM_POLICY') continue;
    shares.remove(transaction, share);
    sharesOfResource.remove(transaction, id);
    for (const association of await associations.all(transaction, account, region, shareId)) {
      associations.remove(transaction, association);
      if (association.holder !== undefined) {
        sharesOfHolder.remove(transaction, { account, region, shareId, holderId: association.holder.id, entity: association.entity });
      }
    }
    for (const used of await sharePermissions.all(transaction, account, region, shareId)) {
      sharePermissions.remove(transaction, used);
      sharesOfPermission.remove(transaction, used);
      await removeUnused(context, used.permissionArn);
    }
  }
}

async function removeUnused(context: Context, permissionArn: string): Promise<void> {
  const permission = await findPermission(context, permissionArn);
  if (permission?.record?.featureSet !== 'CREATED_FROM_POLICY' || (await isUsed(context, permission))) return;
  await removePermission(context, permission.record);
}

export const PromotePermissionCreatedFromPolicy = operation('PromotePermissionCreatedFromPolicy', {
  access: (input, scope) => permissionAccess(scope, 'ram:PromotePermissionCreatedFromPolicy', input.permissionArn),
  handle: (input, context) =>
    once(context, 'PromotePermissionCreatedFromPolicy', input, async () => {
      const { record, template, resourceType } = await requirePermission(context, input.permissionArn);
      if (record?.featureSet !== 'CREATED_FROM_POLICY') {
        throw invalidParameter(`The permission ${input.permissionArn} was not created from a policy.`);
      }
      if (!/^[\w.-]{1,36}$/.test(input.name)) throw invalidParameter('The name of the permission is not valid.');
      const type = await typeNamed(context, resourceType);
      if (type?.hasCustomerPermissions !== true) {
        throw notPermitted(`The resource type ${resourceType} does not support customer managed permissions.`);
      }
      const known = await permissions.get(context.transaction, context.account, context.region, input.name);
      // This operation has no fault of its own for a name that is taken.
      if (known !== undefined && !known.isDeleted) throw invalidParameter(`A permission with the name ${input.name} already exists.`);
      const made = await addPermission(context, { name: input.name, resourceType, template: requireTemplate(type, template) });
      return { permission: permissionSummary(made) };
    }),
});

export const PromoteResourceShareCreatedFromPolicy = operation('PromoteResourceShareCreatedFromPolicy', {
  access: (input, scope) => shareAccess(scope, 'ram:PromoteResourceShareCreatedFromPolicy', input.resourceShareArn),
  async handle(input, context) {
    const { transaction, account, region, now } = context;
    const share = await requireOwnShare(context, input.resourceShareArn);
    if (share.featureSet !== 'CREATED_FROM_POLICY') {
      throw fault('InvalidStateTransitionException', `The resource share ${input.resourceShareArn} was not created from a policy.`);
    }
    for (const used of await sharePermissions.all(transaction, account, region, share.shareId)) {
      const former = await findPermission(context, used.permissionArn, used.version);
      const match = former === undefined ? undefined : await standardMatch(context, former);
      if (match === undefined) {
        throw fault(
          'UnmatchedPolicyPermissionException',
          'There is no managed permission that matches the policy of the resource. Run PromotePermissionCreatedFromPolicy first.',
        );
      }
      sharesOfPermission.remove(transaction, used);
      setPermission(context, share, match);
      await removeUnused(context, used.permissionArn);
    }
    const { policyOf: _, ...standard } = share;
    shares.put(transaction, { ...standard, featureSet: 'STANDARD', updatedAtMs: now });
    return { returnValue: true };
  },
});

/** A permission that can be managed and grants exactly the same. */
async function standardMatch(context: Context, { template, resourceType }: Permission): Promise<Permission | undefined> {
  const type = await typeNamed(context, resourceType);
  const managed = type === undefined ? undefined : managedWith(context, type, template);
  if (managed !== undefined) return managed;
  const { transaction, account, region } = context;
  for (const record of await permissions.all(transaction, account, region)) {
    if (record.isDeleted || record.featureSet !== 'STANDARD' || record.resourceType !== resourceType) continue;
    const version = await versions.get(transaction, account, region, record.name, String(record.defaultVersion).padStart(15, '0'));
    if (version !== undefined && isSameTemplate(version.template, template)) return customerPermission(context, record, version);
  }
  return undefined;
}

export const mirrorOperations = [PromotePermissionCreatedFromPolicy, PromoteResourceShareCreatedFromPolicy];
