// What condition keys are made of: the facts of one request, and of the places of its accounts.
import type { AccountPlace, Identity } from '../kit/ports.ts';

/** Plain facts, without the request's body or its unit of work, so that a decision can be kept and explained later. */
export interface RequestFacts {
  readonly identity: Identity;
  readonly now: number;
  readonly region: string;
  readonly sourceIp: string;
  readonly isTls: boolean;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  /** Service principals through which the caller comes, the first one first. */
  readonly via: readonly string[];
  /** For calls of a service principal: what it acts for. */
  readonly source: { readonly account: string; readonly arn: string | undefined } | undefined;
  readonly places: Places;
}

/** Where the three accounts of a request stand in their organisations. */
export interface Places {
  readonly principal: AccountPlace | undefined;
  readonly resource: AccountPlace | undefined;
  /** Of the account for which a service acts. */
  readonly source: AccountPlace | undefined;
}
