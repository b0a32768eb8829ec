// The ledger's entries in CloudTrail's record format.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
import { isoSeconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { isRecord, setOwn } from '../base/record.ts';
import type { Caller, EventFacts } from '../kit/context.ts';
import type { LedgerEvent } from '../store/store.ts';

const eventVersion = '1.11';

/** All that is known of a request when it ends. Input and output are redacted already. */
export interface RecordFacts {
  readonly eventId: string;
  readonly requestId: string;
  readonly timeMs: number;
  readonly partition: string;
  /** The account in whose ledger the record stands. */
  readonly account: string;
  readonly region: string;
  readonly eventSource: string;
  readonly eventName: string;
  /** Undefined when nobody was authenticated. */
  readonly caller: Caller | undefined;
  readonly presentedAccessKeyId: string | undefined;
  readonly readOnly: boolean;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
  readonly host: string | undefined;
  readonly tls: { readonly version: string; readonly cipherSuite: string } | undefined;
  readonly input: Readonly<Record<string, unknown>> | undefined;
  readonly output: Readonly<Record<string, unknown>> | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly resources: NonNullable<EventFacts['resources']>;
  readonly additionalEventData: EventFacts['additionalEventData'];
}

const messageMax = 1_024;
const textMax = 1_024;

export function buildRecord(facts: RecordFacts): LedgerEvent {
  const { caller, error } = facts;
  const record = {
    eventVersion,
    userIdentity: userIdentity(facts),
    eventTime: isoSeconds(facts.timeMs),
    eventSource: facts.eventSource,
    eventName: facts.eventName,
    awsRegion: facts.region,
    sourceIPAddress: facts.sourceIp,
    userAgent: cut(facts.userAgent ?? '', textMax),
    errorCode: error?.code,
    errorMessage: error === undefined ? undefined : cut(error.message, messageMax),
    requestParameters: facts.input === undefined || Object.keys(facts.input).length === 0 ? null : lowerCamel(facts.input),
    responseElements: error !== undefined || facts.output === undefined ? null : lowerCamel(facts.output),
    additionalEventData: facts.additionalEventData,
    requestID: facts.requestId,
    eventID: facts.eventId,
    readOnly: facts.readOnly,
    resources:
      facts.resources.length === 0 ? undefined : facts.resources.map(({ name, type }) => ({ accountId: facts.account, type, ARN: name })),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: facts.account,
    eventCategory: 'Management',
    tlsDetails:
      facts.tls === undefined
        ? undefined
        : { tlsVersion: facts.tls.version, cipherSuite: facts.tls.cipherSuite, clientProvidedHostHeader: cut(facts.host ?? '', textMax) },
  };
  return {
    eventId: facts.eventId,
    timeMs: facts.timeMs,
    account: facts.account,
    region: facts.region,
    eventName: facts.eventName,
    eventSource: facts.eventSource,
    username: caller === undefined ? undefined : usernameOf(caller),
    accessKeyId: caller?.accessKeyId ?? cutKey(facts.presentedAccessKeyId),
    readOnly: facts.readOnly,
    resources: facts.resources,
    record: bounded(record),
  };
}

/** What LookupEvents finds by `Username`. */
function usernameOf(caller: Caller): string {
  if (caller.principal.kind === 'root') return 'root';
  return caller.userName ?? caller.session?.name ?? caller.principal.arn;
}

function userIdentity({ caller, presentedAccessKeyId, account }: RecordFacts): object {
  if (caller === undefined) return { type: 'Unknown', accountId: account, accessKeyId: cutKey(presentedAccessKeyId) };
  const { principal, session } = caller;
  const common = { principalId: caller.userId, arn: principal.arn, accountId: principal.account, accessKeyId: caller.accessKeyId };
  switch (principal.kind) {
    case 'root':
      return { type: 'Root', ...common, ...sessionContext(caller) };
    case 'user':
      return { type: 'IAMUser', ...common, userName: caller.userName, ...sessionContext(caller) };
    case 'role-session':
      return { type: 'AssumedRole', ...common, ...sessionContext(caller) };
    case 'federated-user':
      return { type: 'FederatedUser', ...common, ...sessionContext(caller) };
    case 'saml':
      return { type: 'SAMLUser', ...common, userName: session?.name };
    case 'web-identity':
      return { type: 'WebIdentityUser', ...common, userName: session?.name, identityProvider: principal.arn };
    case 'service':
      return { type: 'AWSService', invokedBy: principal.arn };
    case 'anonymous':
      return { type: 'AWSAccount', principalId: '', accountId: 'anonymous' };
  }
}

function sessionContext({ principal, session }: Caller): object {
  if (session === undefined) return {};
  const { roleArn } = principal;
  const sessionIssuer =
    roleArn === undefined
      ? undefined
      : {
          type: 'Role',
          principalId: principal.uniqueId,
          arn: roleArn,
          accountId: principal.account,
          userName: roleArn.slice(roleArn.lastIndexOf('/') + 1),
        };
  return {
    sessionContext: {
      sessionIssuer,
      attributes: { creationDate: isoSeconds(session.issuedAtMs), mfaAuthenticated: String(session.mfaAtMs !== undefined) },
      sourceIdentity: session.sourceIdentity,
    },
  };
}

/** CloudTrail prints member names with a lower first letter. */
function lowerCamel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => lowerCamel(item));
  if (!isRecord(value)) return value;
  const copy = {};
  for (const [name, item] of Object.entries(value)) setOwn(copy, name.charAt(0).toLowerCase() + name.slice(1), lowerCamel(item));
  return copy;
}

/** CloudTrail leaves out what makes a record too large. */
function bounded(record: object): string {
  const text = JSON.stringify(record);
  if (Buffer.byteLength(text) <= limits.recordBytesMax) return text;
  const omitted = { omitted: true, reason: 'the record exceeds 256 KB' };
  return JSON.stringify({ ...record, requestParameters: omitted, responseElements: omitted, additionalEventData: undefined });
}

function cut(text: string, length: number): string {
  return text.length > length ? text.slice(0, length) : text;
}

function cutKey(accessKeyId: string | undefined): string | undefined {
  return accessKeyId === undefined ? undefined : cut(accessKeyId, 128);
}
