#!/usr/bin/env node
// Starts the command line with a Node that can run it: an older one is replaced by the runtime that came with the install.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  nodeModule.enableCompileCache?.();
  // The live heap is small and requests leave much behind: without this V8 lets four times of it pile up before it collects.
  setFlagsFromString('--heap-growing-percent=50');
  // The young generation is small, and threads that share its collection cost more than they save.
  setFlagsFromString('--no-parallel-scavenge');
  const { main } = await import('../src/cli/main.ts');
  await main(process.argv.slice(2));
} else {
  const node = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  if (!existsSync(node)) {
    process.stderr.write(
      `castellan: Node ${process.versions.node} is too old and no newer one is installed; run \`npm ci\` in the project first\n`,
    );
    process.exit(1);
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}
