// Asks on the terminal before something that cannot be taken back.
import { createInterface } from 'node:readline/promises';

/** Only `yes` is yes, and without a terminal nobody says it. */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(question);
  lines.close();
  return answer.trim() === 'yes';
}
