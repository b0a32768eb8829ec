// AWS Security Token Service: temporary credentials. Table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { GetAccessKeyInfo } from './access-key-info.ts';
import { AssumeRole } from './assume-role.ts';
import { AssumeRoleWithSAML } from './assume-role-with-saml.ts';
import { AssumeRoleWithWebIdentity } from './assume-role-with-web-identity.ts';
import { AssumeRoot } from './assume-root.ts';
import { GetCallerIdentity } from './caller-identity.ts';
import { DecodeAuthorizationMessage } from './decode-message.ts';
import { GetFederationToken } from './federation-token.ts';
import { GetSessionToken } from './session-token.ts';
import { usedAssertionsJob } from './used-assertions.ts';
import { GetWebIdentityToken } from './web-identity-token.ts';

export const sts: ServiceDefinition = {
  name: 'sts',
  operations: [
    AssumeRole,
    AssumeRoleWithSAML,
    AssumeRoleWithWebIdentity,
    AssumeRoot,
    DecodeAuthorizationMessage,
    GetAccessKeyInfo,
    GetCallerIdentity,
    GetFederationToken,
    GetSessionToken,
    GetWebIdentityToken,
  ],
  jobs: [usedAssertionsJob],
};
