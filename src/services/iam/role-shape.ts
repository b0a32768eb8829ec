// How a role is shown in answers.
import type { Scope } from '../../kit/context.ts';
import type { Role } from './api.gen.ts';
import { boundaryOf } from './boundaries.ts';
import { shownDocument } from './documents.ts';
import { arnOf, tagList } from './entities.ts';
import type { RoleRecord } from './records.ts';
import { roleLastUsed } from './role-last-used.ts';
import { shownTrustPolicy } from './trust-policies.ts';

/** AWS: only GetRole shows the last use, and lists leave out boundary and tags. `embedded`: as it stands in an instance profile. */
export async function roleShape(scope: Scope, role: RoleRecord, form: 'whole' | 'created' | 'listed' | 'embedded'): Promise<Role> {
  const isWhole = form === 'whole' || form === 'created';
  return {
    Path: role.path,
    RoleName: role.roleName,
    RoleId: role.roleId,
    Arn: arnOf(scope, 'role', role.path, role.roleName),
    CreateDate: role.createdAtMs,
    AssumeRolePolicyDocument: shownDocument(await shownTrustPolicy(scope, role.trustPolicy)),
    ...(role.description === undefined || form === 'embedded' ? {} : { Description: role.description }),
    ...(form === 'embedded' ? {} : { MaxSessionDuration: role.maxSessionSeconds }),
    ...(isWhole && role.boundaryArn !== undefined ? { PermissionsBoundary: boundaryOf(role.boundaryArn) } : {}),
    ...(isWhole && Object.keys(role.tags).length > 0 ? { Tags: tagList(role.tags) } : {}),
    ...(form === 'whole' ? { RoleLastUsed: await roleLastUsed(scope, role) } : {}),
  };
}
