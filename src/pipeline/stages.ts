// What is known of a request after each stage. Every stage takes one of these and returns the next, so nothing is null until later.
import type { Answers } from '../kit/answers.ts';
import type { OperationDefinition } from '../kit/operation.ts';
import type { Identity, VpcEndpoint } from '../kit/ports.ts';
import type { Operation } from '../model/model.ts';
import type { Protocol, Structure, WireRequest } from '../protocol/protocol.ts';
import type { PresentedSignature } from '../sigv4/present.ts';
import type { Service } from './registry.ts';

/** A request as it came from the network. */
export interface Received {
  readonly request: WireRequest;
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly sourceIp: string;
  /** Id of the VPC endpoint whose own listener took it. */
  readonly listener?: string;
  /** Undefined over plain HTTP. */
  readonly tls: { readonly version: string; readonly cipherSuite: string } | undefined;
}

/** The service and the protocol are known. */
export interface Addressed extends Received {
  readonly service: Service;
  readonly protocol: Protocol;
  readonly region: string;
  /** Where services with one endpoint for the world are. */
  readonly globalRegion: string;
  readonly signature: PresentedSignature;
  readonly answers: Answers;
}

/** It is known by which door it came. */
export interface Arrived extends Addressed {
  /** Undefined: by the public address. */
  readonly vpcEndpoint: VpcEndpoint | undefined;
}

export interface Routed extends Arrived {
  readonly operation: Operation;
  readonly definition: OperationDefinition;
}

export interface Authenticated extends Routed {
  readonly identity: Identity;
  /** In which the request acts: the caller's own, or the one on whose behalf a service calls. */
  readonly account: string;
  /** Service principals through which the caller comes, the first one first. */
  readonly via: readonly string[];
  /** For calls of a service principal: what it acts for. */
  readonly source: { readonly account: string; readonly arn: string | undefined } | undefined;
}

/** Who does something, where and when: a request without its question, or a service at its own work. */
export type Actor = Omit<Authenticated, 'operation' | 'definition'>;

export interface Decoded extends Authenticated {
  readonly input: Structure;
}
