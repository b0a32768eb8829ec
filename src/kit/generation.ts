// Every account has a generation: a record that changes whenever something changes that decides who may do what there (keys, policies,
// memberships, roles). The pipeline reads it inside each request's unit of work and keeps identities only as long as it stands, so a
// cached decision can never outlive its reason, on any node. See docs/adr/0004-authorisation-generation.md.
import type { Transaction } from '../store/store.ts';

const collection = 'authorization.generation';

/** The account's generation; `initial` until something changed. */
export async function generationOf(transaction: Transaction, account: string): Promise<string> {
  const document = await transaction.get(collection, account);
  const generation = document?.['generation'];
  return typeof generation === 'string' ? generation : 'initial';
}

/** Ends the validity of everything cached about the account. `marker` must be new each time: the request id. A write without a read, so it conflicts with nothing. */
export function advanceGeneration(transaction: Transaction, account: string, marker: string): void {
  transaction.put(collection, account, { generation: marker });
}
