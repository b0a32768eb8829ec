// Finds the running server of a data directory and speaks to its admin API.
import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CommandError } from './output.ts';

export interface ServerFile {
  readonly address: string;
  readonly region: string;
  readonly pid: number;
}

export interface RootCredentialsFile {
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export function readServerFile(dataDir: string): ServerFile {
  return readJson(join(dataDir, 'server.json'), dataDir);
}

export function readRootCredentials(dataDir: string): RootCredentialsFile {
  return readJson(join(dataDir, 'root-credentials.json'), dataDir);
}

function readJson<Value>(path: string, dataDir: string): Value {
  if (!existsSync(path)) {
    throw new CommandError(`no server was started on \`${dataDir}\`; run \`npm start\` first, or name its directory with --data-dir`);
  }
  return JSON.parse(readFileSync(path, 'utf8'));
}

export interface AdminRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AdminAnswer {
  readonly status: number;
  readonly text: string;
}

/** @throws CommandError when nobody answers, or the answer is an error. */
export async function callAdmin(dataDir: string, request: AdminRequest): Promise<string> {
  const { address } = readServerFile(dataDir);
  const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
  const { status, text } = await send(new URL(`/_castellan/${request.path}`, address), request, token);
  if (status < 400) return text;
  const message: unknown = JSON.parse(text).error;
  throw new CommandError(typeof message === 'string' ? message : `the server answered ${status}`);
}

/** Gives the answer line by line as it comes. @throws CommandError when nobody answers, or the answer is an error; and what `onLine` throws. */
export function streamAdmin(dataDir: string, { method, path, body }: AdminRequest, onLine: (line: string) => void): Promise<void> {
  const url = new URL(`/_castellan/${path}`, readServerFile(dataDir).address);
  const authorization = `Bearer ${readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()}`;
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = open(url, { method, headers: { authorization }, rejectUnauthorized: false }, (incoming) => {
      void readLines(incoming, (incoming.statusCode ?? 500) < 400, onLine).then(resolve, reject);
    });
    outgoing.once('error', () => reject(nobodyAnswers(url)));
    outgoing.end(body);
  });
}

async function readLines(incoming: IncomingMessage, isGood: boolean, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: incoming, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!isGood) throw new CommandError(String(JSON.parse(line).error));
    onLine(line);
  }
}

function nobodyAnswers(url: URL): CommandError {
  return new CommandError(`no server answers at ${url.origin}; is it running? start it with \`npm start\``);
}

function send(url: URL, { method, body, headers }: AdminRequest, token: string): Promise<AdminAnswer> {
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = open(
      url,
      { method, headers: { ...headers, authorization: `Bearer ${token}` }, rejectUnauthorized: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('end', () => resolve({ status: incoming.statusCode ?? 500, text: Buffer.concat(chunks).toString('utf8') }));
      },
    );
    outgoing.once('error', () => reject(nobodyAnswers(url)));
    outgoing.end(body);
  });
}
