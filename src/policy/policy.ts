// The public door of the policy library: what a decision needs, and what it answers. Pure: no I/O, no clock, no service names.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import type { CompiledPolicy } from './compile.ts';

/** One value, or several for a multivalued key. Numbers, booleans and dates are given as text. */
export type ConditionValue = string | readonly string[];

/** Condition values by key in lower case (`aws:requesttag/dept`). A Map will do; the pipeline computes rarer keys on demand. */
export interface ConditionContext {
  get(lowerCaseKey: string): ConditionValue | undefined;
  /** Why no request can ever have the key, where whoever makes the context knows; explanations say it. */
  whyNeverPresent?(lowerCaseKey: string): string | undefined;
}

export type PrincipalKind = 'root' | 'user' | 'role-session' | 'federated-user' | 'web-identity' | 'saml' | 'service' | 'anonymous';

/** Who acts. */
export interface Principal {
  readonly kind: PrincipalKind;
  /** `arn:aws:iam::1:user/u`, the session's ARN, `arn:aws:iam::1:root`, the service principal, the provider's ARN, or `*` for anonymous. */
  readonly arn: string;
  readonly account: string | undefined;
  /** The role behind a session. */
  readonly roleArn?: string;
  /** AIDA…, AROA… (without the session name). */
  readonly uniqueId?: string;
  /** The user behind a federated-user session. */
  readonly issuerArn?: string;
  readonly isServiceLinkedRole?: boolean;
  /** Further names of a service principal, such as its regional one (aws:PrincipalServiceNamesList). */
  readonly serviceNames?: readonly string[];
  /** S3's id of the account, for `{"CanonicalUser": …}`. */
  readonly canonicalUserId?: string;
}

export type PolicyLayer = 'identity' | 'resource' | 'boundary' | 'session' | 'service-control' | 'resource-control' | 'vpc-endpoint';

/** A policy and where it comes from, for messages and explanations. */
export interface PolicySource {
  /** Shown to people: `inline policy "deploy" of user alice`, `managed policy AdministratorAccess`. */
  readonly name: string;
  /** Managed policies, SCPs and RCPs have one; AWS appends it to an explicit deny's sentence. */
  readonly arn?: string;
  readonly policy: CompiledPolicy;
}

/** A policy on the resource itself, and how far it is needed. */
export interface ResourcePolicy {
  readonly source: PolicySource | undefined;
  /** What resource shares add to it: each is a policy on the resource too. */
  readonly shares?: readonly PolicySource[];
  /**
   * `optional`: most services; within the account an identity policy alone is enough.
   * `trust`: a role's trust policy; it must always allow, and alone is enough when it names the caller.
   * `key`: KMS; identity policies count only as far as it delegates to the account.
   */
  readonly mode: 'optional' | 'trust' | 'key';
}

/** Everything about one action on one resource. */
export interface AuthorizationRequest {
  readonly principal: Principal;
  readonly action: string;
  /** ARN, or `*` when the action has no resource-level permissions. */
  readonly resource: string;
  /** Owner of the resource. Undefined counts as the principal's own account. */
  readonly resourceAccount: string | undefined;
  readonly context: ConditionContext;
  readonly identity: readonly PolicySource[];
  readonly boundary: PolicySource | undefined;
  /** Undefined: not a session with policies. An empty list allows nothing. */
  readonly session: readonly PolicySource[] | undefined;
  readonly resourcePolicy: ResourcePolicy | undefined;
  /** One list per level, root first. Undefined: not subject to SCPs. */
  readonly serviceControl: readonly (readonly PolicySource[])[] | undefined;
  readonly resourceControl: readonly (readonly PolicySource[])[] | undefined;
  readonly vpcEndpoint: PolicySource | undefined;
  /** Caller and resource are in accounts of one organisation: more may be said about a refusal. */
  readonly isSameOrganization?: boolean;
  /** KMS grants that match: an Allow that only an explicit deny beats. */
  readonly granted?: { readonly name: string };
  /** The resource belongs to AWS, such as an AWS managed KMS key: resource control policies do not apply to it. */
  readonly isServiceOwned?: boolean;
}

export type Outcome = 'ALLOW' | 'EXPLICIT_DENY' | 'IMPLICIT_DENY';

export interface Decision {
  readonly outcome: Outcome;
  /** The layer that decided: the first that denied, or the one that allowed. Undefined for what no policy decides: root, a KMS grant. */
  readonly layer: PolicyLayer | undefined;
  /** The policy whose statement decided, where one did. */
  readonly source: PolicySource | undefined;
  readonly statementIndex: number | undefined;
}
