// Unit and contract tests: everything beside the code in src and tools, and the data-driven suites in test/vectors.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/vectors/**/*.test.ts', 'test/policy/**/*.test.ts'],
    // The first measures time and memory, the second takes a minute: vitest.wire.config.ts.
    exclude: ['**/hostile.test.ts', '**/wycheproof-kms.test.ts'],
    testTimeout: 90_000,
    pool: 'threads',
    // The product keeps no state in its modules, so files share them: loading them again for each file cost more than most files' tests.
    isolate: false,
  },
});
