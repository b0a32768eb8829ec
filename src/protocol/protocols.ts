// All wire protocols, and which of a service's protocols a request speaks.
import type { ProtocolName } from '../model/model.ts';
import { awsJson } from './aws-json.ts';
import { ec2 } from './ec2.ts';
import type { Protocol, WireRequest } from './protocol.ts';
import { query } from './query.ts';
import { createRestJson } from './rest-json.ts';
import { createRestXml } from './rest-xml.ts';
import { rpcCbor } from './rpc-cbor.ts';

export type Protocols = Readonly<Record<ProtocolName, Protocol>>;

export function createProtocols(): Protocols {
  return { json: awsJson, query, ec2, 'rest-json': createRestJson(), 'rest-xml': createRestXml(), 'smithy-rpc-v2-cbor': rpcCbor };
}

/** The one of the service's protocols that the request is written in; the service's own choice when nothing tells. */
export function detectProtocol(request: WireRequest, spoken: readonly ProtocolName[]): ProtocolName {
  const { headers } = request;
  const speaks = (name: ProtocolName) => spoken.includes(name);
  if (headers['smithy-protocol'] === 'rpc-v2-cbor' && speaks('smithy-rpc-v2-cbor')) return 'smithy-rpc-v2-cbor';
  const type = headers['content-type'] ?? '';
  if ((headers['x-amz-target'] !== undefined || type.startsWith('application/x-amz-json')) && speaks('json')) return 'json';
  const isForm = type.startsWith('application/x-www-form-urlencoded') || /(?:^|&)Action=/.test(request.query);
  if (isForm && speaks('query')) return 'query';
  if (isForm && speaks('ec2')) return 'ec2';
  return spoken[0] ?? 'json';
}
