// The door of what-if: a request in, lines of JSON out while the ledger is replayed. One at a time on a node.
import { Fault } from '../base/fault.ts';
import { type Message, replay } from './replay.ts';
import { readRequest } from './request.ts';
import type { StateParts } from './states.ts';

export type WhatIf = (request: unknown) => Promise<AsyncIterable<string>>;

export function createWhatIf(parts: StateParts): WhatIf {
  let isRunning = false;
  return async (value) => {
    const request = readRequest(value);
    if (isRunning) throw new Error('another what-if is running; wait for its end');
    isRunning = true;
    const end = (): void => {
      isRunning = false;
    };
    const messages = replay(parts, request);
    try {
      // What is wrong with a change is said before anything is answered.
      const first = await messages.next();
      return linesOf(first, messages, end);
    } catch (error) {
      end();
      throw error instanceof Fault ? new Error(`the change cannot be made: ${error.code}: ${error.message}`, { cause: error }) : error;
    }
  };
}

async function* linesOf(first: IteratorResult<Message>, messages: AsyncGenerator<Message>, end: () => void): AsyncGenerator<string> {
  try {
    if (first.done !== true) yield line(first.value);
    for await (const message of messages) yield line(message);
  } catch (error) {
    yield line({ kind: 'error', error: error instanceof Error ? error.message : 'the replay failed' });
  } finally {
    end();
  }
}

function line(message: Message | { readonly kind: 'error'; readonly error: string }): string {
  return `${JSON.stringify(message)}\n`;
}
