// One load generator as a process of its own, so that it does not share a core with what it measures: sends prepared requests over raw,
// pipelined-by-connection sockets and counts the answers. Arguments: a JSON description on standard input.
import { connect } from 'node:net';

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Whole HTTP requests, ready to send, used in turn. */
  readonly requests: readonly string[];
  /** Each request once: the load ends with them. */
  readonly once: boolean;
  /** What counts as an answer: 2 or 4, the first digit of its status. Anything else is a failure and counts for nothing. */
  readonly expected: 2 | 4;
}

const load: Load = JSON.parse(await readAll());
let sent = 0;
let answered = 0;
let failed = 0;
const until = performance.now() + load.seconds * 1000;
const began = performance.now();
await Promise.all(Array.from({ length: load.connections }, () => connection()));
process.stdout.write(`${JSON.stringify({ answered, failed, seconds: (performance.now() - began) / 1000 })}\n`);

/** Keeps one request in flight until the time is over; opens a new socket when the server closes the old one. */
async function connection(): Promise<void> {
  while (performance.now() < until && !isUsedUp()) await oneSocket();
}

function isUsedUp(): boolean {
  return load.once && sent >= load.requests.length;
}

function oneSocket(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(load.port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.setTimeout(Math.max(1, until - performance.now()) + 2_000, () => socket.destroy());
    let pending = '';
    const next = (): void => {
      const request = load.requests[sent % load.requests.length];
      if (performance.now() >= until || request === undefined || isUsedUp()) {
        socket.end();
        return;
      }
      sent += 1;
      socket.write(request, 'latin1');
    };
    socket.on('connect', next);
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      const head = pending.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0);
      if (pending.length < head + 4 + length) return;
      if (pending.startsWith(`${load.expected}`, 'HTTP/1.1 '.length)) answered += 1;
      else failed += 1;
      const isLast = /^HTTP\/1\.0|connection: close/i.test(pending.slice(0, head));
      pending = pending.slice(head + 4 + length);
      if (isLast) socket.end();
      else next();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}

async function readAll(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
}
