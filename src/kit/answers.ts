// What one request has learnt from outside while it waits: its unit of work runs again for every answer, and each run finds what the runs before
// it have brought. Lives as long as the request, on its node, and never leaves its memory.
import { limits } from '../base/limits.ts';
import { Awaited } from './awaited.ts';

export interface Answers {
  /** The same value in every run, made in the first: random bytes that an answer depends on. */
  keep<Value>(question: string, make: () => Value): Value;
  /** The answer to this question of this request. The same question asked again in one run is another one. @throws Awaited until it is there */
  ask<Value>(question: string, ask: () => Promise<Value>): Value;
  /** A run begins: questions are counted from the start. */
  restart(): void;
}

export function createAnswers(): Answers {
  const known = new Map<string, unknown>();
  const asked = new Map<string, number>();
  const nameOf = (question: string): string => {
    const count = asked.get(question) ?? 0;
    asked.set(question, count + 1);
    return `${count} ${question}`;
  };
  return {
    keep<Value>(question: string, make: () => Value): Value {
      const name = nameOf(`keep ${question}`);
      if (!known.has(name)) known.set(name, make());
      // Decoding boundary: what stands under a question was put there by the same question, whose type is its caller's.
      return known.get(name) as Value;
    },
    ask<Value>(question: string, ask: () => Promise<Value>): Value {
      const name = nameOf(`ask ${question}`);
      if (!known.has(name)) {
        throw new Awaited(async () => {
          known.set(name, await ask());
        });
      }
      // Decoding boundary, as above.
      return known.get(name) as Value;
    },
    restart: () => asked.clear(),
  };
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
