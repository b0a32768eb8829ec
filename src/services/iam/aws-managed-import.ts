// Takes in documents of AWS managed policies that the operator has: as lines of JSON, each with `name`, `document` and, where known, `arn`,
// `version`, `createdate` and `updatedate`. They are kept with the state, beside the versions that came before.
import { createHash } from 'node:crypto';
import { advanceGeneration } from '../../kit/generation.ts';
import { compilePolicy } from '../../policy/compile.ts';
import type { Transaction } from '../../store/store.ts';
import { awsAccount, awsKey, type ImportedPolicyRecord, importedDocuments, importedPolicies } from './aws-managed.ts';
import { accounts } from './records.ts';

/** One policy as it was given. */
interface GivenPolicy {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  readonly document: string;
  readonly createdAtMs: number | undefined;
  readonly updatedAtMs: number | undefined;
}

export interface ImportResult {
  readonly policies: number;
}

/** AWS keeps five versions of a customer's policy; its own have had more than a hundred. */
const versionsMax = 1_000;
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * Stores the policies and ends the validity of every cached identity, since they may be attached anywhere.
 * @throws Error that names the line which is no such policy; nothing is imported then.
 */
export async function importAwsManaged(transaction: Transaction, text: string, now: number, marker: string): Promise<ImportResult> {
  const lines = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]));
  const given = lines.map(({ line, number }) => readPolicy(line, number));
  for (const policy of given) await store(transaction, policy, now);
  for (const { account } of await accounts.all(transaction)) advanceGeneration(transaction, account, marker);
  return { policies: given.length };
}

function readPolicy(line: string, number: number): GivenPolicy {
  const fields = readObject(line, number);
  const text = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' ? value : undefined;
  };
  const name = text('name') ?? '';
  if (!/^[\w+=,.@-]{1,128}$/.test(name)) throw new Error(`line ${number}: \`name\` is not the name of a policy`);
  const arn = text('arn');
  const path = arn === undefined ? '/' : pathOf(arn, name, number);
  const version = text('version') ?? 'v1';
  if (!/^v[1-9]\d{0,5}$/.test(version)) throw new Error(`line ${number}: \`${version.slice(0, 32)}\` is no version such as \`v1\``);
  const { document } = fields;
  const documentText = typeof document === 'string' ? document : JSON.stringify(document ?? null);
  try {
    compilePolicy(documentText);
  } catch (cause) {
    throw new Error(`line ${number}: the document of \`${name}\` is no policy document`, { cause });
  }
  return {
    name,
    path,
    version,
    document: documentText,
    createdAtMs: readTime(text('createdate')),
    updatedAtMs: readTime(text('updatedate')),
  };
}

function readObject(line: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    // Decoding boundary: members are looked at one by one.
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below, with the line's number.
  }
  throw new Error(`line ${number} is no JSON object`);
}

function pathOf(arn: string, name: string, number: number): string {
  const path = /^arn:[a-z-]{1,20}:iam::aws:policy(\/(?:[!-~]{1,510}\/)?)[\w+=,.@-]+$/.exec(arn)?.[1];
  if (path === undefined || !arn.endsWith(`${path}${name}`))
    throw new Error(`line ${number}: \`${arn.slice(0, 256)}\` is not the ARN of the AWS managed policy \`${name}\``);
  return path;
}

function readTime(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

async function store(transaction: Transaction, given: GivenPolicy, now: number): Promise<void> {
  const key = awsKey({ path: given.path, policyName: given.name });
  const known = await importedPolicies.get(transaction, key);
  const others = known?.versions.filter(({ versionId }) => versionId !== given.version) ?? [];
  if (others.length >= versionsMax) throw new Error(`\`${given.name}\` has ${versionsMax} versions already`);
  const since = given.createdAtMs ?? known?.createdAtMs ?? now;
  const versions = [...others, { versionId: given.version, createdAtMs: given.updatedAtMs ?? since }].toSorted(
    (a, b) => numberOf(a.versionId) - numberOf(b.versionId),
  );
  const newest = versions.at(-1)?.versionId ?? given.version;
  const record: ImportedPolicyRecord = {
    account: awsAccount,
    policyName: given.name,
    policyId: known?.policyId ?? idOf(key),
    path: given.path,
    createdAtMs: since,
    updatedAtMs: versions.at(-1)?.createdAtMs ?? since,
    tags: {},
    defaultVersionId: newest,
    lastVersion: numberOf(newest),
    versions,
  };
  importedPolicies.put(transaction, record);
  importedDocuments.put(transaction, { key, versionId: given.version, document: given.document });
}

function numberOf(versionId: string): number {
  return Number(versionId.slice(1));
}

/** In AWS's form, the same at every import and the same as the shipped policy's. */
function idOf(key: string): string {
  return `ANPA${[...createHash('sha256').update(key).digest().subarray(0, 17)].map((byte) => base32.charAt(byte % 32)).join('')}`;
}
