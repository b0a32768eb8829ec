// Test data that lies beside the project and is not part of it; tests that need it skip with a notice where it is absent.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../shared');

export function sharedPath(...parts: readonly string[]): string | undefined {
  const path = join(folder, ...parts);
  if (existsSync(path)) return path;
  console.warn(`skipped: the test data ../shared/${parts.join('/')} is not there`);
  return undefined;
}

export function readShared(path: string): string {
  return readFileSync(path, 'utf8');
}
