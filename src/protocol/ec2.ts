// EC2's dialect of query: other parameter names, flat lists, no result wrapper, its own error envelope.
// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
import type { Member } from '../model/model.ts';
import { errorShape, statusOf } from './errors.ts';
import type { Protocol } from './protocol.ts';
import { decodeForm, encodeForm, type FormDialect, formOperation, xmlHeaders } from './query.ts';
import { parseXml } from './xml-read.ts';
import { readXmlStructure } from './xml-value.ts';
import { element, textElement, writeXmlMembers, xmlDeclaration } from './xml-write.ts';

const dialect: FormDialect = {
  memberName: (name: string, member: Member) => member.queryName ?? capitalised(member.locationName ?? name),
  isFlat: () => true,
  flatName: (_shape, wireName) => wireName,
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
  encodeFault(fault, _service, operation, requestId) {
    const shape = errorShape(fault, operation);
    const error = element('Errors', element('Error', textElement('Code', fault.code) + textElement('Message', fault.message)));
    const body = xmlDeclaration + element('Response', error + textElement('RequestID', requestId));
    return { status: statusOf(fault, shape), headers: xmlHeaders(requestId), body };
  },
  encodeRequest: (operation, input) => encodeForm(operation, input, dialect),
  decodeResponse(operation, response) {
    return operation.output === undefined ? {} : readXmlStructure(operation.output, parseXml(Buffer.from(response.body)));
  },
};
