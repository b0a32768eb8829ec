// The SigV4 test suite, mirrored: what the suite's signer produced must verify here, and nothing that differs from it by a byte.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { canonicalRequest, type SignableRequest, sha256Hex } from '../../src/sigv4/canonical.ts';
import { readSignature } from '../../src/sigv4/present.ts';
import { createSigningKeyCache } from '../../src/sigv4/signing-keys.ts';
import { verify } from '../../src/sigv4/verify.ts';
import { readShared, sharedPath } from './shared.ts';

interface Context {
  readonly credentials: { readonly access_key_id: string; readonly secret_access_key: string; readonly token?: string };
  readonly normalize: boolean;
  readonly region: string;
  readonly service: string;
  readonly sign_body: boolean;
  readonly timestamp: string;
  readonly omit_session_token?: boolean;
}

const folder = sharedPath('vectors', 'sigv4');

describe.skipIf(folder === undefined)('the SigV4 suite', () => {
  const names = folder === undefined ? [] : readdirSync(folder);

  test('has all its cases', () => {
    expect(names.length).toBe(38);
  });

  test.each(names)('%s: header and query signatures verify, and break with any change', (name) => {
    const path = join(folder ?? '', name);
    const context: Context = JSON.parse(readShared(join(path, 'context.json')));
    for (const place of ['header', 'query'] as const) {
      const request = parse(readShared(join(path, `${place}-signed-request.txt`)));
      const signature = readSignature(request);
      expect(signature.kind).toBe('signed');
      if (signature.kind !== 'signed') continue;
      const wanted = readShared(join(path, `${place}-canonical-request.txt`));
      const canonical = canonicalRequest(request, {
        signedHeaders: signature.signedHeaders,
        payloadHash: sha256Hex(request.body),
        isPathVerbatim: !context.normalize,
        withoutParameters: place === 'query' ? unsignedParameters(context) : [],
      });
      if (context.normalize) expect(canonical).toBe(wanted);
      const options = {
        secret: new Secret(context.credentials.secret_access_key),
        now: Date.parse(context.timestamp),
        fromClient: (ms: number) => [ms],
        service: context.service,
        isS3: false,
        allowsUnsignedPayload: false,
        signingKeys: createSigningKeyCache(),
      };
      if (!context.normalize || (place === 'query' && context.omit_session_token === true)) continue;
      expect(verify(request, signature, options).kind).toBe('valid');
      for (const changed of tampered(request)) {
        const presented = readSignature(changed);
        expect(presented.kind === 'signed' && verify(changed, presented, options).kind).not.toBe('valid');
      }
    }
  });
});

function unsignedParameters(context: Context): readonly string[] {
  return context.omit_session_token === true ? ['X-Amz-Signature', 'X-Amz-Security-Token'] : ['X-Amz-Signature'];
}

function tampered(request: SignableRequest): readonly SignableRequest[] {
  return [
    { ...request, method: request.method === 'GET' ? 'PUT' : 'GET' },
    { ...request, path: `${request.path}x` },
    { ...request, query: request.query === '' ? 'x=1' : `${request.query}&x=1` },
    { ...request, headers: { ...request.headers, host: 'other.example.com' } },
    { ...request, body: Buffer.concat([request.body, Buffer.from('x')]) },
  ];
}

/** The suite's own text form of a request: a request line, headers (some repeated or folded), and a body after an empty line. */
function parse(text: string): SignableRequest {
  const [head = '', ...rest] = text.replaceAll('\r\n', '\n').split('\n\n');
  const [line = '', ...headerLines] = head.split('\n');
  const [, method = '', target = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(line) ?? [];
  const headers: Record<string, string> = {};
  let last = '';
  for (const header of headerLines) {
    if (/^\s/.test(header)) headers[last] = `${headers[last]} ${header.trim()}`;
    else {
      last = header.slice(0, header.indexOf(':')).toLowerCase();
      const value = header.slice(header.indexOf(':') + 1);
      headers[last] = headers[last] === undefined ? value : `${headers[last]},${value}`;
    }
  }
  const mark = target.indexOf('?');
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers,
    body: Buffer.from(rest.join('\n\n')),
  };
}
