// How a function's process and the server talk: answers go to descriptor 3, tasks come from descriptor 4, a line of JSON each.
import { readSync } from 'node:fs';
import { pause, writeAll } from './log.js';

const line = 0x0a;
const chunk = Buffer.alloc(65_536);
let pending = [];

/** Blocks until there is one. The process ends with its server. */
export function readTask() {
  for (;;) {
    const bytes = readChunk();
    const end = bytes.indexOf(line);
    if (end === -1) {
      pending.push(Buffer.from(bytes));
      continue;
    }
    const text = Buffer.concat([...pending, bytes.subarray(0, end)]).toString('utf8');
    pending = [Buffer.from(bytes.subarray(end + 1))];
    return JSON.parse(text);
  }
}

function readChunk() {
  for (;;) {
    try {
      const count = readSync(4, chunk);
      if (count === 0) process.exit(0);
      return chunk.subarray(0, count);
    } catch (error) {
      if (error.code !== 'EAGAIN') process.exit(0);
      pause();
    }
  }
}

export function writeAnswer(answer) {
  writeAll(3, Buffer.from(`${JSON.stringify(answer)}\n`, 'utf8'));
}

/** Says on both streams of the log that all of the run has been printed. */
export function writeMark(mark) {
  for (const descriptor of [1, 2]) {
    try {
      writeAll(descriptor, Buffer.from(mark, 'utf8'));
    } catch {
      // A function may have closed it.
    }
  }
}
