// Makes a fresh clone ready: installs the locked dependencies when they are missing or stale, then does nothing.
// Plain JavaScript without dependencies, because it runs before anything is installed and on Node 18 or later.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const marker = `${root}node_modules/.castellan-lock`;

/** Installs what package-lock.json names, unless that very lock file is installed already. */
export function setUp() {
  const lock = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return;
  process.stderr.write('castellan: installing dependencies (first run only, about 20 seconds)\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    process.stderr.write('castellan: `npm ci` failed; check that the npm registry can be reached, then run the command again\n');
    process.exit(result.status ?? 1);
  }
  writeFileSync(marker, lock);
}

setUp();
