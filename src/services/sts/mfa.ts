// The second factor of a request: the serial number of the caller's own device, and the code that it shows now.
import type { Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';

interface MfaInput {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}

/**
 * Whether a second factor was given, and it was right. Judged before authorisation, because conditions ask for it; the code is used up.
 * @throws Fault AccessDenied in AWS's sentences
 */
export async function verifyMfa({ SerialNumber: serial, TokenCode: code }: MfaInput, scope: Scope): Promise<boolean> {
  if (serial === undefined && code === undefined) return false;
  if (serial === undefined || code === undefined) {
    throw commonFault('AccessDenied', 'MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.');
  }
  const { caller, transaction, principals, now } = scope;
  switch (await principals.verifyMfaCode(transaction, { serial, code, now, userArn: caller.principal.arn })) {
    case 'right':
      return true;
    case 'wrong-code':
      throw commonFault('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code.');
    case 'unknown-device':
      throw commonFault(
        'AccessDenied',
        'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
      );
  }
}
