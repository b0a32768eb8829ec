// What an operation knows about its request: who calls, where, when, and the unit of work in which everything happens.
import type { X509Certificate } from 'node:crypto';
import type { Ids } from '../base/ids.ts';
import type { ConditionValue, Principal } from '../policy/policy.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { Asked, LedgerEvent, Transaction } from '../store/store.ts';
import type { Answers } from './answers.ts';
import type { BillingPort } from './billing.ts';
import type { ServiceCall } from './calls.ts';
import type { Compile } from './compiler.ts';
import type {
  GuardrailsPort,
  HardwareModulesPort,
  OrganizationDirectory,
  OutboundPort,
  PrincipalDirectory,
  ProviderDirectory,
} from './ports.ts';
import type { ShareableType, SharesPort } from './shareables.ts';
import type { TaggableDirectory } from './taggables.ts';

/** The authenticated caller. */
export interface Caller {
  readonly principal: Principal;
  /** As GetCallerIdentity prints it: the account for root, AIDA… for users, `AROA…:session` for roles. */
  readonly userId: string;
  /** Undefined for anonymous callers and services. */
  readonly accessKeyId: string | undefined;
  readonly userName: string | undefined;
  /** Tags of the user or role, overlaid by session tags. */
  readonly tags: Readonly<Record<string, string>>;
  /** Undefined for long-term credentials. */
  readonly session: SessionFacts | undefined;
}

/** What a temporary credential carries beside its principal. */
export interface SessionFacts {
  readonly name: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** When the caller gave a second factor, if it did. */
  readonly mfaAtMs: number | undefined;
  readonly sourceIdentity: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  /** The OpenID Connect provider that vouched for the caller. */
  readonly federatedProvider: string | undefined;
  /** Condition keys that an identity provider's word gave the session for good: `saml:sub`, `accounts.google.com:aud`. */
  /** A session of sts:AssumeRoot. */
  readonly isAssumedRoot?: boolean;
  /** The role was assumed by the session of another role. */
  readonly isChained?: boolean;
  readonly federatedKeys?: Readonly<Record<string, ConditionValue>>;
  /** Condition keys that a context provider gave the session: `identitystore:UserId`. */
  readonly providedKeys?: Readonly<Record<string, ConditionValue>>;
}

/** What is known before the operation is authorised: enough to name its resources. */
export interface Scope {
  readonly partition: string;
  readonly account: string;
  readonly region: string;
  readonly caller: Caller;
  readonly now: number;
  readonly requestId: string;
  readonly transaction: Transaction;
  readonly principals: PrincipalDirectory;
  readonly providers: ProviderDirectory;
  readonly organizations: OrganizationDirectory;
  /** What binds accounts in their organisations. */
  readonly guardrails: GuardrailsPort;
  /** What resource shares put on resources. */
  readonly shares: SharesPort;
  /** Every type of resource that can be shared here. */
  readonly shareables: () => Promise<readonly ShareableType[]>;
  readonly outbound: OutboundPort;
  readonly hardware: HardwareModulesPort;
  /** Whose attestation documents are believed. */
  readonly attestationRoots: readonly X509Certificate[];
  /** What everything costs. */
  readonly billing: BillingPort;
  readonly taggables: TaggableDirectory;
  /** What this request has learnt from outside so far. */
  readonly answers: Answers;
  /** Where clients reach this installation: the base of what it publishes under its own name. */
  readonly publicUrl: string;
  readonly sealer: Sealer;
  readonly ids: Ids;
  /** Stored policy documents, compiled once. */
  readonly compile: Compile;
  /** The request came to the one address that the service has for the whole world (sts.amazonaws.com). */
  readonly isGlobalEndpoint: boolean;
  /** Service principals through which the caller comes, the first one first; empty for a request from outside. */
  readonly via: readonly string[];
}

export interface Context extends Scope {
  readonly sourceIp: string;
  readonly userAgent: string;
  /** Adds to the request's ledger entry. */
  readonly note: (facts: EventFacts) => void;
  /** Calls another service; services use the typed `callsTo` of kit/calls.ts. */
  readonly call: (call: ServiceCall) => Promise<Structure>;
  /** Records something that the service did by itself, beside the request's own entry. */
  readonly serviceEvent: (event: ServiceEvent) => void;
}

/** An event that no request made. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/non-api-aws-service-events.html */
export interface ServiceEvent {
  readonly eventName: string;
  readonly resources?: LedgerEvent['resources'];
  readonly serviceEventDetails?: Readonly<Record<string, unknown>>;
  readonly additionalEventData?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly message: string };
  readonly readOnly?: boolean;
  /** By default the context's own. */
  readonly account?: string;
  readonly region?: string;
}

/** Makes and opens opaque tokens that only this installation can read (session tokens, encoded authorization messages). */
export interface Sealer {
  seal(purpose: string, text: string): string;
  /** Undefined when the token was not made here for this purpose. */
  open(purpose: string, token: string): string | undefined;
}

/** What an operation may add to its CloudTrail record. */
export interface EventFacts {
  readonly resources?: LedgerEvent['resources'];
  readonly additionalEventData?: Readonly<Record<string, unknown>>;
  /** Laid over the printed request parameters, where CloudTrail prints one differently; undefined leaves one out. */
  readonly requestParameters?: Readonly<Record<string, unknown>>;
  /** Who called, where the request itself proved it. */
  readonly caller?: Caller;
  /** Whose event it is, where that is not the caller's account: of requests without an account of their own. */
  readonly recipient?: string;
  /** Another account that gets an event of its own: the owner of a resource that was used across accounts. */
  readonly sharedWith?: string;
  /** What policies were asked; the pipeline's own note. */
  readonly asked?: Asked;
}
