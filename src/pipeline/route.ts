// From the bytes to a service, a protocol and an operation. The service is told by the request's own words: the rpc path, X-Amz-Target,
// the scope of the signature, the host, or the Version parameter; in that order.
import type { Ids } from '../base/ids.ts';
import { createAnswers } from '../kit/answers.ts';
import type { VpcEndpointsPort } from '../kit/ports.ts';
import type { Catalog, CatalogEntry } from '../model/catalog.ts';
import { isTargetPrefix } from '../protocol/aws-json.ts';
import type { Protocol, WireRequest } from '../protocol/protocol.ts';
import { detectProtocol, type Protocols } from '../protocol/protocols.ts';
import type { PresentedSignature } from '../sigv4/present.ts';
import type { Transaction } from '../store/store.ts';
import { absentOperation, notImplemented } from './absent.ts';
import { wrongEndpoint } from './faults.ts';
import type { Registry } from './registry.ts';
import type { Addressed, Arrived, Received, Routed } from './stages.ts';
import { endpointIdIn } from './vpc-endpoints.ts';

/** Region of services with one endpoint for the world. */
export const globalRegion = 'us-east-1';

export interface Router {
  readonly ids: Ids;
  readonly registry: Registry;
  readonly protocols: Protocols;
  readonly defaultRegion: string;
}

/** The service that is meant, or undefined: what it says then is the caller's to decide. */
export async function address(router: Router, received: Received, signature: PresentedSignature): Promise<Addressed | undefined> {
  const entry = findService(router.registry.catalog, received.request, signature);
  if (entry === undefined) return undefined;
  const service = await router.registry.service(entry.name);
  const protocol = router.protocols[detectProtocol(received.request, service.model.protocols)];
  const scopeRegion = signature.kind === 'signed' ? signature.region : router.defaultRegion;
  const region = service.quirks.isGlobal ? globalRegion : scopeRegion;
  return { ...received, service, protocol, region, globalRegion, signature, answers: createAnswers(router.ids) };
}

/** By which door the request came. @throws Fault when that door leads to another service: nobody is there to answer. */
export async function arrive(vpcEndpoints: VpcEndpointsPort, addressed: Addressed, transaction: Transaction): Promise<Arrived> {
  const { entry } = addressed.service;
  const { listener, request, sourceIp, region } = addressed;
  const serviceNames = [entry.endpointPrefix, entry.signingName, entry.name];
  const path = { listener, host: request.headers['host'] ?? '', sourceIp, serviceNames, region };
  const vpcEndpoint = await vpcEndpoints.endpointOf(path, transaction);
  if (vpcEndpoint === 'unreachable') throw wrongEndpoint(entry.endpointPrefix);
  return { ...addressed, vpcEndpoint };
}

/** @throws Fault the protocol's own for an unknown operation; NotImplemented (501) for an unsigned one that Castellan does not have. */
export function route(arrived: Arrived): Routed {
  const { service, protocol, request } = arrived;
  const operation = protocol.operationOf(service.model, request);
  const definition = service.operations.get(operation.name);
  if (definition !== undefined) return { ...arrived, operation, definition };
  // Many operations that need no signature are absent, and there is nobody to ask about an unsigned one.
  if (arrived.signature.kind === 'unsigned') throw notImplemented(service, operation.name);
  return { ...arrived, operation, definition: absentOperation(service, operation.name) };
}

/** For requests whose service is unknown: the protocol whose error shape the client most likely reads. */
export function guessProtocol(protocols: Protocols, request: WireRequest): Protocol {
  return protocols[detectProtocol(request, ['smithy-rpc-v2-cbor', 'json', 'query', 'rest-json'])];
}

function findService(catalog: Catalog, request: WireRequest, signature: PresentedSignature): CatalogEntry | undefined {
  const rpc = /^\/service\/([^/]+)\/operation\/[^/]+\/?$/.exec(request.path)?.[1];
  if (rpc !== undefined && request.headers['smithy-protocol'] !== undefined) return catalog.find((entry) => entry.serviceShapeName === rpc);
  const target = request.headers['x-amz-target'];
  if (target !== undefined) {
    const prefix = target.slice(0, Math.max(0, target.lastIndexOf('.')));
    const found = catalog.find((entry) => isTargetPrefix(entry.targetPrefix, prefix));
    if (found !== undefined) return found;
  }
  const host = endpointPrefixOf(request.headers['host'] ?? '');
  if (signature.kind === 'signed') {
    const signed = catalog.filter((entry) => entry.signingName === signature.service);
    const byPath = signed.find(({ pathPrefix }) => pathPrefix !== undefined && request.path.startsWith(pathPrefix));
    if (byPath !== undefined) return byPath;
    return signed.find((entry) => entry.endpointPrefix === host) ?? signed.find((entry) => entry.name === signature.service) ?? signed[0];
  }
  return catalog.find((entry) => entry.endpointPrefix === host) ?? byVersion(catalog, request);
}

/** `kms` of `kms.us-east-1.amazonaws.com`, and of the endpoint's own name `vpce-….kms.us-east-1.vpce.amazonaws.com`. */
function endpointPrefixOf(host: string): string | undefined {
  const labels = host.split(':')[0]?.split('.') ?? [];
  return labels[endpointIdIn(host) === undefined ? 0 : 1];
}

/** Unsigned query requests name no service, but every query API has its own version date. */
function byVersion(catalog: Catalog, request: WireRequest): CatalogEntry | undefined {
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  const text = isForm ? `${request.query}&${Buffer.from(request.body).toString('latin1', 0, 4096)}` : request.query;
  const version = /(?:^|&)Version=(\d{4}-\d{2}-\d{2})(?:&|$)/.exec(text)?.[1];
  return catalog.find(
    (entry) => entry.apiVersion === version && entry.protocols.some((protocol) => protocol === 'query' || protocol === 'ec2'),
  );
}
