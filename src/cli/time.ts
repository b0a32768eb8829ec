// `castellan time`: shows the server's clock, and moves it forward.
import { callAdmin } from './client.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export async function time({ output, dataDir }: CommandContext, [verb, duration]: readonly string[]): Promise<void> {
  if (verb !== undefined && verb !== 'advance')
    throw new CommandError(`\`time ${verb}\` is unknown; say \`time\` or \`time advance 31d\``, 2);
  const text =
    verb === undefined
      ? await callAdmin(dataDir, { method: 'GET', path: 'time' })
      : await callAdmin(dataDir, { method: 'POST', path: 'time/advance', body: JSON.stringify({ ms: parseDuration(duration ?? '') }) });
  const clock: { readonly now: string; readonly offsetMs: number } = JSON.parse(text);
  if (output.isJson) return output.json(clock);
  output.print(clock.offsetMs === 0 ? clock.now : `${clock.now} (${Math.round(clock.offsetMs / 1000)} seconds ahead of the machine)`);
}

/** `1d12h`, `90m`, `45s`. @throws CommandError */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})([smhdw])/g)];
  const read = parts.map(([part]) => part).join('');
  if (parts.length === 0 || read !== text) throw new CommandError(`\`${text}\` is no duration; say for example 31d, 12h or 1d12h`, 2);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ''] ?? 0), 0);
}
