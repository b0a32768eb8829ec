// `castellan managed-policies import PATH`: gives the server documents of AWS managed policies, so that they are what AWS has and not the
// product's own declarations.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { callAdmin } from './client.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';

/** Bytes of one request; the server refuses bodies of more than eight megabytes. */
const batchBytesMax = 1024 * 1024;

export async function managedPolicies({ output, dataDir }: CommandContext, [verb, path = '']: readonly string[]): Promise<void> {
  if (verb !== 'import') throw new CommandError(`\`managed-policies ${verb ?? ''}\` is unknown; say \`managed-policies import PATH\``, 2);
  let policies = 0;
  for (const body of batches(filesOf(path).flatMap(readLines))) {
    const answer: { readonly policies: number } = JSON.parse(await callAdmin(dataDir, { method: 'POST', path: 'managed-policies', body }));
    policies += answer.policies;
  }
  if (output.isJson) return output.json({ policies });
  output.print(`${policies} managed policies are in place; what they are attached to has them at once`);
}

function filesOf(path: string): readonly string[] {
  if (!existsSync(path)) throw new CommandError(`there is no file or directory \`${path}\``);
  if (!statSync(path).isDirectory()) return [path];
  const files = readdirSync(path)
    .filter((name) => /\.(json|jsonl|ndjson)$/.test(name))
    .toSorted();
  if (files.length === 0) throw new CommandError(`the directory \`${path}\` has no .json or .jsonl files`);
  return files.map((name) => join(path, name));
}

/** One line per policy: a file is lines already, one object over many lines, or a list of objects. */
function readLines(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    return (Array.isArray(value) ? value : [value]).map((each) => JSON.stringify(each));
  } catch {
    return text.split('\n').filter((line) => line.trim() !== '');
  }
}

function* batches(lines: readonly string[]): Generator<string> {
  let batch: string[] = [];
  let bytes = 0;
  for (const line of lines) {
    if (bytes > 0 && bytes + line.length > batchBytesMax) {
      yield batch.join('\n');
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += line.length + 1;
  }
  if (batch.length > 0) yield batch.join('\n');
}
