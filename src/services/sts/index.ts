// AWS Security Token Service: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { AssumeRole } from './assume-role.ts';
import { GetAccessKeyInfo, GetCallerIdentity } from './caller-identity.ts';
import { DecodeAuthorizationMessage } from './decode-message.ts';
import { GetFederationToken, GetSessionToken } from './session-credentials.ts';

export const sts: ServiceDefinition = {
  name: 'sts',
  operations: [AssumeRole, DecodeAuthorizationMessage, GetAccessKeyInfo, GetCallerIdentity, GetFederationToken, GetSessionToken],
};
