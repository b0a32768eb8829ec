// Temporary credentials for a user itself (GetSessionToken) and for somebody whom it vouches for (GetFederationToken).
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
import type { Context } from '../../kit/context.ts';
import { anyCaller, commonFault } from '../../kit/operation.ts';
import type { SessionToken } from '../../kit/session-token.ts';
import { issueCredentials } from './credentials.ts';
import { operation } from './service.ts';
import { readSessionPolicies } from './session-policies.ts';

const defaultSeconds = 43_200;
/** AWS: root's temporary credentials last an hour at most. */
const rootSecondsMax = 3_600;

const plainFacts = {
  name: '',
  mfaAtMs: undefined,
  sourceIdentity: undefined,
  tags: {},
  transitiveTagKeys: [],
  federatedProvider: undefined,
} as const;

export const GetSessionToken = operation('GetSessionToken', {
  access: anyCaller,
  recordsResponse: true,
  handle(input, context) {
    requireLongTerm(context, 'GetSessionToken');
    if (input.SerialNumber !== undefined || input.TokenCode !== undefined) {
      throw commonFault('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code. ');
    }
    const { caller, account } = context;
    const { principal, userName } = caller;
    const isRoot = principal.kind === 'root';
    const holder: SessionToken['holder'] =
      isRoot || userName === undefined ? { kind: 'root' } : { kind: 'user', userName, userId: caller.userId };
    const seconds = input.DurationSeconds ?? defaultSeconds;
    const durationSeconds = isRoot ? Math.min(seconds, rootSecondsMax) : seconds;
    return {
      Credentials: issueCredentials(context, { account, holder, policy: undefined, policyArns: [], durationSeconds, facts: plainFacts }),
    };
  },
});

export const GetFederationToken = operation('GetFederationToken', {
  access: (input, { partition, account }) => ({
    action: 'sts:GetFederationToken',
    resource: `arn:${partition}:sts::${account}:federated-user/${input.Name}`,
    ...(input.Tags === undefined ? {} : { requestTags: Object.fromEntries(input.Tags.map(({ Key, Value }) => [Key, Value])) }),
  }),
  recordsResponse: true,
  async handle(input, context) {
    requireLongTerm(context, 'GetFederationToken');
    const { caller, account, partition } = context;
    const { policy, policyArns, tags, packedSize } = await readSessionPolicies(context, input, account);
    const issuer = caller.userName === undefined ? ('root' as const) : { userName: caller.userName, userId: caller.userId };
    const seconds = input.DurationSeconds ?? defaultSeconds;
    const durationSeconds = issuer === 'root' ? Math.min(seconds, rootSecondsMax) : seconds;
    const facts = { ...plainFacts, name: input.Name, tags };
    return {
      Credentials: issueCredentials(context, {
        account,
        holder: { kind: 'federated-user', name: input.Name, issuer },
        policy,
        policyArns,
        durationSeconds,
        facts,
      }),
      FederatedUser: { FederatedUserId: `${account}:${input.Name}`, Arn: `arn:${partition}:sts::${account}:federated-user/${input.Name}` },
      ...(packedSize === undefined ? {} : { PackedPolicySize: packedSize }),
    };
  },
});

function requireLongTerm({ caller }: Context, name: string): void {
  if (caller.session !== undefined) throw commonFault('AccessDenied', `Cannot call ${name} with session credentials`);
}
