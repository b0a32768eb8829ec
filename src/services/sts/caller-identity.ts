// Who am I? Always answered, whatever policies say. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
import { accountOfAccessKeyId } from '../../kit/account-ids.ts';
import { anyCaller, commonFault } from '../../kit/operation.ts';
import { operation } from './service.ts';

export const GetCallerIdentity = operation('GetCallerIdentity', {
  access: anyCaller,
  handle: (_input, { caller, account }) => ({
    UserId: caller.userId,
    Account: caller.principal.account ?? account,
    Arn: caller.principal.arn,
  }),
});

export const GetAccessKeyInfo = operation('GetAccessKeyInfo', {
  access: () => ({ action: 'sts:GetAccessKeyInfo', resource: '*' }),
  handle(input) {
    const account = accountOfAccessKeyId(input.AccessKeyId);
    if (account === undefined) throw commonFault('ValidationError', 'Access Key Id is invalid or not in a supported format');
    return { Account: account };
  },
});
