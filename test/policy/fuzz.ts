// `npm run fuzz`: asks the evaluator, the reference and the explanation a million random questions, or as many as ten minutes allow. Prints its
// seed; `-- --seed N` asks the same again, `-- --runs N` and `-- --minutes N` change the budget. What they disagree about is made as small as
// possible and saved as a case under cases/counterexamples, which then fails in `npm test` until it is settled.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { evaluate } from '../../src/policy/evaluate.ts';
import { explain } from '../../src/policy/explain.ts';
import { authorizationRequest, type PlainRequest } from '../../src/policy/plain-request.ts';
import { referenceDecision } from '../../src/policy/reference.ts';
import { question } from './arbitrary.ts';
import { casesFolder } from './case-files.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    runs: { type: 'string', default: '1000000' },
    minutes: { type: 'string', default: '10' },
  },
});
const seed = Number(values.seed);
let asked = 0;

function agrees(each: PlainRequest): boolean {
  asked += 1;
  const request = authorizationRequest(each);
  const { outcome, layer } = evaluate(request);
  const expected = referenceDecision(each);
  if (outcome !== expected.outcome || layer !== expected.layer) return false;
  // An explanation costs as much as many evaluations; every twentieth is enough for the agreement of the two.
  if (asked % 20 !== 0) return true;
  const explanation = explain(request);
  return explanation.outcome === outcome && explanation.decidedBy === layer;
}

process.stdout.write(`policy: seed ${seed}, up to ${values.runs} questions or ${values.minutes} minutes\n`);
const began = performance.now();
const result = fc.check(fc.property(question, agrees), {
  seed,
  numRuns: Number(values.runs),
  interruptAfterTimeLimit: Number(values.minutes) * 60_000,
});
const seconds = Math.round((performance.now() - began) / 1000);
const [counterexample] = result.counterexample ?? [];
if (counterexample === undefined) {
  process.stdout.write(`policy: ${asked} questions in ${seconds} s, all agree\n`);
} else {
  const file = saveCase(counterexample);
  process.stdout.write(`policy: after ${asked} questions they disagree about ${file}; again with \`npm run fuzz -- --seed ${seed}\`\n`);
  process.exitCode = 1;
}

function saveCase(each: PlainRequest): string {
  const folder = join(casesFolder, 'counterexamples');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `seed-${seed}.json`);
  const decided = referenceDecision(each);
  const expect = { outcome: decided.outcome, layer: decided.layer ?? null };
  const content = { about: 'Found by chance.', source: 'npm run fuzz', cases: [{ name: `seed ${seed}`, ...each, expect }] };
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}
