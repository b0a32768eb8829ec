// EC2's dialect of query: other parameter names, flat lists, no result wrapper, its own error envelope.
// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
import { errorShape, statusOf } from './errors.ts';
import type { Protocol } from './protocol.ts';
import { decodeForm, encodeForm, errorContent, type FormDialect, formOperation, xmlHeaders } from './query.ts';
import { parseXml } from './xml-read.ts';
import { readXmlStructure } from './xml-value.ts';
import { element, textElement, writeXmlMembers, xmlDeclaration } from './xml-write.ts';

const dialect: FormDialect = {
  memberNames(name, member) {
    const wireName = member.queryName ?? capitalised(member.locationName ?? name);
    return wireName === name ? [name] : [wireName, name];
  },
  isFlat: () => true,
};

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

export const ec2: Protocol = {
  name: 'ec2',
  operationOf: formOperation,
  decode: (operation, request) => decodeForm(operation, request, dialect),
  encode(operation, output, requestId) {
    const { name, service } = operation;
    const content = textElement('requestId', requestId) + (operation.output === undefined ? '' : writeXmlMembers(operation.output, output));
    return {
      status: 200,
      headers: xmlHeaders(requestId),
      body: xmlDeclaration + element(`${name}Response`, content, service.xmlNamespace),
    };
  },
  encodeFault(fault, service, operation, requestId) {
    const shape = errorShape(fault, service, operation);
    const error = element('Errors', element('Error', errorContent(fault, shape)));
    const body = xmlDeclaration + element('Response', error + textElement('RequestID', requestId));
    return { status: statusOf(fault, shape), headers: xmlHeaders(requestId), body };
  },
  encodeRequest: (operation, input) => encodeForm(operation, input, dialect),
  decodeResponse(operation, response) {
    return operation.output === undefined || response.body.length === 0
      ? {}
      : readXmlStructure(operation.output, parseXml(Buffer.from(response.body)));
  },
};
