// Trusted context that goes along when a role is assumed: sealed by whoever provides it (IAM Identity Center), opened by sts.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/trustedidentitypropagation-identity-enhanced-iam-role-sessions.html
import { isRecord } from '../base/record.ts';
import type { Sealer } from './context.ts';

export interface ContextAssertion {
  readonly providerArn: string;
  /** By context key: `identitystore:UserId`. */
  readonly context: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
}

const purpose = 'context-assertion';

export function sealContextAssertion(sealer: Sealer, assertion: ContextAssertion): string {
  return sealer.seal(purpose, JSON.stringify(assertion));
}

/** Undefined when it is not one of this installation, or not of this provider. Expiry is the reader's to judge. */
export function openContextAssertion(sealer: Sealer, text: string, providerArn: string): ContextAssertion | undefined {
  const opened = sealer.open(purpose, text);
  const parsed: unknown = opened === undefined ? undefined : JSON.parse(opened);
  if (!isRecord(parsed) || parsed['providerArn'] !== providerArn) return undefined;
  // Decoding boundary: only sealContextAssertion can have made what opens under this purpose.
  return parsed as unknown as ContextAssertion;
}
