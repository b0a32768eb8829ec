// Who am I: the one question that every caller may ask.
import { anyCaller } from '../../kit/operation.ts';
import { operation } from './service.ts';

export const GetCallerIdentity = operation('GetCallerIdentity', {
  access: anyCaller,
  handle: (_, { caller, account }) => ({
    UserId: caller.userId,
    Account: caller.principal.account ?? account,
    Arn: caller.principal.arn,
  }),
});
