// The caller of a request without a signature.
import { Secret } from '../base/secret.ts';
import type { Identity } from '../kit/ports.ts';

export const anonymous: Identity = {
  caller: {
    principal: { kind: 'anonymous', arn: '*', account: undefined },
    userId: 'anonymous',
    accessKeyId: undefined,
    userName: undefined,
    tags: {},
    session: undefined,
  },
  secretAccessKey: new Secret(''),
  identityPolicies: [],
  boundary: undefined,
  sessionPolicies: undefined,
  expiresAtMs: undefined,
};
