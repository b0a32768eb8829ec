// What the pipeline needs to know from services, as small interfaces: the service implements one, main.ts plugs it in.
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

/** Implemented by organizations: the guardrails of an account, one list per level from the root down. Undefined: not subject to any. */
export interface GuardrailsPort {
  serviceControl(account: string, transaction: Transaction): Promise<readonly (readonly PolicySource[])[] | undefined>;
  resourceControl(account: string, transaction: Transaction): Promise<readonly (readonly PolicySource[])[] | undefined>;
}

/** Implemented by iam: the principals and policies that other services must look at (sts:AssumeRole, iam:PassRole, policy principals). */
export interface PrincipalDirectory {
  role(transaction: Transaction, roleArn: string): Promise<RoleFacts | undefined>;
  /** A customer or AWS managed policy in its default version. */
  managedPolicy(transaction: Transaction, policyArn: string): Promise<PolicySource | undefined>;
  /** Whether the code is the present one of a device that is enabled for this user or root. A code that counted never counts again. */
  verifyMfaCode(transaction: Transaction, claim: MfaClaim): Promise<boolean>;
  /** Judges the password of a user who signs in, by the account's password policy too. */
  checkPassword(transaction: Transaction, claim: PasswordClaim): Promise<PasswordOutcome>;
}

export interface PasswordClaim {
  readonly account: string;
  readonly userName: string;
  readonly password: string;
  readonly now: number;
}

/** `must-change`: right, but expired or to be reset, so that only iam:ChangePassword is possible. `locked`: expired, and only an administrator can help. */
export type PasswordOutcome =
  | { readonly kind: 'wrong' | 'locked' }
  | { readonly kind: 'right' | 'must-change'; readonly userName: string; readonly userId: string; readonly path: string };

export interface MfaClaim {
  readonly serial: string;
  readonly code: string;
  readonly now: number;
  /** The ARN of a user, or of an account's root. */
  readonly userArn: string;
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
