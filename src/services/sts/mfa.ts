// The second factor of a request. No MFA device can be registered here yet, so every serial number is unknown and is refused as AWS does.
import { commonFault } from '../../kit/operation.ts';

interface MfaInput {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}

/** Judged before authorisation, because conditions ask whether a factor was given. */
export function verifyMfa(input: MfaInput): void {
  if (input.SerialNumber === undefined && input.TokenCode === undefined) return;
  if (input.SerialNumber === undefined || input.TokenCode === undefined) {
    throw commonFault('AccessDenied', 'MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.');
  }
  throw commonFault(
    'AccessDenied',
    'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
  );
}
