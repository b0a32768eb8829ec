// Contexts that other services vouch for, passed along with AssumeRole: what they say is a condition key of the call and of the session.

import type { Scope } from '../../kit/context.ts';
import { openContextAssertion } from '../../kit/context-assertion.ts';
import { commonFault } from '../../kit/operation.ts';
import type { ConditionValue } from '../../policy/policy.ts';
import type { ProvidedContext } from './api.gen.ts';
import { fault } from './service.ts';

export interface ProvidedKeys {
  /** For the session: `identitystore:UserId`. */
  readonly lasting: Readonly<Record<string, ConditionValue>>;
  /** For the call: `sts:RequestContext/identitystore:UserId`, `sts:RequestContextProviders`. */
  readonly ofCall: Readonly<Record<string, ConditionValue>>;
}

const none: ProvidedKeys = { lasting: {}, ofCall: {} };

/** @throws Fault when an assertion is not its provider's, or has expired */
export function providedKeys(contexts: readonly ProvidedContext[] | undefined, { sealer, now }: Scope): ProvidedKeys {
  if (contexts === undefined || contexts.length === 0) return none;
  const lasting: Record<string, string> = {};
  const providers = contexts.map(({ ProviderArn = '', ContextAssertion = '' }) => {
    const assertion = openContextAssertion(sealer, ContextAssertion, ProviderArn);
    if (assertion === undefined)
      throw commonFault('InvalidParameterValue', `The context assertion is not valid for the provider ${ProviderArn}`);
    if (assertion.expiresAtMs <= now) throw fault('ExpiredTokenException', 'The context assertion has expired');
    Object.assign(lasting, assertion.context);
    return ProviderArn;
  });
  const ofCall = Object.fromEntries(Object.entries(lasting).map(([key, value]) => [`sts:RequestContext/${key}`, value]));
  return { lasting, ofCall: { ...ofCall, 'sts:RequestContextProviders': providers } };
}
