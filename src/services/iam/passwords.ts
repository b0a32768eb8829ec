// Passwords of users: verifiers that cannot be turned back, the account's policy, and whether a password is right at sign-in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
import { scrypt, timingSafeEqual } from 'node:crypto';
import { wholeSeconds } from '../../base/clock.ts';
import type { Ids } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import type { PasswordClaim, PasswordOutcome } from '../../kit/ports.ts';
import type { Transaction } from '../../store/store.ts';
import { type LoginProfileRecord, loginProfiles, type PasswordPolicyRecord, passwordPolicies } from './credential-records.ts';
import { lower, users } from './records.ts';
import { fault } from './service.ts';

const dayMs = 86_400_000;
const cost = { N: 16_384, r: 8, p: 1 } as const;
/** AWS remembers at most this many passwords. */
export const formerMax = 24;

export async function verifierOf(ids: Ids, password: string): Promise<Secret> {
  const salt = Buffer.from(ids.bytes(16));
  return new Secret(`scrypt:${salt.toString('base64')}:${(await derive(password, salt)).toString('base64')}`);
}

export async function isPassword(verifier: Secret, password: string): Promise<boolean> {
  const [, salt = '', hash = ''] = verifier.reveal().split(':');
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64')), Buffer.from(hash, 'base64'));
}

function derive(password: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, cost, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/** @throws Fault PasswordPolicyViolation with AWS's sentence for the first rule that the password breaks. */
export async function requireConforming(
  transaction: Transaction,
  account: string,
  password: string,
  names: readonly string[],
): Promise<void> {
  const policy = await passwordPolicies.get(transaction, account);
  const problem = policy === undefined ? defaultProblem(password, names) : policyProblem(policy, password);
  if (problem !== undefined) throw fault('PasswordPolicyViolation', problem);
}

const symbol = /[!@#$%^&*()_+\-=[\]{}|']/;

function policyProblem(policy: PasswordPolicyRecord, password: string): string | undefined {
  if (password.length < policy.lengthMin) return `Password should have a minimum length of ${policy.lengthMin}`;
  if (policy.needsUpper && !/[A-Z]/.test(password)) return 'Password should have at least one uppercase letter';
  if (policy.needsLower && !/[a-z]/.test(password)) return 'Password should have at least one lowercase letter';
  if (policy.needsNumber && !/[0-9]/.test(password)) return 'Password should have at least one number';
  if (policy.needsSymbol && !symbol.test(password)) return 'Password should have at least one symbol';
  return undefined;
}

/** What AWS asks where the account has no policy: eight characters of three kinds, and not the account's name. */
function defaultProblem(password: string, names: readonly string[]): string | undefined {
  if (password.length < 8) return 'Password should have a minimum length of 8';
  const kinds = [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  if (kinds < 3)
    return 'Password must contain at least three of the following character types: uppercase letters, lowercase letters, numbers, and symbols';
  return names.includes(password) ? 'Password must not be identical to your AWS account name or email address' : undefined;
}

/** @throws Fault PasswordPolicyViolation when the policy remembers the password. */
export async function requireNew(transaction: Transaction, profile: LoginProfileRecord, password: string): Promise<void> {
  const remembered = (await passwordPolicies.get(transaction, profile.account))?.remembered ?? 0;
  for (const verifier of [profile.verifier, ...profile.former].slice(0, remembered)) {
    if (await isPassword(verifier, password))
      throw fault('PasswordPolicyViolation', 'Password was previously used. Choose a different password.');
  }
}

/** When the password expires by the account's policy; undefined: never. */
export function expiryOf(policy: PasswordPolicyRecord | undefined, profile: LoginProfileRecord): number | undefined {
  return policy?.ageDaysMax === undefined ? undefined : profile.changedAtMs + policy.ageDaysMax * dayMs;
}

/** Judges a password at sign-in, and notes the time of a right one. */
export async function checkPassword(transaction: Transaction, claim: PasswordClaim): Promise<PasswordOutcome> {
  const user = await users.get(transaction, claim.account, lower(claim.userName));
  const profile = user === undefined ? undefined : await loginProfiles.get(transaction, claim.account, user.userId);
  // A name without a password takes as long as one with it.
  const isRight = await isPassword(profile?.verifier ?? nobodys, claim.password);
  if (user === undefined || profile === undefined || !isRight) return { kind: 'wrong' };
  loginProfiles.put(transaction, { ...profile, lastUsedAtMs: wholeSeconds(claim.now) });
  const policy = await passwordPolicies.get(transaction, claim.account);
  const isExpired = (expiryOf(policy, profile) ?? Number.POSITIVE_INFINITY) <= claim.now;
  if (isExpired && policy?.isHardExpiry) return { kind: 'locked' };
  const found = { userName: user.userName, userId: user.userId, path: user.path };
  return isExpired || profile.isResetRequired ? { kind: 'must-change', ...found } : { kind: 'right', ...found };
}

const nobodys = new Secret(`scrypt:${Buffer.alloc(16).toString('base64')}:${Buffer.alloc(32).toString('base64')}`);
