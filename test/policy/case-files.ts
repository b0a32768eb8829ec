// The policy cases: JSON files by topic under test/policy/cases, read and made ready. The format is described in cases/README.md.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { PlainRequest } from '../../src/policy/plain-request.ts';
import type { Outcome, PolicyLayer, Principal } from '../../src/policy/policy.ts';
import type { PrincipalMatch } from '../../src/policy/principals.ts';
import type { DocumentType } from '../../src/policy/validate-document.ts';

export const casesFolder = join(import.meta.dirname, 'cases');

/** A question and its whole answer. */
export interface QuestionCase extends PlainRequest {
  readonly name: string;
  readonly expect: { readonly outcome: Outcome; readonly layer?: PolicyLayer | null; readonly message?: string };
}

/** A single statement that applies to the request or does not. */
export interface StatementCase {
  readonly name: string;
  readonly request: PlainRequest;
  readonly statement: Readonly<Record<string, unknown>>;
  readonly version: string;
  readonly applies: boolean;
  /** How a Principal element names the caller; null for not at all. */
  readonly grant?: PrincipalMatch | null;
}

/** A document as it is saved; `refused` is AWS's sentence, null when it is accepted. */
export interface DocumentCase {
  readonly name: string;
  readonly type: DocumentType;
  readonly text: string;
  readonly refused: string | null;
}

export interface AllCases {
  readonly questions: readonly QuestionCase[];
  readonly statements: readonly StatementCase[];
  readonly documents: readonly DocumentCase[];
}

type Raw = Readonly<Record<string, unknown>>;

export function readCases(folder = casesFolder): AllCases {
  const principals: Readonly<Record<string, Principal>> = JSON.parse(readFileSync(join(casesFolder, 'principals.json'), 'utf8'));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json') && entry.name !== 'principals.json')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const raws = files.flatMap((file) => {
    const topic = relative(casesFolder, file).replace(/\.json$/, '');
    const { defaults, cases }: { readonly defaults?: Raw; readonly cases: readonly Raw[] } = JSON.parse(readFileSync(file, 'utf8'));
    return cases.map((each) => withPrincipal({ ...defaults, ...each, name: `${topic}: ${String(each['name'])}` }, principals));
  });
  // Decoding boundary: the files are part of the repository, and each case fails when it does not have this form.
  return {
    questions: raws.filter((each) => 'expect' in each) as unknown as readonly QuestionCase[],
    statements: raws.filter((each) => 'applies' in each || 'grant' in each).map((each) => statementCase(each)),
    documents: raws.filter((each) => 'refused' in each).map((each) => documentCase(each)),
  };
}

function withPrincipal(raw: Raw, principals: Readonly<Record<string, Principal>>): Raw {
  const { principal } = raw;
  if (typeof principal !== 'string') return principal === undefined ? { ...raw, principal: principals['alice'] } : raw;
  const known = principals[principal];
  if (known === undefined) throw new Error(`the case \`${String(raw['name'])}\` names an unknown principal \`${principal}\``);
  return { ...raw, principal: known };
}

function statementCase(raw: Raw): StatementCase {
  const { name, statement, version, applies, grant, ...request } = raw;
  const given = statement as Raw;
  return {
    name: String(name),
    // Decoding boundary: see readCases.
    request: { action: 's3:GetObject', resource: 'arn:aws:s3:::b/k', ...request } as unknown as PlainRequest,
    statement: withDefault(withDefault(given, 'Action', '*'), 'Resource', '*'),
    version: String(version ?? '2012-10-17'),
    applies: grant === undefined ? applies === true : grant !== null,
    ...(grant === undefined ? {} : { grant: grant as PrincipalMatch | null }),
  };
}

function withDefault(statement: Raw, element: string, value: string): Raw {
  return element in statement || `Not${element}` in statement ? statement : { ...statement, [element]: value };
}

function documentCase({ name, type, document, statement, text, refused }: Raw): DocumentCase {
  const whole = document ?? { Version: '2012-10-17', Statement: statement };
  return {
    name: String(name),
    type: type as DocumentType,
    text: typeof text === 'string' ? text : JSON.stringify(whole),
    refused: refused as string | null,
  };
}
