// `castellan export`, `import` and `reset`: the whole state at once.
import { readFileSync, writeFileSync } from 'node:fs';
import { callAdmin } from './client.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';
import { confirmed } from './question.ts';

type Options = Readonly<Record<string, unknown>>;

function passphraseHeader(options: Options): Readonly<Record<string, string>> {
  const { passphrase } = options;
  if (typeof passphrase !== 'string')
    throw new CommandError('give a passphrase for the secrets with --passphrase or CASTELLAN_PASSPHRASE', 2);
  return { 'x-castellan-passphrase': passphrase };
}

/** Without a file, or with `-`, the state goes to standard output. */
export async function exportFile({ output, dataDir }: CommandContext, [file = '-']: readonly string[], options: Options): Promise<void> {
  const text = await callAdmin(dataDir, { method: 'GET', path: 'export', headers: passphraseHeader(options) });
  if (file === '-') return output.print(text);
  writeFileSync(file, text, { mode: 0o600 });
  const documents = text.trimEnd().split('\n').length - 1;
  if (output.isJson) return output.json({ file, documents });
  output.print(`${documents} documents written to ${file}`);
}

export async function importFile({ output, dataDir }: CommandContext, [file = '-']: readonly string[], options: Options): Promise<void> {
  const body = readFileSync(file === '-' ? 0 : file, 'utf8');
  const text = await callAdmin(dataDir, { method: 'POST', path: 'import', body, headers: passphraseHeader(options) });
  const { documents }: { readonly documents: number } = JSON.parse(text);
  if (output.isJson) return output.json({ documents });
  output.print(`${documents} documents read; the root key is now the one of the export: start the server again`);
}

export async function reset({ output, dataDir }: CommandContext, _parameters: readonly string[], options: Options): Promise<void> {
  if (options['yes'] !== true && !(await confirmed(`Erase everything that the server of ${dataDir} holds? Type yes: `)))
    throw new CommandError('nothing was erased; say --yes to erase without a question');
  await callAdmin(dataDir, { method: 'POST', path: 'reset' });
  if (output.isJson) return output.json({ status: 'reset' });
  output.print('everything was erased; there is a new root key: eval "$(npx castellan env)"');
}
