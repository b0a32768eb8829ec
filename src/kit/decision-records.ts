// The decision record of a refusal: what was asked, what every policy said, and why it was no. One record, stored with the ledger entry, that
// `castellan explain`, GetRequestAuthorizationDetails, the encoded message and the ledger all refer to.
import type { Explanation } from '../policy/explain.ts';
import type { ConditionValue } from '../policy/policy.ts';
import type { Document, Transaction } from '../store/store.ts';

export interface Explained {
  readonly requestId: string;
  /** AWS's id of the record: 25 letters and digits, of which the first nine tell the time. Undefined for what was allowed. */
  readonly authorizationId?: string | undefined;
  /** Whose record it is: the caller's account, and the resource's. */
  readonly accounts?: readonly string[] | undefined;
  readonly timeMs: number;
  /** `iam:CreateUser`. */
  readonly operation: string;
  /** AWS's sentence; undefined when the request was allowed. */
  readonly message?: string | undefined;
  readonly decisions: readonly Explanation[];
  /** For sts:DecodeAuthorizationMessage. */
  readonly encodedMessage?: string | undefined;
  /** The condition keys of the refused request with their values, as far as they are shown. */
  readonly context?: Readonly<Record<string, ConditionValue>> | undefined;
}

const records = 'explanation';
/** From authorization id to request id; in the order of time, so that the old ones are found first. */
const byAuthorization = 'explanation.authorization';

export function storeExplanation(transaction: Transaction, explained: Explained): void {
  // Encoding boundary: an explanation is plain JSON data.
  transaction.put(records, explained.requestId, JSON.parse(JSON.stringify(explained)) as Document);
  const { authorizationId, requestId } = explained;
  if (authorizationId !== undefined) transaction.put(byAuthorization, authorizationId, { requestId });
}

/** By request id or authorization id. */
export async function storedExplanation(transaction: Transaction, id: string): Promise<Explained | undefined> {
  const requestId = (await transaction.get(byAuthorization, id))?.['requestId'];
  const document = await transaction.get(records, typeof requestId === 'string' ? requestId : id);
  // Decoding boundary: only storeExplanation writes this collection.
  return document as unknown as Explained | undefined;
}

/** @param random sixteen characters of base 36 or more */
export function authorizationIdAt(timeMs: number, random: string): string {
  return `${timeMs.toString(36).padStart(9, '0')}${random.slice(0, 16)}`;
}

/** Removes a batch of the records older than this. Returns whether there may be more. */
export async function forgetExplanations(transaction: Transaction, beforeMs: number, limit: number): Promise<boolean> {
  const batch = await transaction.list(byAuthorization, { limit });
  const old = batch.filter(({ key }) => Number.parseInt(key.slice(0, 9), 36) < beforeMs);
  for (const { key, value } of old) {
    transaction.delete(byAuthorization, key);
    if (typeof value['requestId'] === 'string') transaction.delete(records, value['requestId']);
  }
  return old.length === limit;
}
