// ListPolicies: the account's own managed policies and AWS's, filtered and paged as one list.
import type { Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import type { ListPoliciesRequest, Policy } from './api.gen.ts';
import { allAwsManaged, awsKey, type ImportedPolicyRecord } from './aws-managed.ts';
import { arnOf } from './entities.ts';
import { arnOfPolicy, policyShape } from './policy-shape.ts';
import { attachedArns } from './policy-uses.ts';
import { type PolicyRecord, policies } from './records.ts';
import { operation } from './service.ts';

const defaultPageSize = 100;
const batchSize = 100;

interface Candidate {
  /** Where a later page goes on after it. */
  readonly position: string;
  readonly record: PolicyRecord | ImportedPolicyRecord;
}

export const ListPolicies = operation('ListPolicies', {
  access: (input, scope) => ({
    action: 'iam:ListPolicies',
    resource: arnOf(scope, 'policy', input.PathPrefix ?? '/', ''),
    shownAs: `policy path ${input.PathPrefix ?? '/'}`,
  }),
  async handle(input, context) {
    const limit = input.MaxItems ?? defaultPageSize;
    const attached = input.OnlyAttached === true ? new Set(await attachedArns(context)) : undefined;
    const found: Policy[] = [];
    let last: string | undefined;
    for await (const { position, record } of candidates(context, input)) {
      if (!record.path.startsWith(input.PathPrefix ?? '/')) continue;
      if (input.PolicyUsageFilter !== 'PermissionsBoundary' && attached?.has(arnOfPolicy(context, record)) === false) continue;
      const shape = await policyShape(context, record, false);
      if (!isUsed(shape, input.PolicyUsageFilter)) continue;
      if (found.length === limit) return { Policies: found, IsTruncated: true, Marker: encodeMarker(last) };
      found.push(shape);
      last = position;
    }
    return { Policies: found, IsTruncated: false };
  },
});

function isUsed(
  { AttachmentCount = 0, PermissionsBoundaryUsageCount = 0 }: Policy,
  filter: ListPoliciesRequest['PolicyUsageFilter'],
): boolean {
  if (filter === 'PermissionsBoundary') return PermissionsBoundaryUsageCount > 0;
  return filter === undefined || AttachmentCount > 0 || PermissionsBoundaryUsageCount === 0;
}

/** Own policies by name, then AWS's by path and name. */
async function* candidates(scope: Scope, input: ListPoliciesRequest): AsyncIterable<Candidate> {
  const marker = input.Marker;
  const from =
    marker === undefined ? '' : decodeMarker(marker, () => commonFault('ValidationError', `Invalid Marker: ${marker.slice(0, 128)}`));
  if (input.Scope !== 'AWS' && !from.startsWith('aws/')) yield* ownPolicies(scope, from.startsWith('own/') ? from.slice(4) : undefined);
  if (input.Scope === 'Local') return;
  const after = from.startsWith('aws/') ? from.slice(4) : '';
  for (const record of await allAwsManaged(scope.transaction)) {
    const key = awsKey(record);
    if (key > after) yield { position: `aws/${key}`, record };
  }
}

async function* ownPolicies(scope: Scope, start: string | undefined): AsyncIterable<Candidate> {
  let after = start;
  for (;;) {
    const range = { limit: batchSize, ...(after === undefined ? {} : { after }) };
    const batch = await policies.list(scope.transaction, [scope.account], range);
    for (const { cursor, value } of batch) yield { position: `own/${cursor}`, record: value };
    after = batch.at(-1)?.cursor;
    if (batch.length < batchSize) return;
  }
}
