// A service's API as a graph of shapes, built from AWS's own model file (botocore's service-2.json without prose).
// Protocols, validation and routing walk this graph; nothing about a single operation is written by hand.
// https://smithy.io/2.0/spec/ · https://github.com/boto/botocore/tree/develop/botocore/data

export type ProtocolName = 'json' | 'query' | 'ec2' | 'rest-json' | 'rest-xml' | 'smithy-rpc-v2-cbor';

export type Shape =
  | StructureShape
  | ListShape
  | MapShape
  | StringShape
  | NumberShape
  | BooleanShape
  | BlobShape
  | TimestampShape
  | DocumentShape;

interface ShapeBase {
  readonly name: string;
  /** Printed nowhere: passwords, secret strings, plaintext, tokens. */
  readonly sensitive: boolean;
}

export interface StructureShape extends ShapeBase {
  readonly kind: 'structure';
  readonly members: ReadonlyMap<string, Member>;
  readonly required: readonly string[];
  readonly union: boolean;
  /** Member that is the whole HTTP body, where there is one. */
  readonly payload: string | undefined;
  readonly exception: boolean;
  readonly errorCode: string | undefined;
  readonly errorStatus: number | undefined;
  readonly senderFault: boolean;
  readonly document: boolean;
  readonly eventStream: boolean;
  readonly locationName: string | undefined;
  readonly xmlNamespace: XmlNamespace | undefined;
}

export interface ListShape extends ShapeBase {
  readonly kind: 'list';
  readonly member: Member;
  readonly flattened: boolean;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

export interface MapShape extends ShapeBase {
  readonly kind: 'map';
  readonly key: Member;
  readonly value: Member;
  readonly flattened: boolean;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

export interface StringShape extends ShapeBase {
  readonly kind: 'string';
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly pattern: string | undefined;
  /** Whether the whole text fits the pattern; always true where there is none. */
  matches(text: string): boolean;
  readonly enumValues: readonly string[] | undefined;
}

export interface NumberShape extends ShapeBase {
  readonly kind: 'integer' | 'long' | 'float' | 'double' | 'bigdecimal' | 'biginteger' | 'short' | 'byte';
  readonly min: number | undefined;
  readonly max: number | undefined;
}

export interface BooleanShape extends ShapeBase {
  readonly kind: 'boolean';
}

export interface BlobShape extends ShapeBase {
  readonly kind: 'blob';
  readonly streaming: boolean;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

export interface TimestampShape extends ShapeBase {
  readonly kind: 'timestamp';
  readonly timestampFormat: TimestampFormat | undefined;
}

/** Free JSON. */
export interface DocumentShape extends ShapeBase {
  readonly kind: 'document';
}

export type TimestampFormat = 'iso8601' | 'rfc822' | 'unixTimestamp';

export interface XmlNamespace {
  readonly uri: string;
  readonly prefix: string | undefined;
}

/** A reference to a shape together with the traits of the place where it is used. */
export interface Member {
  readonly shape: Shape;
  readonly locationName: string | undefined;
  readonly queryName: string | undefined;
  readonly location: 'header' | 'headers' | 'uri' | 'querystring' | 'statusCode' | undefined;
  readonly flattened: boolean;
  readonly timestampFormat: TimestampFormat | undefined;
  readonly xmlNamespace: XmlNamespace | undefined;
  readonly xmlAttribute: boolean;
  readonly jsonValue: boolean;
  readonly idempotencyToken: boolean;
  readonly streaming: boolean;
  readonly eventPayload: boolean;
  readonly eventHeader: boolean;
  readonly sensitive: boolean;
}

export interface Operation {
  readonly name: string;
  readonly service: ServiceModel;
  readonly method: string;
  readonly requestUri: string;
  readonly responseCode: number | undefined;
  readonly input: StructureShape | undefined;
  readonly output: StructureShape | undefined;
  /** botocore's `resultWrapper` for query. */
  readonly resultWrapper: string | undefined;
  /** Element name and namespace that wrap a rest-xml request body. */
  readonly inputLocationName: string | undefined;
  readonly inputXmlNamespace: XmlNamespace | undefined;
  readonly errors: readonly StructureShape[];
  /** The model marks it `authtype: none`: no signature is needed (for example AssumeRoleWithSAML). */
  readonly unsigned: boolean;
  readonly unsignedPayload: boolean;
}

export interface ServiceModel {
  /** Folder under src/services, for example `kms` or `cognito-idp`. */
  readonly name: string;
  /** `Key Management Service`'s identifier, for example `KMS`. */
  readonly serviceId: string;
  readonly apiVersion: string;
  readonly endpointPrefix: string;
  readonly signingName: string;
  readonly targetPrefix: string | undefined;
  readonly jsonVersion: '1.0' | '1.1';
  readonly xmlNamespace: string | undefined;
  /** Every protocol that the service speaks; the first is its own choice. */
  readonly protocols: readonly ProtocolName[];
  /** The service once spoke query: errors carry `x-amzn-query-error`. */
  readonly queryCompatible: boolean;
  readonly operations: ReadonlyMap<string, Operation>;
}
