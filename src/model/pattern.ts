// Compiles the `pattern` of a model's string to a RegExp. AWS writes patterns for Java's engine and matches whole strings.
// Only vendored patterns come here; those of users and policies never run on a backtracking engine.

/** Throws a SyntaxError for Java's syntax that has no translation; a test proves that no vendored pattern does. */
export function compilePattern(source: string): RegExp {
  return new RegExp(`^(?:${translateJava(source)})$`, 'u');
}

/** Java's named classes, as members of a character class. */
const javaClasses: Readonly<Record<string, string>> = {
  LD: '\\p{L}\\p{Nd}',
  Print: '\\x20-\\x7e',
  Punct: '!-\\/:-@\\[-\\x60\\{-~',
};

const tokenOf = /\\p\{\w+\}|\\.|\(\?[a-z]+\)|[\s\S]/gu;

function translateJava(source: string): string {
  let text = '';
  let isInClass = false;
  // How many groups each open group has got from flags like `(?i)`, which in Java hold up to the end of their group.
  const extras = [0];
  const tokens = source.match(tokenOf) ?? [];
  for (const [index, token] of tokens.entries()) {
    if (isInClass) {
      if (token === ']') isInClass = false;
      const isBesideClass = isClassEscape(tokens[index - 1]) || (isClassEscape(tokens[index + 1]) && tokens[index + 1] !== undefined);
      text += token === '-' && isBesideClass ? '\\-' : escapeIn(token, true);
      continue;
    }
    if (token === '[') isInClass = true;
    if (token === '(') extras.push(0);
    if (token === ')') text += ')'.repeat(extras.pop() ?? 0);
    if (/^\(\?[a-z]+\)$/u.test(token)) {
      extras.push((extras.pop() ?? 0) + 1);
      text += token.replace(')', ':');
    } else text += escapeIn(token, false);
  }
  return text + ')'.repeat(extras.pop() ?? 0);
}

/** Stands for several characters, so a hyphen beside it is no range. */
function isClassEscape(token: string | undefined): boolean {
  return token !== undefined && /^\\[wWdDsSp]/u.test(token);
}

function escapeIn(token: string, isInClass: boolean): string {
  if (token.startsWith('\\p{')) {
    const members = javaClasses[token.slice(3, -1)];
    if (members === undefined) return token;
    return isInClass ? members : `[${members}]`;
  }
  // JavaScript refuses escapes that are not needed, such as `\_`.
  const needless = /^\\([^A-Za-z0-9^$\\.*+?()[\]{}|/-])$/u.exec(token)?.[1] ?? (token === '\\-' && !isInClass ? '-' : undefined);
  return needless ?? token;
}
