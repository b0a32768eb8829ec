// AWS Security Token Service: temporary credentials. Federation by SAML and OpenID, AssumeRoot and the newer token exchanges are absent.
import type { ServiceDefinition } from '../../kit/service.ts';
import { GetAccessKeyInfo } from './access-key-info.ts';
import { AssumeRole } from './assume-role.ts';
import { GetCallerIdentity } from './caller-identity.ts';
import { DecodeAuthorizationMessage } from './decode-message.ts';
import { GetFederationToken } from './federation-token.ts';
import { GetSessionToken } from './session-token.ts';

export const sts: ServiceDefinition = {
  name: 'sts',
  operations: [AssumeRole, DecodeAuthorizationMessage, GetAccessKeyInfo, GetCallerIdentity, GetFederationToken, GetSessionToken],
};
