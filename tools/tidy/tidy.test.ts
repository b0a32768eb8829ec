// The house rules of docs/STYLE.md that a program can check: what a file opens with, its length, who imports whom, and words that have a better place.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Longer than the hard limit of 500 lines. May only shrink. */
const tooLong: ReadonlySet<string> = new Set();
const linesMax = 500;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly isTest: boolean;
}

const sources = filesUnder('src', 'tools', 'test', 'bin').filter(({ path }) => /\.(ts|js)$/.test(path) && !path.endsWith('.gen.ts'));
const product = sources.filter(({ path, isTest }) => path.startsWith('src/') && !isTest);

function filesUnder(...folders: readonly string[]): readonly Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = relative(root, join(entry.parentPath, entry.name));
        // Contract suites and case tables are run by tests only.
        return { path, text: readFileSync(join(root, path), 'utf8'), isTest: /\.test\.ts$|\/(contract|history|cases)\.ts$/.test(path) };
      }),
  );
}

test('every file opens with a sentence that says what it is for', () => {
  const silent = sources.filter(({ text }) => !/^(#!.*\n)?\/[/*]/.test(text)).map(({ path }) => path);
  expect(silent).toEqual([]);
});

test('no file is longer than five hundred lines', () => {
  const long = sources.filter(({ text }) => text.split('\n').length > linesMax + 1).map(({ path }) => path);
  expect(long.filter((path) => !tooLong.has(path))).toEqual([]);
  expect([...tooLong].filter((path) => !long.includes(path))).toEqual([]);
});

/** A word, where it may stand, and what to use instead. */
const banned: readonly { readonly word: RegExp; readonly allowed: RegExp; readonly instead: string }[] = [
  {
    word: /\bDate\.now\(|\bnew Date\(\)/,
    allowed: /^src\/(base\/clock|http\/|cli\/|functions\/inside\/)/,
    instead: 'a Clock (base/clock.ts) or context.now',
  },
  { word: /\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/, allowed: /^src\/base\/ids/, instead: 'Ids (base/ids.ts)' },
  { word: /\bprocess\.env\b/, allowed: /^src\/(cli|http|functions\/inside)\//, instead: 'an option (cli/options.ts)' },
  { word: /(?<![.\w])fetch\(/, allowed: /^src\/(cli|http|outbound)\//, instead: 'a port' },
  { word: /\bconsole\.(log|error|warn)\(/, allowed: /^src\/(cli)\//, instead: 'an error that the caller reports' },
  { word: /\bresourceNamed\(/, allowed: /^src\/kit\/resource-arns/, instead: 'resourceNamed<type>(…)' },
  { word: /\b(TODO|FIXME|XXX)\b/, allowed: /^$/, instead: 'an issue' },
  { word: /(?<!\.)\b(describe|test|it)\.only\(/, allowed: /^$/, instead: 'the whole suite' },
  { word: /:\s*any\b|<any>|\bas any\b/, allowed: /^$/, instead: 'a type' },
];

test.each(banned)('$word stands only where it may; elsewhere use $instead', ({ word, allowed }) => {
  const found = product.filter(({ path, text }) => !allowed.test(path) && word.test(withoutComments(text))).map(({ path }) => path);
  expect(found).toEqual([]);
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** What each part may import beside itself; docs/ARCHITECTURE.md says why. The first pattern that matches a file counts. */
const layers: readonly { readonly part: string; readonly from: RegExp; readonly may: RegExp }[] = [
  { part: 'main', from: /^src\/(main|server-options)\.ts$/, may: /./ },
  { part: 'base', from: /^src\/base\//, may: /^src\/base\// },
  { part: 'policy', from: /^src\/policy\//, may: /^src\/(policy|base)\// },
  { part: 'model', from: /^src\/model\//, may: /^src\/(model|base)\// },
  { part: 'protocol', from: /^src\/protocol\//, may: /^src\/(protocol|model|base)\// },
  { part: 'sigv4', from: /^src\/sigv4\//, may: /^src\/(sigv4|protocol|base)\// },
  { part: 'store', from: /^src\/store\//, may: /^src\/(store|base)\// },
  { part: 'kit', from: /^src\/kit\//, may: /^src\/(kit|policy|store|model|protocol|base)\// },
  { part: 'pipeline', from: /^src\/pipeline\//, may: /^src\/(pipeline|kit|model|protocol|sigv4|policy|store|base)\// },
  { part: 'functions', from: /^src\/functions\//, may: /^src\/(functions|kit\/ports|base\/)/ },
  { part: 'outbound', from: /^src\/outbound\//, may: /^src\/(outbound|sigv4|kit|base)\// },
  { part: 'signin', from: /^src\/signin\//, may: /^src\/(signin|pipeline|protocol|kit|store|base)\// },
  { part: 'tvm', from: /^src\/tvm\//, may: /^src\/(tvm|pipeline|protocol|policy|kit|store|base)\// },
  { part: 'what-if', from: /^src\/what-if\//, may: /^src\/(what-if|pipeline|protocol|policy|kit|store|base)\// },
  { part: 'http', from: /^src\/http\//, may: /^src\/(http|pipeline|protocol|base)\// },
  { part: 'landing-zone', from: /^src\/landing-zone\//, may: /^src\/(landing-zone|base)\// },
  { part: 'cli', from: /^src\/cli\//, may: /^src\/(cli|landing-zone|sigv4|policy|base|kit\/coverage\.ts|main\.ts|server-options\.ts)/ },
];

describe('who imports whom', () => {
  test.each(layers)('$part keeps to its layer', ({ part, from, may }) => {
    const wrong = product
      .filter(({ path }) => from.test(path))
      .flatMap((source) =>
        importsOf(source)
          .filter((target) => target.startsWith('src/') && !may.test(target))
          // The command line prints what the admin API answers, whose types are the pipeline's.
          .filter((target) => !(part === 'cli' && isTypeOnly(source, target)))
          .map((target) => `${source.path} -> ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test('a service imports the kit, the base, the policy library, its own folder, and of other services only the types', () => {
    const wrong = product.flatMap((source) => {
      const own = /^src\/services\/[^/]+\//.exec(source.path)?.[0];
      if (own === undefined) return [];
      return importsOf(source)
        .filter((target) => target.startsWith('src/') && !target.startsWith(own))
        .filter((target) => !/^src\/(kit|base|policy)\/|^src\/store\/store\.ts$|^src\/(model|protocol)\/[a-z-]+\.ts$/.test(target))
        .filter((target) => !(target.endsWith('/api.gen.ts') && isTypeOnly(source, target)))
        .map((target) => `${source.path} -> ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('no file imports itself through others', () => {
    const edges = new Map(product.map((source) => [source.path, valueImportsOf(source)]));
    const done = new Set<string>();
    const walk = (path: string, trail: readonly string[]): readonly string[] | undefined => {
      if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
      if (done.has(path)) return undefined;
      for (const target of edges.get(path) ?? []) {
        const circle = walk(target, [...trail, path]);
        if (circle !== undefined) return circle;
      }
      done.add(path);
      return undefined;
    };
    expect([...edges.keys()].map((path) => walk(path, [])).find((circle) => circle !== undefined)).toBeUndefined();
  });
});

const importPattern = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?([^;'"]*?\bfrom\s+)?['"](\.[^'"]+)['"]/g;

function importsOf({ path, text }: Source): readonly string[] {
  return [...text.matchAll(importPattern)].map((match) => join(dirname(path), match[3] ?? ''));
}

function valueImportsOf({ path, text }: Source): readonly string[] {
  return [...text.matchAll(importPattern)].filter((match) => match[1] === undefined).map((match) => join(dirname(path), match[3] ?? ''));
}

function isTypeOnly({ path, text }: Source, target: string): boolean {
  return [...text.matchAll(importPattern)].every((match) => join(dirname(path), match[3] ?? '') !== target || match[1] !== undefined);
}

test('src/services/index.ts lists exactly the services that have an index', () => {
  const listed = [...readFileSync(join(root, 'src/services/index.ts'), 'utf8').matchAll(/import\('\.\/([^/]+)\/index\.ts'\)/g)].map(
    (match) => match[1],
  );
  const present = readdirSync(join(root, 'src/services'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(root, 'src/services', entry.name)).includes('index.ts'))
    .map(({ name }) => name);
  expect(listed).toEqual(present.toSorted());
});

describe('documents', () => {
  const documents = [
    ...filesUnder('docs', 'src').filter(({ path }) => path.endsWith('.md')),
    { path: 'README.md', text: readFileSync(join(root, 'README.md'), 'utf8') },
  ];

  test('each has one title', () => {
    const wrong = documents
      .filter(({ text }) => (text.replace(/^( {4}|```[\s\S]*?```).*$/gm, '').match(/^# /gm) ?? []).length !== 1)
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  test('links to files resolve', () => {
    const broken = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map((match) => join(dirname(path), match[1] ?? ''))
        .filter((target) => !exists(target))
        .map((target) => `${path} -> ${target}`),
    );
    expect(broken).toEqual([]);
  });
});

function exists(path: string): boolean {
  const entries = readdirSync(join(root, dirname(path)));
  return entries.includes(path.split('/').at(-1) ?? '') || path.endsWith('/');
}
