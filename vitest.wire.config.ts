// Tests that need a running server process: real clients, crashes, hostile input, two nodes. `npm run wire`; CI runs them after `npm test`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'src/**/hostile.test.ts',
      'test/vectors/wycheproof-kms.test.ts',
      'test/wire/**/*.test.ts',
      'test/crash/**/*.test.ts',
      'test/hostile/**/*.test.ts',
    ],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
