// Grant tokens: sealed names of grants. https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#grant_token
import type { Scope } from '../../kit/context.ts';
import { type GrantRecord, grants } from './records.ts';
import { fault } from './service.ts';

const purpose = 'kms-grant-token';

/** Names the grant to whoever holds the token; nobody else can make or read one. */
export function tokenOf({ sealer }: Scope, { account, region, keyId, grantId }: GrantRecord): string {
  return sealer.seal(purpose, JSON.stringify([account, region, keyId, grantId]));
}

export async function grantOfToken({ sealer, transaction }: Scope, token: string): Promise<GrantRecord | undefined> {
  const opened = sealer.open(purpose, token);
  if (opened === undefined) return undefined;
  // Decoding boundary: only tokenOf can have made what opens under this purpose.
  const [account, region, keyId, grantId] = JSON.parse(opened) as [string, string, string, string];
  return grants.get(transaction, account, region, keyId, grantId);
}

/** AWS: a token of a grant that is retired by now, or of another key, is taken and does nothing. @throws Fault InvalidGrantTokenException */
export function requireGrantTokens({ sealer }: Scope, tokens: readonly string[] = []): void {
  if (tokens.every((token) => sealer.open(purpose, token) !== undefined)) return;
  throw fault('InvalidGrantTokenException', 'The grant token is not valid.');
}
