// Temporary credentials of the caller itself.
import { anyCaller } from '../../kit/operation.ts';
import { sessionFault } from '../../kit/session-restrictions.ts';
import { issueCredentials } from './credentials.ts';
import { longTermHolder } from './holder.ts';
import { verifyMfa } from './mfa.ts';
import { operation } from './service.ts';

// AWS: no permission is needed and none can be denied; it exists to authenticate.
export const GetSessionToken = operation('GetSessionToken', {
  access: anyCaller,
  recordsResponse: true,
  async handle(input, context) {
    const holder = longTermHolder(context.caller);
    if (!holder) throw sessionFault('GetSessionToken');
    const mfaAtMs = (await verifyMfa(input, context)) ? context.now : undefined;
    const Credentials = issueCredentials(context, {
      account: context.account,
      holder: holder.isRoot ? { kind: 'root' } : { kind: 'user', userName: holder.userName, userId: holder.userId },
      name: holder.isRoot ? 'root' : holder.userName,
      durationSeconds: holder.durationSeconds(input.DurationSeconds),
      facts: { mfaAtMs },
    });
    context.note({ resources: [{ type: 'AWS::IAM::AccessKey', name: Credentials.AccessKeyId }] });
    return { Credentials };
  },
});
