// JSON whose outer levels are spread over lines and whose inner levels are compact: small files with readable differences.

/** `depth` levels of objects are expanded; what is below them takes one line for each entry. */
export function jsonLines(value: object, depth: number): string {
  return `${print(value, depth)}\n`;
}

function print(value: unknown, depth: number): string {
  if (depth === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  if (entries.length === 0) return '{}';
  return `{\n${entries.map(([key, entry]) => `${JSON.stringify(key)}:${print(entry, depth - 1)}`).join(',\n')}\n}`;
}
