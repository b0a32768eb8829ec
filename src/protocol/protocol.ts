// What a wire protocol must do. One file per protocol implements it; `protocols.ts` is the table of all six.
// In memory: structures and maps are plain objects without prototype surprises, lists are arrays, blobs are Uint8Array,
// timestamps are epoch milliseconds (numbers), longs are numbers, and what is absent is not there.
import type { Fault } from '../base/fault.ts';
import type { Operation, ProtocolName, ServiceModel } from '../model/model.ts';

/** A request as it came: path and query still encoded, header names in lower case, repeated headers joined with a comma. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

export type Structure = Readonly<Record<string, unknown>>;

export interface Protocol {
  readonly name: ProtocolName;
  /** The operation that the request names. Throws the protocol's Fault when there is none (MissingAction, UnknownOperationException…). */
  operationOf(service: ServiceModel, request: WireRequest): Operation;
  /** The operation's input. Throws SerializationException, MalformedQueryString… for a body that cannot be read; never anything else. */
  decode(operation: Operation, request: WireRequest): Structure;
  encode(operation: Operation, output: Structure, requestId: string): WireResponse;
  /** `operation` is undefined when the request failed before it was known. */
  encodeFault(fault: Fault, service: ServiceModel | undefined, operation: Operation | undefined, requestId: string): WireResponse;
  /** The client's direction: for the CLI and for tests. */
  encodeRequest(operation: Operation, input: Structure): WireRequest;
  decodeResponse(operation: Operation, response: WireResponse): Structure;
}
