// What temporary credentials may never do, whatever policies say. The authorisation stage asks before it evaluates any policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
import { Fault } from '../base/fault.ts';
import type { Caller } from './context.ts';
import { commonFault } from './operation.ts';

/** The refusal of this operation for this kind of session, or undefined when policies decide. `service` is the signing name. */
export function sessionRestriction(caller: Caller, service: string, operation: string): Fault | undefined {
  if (caller.session === undefined) return undefined;
  if (service === 'sts') return mayCallSts(caller, operation) ? undefined : sessionFault(operation);
  // AWS: IAM says that it does not know the token rather than that the session is restricted.
  if (service === 'iam' && !mayCallIam(caller)) {
    return new Fault('InvalidClientTokenId', 'The security token included in the request is invalid.', { status: 403 });
  }
  return undefined;
}

/** AWS's sentence for an operation of STS that needs long-term credentials. */
export function sessionFault(operation: string): Fault {
  return commonFault('AccessDenied', `Cannot call ${operation} with session credentials`);
}

function mayCallSts(caller: Caller, operation: string): boolean {
  switch (caller.principal.kind) {
    case 'federated-user':
      return operation === 'GetCallerIdentity';
    // A user or root with a session has it from GetSessionToken.
    case 'user':
    case 'root':
      return operation === 'GetCallerIdentity' || operation === 'AssumeRole';
    default:
      return operation !== 'GetSessionToken' && operation !== 'GetFederationToken';
  }
}

function mayCallIam(caller: Caller): boolean {
  switch (caller.principal.kind) {
    case 'federated-user':
      return false;
    case 'user':
    case 'root':
      return caller.session?.mfaAtMs !== undefined || caller.session?.isAssumedRoot === true;
    default:
      return true;
  }
}
