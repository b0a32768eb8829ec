// Where the statements of a policy document stand in its text, line and column, for those who show them there; and where its principals do, for
// those who write others in their place and leave the rest as it is.

export interface TextPosition {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface TextSpan {
  readonly start: TextPosition;
  /** After the last character. */
  readonly end: TextPosition;
}

/** One span per statement, in order; empty when the text is no policy document. */
export function statementSpans(text: string): readonly TextSpan[] {
  return statementsOf(text).map(({ start, end }) => ({ start: positionOf(text, start), end: positionOf(text, end) }));
}

/** The AWS principals (not those of NotPrincipal) of a text that is known to be a policy document, each once. */
export function awsPrincipals(text: string): readonly string[] {
  return [...new Set(principalRanges(text).map((range) => stringAt(text, range)))];
}

/** The text with other AWS principals where the map has one. */
export function withAwsPrincipals(text: string, replacements: ReadonlyMap<string, string>): string {
  const parts: string[] = [];
  let done = 0;
  for (const range of principalRanges(text)) {
    const replacement = replacements.get(stringAt(text, range));
    if (replacement === undefined) continue;
    parts.push(text.slice(done, range.start), JSON.stringify(replacement));
    done = range.end;
  }
  return parts.join('') + text.slice(done);
}

function principalRanges(text: string): readonly Range[] {
  return statementsOf(text).flatMap(({ start }) =>
    membersOf(text, start)
      .filter(({ name }) => name === 'Principal')
      .flatMap((principal) => membersOf(text, principal.start))
      .filter(({ name }) => name === 'AWS')
      .flatMap((member) => (text[member.start] === '[' ? itemsOf(text, member.start) : [member])),
  );
}

function statementsOf(text: string): readonly Range[] {
  const outer = membersOf(text, skipSpace(text, 0));
  const statement = outer.find(({ name }) => name === 'Statement');
  if (statement === undefined) return [];
  return text[statement.start] === '[' ? itemsOf(text, statement.start) : [statement];
}

function stringAt(text: string, { start, end }: Range): string {
  const value: unknown = JSON.parse(text.slice(start, end));
  return typeof value === 'string' ? value : '';
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function membersOf(text: string, open: number): readonly (Range & { readonly name: string })[] {
  const members: (Range & { readonly name: string })[] = [];
  if (text[open] !== '{') return members;
  for (let at = skipSpace(text, open + 1); text[at] === '"'; ) {
    const nameEnd = endOfValue(text, at);
    const name = text.slice(at + 1, nameEnd - 1);
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = endOfValue(text, start);
    members.push({ name, start, end });
    at = skipSpace(text, end);
    if (text[at] !== ',') break;
    at = skipSpace(text, at + 1);
  }
  return members;
}

function itemsOf(text: string, open: number): readonly Range[] {
  const items: Range[] = [];
  for (let at = skipSpace(text, open + 1); at < text.length && text[at] !== ']'; ) {
    const end = endOfValue(text, at);
    items.push({ start: at, end });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return items;
}

/** The position after the JSON value that starts here; the text is known to be JSON. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at) - 1;
      if (depth === 0) return at + 1;
    } else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
      if (depth < 0) return at;
    } else if (depth === 0 && (character === ',' || /\s/.test(character ?? ''))) return at;
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && /\s/.test(text[at] ?? '')) at += 1;
  return at;
}

function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}
