// What Secrets Manager does by itself is in the ledger too: deletions, replications, rotations.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
import type { Context } from '../../kit/context.ts';
import type { SecretRecord } from './records.ts';
import { arnOf } from './secret-ids.ts';

/** Undefined facts are left out. Nothing of a value may be among them. */
export function secretEvent(
  context: Context,
  eventName: string,
  secret: SecretRecord,
  facts: Readonly<Record<string, string | undefined>> = {},
): void {
  const SecretId = arnOf(context, secret);
  context.serviceEvent({
    eventName,
    account: secret.account,
    region: secret.region,
    resources: [{ type: 'AWS::SecretsManager::Secret', name: SecretId }],
    additionalEventData: { SecretId, ...facts },
  });
}
