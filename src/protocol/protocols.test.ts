// What each protocol says to requests that it cannot read or does not know, word by word, and how faults are printed.
import { expect, test } from 'vitest';
import { encodeCbor } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { loadModel, type RawMetadata } from '../model/load.ts';
import type { ServiceModel } from '../model/model.ts';
import type { WireRequest } from './protocol.ts';
import { createProtocols, detectProtocol } from './protocols.ts';

const protocols = createProtocols();

function model(metadata: RawMetadata): ServiceModel {
  return loadModel('things', {
    metadata: { apiVersion: '2026-11-24', targetPrefix: 'Things', serviceId: 'Things', endpointPrefix: 'things', ...metadata },
    operations: {
      Put: {
        name: 'Put',
        http: { method: 'POST', requestUri: '/put' },
        input: { shape: 'Input' },
        output: { shape: 'Output' },
        errors: [{ shape: 'NoSuchThingException' }],
      },
      Get: { name: 'Get', http: { method: 'GET', requestUri: '/things/{Id}' }, input: { shape: 'GetInput' } },
    },
    shapes: {
      Input: {
        type: 'structure',
        members: {
          Text: { shape: 'String' },
          Count: { shape: 'Integer' },
          Large: { shape: 'Long' },
          Flag: { shape: 'Boolean' },
          Bytes: { shape: 'Blob' },
          Time: { shape: 'Timestamp' },
          Ratio: { shape: 'Double' },
          Names: { shape: 'Strings' },
          Map: { shape: 'Map' },
          Inner: { shape: 'Input' },
        },
      },
      Output: { type: 'structure', members: { Text: { shape: 'String' } } },
      GetInput: { type: 'structure', required: ['Id'], members: { Id: { shape: 'String', location: 'uri' } } },
      NoSuchThingException: {
        type: 'structure',
        exception: true,
        members: { Message: { shape: 'String' }, Thing: { shape: 'String' } },
        error: { code: 'NoSuchThing', httpStatusCode: 404, senderFault: true },
      },
      Strings: { type: 'list', member: { shape: 'String' } },
      Map: { type: 'map', key: { shape: 'String' }, value: { shape: 'String' } },
      String: { type: 'string' },
      Integer: { type: 'integer' },
      Long: { type: 'long' },
      Boolean: { type: 'boolean' },
      Blob: { type: 'blob' },
      Timestamp: { type: 'timestamp' },
      Double: { type: 'double' },
    },
  });
}

const services = {
  json: model({ protocol: 'json', jsonVersion: '1.1' }),
  query: model({ protocol: 'query', xmlNamespace: 'https://things.example.com/' }),
  ec2: model({ protocol: 'ec2' }),
  'rest-json': model({ protocol: 'rest-json' }),
  'rest-xml': model({ protocol: 'rest-xml' }),
  'smithy-rpc-v2-cbor': model({ protocol: 'smithy-rpc-v2-cbor' }),
} as const;

function request(parts: Partial<Omit<WireRequest, 'body'>> & { readonly body?: string | Uint8Array }): WireRequest {
  return { method: 'POST', path: '/', query: '', headers: {}, ...parts, body: Buffer.from(parts.body ?? '') };
}

function faultFrom(
  name: keyof typeof services,
  sent: WireRequest,
): { readonly code: string; readonly message: string; readonly status: number } {
  const protocol = protocols[name];
  try {
    protocol.decode(protocol.operationOf(services[name], sent), sent);
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, message: error.message, status: error.status ?? 400 };
    throw error;
  }
  return { code: 'decoded', message: '', status: 200 };
}

const put = { 'x-amz-target': 'Things.Put' };

test.each([
  ['{"Text":1}', 'NUMBER_VALUE cannot be converted to String'],
  ['{"Text":1.5}', 'DECIMAL_VALUE cannot be converted to String'],
  ['{"Text":true}', 'TRUE_VALUE cannot be converted to String'],
  ['{"Text":[]}', 'Unrecognized collection type class java.lang.String'],
  ['{"Text":{}}', 'Start of structure or map found where not expected.'],
  ['{"Text":"\\ud800"}', 'A string is not Unicode text'],
  ['{"Count":"1"}', 'STRING_VALUE cannot be converted to Integer'],
  ['{"Count":2147483648}', 'NUMBER_VALUE cannot be converted to Integer'],
  ['{"Large":1e30}', 'NUMBER_VALUE cannot be converted to Long'],
  ['{"Flag":"true"}', 'Unexpected token received from parser'],
  ['{"Bytes":"abc"}', 'Base64 encoded length is expected a multiple of 4 bytes but found: 3'],
  ['{"Bytes":"ab!="}', 'Invalid Base64 character detected'],
  ['{"Time":"yesterday"}', 'STRING_VALUE cannot be converted to Timestamp'],
  ['{"Ratio":1e999}', 'DECIMAL_VALUE cannot be converted to Double'],
  ['{"Names":"a"}', 'Unexpected field type'],
  ['{"Names":{}}', 'Start of structure or map found where not expected.'],
  ['{"Map":[]}', 'Start of list found where not expected'],
  ['{"Inner":7}', 'Unexpected field type'],
  ['[]', 'Start of list found where not expected'],
  ['{', 'Unable to parse the request body as JSON'],
  ['{"Text":"a"} x', 'Unable to parse the request body as JSON'],
  [Buffer.from([0x22, 0xff, 0x22]), 'Invalid UTF-8 in the request body'],
])('JSON %j is a SerializationException that says why', (body, message) => {
  expect(faultFrom('json', request({ headers: put, body }))).toEqual({ code: 'SerializationException', message, status: 400 });
});

test('the last of duplicate JSON members counts, and `__proto__` is a key like any other', () => {
  const body = '{"Text":"first","Text":"last","Map":{"__proto__":"own"},"__proto__":{"Count":1}}';
  const operation = services.json.operations.get('Put');
  const input = operation && protocols.json.decode(operation, request({ headers: put, body }));
  expect(JSON.stringify(input)).toBe('{"Text":"last","Map":{"__proto__":"own"}}');
  expect(input?.['Count']).toBeUndefined();
});

test.each([
  ['json', {}, 'UnknownOperationException', 400],
  ['json', { headers: { 'x-amz-target': 'Things.Nothing' } }, 'UnknownOperationException', 400],
  ['json', { headers: { 'x-amz-target': 'Others.Put' } }, 'UnknownOperationException', 400],
  ['json', { headers: { 'x-amz-target': 'Put' } }, 'UnknownOperationException', 400],
  ['query', { body: 'Version=2026-11-24' }, 'MissingAction', 400],
  ['query', { body: 'Action=Nothing&Version=2026-11-24' }, 'InvalidAction', 400],
  ['query', { body: 'Action=Put&Version=2010-05-08' }, 'InvalidAction', 400],
  ['query', { body: 'Action=Put&Action=Get&Version=2026-11-24' }, 'MalformedQueryString', 400],
  ['query', { body: 'Action=Put&Text=%zz' }, 'MalformedQueryString', 400],
  ['query', { body: 'Action=Put&Count=x' }, 'MalformedInput', 400],
  ['query', { method: 'GET', query: 'Action=Put&Version=2026-11-24' }, 'decoded', 200],
  ['ec2', { body: '' }, 'MissingAction', 400],
  ['rest-json', { path: '/nothing' }, 'UnknownOperationException', 404],
  ['rest-json', { method: 'GET', path: '/things/%ff' }, 'MalformedInput', 400],
  ['rest-json', { path: '/put', body: '{"Count":"1"}' }, 'SerializationException', 400],
  ['rest-xml', { path: '/put', body: '<Input><Count>x</Count></Input>' }, 'MalformedXML', 400],
  ['rest-xml', { path: '/put', body: '<!DOCTYPE Input><Input/>' }, 'MalformedXML', 400],
  ['rest-xml', { path: '/put', body: '<Input>' }, 'MalformedXML', 400],
  ['smithy-rpc-v2-cbor', { path: '/service/Things/operation/Nothing' }, 'UnknownOperationException', 404],
  ['smithy-rpc-v2-cbor', { path: '/service/Others/operation/Put' }, 'UnknownOperationException', 404],
  ['smithy-rpc-v2-cbor', { path: '/service/Things/operation/Put', body: encodeCbor({ Count: 'x' }) }, 'SerializationException', 400],
] as const)('%s answers %j with %s', (name, parts, code, status) => {
  expect(faultFrom(name, request(parts))).toMatchObject({ code, status });
});

test.each(['NoSuchThing', 'NoSuchThingException'])('every protocol prints %s as its model declares it', (code) => {
  const fault = new Fault(code, 'No <thing>.', { fields: { Thing: 't-1' } });
  const printed = (['json', 'query', 'ec2', 'rest-json', 'rest-xml'] as const).map((name) => {
    const service = services[name];
    const { status, headers, body } = protocols[name].encodeFault(fault, service, service.operations.get('Get'), 'id-1');
    return `${name}: ${status} ${headers['x-amzn-errortype'] ?? ''} ${String(body).replace(/<\?xml[^>]*>\n/, '')}`;
  });
  const error = '<Code>NoSuchThing</Code><Message>No &lt;thing&gt;.</Message><Thing>t-1</Thing>';
  expect(printed).toEqual([
    `json: 404 ${code} {"__type":"NoSuchThingException","Message":"No <thing>.","Thing":"t-1"}`,
    `query: 404  <ErrorResponse xmlns="https://things.example.com/"><Error><Type>Sender</Type>${error}</Error><RequestId>id-1</RequestId></ErrorResponse>`,
    `ec2: 404  <Response><Errors><Error>${error}</Error></Errors><RequestID>id-1</RequestID></Response>`,
    'rest-json: 404 NoSuchThingException {"Message":"No <thing>.","Thing":"t-1"}',
    `rest-xml: 404  <ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>id-1</RequestId></ErrorResponse>`,
  ]);
});

test('S3 prints a bare error with its own request identifiers', () => {
  const service = model({ protocol: 'rest-xml', endpointPrefix: 's3' });
  const { headers, body } = protocols['rest-xml'].encodeFault(new Fault('NoSuchBucket', 'No bucket.'), service, undefined, 'id-1');
  expect(headers['x-amz-request-id']).toBe('id-1');
  expect(body).toContain('<Error><Code>NoSuchBucket</Code><Message>No bucket.</Message><RequestId>id-1</RequestId>');
});

test('JSON 1.0 names an exception with its namespace, and one that spoke query adds its old code', () => {
  const service = model({ protocol: 'json', jsonVersion: '1.0', awsQueryCompatible: {} });
  const response = protocols.json.encodeFault(new Fault('NoSuchThing', 'No thing.'), service, undefined, 'id-1');
  expect(response.headers).toMatchObject({ 'content-type': 'application/x-amz-json-1.0', 'x-amzn-query-error': 'NoSuchThing;Sender' });
  expect(response.body).toBe('{"__type":"com.amazonaws.things#NoSuchThingException","Message":"No thing."}');
});

test.each(['com.amazonaws.things.v1.Things_1.Put', 'Things_1.Put'])(
  'the target %s is an operation of a service with a long prefix',
  (target) => {
    const service = model({ protocol: 'json', targetPrefix: 'com.amazonaws.things.v1.Things_1' });
    expect(protocols.json.operationOf(service, request({ headers: { 'x-amz-target': target } })).name).toBe('Put');
  },
);

test.each([
  [{ headers: { 'smithy-protocol': 'rpc-v2-cbor' } }, 'smithy-rpc-v2-cbor'],
  [{ headers: put }, 'json'],
  [{ headers: { 'content-type': 'application/x-amz-json-1.0' } }, 'json'],
  [{ headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } }, 'query'],
  [{ method: 'GET', query: 'Version=1&Action=Put' }, 'query'],
  [{}, 'json'],
] as const)('a service of three protocols takes %j for %s', (parts, name) => {
  expect(detectProtocol(request(parts), ['json', 'query', 'smithy-rpc-v2-cbor'])).toBe(name);
});
