// Services call services as AWS does: in the caller's name, through the calling service (a forward access session), or as the service itself.
// The call passes the whole pipeline from validation on, in the same unit of work, with its own authorisation and ledger entry.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
import type { Structure } from '../protocol/protocol.ts';
import type { Context } from './context.ts';
import type { OperationTypes } from './operation.ts';

export interface ServiceCall {
  /** The callee's folder under src/services. */
  readonly service: string;
  readonly operation: string;
  readonly input: Structure;
  readonly options: CallOptions;
}

/** A session that the calling service got from sts, to act in somebody's name. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly sessionToken: string;
}

export interface CallOptions {
  /**
   * `caller`, the default: the caller's own permissions are asked. `service`: the calling service's principal, which resource policies name.
   * Credentials: the session's permissions are asked, as if its role called.
   */
  readonly as?: 'caller' | 'service' | SessionCredentials;
  /** For calls as the service: the resource that it acts for, as `aws:SourceArn`. */
  readonly sourceArn?: string;
  /** Where the called resource is, when not in the request's region. */
  readonly region?: string;
  /** The caller is outside of a unit of work and waits for what the operation does after its commit. Set by `Outside.call`. */
  readonly mayDefer?: boolean;
}

/**
 * The operations of another service, typed by its generated `Operations` (import the type only).
 * The function rejects with the callee's Fault; what the failed call had written is undone, and the calling operation decides how to go on.
 */
export function callsTo<Operations extends { readonly [Name in keyof Operations]: OperationTypes }>(service: string) {
  return async <Name extends keyof Operations & string>(
    context: Context,
    operation: Name,
    input: Operations[Name]['input'],
    options: CallOptions = {},
  ): Promise<Operations[Name]['output']> =>
    // Encoding and decoding boundary: the pipeline validates the input, and the callee's operation is typed by the same `Operations`.
    (await context.call({ service, operation, input: input as Structure, options })) as Operations[Name]['output'];
}
