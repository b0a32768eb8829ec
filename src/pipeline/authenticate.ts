// Who is calling, proven: the credential is known and alive, the signature is right, the body is the one that was signed.
import type { Clock } from '../base/clock.ts';
import type { Fault } from '../base/fault.ts';
import type { Sealer } from '../kit/context.ts';
import { unsigned } from '../kit/operation.ts';
import type { Identity, IdentityPort } from '../kit/ports.ts';
import { type AuthenticationProblem, authenticationFault, type FaultFamily } from '../sigv4/faults.ts';
import type { SigningKeyCache } from '../sigv4/signing-keys.ts';
import { verify } from '../sigv4/verify.ts';
import type { Transaction } from '../store/store.ts';
import { anonymous } from './anonymous.ts';
import type { Authenticated, Routed } from './stages.ts';

export interface Authenticator {
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly partition: string;
  readonly identities: IdentityPort;
  readonly signingKeys: SigningKeyCache;
  /** In which callers without an account of their own act. */
  readonly homeAccount: string;
}

/** @throws Fault in the words of the service's protocol. The request's body is the decoded one afterwards. */
export async function authenticate(authenticator: Authenticator, routed: Routed, transaction: Transaction): Promise<Authenticated> {
  const refuse = (problem: AuthenticationProblem): Fault => authenticationFault(problem, familyOf(routed));
  const { signature } = routed;
  if (signature.kind === 'malformed') throw refuse({ kind: 'malformed', problem: signature.problem });
  if (signature.kind === 'unsigned') {
    if (routed.definition.access === unsigned) return authenticated(authenticator, routed, anonymous);
    throw refuse({ kind: 'missing' });
  }
  const identity = await identify(authenticator, routed, signature.accessKeyId, signature.sessionToken, transaction);
  if (identity === undefined) throw refuse({ kind: 'unknown-key', accessKeyId: signature.accessKeyId });
  const now = authenticator.clock.now();
  const verdict = verify(routed.request, signature, {
    secret: identity.secretAccessKey,
    now,
    fromClient: authenticator.clock.fromClient,
    service: routed.service.entry.signingName,
    isS3: routed.service.entry.signingName === 's3',
    allowsUnsignedPayload: routed.operation.unsignedPayload,
    signingKeys: authenticator.signingKeys,
  });
  if (verdict.kind === 'refused') throw refuse(verdict.problem);
  if (identity.expiresAtMs !== undefined && identity.expiresAtMs <= now) throw refuse({ kind: 'expired-token' });
  return authenticated(authenticator, { ...routed, request: { ...routed.request, body: verdict.body } }, identity);
}

function authenticated({ homeAccount }: Authenticator, routed: Routed, identity: Identity): Authenticated {
  return { ...routed, identity, account: identity.caller.principal.account ?? homeAccount, via: [], source: undefined };
}

async function identify(
  { identities, sealer, partition }: Authenticator,
  _routed: Routed,
  accessKeyId: string,
  sessionToken: string | undefined,
  transaction: Transaction,
): Promise<Identity | undefined> {
  const found = await identities.identify({ accessKeyId, sessionToken }, { partition, sealer, transaction });
  return found.kind === 'identity' ? found.identity : undefined;
}

function familyOf({ service, protocol }: Routed): FaultFamily {
  if (service.entry.signingName === 's3') return 's3';
  return protocol.name === 'smithy-rpc-v2-cbor' ? 'json' : protocol.name;
}
