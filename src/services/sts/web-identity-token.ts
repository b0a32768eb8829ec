// A JSON Web Token in which this installation vouches for the caller towards services outside: outbound web identity federation.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html
import { isoSeconds } from '../../base/clock.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import { outboundIssuerUrl } from '../../kit/outbound-issuer.ts';
import type { GetWebIdentityTokenRequest } from './api.gen.ts';
import { fault, operation } from './service.ts';
import { requestedTags, sessionTagsOf } from './session-tags.ts';
import { issuerKey, type TokenAlgorithm } from './web-identity-keys.ts';

const defaultSeconds = 300;
/** AWS publishes no number; this is more than fifty ordinary tags take. */
const payloadBytesMax = 8_192;

export const GetWebIdentityToken = operation('GetWebIdentityToken', {
  access,
  readOnly: false,
  recordsResponse: true,
  async handle(input, context) {
    const { transaction, account, ids, now, publicUrl, caller } = context;
    const algorithm = algorithmOf(input);
    const issuerId = await context.principals.outboundIssuerId(transaction, account);
    if (issuerId === undefined) {
      throw fault('OutboundWebIdentityFederationDisabledException', 'Outbound web identity federation is not enabled for this account.');
    }
    const issuedAt = Math.floor(now / 1000);
    const expiresAt = issuedAt + (input.DurationSeconds ?? defaultSeconds);
    if (caller.session !== undefined && expiresAt * 1000 > caller.session.expiresAtMs) {
      throw fault(
        'SessionDurationEscalationException',
        'The requested token duration would extend the session beyond its original expiration time.',
      );
    }
    const [first = '', ...others] = input.Audience;
    const payload = {
      iss: outboundIssuerUrl(publicUrl, issuerId),
      aud: others.length === 0 ? first : [first, ...others],
      sub: caller.principal.roleArn ?? caller.principal.arn,
      iat: issuedAt,
      exp: expiresAt,
      jti: ids.uuid(),
      'https://sts.amazonaws.com/': await identityClaims(input, context),
    };
    if (Buffer.byteLength(JSON.stringify(payload), 'utf8') > payloadBytesMax) {
      throw fault('JWTPayloadSizeExceededException', 'The requested token payload size exceeds the maximum allowed size.');
    }
    const key = await issuerKey(transaction, ids, issuerId, algorithm);
    const { SignJWT } = await import('jose');
    const header = { alg: algorithm, kid: key.keyId, typ: 'JWT' };
    const WebIdentityToken = await new SignJWT(payload).setProtectedHeader(header).sign(key.privateKey);
    return { WebIdentityToken, Expiration: expiresAt * 1000 };
  },
});

function access(input: GetWebIdentityTokenRequest, scope: Scope): readonly Access[] {
  if (scope.isGlobalEndpoint) {
    throw commonFault('ValidationError', 'GetWebIdentityToken is not supported on the global endpoint. Use a Regional STS endpoint.');
  }
  const asked = {
    resource: '*' as const,
    requestTags: requestedTags(input),
    context: {
      'sts:IdentityTokenAudience': input.Audience,
      'sts:DurationSeconds': String(input.DurationSeconds ?? defaultSeconds),
      'sts:SigningAlgorithm': input.SigningAlgorithm,
    },
  };
  const actions: readonly Access['action'][] = [
    'sts:GetWebIdentityToken',
    ...(input.Tags?.length ? ['sts:TagGetWebIdentityToken' as const] : []),
  ];
  return actions.map((action) => ({ action, ...asked }));
}

function algorithmOf({ SigningAlgorithm: algorithm }: GetWebIdentityTokenRequest): TokenAlgorithm {
  if (algorithm === 'RS256' || algorithm === 'ES384') return algorithm;
  throw commonFault(
    'ValidationError',
    `1 validation error detected: Value '${algorithm}' at 'signingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RS256, ES384]`,
  );
}

async function identityClaims(input: GetWebIdentityTokenRequest, context: Context): Promise<object> {
  const { account, region, caller, organizations, transaction } = context;
  const standing = await organizations.standingOf(transaction, account, 'sts.amazonaws.com');
  const { tags } = sessionTagsOf({ Tags: input.Tags }, undefined);
  const { session } = caller;
  return {
    aws_account: account,
    source_region: region,
    ...(standing === undefined ? {} : { org_id: standing.organizationId }),
    ...(Object.keys(caller.tags).length > 0 ? { principal_tags: caller.tags } : {}),
    ...(session === undefined ? {} : { original_session_exp: isoSeconds(session.expiresAtMs) }),
    ...(session?.sourceIdentity === undefined ? {} : { source_identity: session.sourceIdentity }),
    ...(Object.keys(tags).length > 0 ? { request_tags: tags } : {}),
  };
}
