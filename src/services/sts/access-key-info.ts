// Which account an access key id belongs to. The id itself says so: keys are not looked up, so nobody learns whether one exists.
import { accountOfAccessKeyId } from '../../kit/account-ids.ts';
import { commonFault } from '../../kit/operation.ts';
import { operation } from './service.ts';

export const GetAccessKeyInfo = operation('GetAccessKeyInfo', {
  access: () => ({ action: 'sts:GetAccessKeyInfo', resource: '*' }),
  handle(input) {
    const Account = accountOfAccessKeyId(input.AccessKeyId);
    if (Account === undefined) throw commonFault('ValidationError', 'Access Key Id is invalid or not in a supported format');
    return { Account };
  },
});
