// What routing must know of every vendored service before its model is loaded. The form of services/catalog.gen.json, which is generated.
import type { ProtocolName } from './model.ts';

export type Catalog = readonly CatalogEntry[];

export interface CatalogEntry {
  /** Folder under src/services. */
  readonly name: string;
  readonly serviceId: string;
  /** As AWS calls the service in full: `AWS Key Management Service`. */
  readonly fullName: string;
  readonly apiVersion: string;
  readonly endpointPrefix: string;
  /** The service in a credential scope. */
  readonly signingName: string;
  /** `X-Amz-Target` without the operation. */
  readonly targetPrefix?: string;
  readonly protocols: readonly ProtocolName[];
  readonly xmlNamespace?: string;
  /** The `{service}` of rpc-v2-cbor's `/service/{service}/operation/{operation}`. */
  readonly serviceShapeName?: string;
  readonly globalEndpoint?: string;
  readonly iamPrefix: string;
  /** Where all paths of the service begin, of one that shares its signing name with another. */
  readonly pathPrefix?: string;
  readonly operationsCount: number;
}
