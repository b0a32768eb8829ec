// Patterns with `*` (any run of characters) and `?` (exactly one), matched in linear space and without regular expressions.

/** Character codes; `star` and `one` stand for the wildcards. */
export type Pattern = readonly number[];

const star = -1;
const one = -2;

export interface Glob {
  /** As it was written. */
  readonly source: string;
  /** `stars`: the only wildcards are stars, so that it is a series of texts to be found one after the other. `pattern`: everything else. */
  readonly kind: 'any' | 'exact' | 'prefix' | 'stars' | 'pattern';
  /** All of it for `exact`, otherwise what the text begins with, before the first wildcard. */
  readonly text: string;
  /** For `stars`: what stands between the stars, and last what the text ends with. */
  readonly pieces: readonly string[] | undefined;
  /** For `pattern`. */
  readonly codes: Pattern | undefined;
}

const anything: Glob = { source: '*', kind: 'any', text: '', pieces: undefined, codes: undefined };

export function compileGlob(text: string): Glob {
  const firstStar = text.indexOf('*');
  const firstOne = text.indexOf('?');
  if (firstOne >= 0) {
    const prefix = text.slice(0, firstStar < 0 ? firstOne : Math.min(firstStar, firstOne));
    return { source: text, kind: 'pattern', text: prefix, pieces: undefined, codes: patternOf(text) };
  }
  if (firstStar < 0) return { source: text, kind: 'exact', text, pieces: undefined, codes: undefined };
  const [prefix = '', ...rest] = text.split('*');
  const pieces = rest.filter((each, index) => each !== '' || index === rest.length - 1);
  if (pieces.length > 1 || pieces[0] !== '') return { source: text, kind: 'stars', text: prefix, pieces, codes: undefined };
  return prefix === '' ? anything : { source: text, kind: 'prefix', text: prefix, pieces: undefined, codes: undefined };
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

export function globMatches({ kind, text: prefix, pieces, codes }: Glob, text: string): boolean {
  switch (kind) {
    case 'any':
      return true;
    case 'exact':
      return prefix === text;
    case 'prefix':
      return text.startsWith(prefix);
    case 'stars':
      return text.startsWith(prefix) && piecesFollow(pieces ?? [], text, prefix.length);
    case 'pattern':
      return text.startsWith(prefix) && patternMatches(codes ?? [], text);
  }
}

/** Each text is looked for behind the one before; taking the first place never rules out a later match, so nothing is tried twice. */
function piecesFollow(pieces: readonly string[], text: string, start: number): boolean {
  const last = pieces.length - 1;
  const suffix = pieces[last] ?? '';
  const end = text.length - suffix.length;
  if (end < start || !text.endsWith(suffix)) return false;
  let at = start;
  for (let index = 0; index < last; index += 1) {
    const piece = pieces[index] ?? '';
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
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
