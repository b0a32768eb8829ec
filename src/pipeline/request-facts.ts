// What condition keys are made of: the facts of one request, and of the places of its accounts.
import type { AccountPlace, Identity, VpcEndpoint } from '../kit/ports.ts';

/** Plain facts, without the request's body or its unit of work, so that a decision can be kept and explained later. */
export interface RequestFacts {
  readonly identity: Identity;
  readonly now: number;
  readonly region: string;
  /** Of the client; undefined for calls of services, which have their own networks. */
  readonly sourceIp: string | undefined;
  /** By which the client came. */
  readonly vpcEndpoint: VpcEndpoint | undefined;
  readonly isTls: boolean;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  /** Service principals through which the caller comes, the first one first. */
  readonly via: readonly string[];
  /** For calls of a service principal: what it acts for. */
  readonly source: { readonly account: string; readonly arn: string | undefined } | undefined;
  readonly places: Places;
}

/** Where the accounts of a request stand in their organisations. */
export interface Places {
  readonly principal: AccountPlace | undefined;
  readonly resource: AccountPlace | undefined;
  /** Of the account for which a service acts. */
  readonly source: AccountPlace | undefined;
  /** Of the owner of the VPC endpoint. */
  readonly vpcEndpoint: AccountPlace | undefined;
}
