// What the pipeline needs to know from services, as small interfaces: the service implements one, main.ts plugs it in.
import type { Ids } from '../base/ids.ts';
import type { Secret } from '../base/secret.ts';
import type { PolicySource, Principal } from '../policy/policy.ts';
import type { Transaction } from '../store/store.ts';
import type { Caller, Sealer, SessionFacts } from './context.ts';
import type { TagRule } from './tag-policy.ts';

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
  /** `o-…/r-…/ou-…/`, as aws:PrincipalOrgPaths has it. */
  readonly path: string;
  /** One list per level from the root down. Undefined: not subject to any. */
  readonly serviceControl: readonly (readonly PolicySource[])[] | undefined;
  readonly resourceControl: readonly (readonly PolicySource[])[] | undefined;
  /** Of the account's effective tag policy. */
  readonly tagRules: readonly TagRule[];
}

/** Implemented by organizations. Undefined: the account is in no organisation. */
export interface GuardrailsPort {
  placeOf(account: string, transaction: Transaction): Promise<AccountPlace | undefined>;
}

/** How a request travelled, as far as this server saw it. */
export interface NetworkPath {
  /** Id of the VPC endpoint whose own listener took the request. */
  readonly listener: string | undefined;
  /** As the client sent it. */
  readonly host: string;
  readonly sourceIp: string;
  /** What the service is called: in endpoint names, in signatures. */
  readonly serviceNames: readonly string[];
  readonly region: string;
}

/** A door of one network to one service. */
export interface VpcEndpoint {
  readonly id: string;
  readonly vpcId: string;
  /** Undefined where no region is part of the endpoint's name. */
  readonly vpcArn: string | undefined;
  readonly ownerAccount: string;
  readonly policy: PolicySource;
}

/** Implemented by the configuration (pipeline/vpc-endpoints.ts), until ec2 makes VPC endpoints. */
export interface VpcEndpointsPort {
  /** Undefined: the request came by the public address. `unreachable`: by an endpoint that does not lead to the service. */
  endpointOf(path: NetworkPath, transaction: Transaction): Promise<VpcEndpoint | 'unreachable' | undefined>;
}

/** Implemented by iam: the principals and policies that other services must look at (sts:AssumeRole, iam:PassRole, policy principals). */
export interface PrincipalDirectory {
  role(transaction: Transaction, roleArn: string): Promise<RoleFacts | undefined>;
  /** A user, role or root that called once, with its present policies and tags. Undefined: it is gone. */
  present(transaction: Transaction, partition: string, past: PastCaller): Promise<Identity | undefined>;
  /** Makes the store of a new account, without keys. */
  openAccount(transaction: Transaction, account: string, now: number): Promise<void>;
  /** Adds a role that AWS makes in a customer's account, unless one of that name is there. */
  addRole(transaction: Transaction, role: NewRole): Promise<void>;
  /** A customer or AWS managed policy in its default version. */
  managedPolicy(transaction: Transaction, policyArn: string): Promise<PolicySource | undefined>;
  /** Whether the code is the present one of a device that is enabled for this user or root. A code that counted never counts again. */
  verifyMfaCode(transaction: Transaction, claim: MfaClaim): Promise<MfaVerdict>;
  /** The devices that are enabled for this user or root. */
  mfaSerials(transaction: Transaction, userArn: string): Promise<readonly string[]>;
  /** Judges the password of a user who signs in, by the account's password policy too. */
  checkPassword(transaction: Transaction, claim: PasswordClaim): Promise<PasswordOutcome>;
  /** The unique id of a user or role who exists. */
  principalId(transaction: Transaction, arn: string): Promise<string | undefined>;
  /** The ARN that the id of a user or role has now; undefined when it is gone. */
  principalArn(scope: PrincipalScope, id: string): Promise<string | undefined>;
  /** A policy document as a service keeps it: users and roles among its principals by their unique ids, so that no namesake inherits from them. */
  keptPolicy(scope: PrincipalScope, document: string): Promise<string>;
  /** A kept document as it is shown: with the ARNs of those who still exist. */
  shownPolicy(scope: PrincipalScope, document: string): Promise<string>;
  /** What an organisation has switched on of centralised root access (sts:AssumeRoot). */
  rootFeatures(transaction: Transaction, organizationId: string): Promise<readonly RootFeature[]>;
  /** For `outboundIssuerUrl`, while the account has outbound web identity federation enabled (sts:GetWebIdentityToken). */
  outboundIssuerId(transaction: Transaction, account: string): Promise<string | undefined>;
}

/** A caller as it was, without what may have changed since. */
export interface PastCaller {
  readonly principal: Principal;
  readonly session: SessionFacts | undefined;
  /** Session policies: managed ones by their ARN, others as text. Undefined: the session had none. */
  readonly sessionPolicies: readonly { readonly name: string; readonly arn?: string; readonly text?: string }[] | undefined;
}

export interface PrincipalScope {
  readonly transaction: Transaction;
  readonly partition: string;
}

export type RootFeature = 'RootCredentialsManagement' | 'RootSessions';

/** Implemented by organizations: what an account is in its organisation. */
export interface OrganizationDirectory {
  /** The management account of the organisation that has a root, unit, account or policy with this id. */
  managementOf(transaction: Transaction, id: string): Promise<string | undefined>;
  /** Undefined: the account is in no organisation. */
  standingOf(transaction: Transaction, account: string, servicePrincipal: string): Promise<OrganizationStanding | undefined>;
  /** The effective management policy of an account as JSON data; undefined: none of the type reaches it. For tag policies see kit/tag-policy.ts. */
  effectivePolicy(transaction: Transaction, account: string, type: string): Promise<unknown>;
  /** `o-…/r-…/ou-…/` of a unit; undefined: there is none. Units never move. */
  unitPath(transaction: Transaction, organizationId: string, unitId: string): Promise<string | undefined>;
  /** Accounts of all organisations in the order of their ids, from this one on: a batch, which is short only at the end. */
  membersFrom(transaction: Transaction, account: string, limit: number): Promise<readonly OrganizationMember[]>;
  /** The part of the tree at a path (`o-…/r-…/ou-…`, or one that ends with an account), as far as one policy binds it when that is named. */
  branchOf(
    transaction: Transaction,
    organizationId: string,
    path: string,
    policyId: string | undefined,
  ): Promise<OrganizationBranch | undefined>;
}

export interface OrganizationMember {
  readonly organizationId: string;
  readonly account: string;
  /** `o-…/r-…/ou-…/`, where the account stands. */
  readonly path: string;
}

export interface OrganizationBranch {
  /** With their own paths. */
  readonly accounts: readonly { readonly account: string; readonly path: string }[];
  /** Documents of service control policies, one list per level; undefined: nothing limits the account. */
  readonly levels: readonly (readonly string[])[] | undefined;
}

export interface OrganizationStanding {
  readonly organizationId: string;
  readonly managementAccount: string;
  /** Tags of the account in the organisation. */
  readonly tags: Readonly<Record<string, string>>;
  /** `o-…/r-…/ou-…/`, where the account stands. */
  readonly path: string;
  readonly hasAllFeatures: boolean;
  /** Service control policies are enabled in the root. */
  readonly hasServiceControl: boolean;
  /** Trusted access is enabled for the service. */
  readonly isServiceTrusted: boolean;
  /** The account is a delegated administrator for the service. */
  readonly isDelegatedAdministrator: boolean;
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

export type MfaVerdict = 'right' | 'wrong-code' | 'unknown-device';

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

/** Runs the code of functions, each run in a process of its own. Implemented by src/functions; reached through `Outside`. */
export interface FunctionRuntime {
  /** `busy`: as many functions run as this node lets run at once. @throws Error when the archive cannot be used. */
  run(run: FunctionRun): Promise<FunctionOutcome | 'busy'>;
}

export interface FunctionRun {
  /** SHA-256 of the archive, in hexadecimal: it is unpacked once. */
  readonly archiveId: string;
  /** Zip. */
  readonly archive: Uint8Array;
  /** Runs of the same revision may share a process, one after the other: their code, settings and role are the same. */
  readonly revision: string;
  /** `nodejs22.x`. */
  readonly runtime: string;
  /** `index.handler`. */
  readonly handler: string;
  readonly requestId: string;
  readonly functionArn: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly region: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** Runs of the function at once on this node; undefined: as many as the node lets run. */
  readonly concurrencyMax: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: Secret; readonly sessionToken: Secret };
  /** JSON text. */
  readonly event: string;
  /** JSON text that the caller gave about itself. */
  readonly clientContext?: string | undefined;
}

export interface FunctionOutcome {
  /** JSON text: the handler's result, or AWS's error object. */
  readonly payload: string;
  readonly isError: boolean;
  /** Whole milliseconds that the run is counted for. */
  readonly billedMs?: number;
  /** What the function printed, between AWS's START, END and REPORT lines. */
  readonly log: string;
}

/** Implemented by iam: the identity providers that accounts trust; sts verifies their assertions and tokens. */
export interface ProviderDirectory {
  samlProvider(transaction: Transaction, arn: string): Promise<SamlProviderFacts | undefined>;
  /** `url` without its scheme, exactly as it was registered. */
  openIdProvider(transaction: Transaction, account: string, url: string): Promise<OpenIdProviderFacts | undefined>;
}

export interface SamlProviderFacts {
  readonly account: string;
  readonly name: string;
  readonly uuid: string;
  readonly entityId: string;
  /** DER in base64. */
  readonly signingCertificates: readonly string[];
  readonly validUntilMs: number;
  readonly assertionEncryptionMode?: 'Required' | 'Allowed' | undefined;
  readonly privateKeys: readonly { readonly pem: Secret }[];
}

export interface OpenIdProviderFacts {
  readonly account: string;
  readonly url: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
}

/** What is asked of other servers: OpenID discovery, key sets, external key stores. Implemented by src/outbound; asked between two runs of the unit of work. */
export interface OutboundPort {
  /**
   * The document, when it was fetched no longer ago than `ageMsMax`; a failure is kept for a short while too.
   * @throws Awaited, which the pipeline answers by fetching and running the operation again.
   */
  document(request: OutboundRequest): OutboundDocument;
  /** One signed request, sent at once: for `Answers.ask`, never inside a unit of work. What goes wrong is an answer too. */
  post(request: OutboundPost): Promise<OutboundReply>;
}

export interface OutboundPost {
  readonly url: string;
  /** JSON text. */
  readonly body: string;
  /** Signature Version 4. */
  readonly signing: {
    readonly accessKeyId: string;
    readonly secretAccessKey: Secret;
    readonly region: string;
    readonly service: string;
  };
}

export type OutboundReply =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  /** `insecure`: no TLS connection could be made. `refused`: the host may not be asked, or the answer not be taken. */
  | { readonly kind: 'unreachable' | 'insecure' | 'timed-out' | 'refused' };

export interface OutboundRequest {
  readonly url: string;
  readonly ageMsMax: number;
  /** SHA-1 of certificates that are trusted for this server although no known authority signed them. */
  readonly thumbprints?: readonly string[];
}

export type OutboundDocument =
  | { readonly kind: 'found'; readonly status: number; readonly body: string }
  /** `unreachable`: it may work later. `refused`: the host, its certificate or the answer is not acceptable. */
  | { readonly kind: 'unreachable' | 'refused'; readonly reason: string };

/**
 * Clusters of hardware security modules, by the ids under which custom key stores of KMS name them (ADR 25). A driver (PKCS #11) implements it; asked
 * through `Answers`, never inside a unit of work, so every call may come again and is as good as one. Wrapping a key is encrypting its bytes.
 */
export interface HardwareModulesPort {
  /** Undefined: this installation knows no such cluster. */
  cluster(clusterId: string): Promise<HardwareCluster | undefined>;
  /** Tries whether the crypto user can log in now. The driver keeps sessions as it likes, also for the calls below. */
  connect(login: ClusterLogin): Promise<HardwareAnswer<true>>;
  /** Ends this node's sessions; of a cluster without any it is no error. */
  disconnect(clusterId: string): Promise<void>;
  /** A 256-bit AES key that never leaves the modules. One that has the label already stays as it is. */
  generateKey(login: ClusterLogin, label: string): Promise<HardwareAnswer<true>>;
  /** AES-GCM; the modules choose the vector. */
  encrypt(
    login: ClusterLogin,
    label: string,
    plaintext: Uint8Array,
    authenticated: Uint8Array,
  ): Promise<HardwareAnswer<HardwareCiphertext>>;
  decrypt(login: ClusterLogin, label: string, sealed: HardwareCiphertext, authenticated: Uint8Array): Promise<HardwareAnswer<Uint8Array>>;
  /** Of a key that is not there it is no error. */
  destroyKey(login: ClusterLogin, label: string): Promise<HardwareAnswer<true>>;
  random(login: ClusterLogin, length: number): Promise<HardwareAnswer<Uint8Array>>;
}

export interface HardwareCluster {
  readonly isActive: boolean;
  readonly activeModules: number;
  /** PEM of the certificate that the owner of the cluster made for it; clusters that share it hold the same keys. */
  readonly trustAnchor: string;
}

export interface ClusterLogin {
  readonly clusterId: string;
  /** Of the crypto user `kmsuser`. */
  readonly password: Secret;
}

export interface HardwareCiphertext {
  readonly initializationVector: Uint8Array;
  readonly authenticationTag: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export type HardwareAnswer<Value> = { readonly value: Value } | { readonly problem: HardwareProblem };

/** All but the last two are what AWS says of a connection that failed. */
export type HardwareProblem =
  | 'CLUSTER_NOT_FOUND'
  | 'INSUFFICIENT_CLOUDHSM_HSMS'
  | 'INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET'
  | 'INTERNAL_ERROR'
  | 'INVALID_CREDENTIALS'
  | 'NETWORK_ERRORS'
  | 'SUBNET_NOT_FOUND'
  | 'USER_LOCKED_OUT'
  | 'USER_LOGGED_IN'
  | 'USER_NOT_FOUND'
  | 'no-such-key'
  | 'not-authentic';
