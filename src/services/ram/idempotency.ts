// Client tokens: a call that is repeated with its token and input gets the first answer again; with another input it is refused.
import { createHash } from 'node:crypto';
import { type Collection, collection } from '../../kit/collection.ts';
import type { Context } from '../../kit/context.ts';
import { due, type Place } from './records.ts';
import { fault } from './service.ts';

/** AWS does not say how long it remembers. */
const rememberedMs = 24 * 3_600_000;

interface TokenRecord extends Place {
  readonly operation: string;
  readonly token: string;
  readonly inputDigest: string;
  /** JSON. */
  readonly output: string;
}

export const tokens: Collection<TokenRecord> = collection('ram.token', ({ account, region, operation, token }) => [
  account,
  region,
  operation,
  token,
]);

interface Tokened {
  readonly clientToken?: string | undefined;
}

/** Runs `act` unless this very call was made before. @throws Fault IdempotentParameterMismatchException, InvalidClientTokenException */
export async function once<Output extends object>(
  context: Context,
  operation: string,
  input: Tokened,
  act: () => Promise<Output>,
): Promise<Output & Tokened> {
  const { clientToken: token, ...parameters } = input;
  if (token === undefined) return act();
  if (!/^[\x21-\x7e]{1,64}$/.test(token)) throw fault('InvalidClientTokenException', 'The client token is not valid.');
  const { account, region, transaction, now } = context;
  const inputDigest = createHash('sha256')
    .update(JSON.stringify(sorted(parameters)))
    .digest('base64');
  const known = await tokens.get(transaction, account, region, operation, token);
  if (known !== undefined) {
    if (known.inputDigest !== inputDigest) {
      throw fault('IdempotentParameterMismatchException', 'The client token was used before with other parameters.');
    }
    // Decoding boundary: written below, by the same operation.
    return JSON.parse(known.output) as Output & Tokened;
  }
  const output = { ...(await act()), clientToken: token };
  tokens.put(transaction, { account, region, operation, token, inputDigest, output: JSON.stringify(output) });
  due.put(transaction, { dueAtMs: now + rememberedMs, what: 'forget-token', key: [account, region, operation, token] });
  return output;
}

/** The order in which a client writes members says nothing. */
function sorted(input: object): readonly (readonly [string, unknown])[] {
  return Object.entries(input)
    .filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
}
