// The deployment packages of functions: checked and unpacked once into a folder of their own, which only the server's user can read.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { unzipSync } from 'fflate';
import { limits } from '../base/limits.ts';

const ownerOnly = 0o700;

/** The folder with the archive's files. @throws Error when the archive is none, is too large, or would write outside its folder. */
export function unpacked(directory: string, archiveId: string, archive: Uint8Array): string {
  const target = join(directory, archiveId);
  if (existsSync(target)) return target;
  const files = readArchive(archive);
  const partial = `${target}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: ownerOnly });
  for (const [name, bytes] of Object.entries(files)) {
    if (name.endsWith('/')) continue;
    const path = join(partial, name);
    mkdirSync(dirname(path), { recursive: true, mode: ownerOnly });
    writeFileSync(path, bytes, { mode: 0o600 });
  }
  renameSync(partial, target);
  forgetOldest(directory, archiveId);
  return target;
}

/** The files of a zip archive by their names. @throws Error as `unpacked`. */
export function readArchive(archive: Uint8Array): Readonly<Record<string, Uint8Array>> {
  let bytes = 0;
  let count = 0;
  return unzipSync(archive, {
    filter({ name, originalSize }) {
      const path = normalize(name);
      if (path.startsWith('..') || path.startsWith('/') || name.includes('\0') || name.includes('\\')) {
        throw new Error(`the archive has a file outside of its folder: \`${name}\``);
      }
      bytes += originalSize;
      count += 1;
      if (bytes > limits.functionCodeBytesMax || count > limits.functionFilesMax) throw new Error('the archive is too large');
      return true;
    },
  });
}

/**
 * As Lambda's runtimes do, offers the AWS SDK to functions that do not bring their own: what an operator has installed in `node_modules` beside the
 * archives, or else what the installation has. Returns the folders that functions must be able to read for it.
 */
export function offeredModules(directory: string, installed: string): readonly string[] {
  mkdirSync(directory, { recursive: true, mode: ownerOnly });
  const manifest = join(directory, 'package.json');
  // Without it, a function's `.js` would be what the manifest of a folder above says of its own.
  if (!existsSync(manifest)) writeFileSync(manifest, '{"private":true}\n');
  const offered = join(directory, 'node_modules');
  const found = lstatSync(offered, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSymbolicLink()) return [offered];
  const isOffered = existsSync(join(installed, '@aws-sdk'));
  if (found !== undefined && (!isOffered || readlinkSync(offered) !== installed)) unlinkSync(offered);
  if (!isOffered) return [];
  if (!existsSync(offered)) symlinkSync(installed, offered);
  return [offered, installed];
}

function forgetOldest(directory: string, kept: string): void {
  const folders = readdirSync(directory).filter((name) => /^[0-9a-f]{64}$/.test(name) && name !== kept);
  if (folders.length < limits.functionArchivesMax) return;
  const byAge = folders
    .map((name) => ({ name, ms: statSync(join(directory, name)).mtimeMs }))
    .toSorted((left, right) => left.ms - right.ms);
  for (const { name } of byAge.slice(0, folders.length - limits.functionArchivesMax + 1)) {
    rmSync(join(directory, name), { recursive: true, force: true });
  }
}
