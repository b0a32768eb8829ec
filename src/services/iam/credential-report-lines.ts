// The lines of a credential report, in AWS's columns and words. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
import { isoSeconds } from '../../base/clock.ts';
import type { Transaction } from '../../store/store.ts';
import { accessKeyLastUsed } from './access-key-use.ts';
import { loginProfiles, mfasOfOwner, type PasswordPolicyRecord, passwordPolicies, signingCertificates } from './credential-records.ts';
import { expiryOf } from './passwords.ts';
import { accessKeys, accounts, keysOfUser, lower, type UserRecord, users } from './records.ts';

const columns = [
  'user',
  'arn',
  'user_creation_time',
  'password_enabled',
  'password_last_used',
  'password_last_changed',
  'password_next_rotation',
  'mfa_active',
  'access_key_1_active',
  'access_key_1_last_rotated',
  'access_key_1_last_used_date',
  'access_key_1_last_used_region',
  'access_key_1_last_used_service',
  'access_key_2_active',
  'access_key_2_last_rotated',
  'access_key_2_last_used_date',
  'access_key_2_last_used_region',
  'access_key_2_last_used_service',
  'cert_1_active',
  'cert_1_last_rotated',
  'cert_2_active',
  'cert_2_last_rotated',
] as const;

interface Place {
  readonly account: string;
  readonly partition: string;
}

export async function reportLines(transaction: Transaction, place: Place): Promise<readonly string[]> {
  const policy = await passwordPolicies.get(transaction, place.account);
  const lines = [columns.join(','), await rootLine(transaction, place)];
  for (const user of await users.all(transaction, place.account)) lines.push(await userLine(transaction, place, user, policy));
  return lines;
}

/** AWS: root's password is not supported in the report, but its last use is. */
async function rootLine(transaction: Transaction, { account, partition }: Place): Promise<string> {
  const createdAtMs = (await accounts.get(transaction, account))?.createdAtMs ?? 0;
  return [
    '<root_account>',
    `arn:${partition}:iam::${account}:root`,
    time(createdAtMs),
    'not_supported',
    'no_information',
    'not_supported',
    'not_supported',
    ...(await credentials(transaction, account, account, '<root>')),
  ].join(',');
}

async function userLine(
  transaction: Transaction,
  { account, partition }: Place,
  user: UserRecord,
  policy: PasswordPolicyRecord | undefined,
): Promise<string> {
  const profile = await loginProfiles.get(transaction, account, user.userId);
  const expiry = profile === undefined ? undefined : expiryOf(policy, profile);
  return [
    user.userName,
    `arn:${partition}:iam::${account}:user${user.path}${user.userName}`,
    time(user.createdAtMs),
    String(profile !== undefined),
    profile === undefined ? 'N/A' : profile.lastUsedAtMs === undefined ? 'no_information' : time(profile.lastUsedAtMs),
    profile === undefined ? 'N/A' : time(profile.changedAtMs),
    expiry === undefined ? 'N/A' : time(expiry),
    ...(await credentials(transaction, account, user.userId, lower(user.userName))),
  ].join(',');
}

/** From `mfa_active` on: two keys and two certificates, whether they are there or not. */
async function credentials(transaction: Transaction, account: string, ownerId: string, keyFile: string): Promise<readonly string[]> {
  const hasMfa = (await mfasOfOwner.list(transaction, [account, ownerId], { limit: 1 })).length > 0;
  const owned = await keysOfUser.all(transaction, account, keyFile);
  const keys = await Promise.all(owned.map(({ accessKeyId }) => accessKeys.get(transaction, accessKeyId)));
  const certificates = await signingCertificates.all(transaction, account, ownerId);
  const cells = [String(hasMfa)];
  for (const index of [0, 1]) {
    const key = keys[index];
    const used = key === undefined ? undefined : await accessKeyLastUsed(transaction, key);
    cells.push(
      String(key?.status === 'Active'),
      key === undefined ? 'N/A' : time(key.createdAtMs),
      used === undefined ? 'N/A' : time(used.timeMs),
      used?.region ?? 'N/A',
      used?.serviceName ?? 'N/A',
    );
  }
  for (const index of [0, 1]) {
    const certificate = certificates[index];
    cells.push(String(certificate?.status === 'Active'), certificate === undefined ? 'N/A' : time(certificate.uploadedAtMs));
  }
  return cells;
}

/** AWS: with an offset instead of the Z that it prints elsewhere. */
function time(ms: number): string {
  return isoSeconds(ms).replace('Z', '+00:00');
}
