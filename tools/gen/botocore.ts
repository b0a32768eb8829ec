// Finds botocore's data folder and reads the service models in it: the source that everything else is generated from.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RawModel } from '../../src/model/load.ts';

export interface Botocore {
  readonly version: string;
  /** The newest API version of a service. */
  model(service: string): RawModel;
}

/** The botocore at `dataPath`, or the one that the machine's python3 imports; undefined when there is none. */
export function findBotocore(dataPath: string | undefined): Botocore | undefined {
  const data = dataPath ?? importedDataPath();
  if (data === undefined) return undefined;
  const init = readFileSync(join(dirname(data), '__init__.py'), 'utf8');
  const version = /^__version__ = ['"]([^'"]+)['"]/m.exec(init)?.[1];
  if (version === undefined) throw new Error(`no __version__ beside \`${data}\``);
  return { version, model: (service) => readModel(join(data, service)) };
}

function importedDataPath(): string | undefined {
  try {
    const file = execFileSync('python3', ['-c', 'import botocore; print(botocore.__file__)'], { encoding: 'utf8', stdio: 'pipe' });
    return join(dirname(file.trim()), 'data');
  } catch {
    // No python3, or no botocore in it: the caller says what to do about it.
    return undefined;
  }
}

function readModel(folder: string): RawModel {
  const newest = readdirSync(folder)
    .filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name))
    .sort()
    .at(-1);
  if (newest === undefined) throw new Error(`no API version in \`${folder}\``);
  const path = join(folder, newest, 'service-2.json');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : gunzipSync(readFileSync(`${path}.gz`)).toString('utf8');
  // Decoding boundary: botocore's own file, whose form loadModel asserts wherever it matters.
  return JSON.parse(text) as RawModel;
}
