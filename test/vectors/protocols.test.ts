// The protocol test suites of AWS's clients, mirrored for a server: what a client serialises must decode to the parameters, and what the
// server encodes must parse as the client expects. Cases that cannot apply to a server are listed with a reason; the list only shrinks.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import type { Operation } from '../../src/model/model.ts';
import type { Structure, WireRequest, WireResponse } from '../../src/protocol/protocol.ts';
import { createProtocols } from '../../src/protocol/protocols.ts';
import { type Case, casesOf, folder, inMemory, inMemoryError, operationOf, protocolOf, type Suite } from './suites.ts';

const notApplicable: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(import.meta.dirname, 'not-applicable.json'), 'utf8'));
const protocols = createProtocols();

describe.skipIf(folder === undefined)('protocol vectors', () => {
  const inputs = casesOf('input');
  const outputs = casesOf('output');

  test('all cases are there, and the list of those that do not apply does not grow', () => {
    expect({ inputs: inputs.length, outputs: outputs.length }).toEqual({ inputs: 367, outputs: 365 });
    expect(Object.keys(notApplicable).length).toBeLessThanOrEqual(NOT_APPLICABLE_MAX);
    const known = new Set([...inputs, ...outputs].map(({ key }) => key));
    expect(Object.keys(notApplicable).filter((key) => !known.has(key))).toEqual([]);
  });

  test.each(inputs)('$key', ({ key, suite, each }) => {
    const run = () => expect(decodeCase(suite, each)).toEqual(inMemory(operationOf(suite, each).input, each.params ?? {}));
    if (key in notApplicable) expect(run).toThrow();
    else run();
  });

  test.each(outputs)('$key', ({ key, suite, each }) => {
    const run = () => checkOutput(suite, each);
    if (key in notApplicable) expect(run).toThrow();
    else run();
  });
});

/** May only be lowered. */
const NOT_APPLICABLE_MAX = 36;

function decodeCase(suite: Suite, each: Case): Structure {
  const operation = operationOf(suite, each);
  const protocol = protocols[protocolOf(operation)];
  const { uri = '/', headers = {}, body = '', method = 'POST' } = each.serialized ?? {};
  const mark = uri.indexOf('?');
  const request: WireRequest = {
    method,
    path: mark < 0 ? uri : uri.slice(0, mark),
    query: mark < 0 ? '' : uri.slice(mark + 1),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(body, operation.service.protocols[0] === 'smithy-rpc-v2-cbor' ? 'base64' : 'utf8'),
  };
  if (protocolOf(operation) !== 'json') expect(protocol.operationOf(operation.service, request).name).toBe(operation.name);
  return protocol.decode(operation, request);
}

function checkOutput(suite: Suite, each: Case): void {
  const operation = operationOf(suite, each);
  const protocol = protocols[protocolOf(operation)];
  if (each.error !== undefined || each.errorCode !== undefined) {
    const fault = new Fault(each.errorCode ?? '', each.errorMessage ?? '', {
      status: each.response?.status_code ?? 400,
      fields: inMemoryError(operation, each),
    });
    const response = protocol.encodeFault(fault, operation.service, operation, 'id');
    expect(response.status).toBe(each.response?.status_code);
    expect(Buffer.from(response.body).toString('latin1')).toContain(each.errorMessage ?? '');
    return;
  }
  const wanted = inMemory(operation.output, each.result ?? {}) as Structure;
  // The suite's own response, read by the client side, is the oracle for that side; then the server's encoding is read by it.
  expect(protocol.decodeResponse(operation, suiteResponse(operation, each))).toEqual(wanted);
  expect(protocol.decodeResponse(operation, protocol.encode(operation, wanted, 'id'))).toEqual(wanted);
}

function suiteResponse(operation: Operation, { response }: Case): WireResponse {
  const encoding = protocolOf(operation) === 'smithy-rpc-v2-cbor' ? 'base64' : 'utf8';
  const headers = Object.fromEntries(Object.entries(response?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return { status: response?.status_code ?? 200, headers, body: Buffer.from(response?.body ?? '', encoding) };
}
