// Calls of the public AWS APIs that a landing zone is built with: two wire forms, AWS's refusals, and the pages of lists. How a request is
// signed and sent is the caller's.
import { isRecord } from '../base/record.ts';
import { childElements, type Element, parsePlainXml, textOf } from '../base/xml-document.ts';

export interface ApiCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface ApiRequest {
  /** As in a credential scope. */
  readonly service: string;
  readonly region: string | undefined;
  /** Undefined: the caller's own. */
  readonly credentials: ApiCredentials | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Signs and sends. */
export type Send = (request: ApiRequest) => Promise<{ readonly status: number; readonly text: string }>;

export type Input = Readonly<Record<string, unknown>>;
export type Answer = Readonly<Record<string, unknown>>;

export interface Call {
  readonly service: keyof typeof services;
  readonly operation: string;
  readonly input?: Input;
  readonly region?: string | undefined;
  readonly credentials?: ApiCredentials | undefined;
}

export type Api = (call: Call) => Promise<Answer>;

/** AWS said no. */
export class RefusedCall extends Error {
  readonly call: string;
  readonly code: string;

  constructor(call: string, code: string, message: string) {
    super(message);
    this.call = call;
    this.code = code;
  }
}

const services = {
  organizations: { target: 'AWSOrganizationsV20161128' },
  kms: { target: 'TrentService' },
  iam: { version: '2010-05-08' },
  sts: { version: '2011-06-15' },
} as const;

/** What AWS's clients try again, and how often. */
const passing = /Throttl|TooManyRequests|ConcurrentModification|ServiceUnavailable|InternalFailure|ServiceException|FinalizingOrganization/;
const attemptsMax = 6;

export function createApi(send: Send, wait: (ms: number) => Promise<void>): Api {
  const once = async (call: Call): Promise<Answer> => {
    const { service, operation, region, credentials } = call;
    const { status, text } = await send({ service, region, credentials, ...encoded(call) });
    const answer = text.trimStart().startsWith('<') ? await readXml(text) : readJson(text);
    if (status < 400) return memberOf(answer, `${operation}Result`) ?? answer;
    const error = memberOf(answer, 'Error') ?? answer;
    const code = String(error['__type'] ?? error['Code'] ?? status).replace(/^.*#/, '');
    throw new RefusedCall(`${service}:${operation}`, code, String(error['message'] ?? error['Message'] ?? `the server answered ${status}`));
  };
  return async (call) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(call);
      } catch (error) {
        if (!(error instanceof RefusedCall) || !passing.test(error.code) || attempt === attemptsMax) throw error;
        await wait(100 * 2 ** attempt);
      }
    }
  };
}

/** The answer, or something else when AWS refuses with one of these codes. */
export async function unlessRefused<Value, Other>(call: Promise<Value>, codes: RegExp, other: Other): Promise<Value | Other> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RefusedCall && codes.test(error.code)) return other;
    throw error;
  }
}

/** The answer, or something else where a guardrail of the organisation forbids to ask. */
export async function unlessForbidden<Value, Other>(call: Promise<Value>, other: Other): Promise<Value | Other> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RefusedCall && isForbidden(error)) return other;
    throw error;
  }
}

export function isForbidden({ message }: RefusedCall): boolean {
  return /explicit deny in a (?:service|resource) control policy/.test(message);
}

/** The answer, or undefined when what was asked for does not exist. */
export function ifExists<Value>(call: Promise<Value>): Promise<Value | undefined> {
  return unlessRefused(call, /NotFound|NoSuchEntity|AWSOrganizationsNotInUse/, undefined);
}

/** Every item of a list, over all of its pages. */
export async function listAll(api: Api, call: Call, member: string): Promise<readonly Answer[]> {
  const items: Answer[] = [];
  let page: Input = {};
  for (;;) {
    const answer = await api({ ...call, input: { ...call.input, ...page } });
    items.push(...listIn(answer, member));
    const next = answer['NextToken'] ?? answer['NextMarker'] ?? answer['Marker'];
    if (typeof next !== 'string' || next === '') return items;
    page = call.service === 'organizations' ? { NextToken: next } : { Marker: next };
  }
}

export function listIn(answer: Answer, member: string): readonly Answer[] {
  return valuesIn(answer, member).filter(isRecord);
}

/** An empty list of XML has no items to tell it by. */
export function valuesIn(answer: Answer, member: string): readonly unknown[] {
  const value = answer[member];
  return Array.isArray(value) ? value : [];
}

export function memberOf(answer: Answer, member: string): Answer | undefined {
  const value = answer[member];
  return isRecord(value) ? value : undefined;
}

export function textIn(answer: Answer, member: string): string {
  const value = answer[member];
  return typeof value === 'string' ? value : value === undefined ? '' : String(value);
}

function encoded({ service, operation, input = {} }: Call): Pick<ApiRequest, 'headers' | 'body'> {
  const form = services[service];
  if ('target' in form) {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${form.target}.${operation}` };
    return { headers, body: JSON.stringify(input) };
  }
  const parameters = new URLSearchParams([['Action', operation], ['Version', form.version], ...pairs('', input)]);
  return { headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body: parameters.toString() };
}

function pairs(prefix: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((each, index) => pairs(`${prefix}.member.${index + 1}`, each));
  if (isRecord(value)) return Object.entries(value).flatMap(([name, each]) => pairs(prefix === '' ? name : `${prefix}.${name}`, each));
  return [[prefix, String(value)]];
}

function readJson(text: string): Answer {
  const value: unknown = text === '' ? {} : JSON.parse(text);
  return isRecord(value) ? value : {};
}

const depthMax = 50;

async function readXml(text: string): Promise<Answer> {
  const root = (await parsePlainXml(text, depthMax))?.documentElement;
  const value = root ? readElement(root) : {};
  return isRecord(value) ? value : {};
}

/** Lists are elements named `member`; everything else is a structure or text. */
function readElement(element: Element): unknown {
  const children = childElements(element);
  if (children.length === 0) return textOf(element);
  if (children.every(({ localName }) => localName === 'member')) return children.map(readElement);
  return Object.fromEntries(children.map((child) => [child.localName ?? '', readElement(child)]));
}
