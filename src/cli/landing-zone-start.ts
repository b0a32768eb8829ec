// What `castellan start --landing-zone` does once the server answers: builds the landing zone of the data directory, which every later start
// finds as it should be or repairs.
import { copyFileSync, existsSync } from 'node:fs';
import { summaryOf } from '../landing-zone/render.ts';
import { applyZone, defaultZonePath, openZone, ownZonePath, readZone, withSentences } from './landing-zone.ts';
import type { CommandContext } from './main.ts';

export async function buildAtStart(context: CommandContext): Promise<void> {
  const { output, dataDir } = context;
  const path = ownZonePath(dataDir);
  if (!existsSync(path)) copyFileSync(defaultZonePath, path);
  await withSentences(async () => {
    const world = await openZone(context, await readZone(path));
    if (!output.isJson) output.print(`  landing zone ${path}\n`);
    const plan = await applyZone(context, world, { closesAccounts: false, showsWhole: false });
    if (output.isJson) output.json({ landingZone: summaryOf(plan) });
    else output.print('\n  See it: castellan landing-zone plan. Use it: docs/guides/landing-zone.md\n');
  });
}
