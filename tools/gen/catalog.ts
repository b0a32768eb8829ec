// Writes services/catalog.gen.json and services/models.sha256.json: what is vendored, from which versions, with the hash of each file.
import { createHash } from 'node:crypto';
import type { CatalogEntry } from '../../src/model/catalog.ts';
import { loadModel, type RawModel } from '../../src/model/load.ts';

/** The versions and hashes that prove where the vendored files come from. */
export interface Manifest {
  readonly botocore: string;
  readonly iamData: string;
  readonly files: Readonly<Record<string, string>>;
}

export function catalogEntry(name: string, iamPrefix: string, raw: RawModel): CatalogEntry {
  const service = loadModel(name, raw);
  const { targetPrefix, xmlNamespace } = service;
  const { globalEndpoint } = raw.metadata;
  return {
    name,
    serviceId: service.serviceId,
    fullName: raw.metadata.serviceFullName ?? service.serviceId,
    apiVersion: service.apiVersion,
    endpointPrefix: service.endpointPrefix,
    signingName: service.signingName,
    ...(targetPrefix !== undefined && { targetPrefix }),
    protocols: service.protocols,
    ...(xmlNamespace !== undefined && { xmlNamespace }),
    // AWS: in every service that speaks rpc-v2-cbor the Smithy service is named like its target prefix (botocore's serializer relies on it).
    ...(targetPrefix !== undefined && service.protocols.includes('smithy-rpc-v2-cbor') && { serviceShapeName: targetPrefix }),
    ...(globalEndpoint !== undefined && { globalEndpoint }),
    iamPrefix,
    ...(name === 'iam-toolbox' && { pathPrefix: '/authorization-details/' }),
    operationsCount: service.operations.size,
  };
}

/** One entry per service in the order of the list, laid out as the formatter would. */
export function catalogFile(entries: readonly CatalogEntry[]): string {
  const text = JSON.stringify(entries, null, 2);
  return `${text.replaceAll(/\[\s+("[^\]]*?")\s+\]/g, (_, items: string) => `[${items.replaceAll(/\s+/g, ' ')}]`)}\n`;
}

export function manifestFile(versions: { botocore: string; iamData: string }, files: ReadonlyMap<string, string>): string {
  const hashes = [...files].map(([path, text]) => [path, createHash('sha256').update(text).digest('hex')]);
  const manifest: Manifest = { botocore: versions.botocore, iamData: versions.iamData, files: Object.fromEntries(hashes) };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
