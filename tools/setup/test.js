// `npm test`: types, lint and unit tests in that order; `npm test -- NAME` runs the test files whose path has NAME.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = `${root}node_modules/.bin/`;
const filters = process.argv.slice(2);
const steps =
  filters.length > 0
    ? [['vitest', ['run', ...filters]]]
    : [
        ['tsc', ['-p', 'tsconfig.json']],
        ['biome', ['check', '--error-on-warnings', '.']],
        ['vitest', ['run']],
      ];

for (const [name, parameters] of steps) {
  process.stderr.write(`> ${name} ${parameters.join(' ')}\n`);
  const result = spawnSync(`${bin}${name}`, parameters, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
