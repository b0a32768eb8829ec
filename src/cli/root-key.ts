// `castellan root-key rotate`: a new root key, under which everything that is sealed is sealed again while the server serves.
import { callAdmin } from './client.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';

export async function rootKey({ output, dataDir }: CommandContext, [verb]: readonly string[]): Promise<void> {
  if (verb !== 'rotate') throw new CommandError(`\`root-key ${verb ?? ''}\` is unknown; say \`root-key rotate\``, 2);
  const text = await callAdmin(dataDir, { method: 'POST', path: 'root-key/rotate' });
  const { documents }: { readonly documents: number } = JSON.parse(text);
  if (output.isJson) return output.json({ documents });
  output.print(`${documents} documents sealed under a new root key; sessions that were given out before have ended. Back up root.key now.`);
}
