// Temporary credentials for somebody whom a user or root vouches for: at most what the issuer and the session policies both allow.

import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import { sessionFault } from '../../kit/session-restrictions.ts';
import type { GetFederationTokenRequest } from './api.gen.ts';
import { issueCredentials } from './credentials.ts';
import { longTermHolder } from './holder.ts';
import { operation } from './service.ts';
import { packedPolicySize, sessionPoliciesOf } from './session-policies.ts';
import { requestedTags, sessionTagsOf } from './session-tags.ts';

export const GetFederationToken = operation('GetFederationToken', {
  access,
  readOnly: false,
  async handle(input, context) {
    const holder = requireLongTermHolder(context);
    const { account } = context;
    const policies = await sessionPoliciesOf(input, account, context);
    // AWS: tags of a federated user are not transitive.
    const { tags } = sessionTagsOf({ Tags: input.Tags }, undefined);
    const PackedPolicySize = packedPolicySize(policies, tags);
    const issuer = holder.isRoot ? 'root' : { userName: holder.userName, userId: holder.userId };
    const Credentials = issueCredentials(context, {
      account,
      holder: { kind: 'federated-user', name: input.Name, issuer },
      name: input.Name,
      durationSeconds: holder.durationSeconds(input.DurationSeconds),
      policies,
      facts: { tags },
    });
    context.note({
      resources: [{ type: 'AWS::IAM::AccessKey', name: Credentials.AccessKeyId }],
      ...(input.Tags?.length ? { requestParameters: { tags: undefined, principalTags: tags } } : {}),
    });
    return {
      Credentials,
      FederatedUser: { FederatedUserId: `${account}:${input.Name}`, Arn: federatedUserArn(input, context) },
      PackedPolicySize,
    };
  },
});

function access(input: GetFederationTokenRequest, scope: Scope): readonly Access[] {
  requireLongTermHolder(scope);
  const onUser = { resource: federatedUserArn(input, scope), requestTags: requestedTags(input) };
  const actions: readonly Access['action'][] = ['sts:GetFederationToken', ...(input.Tags?.length ? ['sts:TagSession' as const] : [])];
  return actions.map((action) => ({ action, ...onUser }));
}

/** Before authorisation, so that a session is told what is wrong and not that a policy is missing. */
function requireLongTermHolder({ caller }: Scope) {
  const holder = longTermHolder(caller);
  if (!holder) throw sessionFault('GetFederationToken');
  return holder;
}

function federatedUserArn({ Name }: GetFederationTokenRequest, { partition, account }: Scope): ResourceArn<'sts:federated-user'> {
  return `arn:${partition}:sts::${account}:federated-user/${Name}`;
}
