// AWS managed policies: those that ship with the product (declarations of its own, written by tools/gen), and documents of AWS's that an operator
// has imported, which stand in place of the shipped ones. https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
import { type Collection, collection } from '../../kit/collection.ts';
import type { Transaction } from '../../store/store.ts';
import shipped from './aws-managed.gen.json' with { type: 'json' };
import type { PolicyRecord } from './records.ts';

/** The account in the ARNs of AWS managed policies. */
export const awsAccount = 'aws';

/** An imported policy without its documents, so that a thousand can be listed. */
export type ImportedPolicyRecord = Omit<PolicyRecord, 'versions'> & {
  readonly versions: readonly { readonly versionId: string; readonly createdAtMs: number }[];
};

export interface ImportedDocumentRecord {
  readonly key: string;
  readonly versionId: string;
  readonly document: string;
}

export const importedPolicies: Collection<ImportedPolicyRecord> = collection('iam.aws-policy', (record) => [awsKey(record)]);
export const importedDocuments: Collection<ImportedDocumentRecord> = collection('iam.aws-policy-document', ({ key, versionId }) => [
  key,
  versionId,
]);

/** Path and name: what an AWS managed policy is known by. */
export function awsKey({ path, policyName }: Pick<PolicyRecord, 'path' | 'policyName'>): string {
  return `${path}${policyName}`;
}

/** The shipped policies have no history; AWS shows the day on which it made the first of them. */
const shippedSinceMs = Date.UTC(2015, 1, 6, 18, 39, 46);

const shippedPolicies: ReadonlyMap<string, PolicyRecord> = new Map(
  shipped.map(({ name, path, id, description, document }): [string, PolicyRecord] => [
    `${path}${name}`,
    {
      account: awsAccount,
      policyName: name,
      policyId: id,
      path,
      description,
      createdAtMs: shippedSinceMs,
      updatedAtMs: shippedSinceMs,
      tags: {},
      defaultVersionId: 'v1',
      lastVersion: 1,
      versions: [{ versionId: 'v1', document, createdAtMs: shippedSinceMs }],
    },
  ]),
);

/** With the document of the default version only, unless all are asked for. */
export async function findAwsManaged(
  transaction: Transaction,
  path: string,
  policyName: string,
  isWhole: boolean,
): Promise<PolicyRecord | undefined> {
  const key = awsKey({ path, policyName });
  const imported = await importedPolicies.get(transaction, key);
  if (imported === undefined) return shippedPolicies.get(key);
  const wanted = imported.versions.filter(({ versionId }) => isWhole || versionId === imported.defaultVersionId);
  const documents = await Promise.all(wanted.map(({ versionId }) => importedDocuments.get(transaction, key, versionId)));
  return {
    ...imported,
    versions: wanted.map((version, index) => ({ ...version, document: documents[index]?.document ?? '' })),
  };
}

/** All of them in the order of their keys, without documents. */
export async function allAwsManaged(transaction: Transaction): Promise<readonly ImportedPolicyRecord[]> {
  const all = new Map<string, ImportedPolicyRecord>(shippedPolicies);
  for (const record of await importedPolicies.all(transaction)) all.set(awsKey(record), record);
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}
