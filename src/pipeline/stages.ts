// What is known of a request after each stage. Every stage takes one of these and returns the next, so nothing is null until later.
import type { OperationDefinition } from '../kit/operation.ts';
import type { Identity } from '../kit/ports.ts';
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
  /** Undefined over plain HTTP. */
  readonly tls: { readonly version: string; readonly cipherSuite: string } | undefined;
}

/** The service and the protocol are known. */
export interface Addressed extends Received {
  readonly service: Service;
  readonly protocol: Protocol;
  readonly region: string;
  readonly signature: PresentedSignature;
}

export interface Routed extends Addressed {
  readonly operation: Operation;
  readonly definition: OperationDefinition;
}

export interface Authenticated extends Routed {
  readonly identity: Identity;
}

export interface Decoded extends Authenticated {
  readonly input: Structure;
}
