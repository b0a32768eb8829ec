// Ten thousand malformed requests for each protocol: every one is decoded or answered with a fault of the client's, printable, soon.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCbor } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { limits } from '../base/limits.ts';
import { loadModel, type RawModel } from '../model/load.ts';
import type { ProtocolName, ServiceModel } from '../model/model.ts';
import type { WireRequest } from './protocol.ts';
import { createProtocols } from './protocols.ts';

const runs = 10_000;
const seed = 20261124;
const slowestMs = 2_000;
const names: readonly ProtocolName[] = ['json', 'query', 'ec2', 'rest-json', 'rest-xml', 'smithy-rpc-v2-cbor'];
const protocols = createProtocols();

/** One operation with a member of every kind, a recursive one, and one of every place that HTTP has. */
function modelOf(protocol: ProtocolName): ServiceModel {
  const raw: RawModel = {
    metadata: { protocol, targetPrefix: 'Hostile', apiVersion: '2026-11-24', jsonVersion: '1.1', serviceId: 'Hostile' },
    operations: {
      Put: {
        name: 'Put',
        http: { method: 'POST', requestUri: '/put/{Label}/{Rest+}' },
        input: { shape: 'Input' },
        output: { shape: 'Input' },
      },
      Plain: { name: 'Plain', http: { method: 'POST', requestUri: '/' }, input: { shape: 'Tree' } },
    },
    shapes: {
      Input: {
        type: 'structure',
        members: {
          Label: { shape: 'String', location: 'uri' },
          Rest: { shape: 'String', location: 'uri' },
          Count: { shape: 'Integer', location: 'querystring', locationName: 'count' },
          When: { shape: 'Time', location: 'header', locationName: 'x-when' },
          Words: { shape: 'Strings', location: 'header', locationName: 'x-words' },
          Times: { shape: 'Times', location: 'header', locationName: 'x-times' },
          Json: { shape: 'String', location: 'header', locationName: 'x-json', jsonvalue: true },
          Prefixed: { shape: 'StringMap', location: 'headers', locationName: 'x-any-' },
          Tree: { shape: 'Tree' },
        },
      },
      Tree: {
        type: 'structure',
        members: {
          Tree: { shape: 'Tree' },
          List: { shape: 'Trees' },
          Map: { shape: 'TreeMap' },
          Flat: { shape: 'FlatStrings' },
          String: { shape: 'String' },
          Integer: { shape: 'Integer' },
          Long: { shape: 'Long' },
          Double: { shape: 'Double' },
          Boolean: { shape: 'Boolean' },
          Blob: { shape: 'Blob' },
          Time: { shape: 'Time' },
          Free: { shape: 'Free' },
        },
      },
      Trees: { type: 'list', member: { shape: 'Tree' } },
      TreeMap: { type: 'map', key: { shape: 'String' }, value: { shape: 'Tree' } },
      Strings: { type: 'list', member: { shape: 'String' } },
      FlatStrings: { type: 'list', member: { shape: 'String' }, flattened: true },
      Times: { type: 'list', member: { shape: 'Time' } },
      StringMap: { type: 'map', key: { shape: 'String' }, value: { shape: 'String' } },
      Free: { type: 'structure', members: {}, document: true },
      String: { type: 'string' },
      Integer: { type: 'integer' },
      Long: { type: 'long' },
      Double: { type: 'double' },
      Boolean: { type: 'boolean' },
      Blob: { type: 'blob' },
      Time: { type: 'timestamp' },
    },
  };
  return loadModel('hostile', raw);
}

const members = [
  'Tree',
  'List',
  'Map',
  'Flat',
  'String',
  'Integer',
  'Long',
  'Double',
  'Boolean',
  'Blob',
  'Time',
  'Free',
  'key',
  'value',
  'entry',
  'member',
  '1',
  '2',
];
const nastyNames = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '\u0000', '999999999', '-1', 'Tree.Tree', 'é'];
const name = fc.constantFrom(...members, ...members, ...nastyNames);
const number = fc.constantFrom(
  '0',
  '-0',
  '1e999',
  '-1e999',
  '99999999999999999999',
  '1.5',
  '0x10',
  '1e',
  '--1',
  'NaN',
  'Infinity',
  '9'.repeat(5_000),
);
const text = fc.oneof(
  fc.constantFrom(
    '',
    'true',
    'TRUE',
    'null',
    '{}',
    '2026-13-45T99:99:99Z',
    '2026-11-24T00:00:00+99:99',
    'Tue, 99 Xyz 2026 00:00:00 GMT',
    '====',
    'Zm9',
    '\ud800',
    '\uffff',
    '%',
    '%zz',
    '&',
    '<',
    '&lol;',
    '"',
    '\\',
  ),
  number,
  fc.string({ maxLength: 12 }),
  fc.integer({ min: 1, max: 2_000 }).map((length) => 'a '.repeat(length)),
);

/** Trees of the right members with wrong values in them. */
const tree = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'tree' },
    text,
    fc.constantFrom<unknown>(null, true, false, 0, -1.5, 2 ** 53, 2 ** 31, -(2 ** 63)),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
})).object;

const depth = fc.integer({ min: 1, max: 2_000 });
const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));

/** Cuts, flips and repeats bytes of a body that was nearly right. */
function mangled(body: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(body, fc.nat(), fc.nat(), fc.constantFrom('keep', 'keep', 'cut', 'flip', 'twice', 'insert'), bytes)
    .map(([good, at, bit, how, more]) => {
      const place = good.length === 0 ? 0 : at % good.length;
      switch (how) {
        case 'cut':
          return good.subarray(0, place);
        case 'flip':
          return Buffer.from(good.map((byte, index) => (index === place ? byte ^ (1 << (bit % 8)) : byte)));
        case 'twice':
          return Buffer.concat([good, good]);
        case 'insert':
          return Buffer.concat([good.subarray(0, place), more, good.subarray(place)]);
        default:
          return good;
      }
    });
}

const jsonBody = mangled(
  fc.oneof(
    tree.map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .tuple(depth, fc.constantFrom('[', '{"Tree":', '{"Free":[', '{"List":[', '{"Map":{"a":'))
      .map(([levels, open]) => Buffer.from(open.repeat(levels))),
    fc.tuple(name, number, number).map(([member, first, second]) => Buffer.from(`{"${member}":${first},"${member}":${second}}`)),
  ),
);

const formBody = mangled(
  fc.oneof(
    fc.array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 6 }), text), { maxLength: 8 }).map((pairs) => {
      return Buffer.from(pairs.map(([path, value]) => `${path.join('.')}=${encodeSome(value)}`).join('&'));
    }),
    depth.map((levels) => Buffer.from(`${'Tree.'.repeat(levels)}String=1`)),
    depth.map((count) => Buffer.from('List.member.1.String=1&'.repeat(count))),
  ),
);

const xmlBody = mangled(
  fc.oneof(
    tree.map((value) => Buffer.from(`<Input xmlns="urn:x"><Tree>${xmlOf(value)}</Tree></Input>`)),
    depth.map((levels) => Buffer.from('<Tree>'.repeat(levels))),
    depth.map((count) => Buffer.from(`<Tree ${Array.from({ length: count }, (_, index) => `a${index}="1"`).join(' ')}/>`)),
    fc
      .constantFrom(
        '<!DOCTYPE a [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><Tree><String>&lol2;</String></Tree>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><Tree/>',
        '<Tree><String>&xxe;</String></Tree>',
        '<?xml version="1.1"?><Tree/>',
        '<Tree><String>&#0;</String></Tree>',
        '<Tree/><Tree/>',
        '<x:Tree x:a="1"/>',
      )
      .map((document) => Buffer.from(document)),
  ),
);

const cborBody = mangled(
  fc.oneof(
    tree.map((value) => Buffer.from(encodeCbor(value))),
    fc.tuple(depth, fc.constantFrom(0x81, 0x9f, 0xc1, 0xa1, 0xbf, 0x5f, 0x7f, 0xd8)).map(([levels, head]) => Buffer.alloc(levels, head)),
    fc
      .tuple(fc.constantFrom(0x5b, 0x7b, 0x9b, 0xbb, 0xdb, 0x1b, 0x3b), fc.uint8Array({ minLength: 8, maxLength: 12 }))
      .map(([head, rest]) => Buffer.from([head, ...rest])),
  ),
);

const bodies: Readonly<Record<ProtocolName, fc.Arbitrary<Buffer>>> = {
  json: jsonBody,
  query: formBody,
  ec2: formBody,
  'rest-json': jsonBody,
  'rest-xml': xmlBody,
  'smithy-rpc-v2-cbor': cborBody,
};

const headerNames = fc.constantFrom('x-when', 'x-words', 'x-times', 'x-json', 'x-any-', 'x-any-__proto__', 'x-any-a', '__proto__');
const headers = fc.array(
  fc.tuple(
    headerNames,
    fc.oneof(
      text,
      fc.constantFrom(
        '"'.repeat(500),
        '"a,'.repeat(500),
        '\\"'.repeat(500),
        'Mon, 1, '.repeat(200),
        'W10=',
        Buffer.from('['.repeat(3_000)).toString('base64'),
      ),
    ),
  ),
  { maxLength: 4 },
);
const paths = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('/put/a/b', '/put/%ff/%zz/..//', '/put//', '/put/a', '/put/a/b/') },
  fc.array(text, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
  depth.map((count) => '/a'.repeat(count)),
);
const targets = fc.oneof({ weight: 6, arbitrary: fc.constantFrom('Put', 'Plain') }, text);

function requestFor(protocol: ProtocolName): fc.Arbitrary<WireRequest> {
  return fc
    .record({
      body: bodies[protocol],
      more: headers,
      path: paths,
      target: targets,
      query: fc.oneof(
        fc.constant(''),
        text.map((value) => `count=${value}`),
        fc.string(),
      ),
    })
    .map(({ body, more, path, target, query }): WireRequest => {
      const isForm = protocol === 'query' || protocol === 'ec2';
      const own: Record<string, string> = {
        'x-amz-target': `Hostile.${target}`,
        ...(isForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      };
      return {
        method: 'POST',
        path: protocol === 'smithy-rpc-v2-cbor' ? `/service/Hostile/operation/${target}` : path,
        query,
        headers: { ...Object.fromEntries(more), ...own },
        body: isForm ? Buffer.concat([Buffer.from(`Action=${encodeSome(target)}&Version=2026-11-24&`), body]) : body,
      };
    });
}

describe.each(names)('%s', (protocolName) => {
  const protocol = protocols[protocolName];
  const service = modelOf(protocolName);
  const plain = service.operations.get('Plain');

  /** What came of a request: decoded, or the fault's code. Anything but a fault of the client's is an error here. */
  function outcomeOf(request: WireRequest): string {
    const started = performance.now();
    let outcome = 'decoded';
    try {
      const operation = protocol.operationOf(service, request);
      JSON.stringify(protocol.decode(operation, request));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const response = protocol.encodeFault(error, service, plain, 'request-1');
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      const printed = Buffer.from(response.body).toString('latin1') + JSON.stringify(response.headers);
      expect(printed).toContain(error.code);
      expect(printed.length).toBeLessThan(10_000);
      outcome = error.code;
    }
    expect(performance.now() - started).toBeLessThan(slowestMs);
    return outcome;
  }

  test('answers every malformed request with a fault of the client’s', () => {
    const counts = new Map<string, number>();
    const property = fc.property(requestFor(protocolName), (request) => {
      const outcome = outcomeOf(request);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    });
    fc.assert(property, { seed, numRuns: runs, endOnFailure: true });
    // The generator is worth something only when requests get through to the decoder, and some through it.
    expect(counts.get('decoded') ?? 0).toBeGreaterThan(runs / 100);
    expect(counts.size).toBeGreaterThan(2);
    expect(Object.prototype).not.toHaveProperty('String');
  }, 60_000);

  test('bounds what the largest bodies cost in time and memory', () => {
    const before = process.memoryUsage().heapUsed;
    for (const body of largest(protocolName)) {
      const request: WireRequest = {
        method: 'POST',
        path: protocolName === 'smithy-rpc-v2-cbor' ? '/service/Hostile/operation/Plain' : '/',
        query: '',
        headers: {
          'x-amz-target': 'Hostile.Plain',
          ...(protocolName === 'query' || protocolName === 'ec2' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        },
        body: body.subarray(0, limits.bodyBytesMax),
      };
      outcomeOf(request);
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(700 * 1024 * 1024);
    }
  }, 60_000);
});

/** Bodies of the largest size that cost the most: many values, deep ones, long ones. */
function largest(protocol: ProtocolName): readonly Buffer[] {
  const fill = (start: string, piece: string, end = '') =>
    Buffer.from(start + piece.repeat(Math.floor((limits.bodyBytesMax - start.length - end.length) / piece.length)) + end);
  const form = 'Action=Plain&Version=2026-11-24&';
  switch (protocol) {
    case 'json':
    case 'rest-json':
      return [
        fill('{"Free":[', '[],', '[]]}'),
        fill('{"List":[', '{},', '{}]}'),
        fill('', '['),
        fill('{"String":"', '\\u0041', '"}'),
        fill('{"Integer":', '9', '}'),
        fill('{', '"a":1,', '"b":1}'),
        fill('{"Blob":"', 'AAAA', '"}'),
      ];
    case 'query':
    case 'ec2':
      return [
        fill(form, '&'),
        fill(form, 'a&'),
        fill(form, `${'a.'.repeat(90)}a=1&`),
        fill(form, '.'),
        fill(form, '%41'),
        fill(form, '+'),
        Buffer.from(form + Array.from({ length: 19_000 }, (_, index) => `List.member.${index}.${'Tree.'.repeat(80)}String=1`).join('&')),
      ];
    case 'rest-xml':
      return [
        fill('<Tree>', '<a/>', '</Tree>'),
        fill('<Tree>', '<Flat>1</Flat>', '</Tree>'),
        fill('', '<a>'),
        fill('<Tree ', 'a="1" ', '/>'),
        fill('<Tree>', '&amp;', '</Tree>'),
        fill('<Tree><String>', ']]', '</String></Tree>'),
        fill('<Tree>', '<!---->', '</Tree>'),
      ];
    case 'smithy-rpc-v2-cbor':
      return [
        Buffer.alloc(limits.bodyBytesMax, 0x80),
        Buffer.alloc(limits.bodyBytesMax, 0x9f),
        Buffer.concat([Buffer.from([0xa1, 0x64, ...Buffer.from('Free'), 0x9f]), Buffer.alloc(limits.bodyBytesMax - 10, 0x80)]),
        Buffer.concat([Buffer.from([0x5f]), Buffer.alloc(limits.bodyBytesMax - 1, 0x40)]),
      ];
  }
}

function encodeSome(value: string): string {
  return value.replace(/[&=%+]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

function xmlOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => `<member>${xmlOf(item)}</member>`).join('');
  if (typeof value !== 'object' || value === null) return String(value).replace(/</g, '&lt;');
  return Object.entries(value)
    .filter(([key]) => /^[A-Za-z_]+$/.test(key))
    .map(([key, item]) => `<${key}>${xmlOf(item)}</${key}>`)
    .join('');
}
