// Functions know two folders by name, /tmp and /var/task. Here they lie elsewhere, one for each process, so paths that begin with them are led there.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Their second argument is a path as well. */
const withTwoPaths = /^(?:rename|copyFile|cp|link|symlink)(?:Sync)?$/;

/**
 * @param folders a record of known folders and where they are
 * @param own folders that are where they say, even if that is below a known one
 */
export function redirectPaths(folders, own) {
  const led = (path) => ledPath(folders, own, path);
  for (const module of [fs, fs.promises]) {
    for (const [name, original] of Object.entries(module)) {
      if (typeof original !== 'function' || !/^[a-z]/.test(name)) continue;
      const isTwofold = withTwoPaths.test(name);
      const redirected = function (first, ...rest) {
        if (isTwofold) rest[0] = led(rest[0]);
        return original.call(this, led(first), ...rest);
      };
      module[name] = Object.defineProperties(redirected, Object.getOwnPropertyDescriptors(original));
    }
  }
  syncBuiltinESMExports();
}

const isIn = (folder, path) => path === folder || path.startsWith(`${folder}/`);

function ledPath(folders, own, path) {
  const text = path instanceof URL && path.protocol === 'file:' ? fileURLToPath(path) : path;
  if (typeof text !== 'string' || own.some((folder) => isIn(folder, text))) return path;
  for (const [known, folder] of Object.entries(folders)) {
    if (isIn(known, text)) return folder + text.slice(known.length);
  }
  return path;
}
