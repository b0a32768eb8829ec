// What the pipeline needs to know from services, as small interfaces: the service implements one, main.ts plugs it in.
import type { Ids } from '../base/ids.ts';
import type { Secret } from '../base/secret.ts';
import type { PolicySource } from '../policy/policy.ts';
import type { Transaction } from '../store/store.ts';
import type { Caller, Sealer } from './context.ts';

/** A caller with everything that is evaluated on its requests. Immutable, so it can be cached. */
export interface Identity {
  readonly caller: Caller;
  readonly secretAccessKey: Secret;
  readonly identityPolicies: readonly PolicySource[];
  readonly boundary: PolicySource | undefined;
  /** Undefined when the session has no policies of its own. */
  readonly sessionPolicies: readonly PolicySource[] | undefined;
  /** Undefined for long-term credentials. */
  readonly expiresAtMs: number | undefined;
}

export type Identification =
  | { readonly kind: 'identity'; readonly identity: Identity }
  /** `invalid`: no such key, inactive, or a token that is not this key's; AWS does not say which. */
  | { readonly kind: 'invalid'; readonly account: string | undefined };

/** Implemented by iam: from the presented key to the caller. */
export interface IdentityPort {
  identify(presented: PresentedCredential, lookup: IdentityLookup): Promise<Identification>;
}

export interface PresentedCredential {
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
}

export interface IdentityLookup {
  readonly partition: string;
  readonly transaction: Transaction;
  readonly sealer: Sealer;
}

/** Where an account stands in its organisation, and what binds it there. Immutable, so it can be cached. */
export interface AccountPlace {
  readonly organizationId: string;
  readonly managementAccount: string;
  /** `o-…/r-…/ou-…/`, as aws:PrincipalOrgPaths has it. */
  readonly path: string;
  /** One list per level from the root down. Undefined: not subject to any. */
  readonly serviceControl: readonly (readonly PolicySource[])[] | undefined;
  readonly resourceControl: readonly (readonly PolicySource[])[] | undefined;
}

/** Implemented by organizations. Undefined: the account is in no organisation. */
export interface GuardrailsPort {
  placeOf(account: string, transaction: Transaction): Promise<AccountPlace | undefined>;
}

/** Implemented by iam: the principals and policies that other services must look at (sts:AssumeRole, iam:PassRole, policy principals). */
export interface PrincipalDirectory {
  role(transaction: Transaction, roleArn: string): Promise<RoleFacts | undefined>;
  /** Makes the store of a new account, without keys. */
  openAccount(transaction: Transaction, account: string, now: number): Promise<void>;
  /** Adds a role that AWS makes in a customer's account, unless one of that name is there. */
  addRole(transaction: Transaction, role: NewRole): Promise<void>;
  /** A customer or AWS managed policy in its default version. */
  managedPolicy(transaction: Transaction, policyArn: string): Promise<PolicySource | undefined>;
  /** Whether the code is the present one of a device that is enabled for this user or root. A code that counted never counts again. */
  verifyMfaCode(transaction: Transaction, claim: MfaClaim): Promise<boolean>;
}

export interface MfaClaim {
  readonly serial: string;
  readonly code: string;
  readonly now: number;
  /** The ARN of a user, or of an account's root. */
  readonly userArn: string;
}

export interface NewRole {
  readonly account: string;
  readonly path: string;
  readonly roleName: string;
  readonly description: string | undefined;
  /** The trust policy's text; names no user or role. */
  readonly trust: string;
  readonly policyArns: readonly string[];
  readonly ids: Ids;
  readonly now: number;
}

export interface RoleFacts {
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  readonly roleId: string;
  readonly trust: PolicySource;
  readonly maxSessionSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
}
