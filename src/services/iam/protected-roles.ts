// Service-linked roles belong to AWS's services: nobody else changes them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
import type { RoleRecord } from './records.ts';
import { fault } from './service.ts';

export const serviceRolePath = '/aws-service-role/';

export function isServiceLinked(role: RoleRecord): boolean {
  return role.path.startsWith(serviceRolePath);
}

/** @throws Fault UnmodifiableEntity */
export function requireModifiable(role: RoleRecord): void {
  if (isServiceLinked(role)) {
    throw fault(
      'UnmodifiableEntity',
      `Cannot perform the operation on the protected role '${role.roleName}' - this role is only modifiable by AWS`,
    );
  }
}
