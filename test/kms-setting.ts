// Keys with policies of their own, for tests of who may use a key.
import type { InProcess } from './in-process.ts';

export const allow = (Action: string, more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more });

/** The kind and the sentence of a failure. */
export const failure = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );

/** A key whose policy hands the decision to the account, and says more. */
export async function createKey(server: InProcess, statements: readonly object[]): Promise<string> {
  const delegation = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${server.account}:root` }, Action: 'kms:*', Resource: '*' };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [delegation, ...statements] });
  return (await server.kms().createKey({ Policy })).KeyMetadata?.KeyId ?? '';
}
