// Patterns with `*` (any run of characters) and `?` (exactly one), matched in linear space and without regular expressions.

/** Character codes; `star` and `one` stand for the wildcards. */
export type Pattern = readonly number[];

const star = -1;
const one = -2;

export interface Glob {
  readonly text: string;
  /** `stars`: the only wildcards are stars, so that it is a series of texts to be found one after the other. `pattern`: everything else. */
  readonly kind: 'any' | 'exact' | 'prefix' | 'stars' | 'pattern';
  /** What the text begins with, before the first wildcard. */
  readonly prefix: string;
  /** For `stars`: what stands between the stars, and what the text ends with. */
  readonly middle: readonly string[];
  readonly suffix: string;
  /** For `pattern` only. */
  readonly codes: Pattern;
}

const nothing: readonly never[] = [];

export function compileGlob(text: string): Glob {
  const firstStar = text.indexOf('*');
  const firstOne = text.indexOf('?');
  const glob = { text, prefix: text, middle: nothing, suffix: '', codes: nothing };
  if (firstOne >= 0) {
    const prefix = text.slice(0, firstStar < 0 ? firstOne : Math.min(firstStar, firstOne));
    return { ...glob, kind: 'pattern', prefix, codes: patternOf(text) };
  }
  if (firstStar < 0) return { ...glob, kind: 'exact' };
  const texts = text.split('*');
  const suffix = texts.at(-1) ?? '';
  const middle = texts.slice(1, -1).filter((each) => each !== '');
  const prefix = text.slice(0, firstStar);
  if (suffix !== '' || middle.length > 0) return { ...glob, kind: 'stars', prefix, middle, suffix };
  return { ...glob, kind: prefix === '' ? 'any' : 'prefix', prefix };
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
    case 'stars':
      return starsMatch(glob, text);
    case 'pattern':
      return text.startsWith(glob.prefix) && patternMatches(glob.codes, text);
  }
}

/** Each text is looked for behind the one before; taking the first place never rules out a later match, so nothing is tried twice. */
function starsMatch({ prefix, middle, suffix }: Glob, text: string): boolean {
  const end = text.length - suffix.length;
  if (end < prefix.length || !text.startsWith(prefix) || !text.endsWith(suffix)) return false;
  let at = prefix.length;
  for (const wanted of middle) {
    const found = text.indexOf(wanted, at);
    if (found < 0) return false;
    at = found + wanted.length;
    if (at > end) return false;
  }
  return true;
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
      resume += isPairAt(text, resume) ? 2 : 1;
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
