// `castellan explain REQUEST_ID`: the whole decision of a request.
import type { Explained } from '../kit/decision-records.ts';
import { renderExplanation } from '../policy/render.ts';
import { callAdmin } from './client.ts';
import type { CommandContext } from './main.ts';

export async function explain({ output, dataDir }: CommandContext, [requestId = '']: readonly string[]): Promise<void> {
  const text = await callAdmin(dataDir, { method: 'GET', path: `explain/${encodeURIComponent(requestId)}` });
  const explained: Explained = JSON.parse(text);
  if (output.isJson) return output.json(explained);
  output.print(`request ${explained.requestId} (${explained.operation})\n`);
  for (const decision of explained.decisions) output.print(renderExplanation(decision, output.palette));
}
