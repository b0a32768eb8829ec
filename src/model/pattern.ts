// The patterns of AWS's models, which are Java's, as JavaScript's: vendored and vetted, so the platform's own engine runs them.

type Matcher = (text: string) => boolean;

/** Whole-text match. A pattern that JavaScript cannot express matches everything: the service's own checks remain. */
export function compilePattern(source: string): Matcher {
  try {
    const compiled = new RegExp(`^(?:${translated(source)})$`, 'u');
    return (text) => compiled.test(text);
  } catch {
    return () => true;
  }
}

/** Java's escapes that the `u` flag refuses or names differently. */
function translated(source: string): string {
  return source
    .replaceAll('\\p{Alpha}', 'A-Za-z')
    .replaceAll('\\p{Alnum}', 'A-Za-z0-9')
    .replaceAll('\\p{ASCII}', '\\u0000-\\u007f')
    .replaceAll('\\p{Graph}', '\\u0021-\\u007e')
    .replaceAll('\\p{Print}', '\\u0020-\\u007e')
    .replaceAll('\\p{IsLetter}', '\\p{L}')
    .replaceAll('\\p{IsDigit}', '\\p{Nd}')
    .replaceAll('\\p{Cntrl}', '\\u0000-\\u001f\\u007f')
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    .replaceAll('\\Z', '$')
    .replace(/\\([_@#%&=:;,<>"'`~! -])/g, (_match, character: string) => (character === '-' ? '\\-' : character))
    .replace(/(\{\d+(?:,\d*)?\}|[*+?])\+/g, '$1');
}
