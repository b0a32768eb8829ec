// The same vectors with an independent client: what the server encodes, outputs and errors alike, is parsed by botocore, where it is there.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import type { Structure, WireResponse } from '../../src/protocol/protocol.ts';
import { createProtocols } from '../../src/protocol/protocols.ts';
import { type Case, casesOf, folder, inMemory, inMemoryError, operationOf, protocolOf, type Suite } from './suites.ts';

const protocols = createProtocols();
const isThere = folder !== undefined && spawnSync('python3', ['-c', 'import botocore.parsers'], { stdio: 'ignore' }).status === 0;
if (!isThere) console.warn('skipped: the vectors, or python3 with botocore, are not there to read our responses');

/** Vectors that botocore does not pass itself (its own ignore list), and one whose map takes in the server's headers. May only shrink. */
const notForBotocore: ReadonlySet<string> = new Set([
  'ec2/Ec2XmlLists',
  'query/QueryXmlLists',
  'rest-json/HttpPrefixHeadersResponse',
  'rest-json/RestJsonHttpPayloadTraitsWithNoBlobBody',
  'rest-json/RestJsonHttpPayloadWithUnsetUnion',
  'rest-json/RestJsonInputAndOutputWithQuotedStringHeaders',
  'rest-json/RestJsonInputAndOutputWithTimestampHeaders',
  'rest-json/MediaTypeHeaderOutputBase64',
  'rest-xml/BodyWithXmlName',
  'rest-xml/HttpPayloadTraitsWithNoBlobBody',
  'rest-xml/InputAndOutputWithTimestampHeaders',
  'rest-xml/RestXmlHttpPayloadWithUnsetUnion',
  'rest-xml/XmlLists',
]);

describe.skipIf(!isThere)('botocore reads our responses', () => {
  const outputs = casesOf('output');
  const parsed = isThere ? parse(outputs) : [];

  test.each(outputs.map((output, index) => ({ ...output, read: parsed[index] ?? {} })))('$key', ({ key, suite, each, read }) => {
    const run = () => (each.errorCode === undefined ? checkOutput(each, read) : checkFault(suite, each, read));
    if (notForBotocore.has(key.replace(/^output\/([^/]+)\/\d+\//, '$1/'))) expect(run).toThrow();
    else run();
  });
});

function checkOutput(each: Case, { ResponseMetadata, ...read }: Structure): void {
  expect(ResponseMetadata, JSON.stringify(read)).toBeDefined();
  expect(read).toEqual(each.result ?? {});
}

function checkFault(suite: Suite, each: Case, { ResponseMetadata, Error: error, ...members }: Structure): void {
  const shape = operationOf(suite, each).errors.find((one) => one.errorCode === each.errorCode || one.name === each.errorCode);
  expect(ResponseMetadata).toMatchObject({ HTTPStatusCode: shape?.errorStatus ?? 400 });
  expect(error).toMatchObject({ Code: each.errorCode, ...(each.errorMessage === undefined ? {} : { Message: each.errorMessage }) });
  expect(members).toMatchObject(each.error ?? {});
}

function parse(cases: ReturnType<typeof casesOf>): readonly Structure[] {
  const input = cases.map(({ suite, each }) => {
    const { given } = each;
    const response = each.errorCode === undefined ? encoded(suite, each) : encodedFault(suite, each);
    // The suites leave out the wrapper that every query service has.
    const isQuery = protocolOf(operationOf(suite, each)) === 'query';
    const output = isQuery && given.output ? { ...given.output, resultWrapper: `${given.name}Result` } : given.output;
    return {
      model: { ...suite, operations: { [given.name]: output ? { ...given, output } : given } },
      operation: given.name,
      status: response.status,
      headers: response.headers,
      body: Buffer.from(response.body).toString('base64'),
    };
  });
  const child = spawnSync('python3', [join(import.meta.dirname, 'parse-with-botocore.py')], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout);
}

function encoded(suite: Suite, each: Case): WireResponse {
  const operation = operationOf(suite, each);
  return protocols[protocolOf(operation)].encode(operation, inMemory(operation.output, each.result ?? {}) as Structure, 'id');
}

/** Without a status of its own: the model's must be found. */
function encodedFault(suite: Suite, each: Case): WireResponse {
  const operation = operationOf(suite, each);
  const { message, Message, ...fields } = inMemoryError(operation, each);
  const fault = new Fault(each.errorCode ?? '', each.errorMessage ?? String(message ?? Message ?? ''), { fields });
  return protocols[protocolOf(operation)].encodeFault(fault, operation.service, operation, 'id');
}
