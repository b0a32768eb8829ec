// Sign-in events in CloudTrail's form. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
import type { Ids } from '../base/ids.ts';
import type { Caller } from '../kit/context.ts';
import { buildRecord } from '../pipeline/cloudtrail-record.ts';
import type { Received } from '../pipeline/stages.ts';
import type { Transaction } from '../store/store.ts';

export interface SignInEvent {
  readonly eventName: 'ConsoleLogin' | 'GetSigninToken';
  /** In which account it is told. */
  readonly account: string;
  /** Undefined when nobody was recognised. */
  readonly caller: Caller | undefined;
  /** Undefined: it succeeded. */
  readonly errorMessage?: string | undefined;
  readonly loginTo?: string | undefined;
  readonly mfaSerial?: string | undefined;
  readonly samlProviderArn?: string | undefined;
  readonly responseElements?: Readonly<Record<string, unknown>>;
}

export interface EventParts {
  readonly ids: Ids;
  readonly partition: string;
  readonly region: string;
}

export function recordSignIn(
  { ids, partition, region }: EventParts,
  transaction: Transaction,
  received: Received,
  event: SignInEvent,
): void {
  const { eventName, account, caller, errorMessage, loginTo, mfaSerial, samlProviderArn } = event;
  const additionalEventData = {
    LoginTo: loginTo,
    MobileVersion: 'No',
    SamlProviderArn: samlProviderArn,
    MFAIdentifier: mfaSerial,
    MFAUsed: mfaSerial === undefined ? 'No' : 'Yes',
  };
  const { headers } = received.request;
  transaction.append(
    buildRecord({
      eventId: ids.uuid(),
      requestId: received.requestId,
      timeMs: received.receivedAtMs,
      partition,
      account,
      region,
      eventSource: 'signin.amazonaws.com',
      eventName,
      eventType: 'AwsConsoleSignIn',
      caller,
      readOnly: false,
      sourceIp: received.sourceIp,
      userAgent: headers['user-agent'],
      host: headers['host'],
      tls: received.tls,
      error: errorMessage === undefined ? undefined : { code: '', message: errorMessage },
      responseElements: { [eventName]: errorMessage === undefined ? 'Success' : 'Failure', ...event.responseElements },
      resources: [],
      additionalEventData,
    }),
  );
}
