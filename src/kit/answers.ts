// What one request has learnt from outside while it waits: its unit of work runs again for every answer, and each run finds what the runs before
// it have brought. Lives as long as the request, on its node, and never leaves its memory.
import type { Ids } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import { Awaited } from './awaited.ts';

export interface Answers {
  /** Draws the same in every run, so that an answer about something random (a new secret's ARN, a data key) still fits when it comes. */
  readonly ids: Ids;
  /** The answer to this question of this request. The same question asked again in one run is another one. @throws Awaited until it is there */
  ask<Value>(question: string, ask: () => Promise<Value>): Value;
  /** A run begins: draws and questions are counted from the start. */
  restart(): void;
}

export function createAnswers(ids: Ids): Answers {
  const replayed = replayedIds(ids);
  // Few requests ask anything.
  let known: Map<string, unknown> | undefined;
  let asked: Map<string, number> | undefined;
  return {
    ids: replayed.ids,
    ask<Value>(question: string, ask: () => Promise<Value>): Value {
      known ??= new Map();
      asked ??= new Map();
      const answers = known;
      const count = asked.get(question) ?? 0;
      asked.set(question, count + 1);
      const name = `${count} ${question}`;
      if (!answers.has(name)) {
        throw new Awaited(async () => {
          answers.set(name, await ask());
        });
      }
      // Decoding boundary: what stands under a question was put there by the same question, whose type is its caller's.
      return answers.get(name) as Value;
    },
    restart() {
      replayed.restart();
      asked?.clear();
    },
  };
}

function replayedIds(ids: Ids): { readonly ids: Ids; restart(): void } {
  const drawn: (string | Uint8Array)[] = [];
  let position = 0;
  /** A run that does not go as the one before draws anew from there on. */
  const draw = <Value extends string | Uint8Array>(isFitting: (value: string | Uint8Array) => value is Value, make: () => Value): Value => {
    const known = drawn[position];
    if (known !== undefined && isFitting(known)) {
      position += 1;
      return known;
    }
    const value = make();
    drawn.splice(position, drawn.length, value);
    position += 1;
    return value;
  };
  return {
    ids: {
      bytes: (length) => {
        const isFitting = (value: string | Uint8Array): value is Uint8Array => typeof value !== 'string' && value.length === length;
        return draw(isFitting, () => ids.bytes(length));
      },
      uuid: () => draw(isText, () => ids.uuid()),
    },
    restart() {
      position = 0;
    },
  };
}

function isText(value: string | Uint8Array): value is string {
  return typeof value === 'string';
}

/** Runs units of work until none of them waits for an answer any more. */
export async function untilAnswered<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let answers = 0; ; answers += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Awaited) || answers >= limits.awaitedAnswersMax) throw error;
      await error.bring();
    }
  }
}
