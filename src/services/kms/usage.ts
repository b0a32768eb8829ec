// When a key was last used, told by a reader of the ledger. https://docs.aws.amazon.com/kms/latest/developerguide/monitoring-keys-determining-usage.html
import { parseArn } from '../../base/arn.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { Scope } from '../../kit/context.ts';
import type { LedgerReader } from '../../kit/jobs.ts';
import type { KeyLastUsageTrackingOperation } from './api.gen.ts';
import { keyAccess } from './key-access.ts';
import { keyArn, requireKeyById } from './key-names.ts';
import type { KeyRecord } from './records.ts';
import { operation } from './service.ts';

interface UsageRecord {
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly operation: KeyLastUsageTrackingOperation;
  readonly atMs: number;
  readonly eventId: string;
  readonly requestId: string;
}

const usages: Collection<UsageRecord> = collection('kms.usage', ({ account, region, keyId }) => [account, region, keyId]);

const tracked: ReadonlySet<string> = new Set<KeyLastUsageTrackingOperation>([
  'Decrypt',
  'DeriveSharedSecret',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateMac',
  'ReEncrypt',
  'Sign',
  'Verify',
  'VerifyMac',
]);

export const keyUsage: LedgerReader = {
  name: 'key-usage',
  async read(events, { transaction }) {
    // Only the last use of each key counts, so the newest events are read first and most are not looked into.
    const seen = new Set<string>();
    for (const event of events.toReversed()) {
      if (event.eventSource !== 'kms.amazonaws.com' || !isTracked(event.eventName)) continue;
      // ReEncrypt has two keys. Of a key of another account the copy of the event that is in that account tells.
      const own = event.resources.filter(({ type, name }) => type === 'AWS::KMS::Key' && parseArn(name)?.account === event.account);
      const used = own.filter(({ name }) => !seen.has(name));
      if (used.length === 0) continue;
      // Decoding boundary: the ledger's records are the pipeline's own.
      const { errorCode, requestID } = JSON.parse(event.record) as { readonly errorCode?: string; readonly requestID?: string };
      if (errorCode !== undefined) continue;
      for (const { name } of used) {
        seen.add(name);
        const { account = '', region = '', resource = '' } = parseArn(name) ?? {};
        usages.put(transaction, {
          account,
          region,
          keyId: resource.replace(/^key\//, ''),
          operation: event.eventName,
          atMs: event.timeMs,
          eventId: event.eventId,
          requestId: requestID ?? '',
        });
      }
    }
  },
};

function isTracked(name: string): name is KeyLastUsageTrackingOperation {
  return tracked.has(name);
}

export function lastUse({ transaction }: Pick<Scope, 'transaction'>, { account, region, keyId }: KeyRecord) {
  return usages.get(transaction, account, region, keyId);
}

export const GetKeyLastUsage = operation('GetKeyLastUsage', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:GetKeyLastUsage' }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    const used = await lastUse(context, key);
    return {
      KeyId: keyArn(context, key),
      KeyCreationDate: key.createdAtMs,
      TrackingStartDate: key.createdAtMs,
      ...(used === undefined
        ? {}
        : {
            KeyLastUsage: {
              Operation: used.operation,
              Timestamp: used.atMs,
              CloudTrailEventId: used.eventId,
              KmsRequestId: used.requestId,
            },
          }),
    };
  },
});
