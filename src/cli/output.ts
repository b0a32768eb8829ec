// What commands print with, and how they fail: one sentence that says what to do next.
import type { Palette } from '../policy/render.ts';

export interface Output {
  readonly isJson: boolean;
  print(text: string): void;
  json(value: unknown): void;
  readonly palette: Palette;
}

/** Ends a command with a sentence and an exit code: 1 for a failure, 2 for wrong usage. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function createOutput(isJson: boolean, environment: Readonly<Record<string, string | undefined>>): Output {
  const hasColour = process.stdout.isTTY === true && environment['NO_COLOR'] === undefined;
  const colour = (code: number) => (text: string) => (hasColour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    isJson,
    print: (text) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    json: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    palette: { good: colour(32), bad: colour(31), faint: colour(2), strong: colour(1) },
  };
}
