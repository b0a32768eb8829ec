// What a function prints, in Lambda's text format: time, request, level and message, parted by tabs.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
import { writeSync } from 'node:fs';
import { format } from 'node:util';

const levels = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' };

export function patchConsole(requestId) {
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...values) => logLine(stamped(level, requestId(), format(...values)));
  }
  // Two pipes do not keep the order of what is written to both.
  Object.defineProperty(process, 'stderr', { get: () => process.stdout });
}

export function stamped(level, requestId, message) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${message}`;
}

export function logLine(line) {
  if (line !== '') writeAll(1, Buffer.from(`${line}\n`, 'utf8'));
}

/** All of it, even if the reader is slow. */
export function writeAll(descriptor, bytes) {
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += writeSync(descriptor, bytes, sent);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      pause();
    }
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));

export function pause() {
  Atomics.wait(never, 0, 0, 2);
}
