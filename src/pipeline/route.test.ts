// What a request is answered in when its service is not known.
import { expect, test } from 'vitest';
import { Fault } from '../base/fault.ts';
import { createProtocols } from '../protocol/protocols.ts';
import { guessProtocol } from './route.ts';

test.each([
  { client: 'a REST API', headers: { 'content-type': 'application/json' }, answer: 'application/json' },
  {
    client: 'a JSON API',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Odd.Do' },
    answer: 'application/x-amz-json-1.1',
  },
  { client: 'a query API', headers: { 'content-type': 'application/x-www-form-urlencoded' }, answer: 'text/xml' },
  { client: 'an API in CBOR', headers: { 'smithy-protocol': 'rpc-v2-cbor' }, answer: 'application/cbor' },
])('the client of $client that is not here can read the refusal', ({ headers, answer }) => {
  const request = { method: 'POST', path: '/ListIndexes', query: '', headers, body: new Uint8Array(0) };
  const protocol = guessProtocol(createProtocols(), request);
  const response = protocol.encodeFault(new Fault('NotImplemented', 'No.', { status: 501 }), undefined, undefined, 'id');
  expect(response.status).toBe(501);
  expect(response.headers['content-type']).toContain(answer);
});
