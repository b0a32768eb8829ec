// What a benchmark measures: named scenarios of ready requests, on Castellan and, where it is installed, on moto_server.
import { Secret } from '../../src/base/secret.ts';
import { signHeaders } from '../../src/sigv4/sign.ts';
import type { InProcess, SignedForm } from '../in-process.ts';

export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Scenario {
  readonly name: string;
  readonly port: number;
  /** Requests of one round; a write needs new names each time. */
  readonly requests: (round: number) => readonly string[];
  /** Each request is sent once, because a second one would do something else. */
  readonly once?: true;
  /** Refusals are what is measured; otherwise only successes count. */
  readonly refused?: true;
}

/** Where scenarios run. */
export interface Target {
  readonly name: 'castellan' | 'moto_server';
  readonly port: number;
  readonly key: Key;
}

export interface ScenarioGroup {
  /** Prepares what is measured and says how, once for every target. */
  scenarios(target: Target): Promise<readonly Scenario[]>;
  /** Calls as they reach the pipeline, signed once: what a request costs without network and clients. */
  inProcess?(castellan: InProcess): Promise<Readonly<Record<string, SignedForm>>>;
  /** What no server is needed for: the bare cost of what an operation does, operations per second by name. */
  bare?(): Readonly<Record<string, number>>;
}

export const exampleKey: Key = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };

/** A signed request of a query service, as it goes over the wire. */
export function queryRequest(port: number, key: Key, service: string, body: string): string {
  return wire({ port, key, service, body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
}

/** A signed request of a JSON service, as it goes over the wire. */
export function jsonRequest(port: number, key: Key, service: string, target: string, input: object): string {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  return wire({ port, key, service, body: JSON.stringify(input), headers });
}

/** The same, before it is signed. */
export function jsonForm(service: string, target: string, input: object): SignedForm {
  return { service, headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }, body: JSON.stringify(input) };
}

interface Wire {
  readonly port: number;
  readonly key: Key;
  readonly service: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function wire({ port, key: { accessKeyId, secretAccessKey }, service, body, headers }: Wire): string {
  const signed = signHeaders(
    { method: 'POST', path: '/', query: '', headers: { host: `127.0.0.1:${port}`, ...headers }, body: Buffer.from(body) },
    { credentials: { accessKeyId, secretAccessKey: new Secret(secretAccessKey) }, region: 'us-east-1', service, now: Date.now() },
  );
  const lines = Object.entries({ ...signed, 'content-length': String(body.length) }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
