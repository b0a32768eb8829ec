// What resource shares (ram) may share: types of resources, declared by the services that own them, with the permissions that AWS manages for
// them. What a share grants is evaluated as a policy of the resource; a service does nothing for that but declare the type.
// https://docs.aws.amazon.com/ram/latest/userguide/shareable.html
import type { PolicySource, Principal } from '../policy/policy.ts';
import type { Transaction } from '../store/store.ts';
import type { Action } from './actions.gen.ts';
import type { Context } from './context.ts';
import type { AccountPlace } from './ports.ts';

export interface ShareableType {
  /** `resource-groups:Group`. */
  readonly type: string;
  /** Global resources are shared in us-east-1 and are used everywhere. */
  readonly isGlobal?: boolean;
  /** Whether an ARN is of this type, by its form alone. */
  readonly isArn: (arn: string) => boolean;
  readonly exists: (transaction: Transaction, arn: string) => Promise<boolean>;
  /** Single roles and users may get a share. */
  readonly hasPrincipals: boolean;
  /** Accounts outside of the owner's organisation may get a share. */
  readonly isForOutsiders: boolean;
  readonly hasCustomerPermissions: boolean;
  /** Services that may get a share. */
  readonly servicePrincipals?: readonly string[];
  /** How long an invitation stands. AWS: seven days for the types that it lists, and twelve hours for all others. */
  readonly invitationHours: 168 | 12;
  /** All that a permission may grant. */
  readonly actions: readonly Action[];
  /** What AWS grants; the first one is the default of the type. */
  readonly permissions: readonly ManagedPermission[];
  /** AWS: whoever shares must also be allowed to change the resource's policy, where the service has an action for that. */
  readonly policyAction?: Action;
}

export interface ManagedPermission {
  /** `AWSRAMDefaultPermissionResourceGroup`. */
  readonly name: string;
  readonly statements: readonly PermissionStatement[];
}

/** A statement of a policy without principal and resource: these are the share's. */
export interface PermissionStatement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Who asks for a shared resource. */
export interface ShareQuestion {
  readonly arn: string;
  readonly principal: Principal;
  /** Where the caller's account stands in its organisation. */
  readonly place: AccountPlace | undefined;
}

/** Implemented by ram. */
export interface SharesPort {
  /** The policies that shares put on the resource, as far as they may concern the caller. */
  policiesFor(transaction: Transaction, question: ShareQuestion): Promise<readonly PolicySource[]>;
  /**
   * A shareable resource got a policy of its own, or lost it. AWS: what it grants to others is shown as a share of the feature set
   * CREATED_FROM_POLICY.
   */
  policyChanged(context: Context, arn: string, document: string | undefined): Promise<void>;
  /** The resource is gone: a new one of the same name is not shared. */
  resourceRemoved(context: Context, arn: string): Promise<void>;
}
