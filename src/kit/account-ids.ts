// AWS's unique identifiers: four letters that name the kind, then base32 in which access keys carry their account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
import { base32Id, type Ids } from '../base/ids.ts';

export type IdPrefix = 'AKIA' | 'ASIA' | 'AIDA' | 'AROA' | 'ANPA' | 'AGPA' | 'AIPA' | 'ANVA' | 'ASCA' | 'APKA' | 'ACCA';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A new identifier such as `AIDAQXCVBNMASDFGHJKLZ`: prefix and 17 characters. */
export function uniqueId(ids: Ids, prefix: IdPrefix): string {
  return `${prefix}${base32Id(ids, 17)}`;
}

/**
 * A new access key id: 16 characters after the prefix. The first ten are base32 of 50 bits; read as the high bits of 48, bits 7 to 46 are
 * the account. AWS: not documented, but read by many tools (sts:GetAccessKeyInfo answers from it).
 */
export function accessKeyIdFor(ids: Ids, prefix: 'AKIA' | 'ASIA', account: string): string {
  const noise = BigInt((ids.bytes(1)[0] ?? 0) & 0x7f);
  const bits = (1n << 47n) | (BigInt(account) << 7n) | noise;
  return `${prefix}${toBase32(bits << 2n, 10)}${base32Id(ids, 6)}`;
}

/** The twelve digits of the account that an access key id carries, or undefined when it is not in AWS's form. */
export function accountOfAccessKeyId(accessKeyId: string): string | undefined {
  if (!/^A[KS]IA[A-Z2-7]{16}$/.test(accessKeyId)) return undefined;
  let bits = 0n;
  for (const character of accessKeyId.slice(4, 14)) bits = (bits << 5n) | BigInt(alphabet.indexOf(character));
  const account = ((bits >> 2n) & 0x7fffffffff80n) >> 7n;
  return account > 999_999_999_999n ? undefined : account.toString().padStart(12, '0');
}

function toBase32(value: bigint, length: number): string {
  let text = '';
  for (let shift = BigInt(5 * (length - 1)); shift >= 0n; shift -= 5n) text += alphabet.charAt(Number((value >> shift) & 31n));
  return text;
}
