// Reads the ledger for usage: every call that succeeded is a request of its service, and every event is bytes of the ledger. On the path of every
// recorded call, so a batch is added up in memory first and costs a few records however many calls it holds.
import { isRecord } from '../../base/record.ts';
import type { LedgerReader } from '../../kit/jobs.ts';
import type { MeteredService } from '../../kit/metering.ts';
import type { LedgerEntry } from '../../store/store.ts';
import { addUsage, type Measured } from './usage.ts';

const hourMs = 3_600_000;
const bytesPerGb = (1024 ** 3).toString();
/** What AWS records of a call that no operation could be found for. */
const unknownOperation = 'Unknown';

export const requestUsage: LedgerReader = {
  name: 'request-usage',
  async read(events, context) {
    const [first] = events;
    if (first === undefined) return;
    const services = await context.contextFor({ account: first.account, region: first.region }).billing.meteredServices();
    await addUsage(context, measure(events, services));
  },
};

export function measure(events: readonly LedgerEntry[], services: readonly MeteredService[]): readonly Measured[] {
  const bySource = new Map(services.map((service) => [service.eventSource, service]));
  const ledger = services.find(({ name }) => name === 'cloudtrail');
  const counted = new Map<string, Counted>();
  const count = (event: LedgerEntry, service: MeteredService, operation: string, quantity: number): void => {
    const hour = Math.floor(event.timeMs / hourMs);
    const key = `${event.account} ${event.region} ${hour} ${service.name} ${operation}`;
    const known = counted.get(key);
    if (known === undefined) counted.set(key, { event, service, operation, quantity });
    else known.quantity += quantity;
  };
  for (const event of events) {
    if (ledger !== undefined) count(event, ledger, ledgerOperation, Buffer.byteLength(event.record, 'utf8'));
    const service = bySource.get(event.eventSource);
    if (service !== undefined && event.eventName !== unknownOperation && isCharged(event)) count(event, service, event.eventName, 1);
  }
  return [...counted.values()].map(measuredOf);
}

interface Counted {
  readonly event: LedgerEntry;
  readonly service: MeteredService;
  readonly operation: string;
  quantity: number;
}

/** No operation of CloudTrail has this name. */
const ledgerOperation = 'RecordEvent';

function measuredOf({ event, service, operation, quantity }: Counted): Measured {
  const kind =
    operation === ledgerOperation
      ? { usageType: 'Ledger-Bytes', unit: 'GB', divisor: bytesPerGb }
      : { usageType: service.metering.requests?.(operation) ?? 'APIRequest', unit: 'Requests', divisor: '1' };
  const { account, region, timeMs: atMs } = event;
  return { ...kind, service, account, region, operation, isMonthly: false, tags: {}, amounts: [{ atMs, quantity: BigInt(quantity) }] };
}

/**
 * A call that failed costs nothing: otherwise a stranger could run up somebody's bill. Of a call across accounts only the caller's event counts, and
 * what a service did by itself is no request.
 */
function isCharged({ record, account }: LedgerEntry): boolean {
  // The form of what the pipeline has written is the pipeline's; whatever is not there does not count.
  const event: unknown = JSON.parse(record);
  if (!isRecord(event) || event['eventType'] !== 'AwsApiCall' || event['errorCode'] !== undefined) return false;
  if (event['sharedEventID'] === undefined) return true;
  const { userIdentity } = event;
  return isRecord(userIdentity) && userIdentity['accountId'] === account;
}
