// Unit and contract tests: everything beside the code in src and tools, and the data-driven suites in test/vectors.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/vectors/**/*.test.ts', 'test/policy/**/*.test.ts'],
    // It measures time and memory, so it runs alone: vitest.wire.config.ts.
    exclude: ['**/hostile.test.ts'],
    testTimeout: 30_000,
    pool: 'threads',
  },
});
