// Who attempted what, and when last: records that a reader folds out of the ledger, kept by principal, service and action.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
import { parseArn } from '../../base/arn.ts';
import { wholeSeconds } from '../../base/clock.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { LedgerReader } from '../../kit/jobs.ts';
import type { LedgerEntry } from '../../store/store.ts';
import { type GrantableServices, grantableServices } from './grantable-services.ts';

export interface LastAccessRecord {
  readonly account: string;
  /** AIDA…, AROA…, or the account for its root: a name that is used again does not inherit a history. Empty: anyone of the account. */
  readonly principalId: string;
  /** Of the user, the role (not the session) or the root. */
  readonly arn: string;
  /** Empty: any service. */
  readonly namespace: string;
  /** Empty: any action of the service. */
  readonly action: string;
  readonly atMs: number;
  readonly region: string;
}

export const lastAccesses: Collection<LastAccessRecord> = collection('iam.last-access', ({ account, principalId, namespace, action }) => [
  account,
  principalId,
  namespace,
  action,
]);

/** AWS: at least the last 400 days are reported. */
export const trackedMs = 400 * 24 * 3_600_000;

/** Attempts count whether they were allowed or not. Later events stand later in the ledger, so a record is written without being read. */
export const lastAccessReader: LedgerReader = {
  name: 'last-accessed',
  async read(events, { transaction }) {
    const services = await grantableServices();
    const latest = new Map<string, LastAccessRecord>();
    for (const event of lastOfEachKind(events)) {
      for (const record of recordsOf(event, services))
        latest.set(`${record.account} ${record.principalId} ${record.namespace} ${record.action}`, record);
    }
    for (const record of latest.values()) lastAccesses.put(transaction, record);
  },
};

/**
 * The last of the calls that differ in nothing that is kept, in order, so that a busy key's calls are not all parsed. Calls without an access key
 * stay: only their records tell who made them.
 */
function lastOfEachKind(events: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const last = new Map<string, LedgerEntry>();
  for (const event of events) {
    const { account, accessKeyId, username, eventSource, eventName, region } = event;
    const kind = accessKeyId === undefined ? event.eventId : `${account} ${accessKeyId} ${username} ${eventSource} ${eventName} ${region}`;
    last.delete(kind);
    last.set(kind, event);
  }
  return [...last.values()];
}

function recordsOf(event: LedgerEntry, services: GrantableServices): readonly LastAccessRecord[] {
  const principal = principalOf(event);
  if (principal === undefined) return [];
  const service = services.bySource.get(event.eventSource);
  const base = { ...principal, atMs: wholeSeconds(event.timeMs), region: event.region };
  const whole = { ...base, namespace: '', action: '' };
  if (service === undefined) return [whole];
  const inService = { ...base, namespace: service.namespace, action: '' };
  const action = actionOf(service.namespace, event.eventName, service.actions);
  const ofAccount = { ...inService, principalId: '' };
  return action === undefined ? [whole, inService, ofAccount] : [whole, inService, ofAccount, { ...inService, action }];
}

/** Events are named after operations; these actions are not. */
const actionsByEvent: Readonly<Record<string, string>> = {
  'lambda Invoke': 'InvokeFunction',
  's3 HeadBucket': 'ListBucket',
  's3 HeadObject': 'GetObject',
  's3 ListBuckets': 'ListAllMyBuckets',
  's3 ListObjects': 'ListBucket',
  's3 ListObjectsV2': 'ListBucket',
};

function actionOf(namespace: string, eventName: string, actions: ReadonlySet<string>): string | undefined {
  const name = actionsByEvent[`${namespace} ${eventName}`] ?? eventName;
  return actions.has(name) ? name : undefined;
}

type Principal = Pick<LastAccessRecord, 'account' | 'principalId' | 'arn'>;

/** The user, role or root behind the event; undefined for services, foreign accounts and callers that nobody has identified. */
function principalOf({ record }: LedgerEntry): Principal | undefined {
  const identity = memberOf(JSON.parse(record), 'userIdentity');
  const type = textOf(identity, 'type');
  // A session is its issuer's doing.
  const holder =
    type === 'AssumedRole' || type === 'FederatedUser' ? memberOf(memberOf(identity, 'sessionContext'), 'sessionIssuer') : identity;
  if (type !== 'AssumedRole' && type !== 'FederatedUser' && type !== 'IAMUser' && type !== 'Root') return undefined;
  const [principalId, arn, account] = [textOf(holder, 'principalId'), textOf(holder, 'arn'), textOf(holder, 'accountId')];
  if (principalId === undefined || arn === undefined || account === undefined || parseArn(arn) === undefined) return undefined;
  return { account, principalId, arn };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : undefined;
}
