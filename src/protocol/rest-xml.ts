// REST with XML bodies. https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html
import { Fault } from '../base/fault.ts';
import { getOwn, isRecord } from '../base/record.ts';
import type { Operation, ServiceModel, StructureShape } from '../model/model.ts';
import { errorShape, sideOf, statusOf } from './errors.ts';
import {
  bodyShape,
  payloadMember,
  readRequestBindings,
  readResponseBindings,
  responseStatus,
  writeHeaders,
  writeRequestBindings,
} from './http-bindings.ts';
import type { Protocol, Structure } from './protocol.ts';
import { errorContent } from './query.ts';
import { routesByService, textOf } from './rest-json.ts';
import { parseXml } from './xml-read.ts';
import { readXml, readXmlStructure } from './xml-value.ts';
import { attributesOf, element, namespaceText, open, textElement, writeXml, writeXmlMembers, xmlDeclaration } from './xml-write.ts';

/** AWS: services whose errors are a bare `<Error>`, without the `<ErrorResponse>` around it. */
const bareErrorServices: ReadonlySet<string> = new Set(['s3', 's3-control']);

export function createRestXml(): Protocol {
  const routes = routesByService();
  return {
    name: 'rest-xml',
    operationOf(service, request) {
      const route = routes(service).find(request);
      if (route === undefined)
        throw new Fault('UnknownOperationException', `No operation is at ${request.method} ${request.path.slice(0, 256)}`, { status: 404 });
      return route.operation;
    },
    decode(operation, request) {
      const shape = operation.input;
      if (shape === undefined) return {};
      return { ...readBody(shape, request.body, 'request'), ...readRequestBindings(operation, shape, request) };
    },
    encode(operation, output, requestId) {
      const shape = operation.output;
      const written =
        shape === undefined ? { body: '', type: 'application/xml' } : writeBody(shape, output, 'response', responseRoot(operation, shape));
      const headers = {
        'content-type': written.type,
        ...requestIds(operation.service, requestId),
        ...(shape === undefined ? {} : writeHeaders(shape, output)),
      };
      return { status: responseStatus(operation, output), headers, body: written.body };
    },
    encodeFault(fault, service, operation, requestId) {
      const shape = errorShape(fault, service, operation);
      const status = statusOf(fault, shape);
      const isBare = bareErrorServices.has(service?.endpointPrefix ?? '');
      const content = (isBare ? '' : textElement('Type', sideOf(status))) + errorContent(fault, shape);
      const body = isBare
        ? element('Error', content + textElement('RequestId', requestId) + textElement('HostId', 'castellan'))
        : element('ErrorResponse', element('Error', content) + textElement('RequestId', requestId), service?.xmlNamespace);
      const headers = {
        'content-type': isBare ? 'application/xml' : 'text/xml',
        ...requestIds(service, requestId),
        ...(shape === undefined ? {} : writeHeaders(shape, fault.fields)),
      };
      return { status, headers, body: xmlDeclaration + body };
    },
    encodeRequest(operation, input) {
      const head = writeRequestBindings(operation, input);
      if (operation.input === undefined) return { ...head, body: Buffer.alloc(0) };
      const root = {
        name: operation.inputLocationName ?? operation.input.locationName ?? `${operation.name}Request`,
        attributes: namespaceText(operation.inputXmlNamespace),
      };
      const written = writeBody(operation.input, input, 'request', root);
      if (written.body.length === 0) return { ...head, body: Buffer.alloc(0) };
      return { ...head, headers: { 'content-type': written.type, ...head.headers }, body: Buffer.from(written.body) };
    },
    decodeResponse(operation, response) {
      const shape = operation.output;
      if (shape === undefined) return {};
      return {
        ...readBody(shape, Buffer.from(response.body), 'response'),
        ...readResponseBindings(shape, response.status, response.headers),
      };
    },
  };
}

function requestIds(service: ServiceModel | undefined, requestId: string): Readonly<Record<string, string>> {
  return bareErrorServices.has(service?.endpointPrefix ?? '')
    ? { 'x-amz-request-id': requestId, 'x-amz-id-2': 'castellan' }
    : { 'x-amzn-requestid': requestId };
}

function readBody(shape: StructureShape, body: Uint8Array, direction: 'request' | 'response'): Structure {
  const payload = payloadMember(shape);
  if (payload === undefined) {
    const inBody = bodyShape(shape, direction);
    return body.length === 0 || inBody.members.size === 0 ? {} : readXmlStructure(inBody, parseXml(body));
  }
  const { name, member } = payload;
  if (member.shape.kind === 'blob') return body.length === 0 && !member.streaming && !member.shape.streaming ? {} : { [name]: body };
  if (body.length === 0) return {};
  return { [name]: member.shape.kind === 'string' ? textOf(body) : readXml(member, parseXml(body)) };
}

interface Root {
  readonly name: string;
  readonly attributes: string;
}

function responseRoot(operation: Operation, shape: StructureShape): Root {
  const namespace =
    shape.xmlNamespace ??
    (operation.service.xmlNamespace === undefined ? undefined : { uri: operation.service.xmlNamespace, prefix: undefined });
  return { name: shape.locationName ?? shape.name, attributes: namespaceText(namespace) };
}

function writeBody(
  shape: StructureShape,
  value: Structure,
  direction: 'request' | 'response',
  root: Root,
): { readonly body: string | Uint8Array; readonly type: string } {
  const payload = payloadMember(shape);
  if (payload === undefined) {
    const members = bodyShape(shape, direction);
    if (members.members.size === 0) return { body: '', type: 'application/xml' };
    return {
      body: xmlDeclaration + open(root.name, attributesOf(shape, value) + root.attributes, writeXmlMembers(members, value)),
      type: 'application/xml',
    };
  }
  const item = getOwn(value, payload.name);
  if (item instanceof Uint8Array) return { body: item, type: 'application/octet-stream' };
  if (typeof item === 'string') return { body: item, type: 'text/plain' };
  if (!isRecord(item)) return { body: '', type: 'application/xml' };
  const { member, name } = payload;
  const itemName =
    member.locationName ??
    (member.shape.kind === 'structure' ? member.shape.locationName : undefined) ??
    (member.shape.kind === 'structure' ? member.shape.name : name);
  return { body: xmlDeclaration + writeXml(member, itemName, item), type: 'application/xml' };
}
