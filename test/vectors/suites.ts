// The protocol test suites of AWS's clients (botocore's, from Smithy), as cases with their models. They were written for clients.
import { join } from 'node:path';
import { loadModel, type RawModel, type RawOperation } from '../../src/model/load.ts';
import type { Member, Operation, ProtocolName, Shape } from '../../src/model/model.ts';
import type { Structure } from '../../src/protocol/protocol.ts';
import { readShared, sharedPath } from './shared.ts';

export interface Suite extends RawModel {
  readonly description: string;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly id: string;
  readonly given: RawOperation;
  readonly params?: Structure;
  readonly serialized?: {
    readonly method?: string;
    readonly uri?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly response?: { readonly status_code: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };
  readonly result?: Structure;
  readonly error?: Structure;
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

const names = [
  'ec2',
  'json',
  'json_1_0',
  'json_1_0-query-compatible',
  'query',
  'rest-json',
  'rest-xml',
  'smithy-rpc-v2-cbor',
  'smithy-rpc-v2-cbor-query-compatible',
  'smithy-rpc-v2-cbor-non-query-compatible',
];
export const folder = sharedPath('vectors', 'protocols');

export function casesOf(direction: 'input' | 'output') {
  if (folder === undefined) return [];
  return names.flatMap((file) => {
    const suites: readonly Suite[] = JSON.parse(readShared(join(folder, direction, `${file}.json`)));
    return suites.flatMap((suite, at) =>
      suite.cases.map((each, index) => ({ key: `${direction}/${file}/${at}/${each.id ?? index}`, suite, each })),
    );
  });
}

export function operationOf(suite: Suite, each: Case): Operation {
  const model = loadModel('vectors', { ...suite, operations: { [each.given.name]: each.given } });
  const operation = model.operations.get(each.given.name);
  if (operation === undefined) throw new Error('the case has no operation');
  return operation;
}

export function protocolOf(operation: Operation): ProtocolName {
  return operation.service.protocols[0] ?? 'json';
}

export function inMemoryError(operation: Operation, each: Case): Structure {
  const shape = operation.errors.find((error) => (error.errorCode ?? error.name) === each.errorCode);
  return shape === undefined ? {} : (inMemory(shape, each.error ?? {}) as Structure);
}

/** The suites write blobs as text, timestamps as epoch seconds and infinities as text. */
export function inMemory(shape: Shape | undefined, value: unknown): unknown {
  if (shape === undefined || value === null) return value;
  switch (shape.kind) {
    case 'structure': {
      if (shape.document) return value;
      const entries = Object.entries(value as Structure).map(
        ([name, item]) => [name, memberInMemory(shape.members.get(name), item)] as const,
      );
      return Object.fromEntries(entries.filter(([, item]) => item !== null));
    }
    case 'list':
      return (value as unknown[]).map((item) => memberInMemory(shape.member, item));
    case 'map':
      return Object.fromEntries(Object.entries(value as Structure).map(([name, item]) => [name, memberInMemory(shape.value, item)]));
    case 'blob':
      return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    case 'timestamp':
      return typeof value === 'number' ? value * 1000 : Date.parse(String(value));
    case 'float':
    case 'double':
      return typeof value === 'string' ? Number(value) : value;
    default:
      return value;
  }
}

function memberInMemory(member: Member | undefined, value: unknown): unknown {
  if (member?.jsonValue === true) return value;
  return inMemory(member?.shape, value);
}
