// Time-based one-time passwords of virtual MFA devices (RFC 6238: SHA-1, six digits, 30 seconds), as authenticator apps make them.
import type { Secret } from '../../base/secret.ts';

const stepMs = 30_000;
/** Steps on each side of the device's own time in which a single code counts. */
const codeWindow = 1;

export interface Codes {
  readonly first: string;
  readonly second: string;
}

export function stepAt(ms: number): number {
  return Math.floor(ms / stepMs);
}

/** The step of the second of two consecutive codes that lie within `window` steps of `around`, the nearest first; undefined when there is none. */
export async function stepOfConsecutive(seed: Secret, codes: Codes, around: number, window: number): Promise<number | undefined> {
  const codeAt = await generator(seed);
  for (let distance = 0; distance <= window; distance += 1) {
    for (const step of distance === 0 ? [around] : [around - distance, around + distance]) {
      if (step > 0 && codeAt(step - 1) === codes.first && codeAt(step) === codes.second) return step;
    }
  }
  return undefined;
}

/** The step of one code around `expected`, if it is later than every used one. */
export async function stepOfCode(seed: Secret, code: string, expected: number, usedStep: number): Promise<number | undefined> {
  const codeAt = await generator(seed);
  for (let step = expected - codeWindow; step <= expected + codeWindow; step += 1)
    if (step > usedStep && codeAt(step) === code) return step;
  return undefined;
}

async function generator(seed: Secret): Promise<(step: number) => string> {
  const { HOTP, Secret: OtpSecret } = await import('otpauth');
  const secret = OtpSecret.fromBase32(seed.reveal());
  return (step) => HOTP.generate({ secret, counter: step, digits: 6, algorithm: 'SHA1' });
}
