// A request that waits for answers from outside: its runs draw the same, and each question is asked once.
import { expect, test } from 'vitest';
import { randomIds } from '../base/ids.ts';
import { createAnswers, untilAnswered } from './answers.ts';

test('every run draws the same random bytes and names, so that answers about them fit', async () => {
  const answers = createAnswers(randomIds());
  const asked: string[] = [];
  const runs: string[] = [];
  const outcome = await untilAnswered(async () => {
    answers.restart();
    const name = answers.ids.uuid();
    const key = Buffer.from(answers.ids.bytes(32)).toString('hex');
    runs.push(name + key);
    const first = answers.ask(`seal ${name}`, async () => asked.push(name));
    const second = answers.ask(`seal ${key}`, async () => asked.push(key));
    return [first, second];
  });
  expect(outcome).toEqual([1, 2]);
  expect(asked.length).toBe(2);
  expect(new Set(runs).size).toBe(1);
});

test('the same question twice in a run is asked twice', async () => {
  const answers = createAnswers(randomIds());
  let count = 0;
  const ask = () => answers.ask('next', async () => ++count);
  const outcome = await untilAnswered(async () => {
    answers.restart();
    return [ask(), ask(), ask()];
  });
  expect(outcome).toEqual([1, 2, 3]);
});

test('a run that goes another way draws anew', () => {
  const answers = createAnswers(randomIds());
  const before = [answers.ids.bytes(16), answers.ids.uuid(), answers.ids.bytes(16)];
  answers.restart();
  expect(answers.ids.bytes(16)).toEqual(before[0]);
  expect(answers.ids.bytes(16)).not.toEqual(before[2]);
  expect(answers.ids.uuid()).not.toBe(before[1]);
});

test('waiting has an end', async () => {
  const answers = createAnswers(randomIds());
  let count = 0;
  const endless = untilAnswered(async () => answers.ask(`another ${count++}`, async () => undefined));
  await expect(endless).rejects.toThrow('waits for an answer');
  expect(count).toBeLessThan(100);
});
