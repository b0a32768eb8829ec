// Patterns with `*` (any run of characters) and `?` (exactly one), matched in linear space and without regular expressions.

/** Character codes; `star` and `one` stand for the wildcards. */
export type Pattern = readonly number[];

const star = -1;
const one = -2;

export interface Glob {
  readonly text: string;
  readonly kind: 'any' | 'exact' | 'prefix' | 'pattern';
  /** For `prefix`: the text before the final star. */
  readonly prefix: string;
  readonly pattern: Pattern;
}

export function compileGlob(text: string): Glob {
  const pattern = patternOf(text);
  const wildcard = pattern.findIndex((code) => code < 0);
  if (wildcard < 0) return { text, kind: 'exact', prefix: text, pattern };
  if (text === '*') return { text, kind: 'any', prefix: '', pattern };
  const isPrefix = wildcard === pattern.length - 1 && pattern[wildcard] === star;
  return { text, kind: isPrefix ? 'prefix' : 'pattern', prefix: text.slice(0, wildcard), pattern };
}

export function patternOf(text: string): Pattern {
  const codes: number[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x2a) {
      if (codes.at(-1) !== star) codes.push(star);
    } else codes.push(code === 0x3f ? one : code);
  }
  return codes;
}

/** A text in which nothing is a wildcard. */
export function literalPattern(text: string): Pattern {
  const codes: number[] = [];
  for (let index = 0; index < text.length; index += 1) codes.push(text.charCodeAt(index));
  return codes;
}

export function globMatches(glob: Glob, text: string): boolean {
  switch (glob.kind) {
    case 'any':
      return true;
    case 'exact':
      return glob.text === text;
    case 'prefix':
      return text.startsWith(glob.prefix);
    case 'pattern':
      return text.startsWith(glob.prefix) && patternMatches(glob.pattern, text);
  }
}

/** Remembers only the last star: time is at most pattern length times text length, both of which are limited. */
export function patternMatches(pattern: Pattern, text: string): boolean {
  let at = 0;
  let index = 0;
  let starAt = -1;
  let resume = 0;
  while (index < text.length) {
    const code = pattern[at];
    if (code === star) {
      starAt = at;
      resume = index;
      at += 1;
    } else if (code !== undefined && (code === one || code === text.charCodeAt(index))) {
      // One character is one code point: a surrogate pair counts once.
      if (code === one && isPairAt(text, index)) index += 1;
      at += 1;
      index += 1;
    } else if (starAt >= 0) {
      at = starAt + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  while (pattern[at] === star) at += 1;
  return at === pattern.length;
}

function isPairAt(text: string, index: number): boolean {
  const high = text.charCodeAt(index);
  const low = text.charCodeAt(index + 1);
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
}
