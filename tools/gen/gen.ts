// `npm run gen [-- PATH_TO_BOTOCORE_DATA]`: writes everything that is generated and says what changed. Running it twice changes nothing.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findBotocore } from './botocore.ts';
import { generatedDocuments } from './documents.ts';
import { generatedFiles } from './files.ts';

const root = join(import.meta.dirname, '../..');
process.exitCode = await main(process.argv[2]);

async function main(dataPath: string | undefined): Promise<number> {
  const botocore = findBotocore(dataPath);
  if (!botocore) {
    console.error('no botocore was found: `pip install botocore`, or give the path of its data folder');
    return 1;
  }
  const files = new Map([...generatedFiles(root, botocore), ...(await generatedDocuments())]);
  const changed = [...files].filter(([path, text]) => writeIfChanged(join(root, path), text));
  for (const [path] of changed) console.log(path);
  console.log(`${files.size} files from botocore ${botocore.version}, ${changed.length} changed`);
  return 0;
}

function writeIfChanged(path: string, text: string): boolean {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return true;
}
