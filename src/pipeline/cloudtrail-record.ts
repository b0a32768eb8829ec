// One request as a CloudTrail record, and as the ledger's entry around it. Pure; the record stage calls it once per recipient account.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
import { parseArn } from '../base/arn.ts';
import { isoSeconds } from '../base/clock.ts';
import type { ServiceEvent } from '../kit/context.ts';
import type { VpcEndpoint } from '../kit/ports.ts';
import type { Operation } from '../model/model.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { LedgerEvent } from '../store/store.ts';
import { type IdentityFacts, presentedKey, userIdentity, usernameOf } from './cloudtrail-identity.ts';
import { printedStructure } from './cloudtrail-value.ts';

/** What the pipeline knows at the end of a request. What may not be printed has been taken out of `input` and `output`. */
export interface RecordFacts extends IdentityFacts {
  readonly eventId: string;
  readonly requestId: string;
  readonly timeMs: number;
  readonly partition: string;
  readonly region: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly readOnly: boolean;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
  /** As the client sent it. */
  readonly host: string | undefined;
  readonly tls?: { readonly version: string; readonly cipherSuite: string } | undefined;
  /** Tells names from map keys and timestamps from numbers. Undefined when the request failed before it was known. */
  readonly operation?: Operation | undefined;
  readonly input?: Structure | undefined;
  /** Laid over the printed parameters, from EventFacts; undefined leaves one out. */
  readonly requestParameters?: Readonly<Record<string, unknown>> | undefined;
  /** Given for operations whose response is recorded. */
  readonly output?: Structure | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly resources: LedgerEvent['resources'];
  readonly asked?: LedgerEvent['asked'];
  readonly additionalEventData?: Readonly<Record<string, unknown>> | undefined;
  /** Joins the two events of a request that concerns two accounts. */
  readonly sharedEventId?: string | undefined;
  readonly vpcEndpoint?: Pick<VpcEndpoint, 'id' | 'ownerAccount'> | undefined;
  readonly isConsoleSession?: boolean | undefined;
  /** By default AwsApiCall. */
  readonly eventType?: 'AwsConsoleSignIn';
  /** Of events without an operation; printed for failures too. */
  readonly responseElements?: Structure;
}

const eventVersion = '1.11';
const textBytesMax = 1024;
const elementBytesMax = 100 * 1024;
const additionalBytesMax = 28 * 1024;
/** Of one unit of a JavaScript string. */
const utf8BytesMax = 3;

export function buildRecord(facts: RecordFacts): LedgerEvent {
  const callerAccount = facts.caller?.principal.account;
  const isForeign = callerAccount !== undefined && callerAccount !== facts.account;
  return {
    eventId: facts.eventId,
    timeMs: facts.timeMs,
    account: facts.account,
    region: facts.region,
    eventName: facts.eventName,
    eventSource: facts.eventSource,
    // A foreign account's names are not shown to the recipient.
    username: facts.caller && !isForeign ? usernameOf(facts.caller) : undefined,
    accessKeyId: facts.caller ? (isForeign ? undefined : facts.caller.accessKeyId) : presentedKey(facts),
    readOnly: facts.readOnly,
    resources: facts.resources,
    asked: facts.asked,
    record: recordText(facts),
  };
}

/** What fits as a whole has no part that is too large: most records are not measured part by part. */
function recordText(facts: RecordFacts): string {
  const text = JSON.stringify(recordOf(facts, whole));
  return text.length <= additionalBytesMax / utf8BytesMax ? text : JSON.stringify(recordOf(facts, bounded));
}

/** `undefined` members are left out by JSON, which keeps AWS's order of fields readable here. */
function recordOf(facts: RecordFacts, limit: Limit): Structure {
  return {
    eventVersion,
    userIdentity: userIdentity(facts),
    eventTime: isoSeconds(facts.timeMs),
    eventSource: facts.eventSource,
    eventName: facts.eventName,
    awsRegion: facts.region,
    sourceIPAddress: facts.invokedBy ?? facts.sourceIp,
    userAgent: shortened(facts.invokedBy ?? facts.userAgent ?? ''),
    errorCode: facts.error && shortened(facts.error.code),
    errorMessage: facts.error && shortened(facts.error.message),
    requestParameters: element('requestParameters', requestParameters(facts), limit),
    responseElements: facts.responseElements ?? (facts.error ? null : element('responseElements', responseElements(facts), limit)),
    additionalEventData: facts.additionalEventData && element('additionalEventData', facts.additionalEventData, limit),
    requestID: shortened(facts.requestId),
    eventID: facts.eventId,
    readOnly: facts.readOnly,
    resources: resourcesOf(facts),
    eventType: facts.eventType ?? 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: facts.account,
    sharedEventID: facts.sharedEventId,
    vpcEndpointId: facts.vpcEndpoint?.id,
    vpcEndpointAccountId: facts.vpcEndpoint?.ownerAccount,
    eventCategory: 'Management',
    sessionCredentialFromConsole: facts.isConsoleSession ? 'true' : undefined,
    tlsDetails: tlsDetails(facts),
  };
}

function requestParameters(facts: RecordFacts): Structure | undefined {
  // AWS: a refused request's parameters are not printed.
  if (facts.error?.code === 'AccessDenied' || facts.error?.code === 'AccessDeniedException') return undefined;
  const printed = facts.input && printedStructure(facts.operation?.input, facts.input);
  return { ...printed, ...facts.requestParameters };
}

function responseElements(facts: RecordFacts): Structure | undefined {
  return facts.output && printedStructure(facts.operation?.output, facts.output);
}

type ElementName = 'requestParameters' | 'responseElements' | 'additionalEventData' | 'serviceEventDetails';

/** Null when there is nothing to print. */
function element(name: ElementName, value: Structure | undefined, limit: Limit): unknown {
  return value === undefined || Object.values(value).every((member) => member === undefined) ? null : limit(name, value);
}

/** What is printed of a part of a record. */
type Limit = (name: ElementName, value: Structure) => unknown;

const whole: Limit = (_name, value) => value;

/** AWS's note of omission in place of what is too large. */
const bounded: Limit = (name, value) => {
  const originalSize = Buffer.byteLength(JSON.stringify(value), 'utf8');
  const bytesMax = name === 'additionalEventData' ? additionalBytesMax : elementBytesMax;
  return originalSize > bytesMax ? { omitted: true, originalSize, reason: `${name} too large` } : value;
};

/** AWS prints resources that have an ARN here; the others are found by LookupEvents only. */
function resourcesOf(facts: Pick<RecordFacts, 'resources' | 'account'>): unknown {
  const printed = facts.resources.flatMap(({ type, name }) => {
    const arn = parseArn(name);
    return arn ? [{ accountId: arn.account || facts.account, type, ARN: name }] : [];
  });
  return printed.length === 0 ? undefined : printed;
}

function tlsDetails({ tls, host }: RecordFacts): unknown {
  return tls && { tlsVersion: tls.version, cipherSuite: tls.cipherSuite, clientProvidedHostHeader: shortened(host ?? '') };
}

function shortened(text: string): string {
  if (text.length <= textBytesMax / utf8BytesMax) return text;
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length <= textBytesMax
    ? text
    : bytes
        .subarray(0, textBytesMax)
        .toString('utf8')
        .replace(/\ufffd$/, '');
}

export interface ServiceEventFacts extends ServiceEvent {
  readonly eventId: string;
  readonly timeMs: number;
  readonly eventSource: string;
  readonly account: string;
  readonly region: string;
}

/** An event that no request made: something that the service did by itself. */
export function serviceEventRecord(facts: ServiceEventFacts): LedgerEvent {
  const { eventId, timeMs, account, region, eventName, eventSource, resources = [], readOnly = false } = facts;
  const record = {
    eventVersion,
    userIdentity: { accountId: account, invokedBy: eventSource },
    eventTime: isoSeconds(timeMs),
    eventSource,
    eventName,
    awsRegion: region,
    sourceIPAddress: eventSource,
    userAgent: eventSource,
    errorCode: facts.error && shortened(facts.error.code),
    errorMessage: facts.error && shortened(facts.error.message),
    requestParameters: null,
    responseElements: null,
    additionalEventData: facts.additionalEventData && element('additionalEventData', facts.additionalEventData, bounded),
    eventID: eventId,
    readOnly,
    resources: resourcesOf({ resources, account }),
    eventType: 'AwsServiceEvent',
    managementEvent: true,
    recipientAccountId: account,
    serviceEventDetails: facts.serviceEventDetails && element('serviceEventDetails', facts.serviceEventDetails, bounded),
    eventCategory: 'Management',
  };
  const columns = {
    eventId,
    timeMs,
    account,
    region,
    eventName,
    eventSource,
    username: undefined,
    accessKeyId: undefined,
    readOnly,
    resources,
  };
  return { ...columns, record: JSON.stringify(record) };
}
