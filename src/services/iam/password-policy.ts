// The account's password policy. What it says of passwords is enforced in passwords.ts; that users may change theirs, in identity.ts.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
import type { Scope } from '../../kit/context.ts';
import { type PasswordPolicyRecord, passwordPolicies } from './credential-records.ts';
import { permissionsChanged } from './entities.ts';
import { fault, operation } from './service.ts';

const defaultLengthMin = 6;

/** @throws Fault NoSuchEntity */
async function requirePasswordPolicy({ transaction, account }: Scope): Promise<PasswordPolicyRecord> {
  const policy = await passwordPolicies.get(transaction, account);
  if (policy === undefined) throw fault('NoSuchEntity', `The Password Policy with domain name ${account} cannot be found.`);
  return policy;
}

export const UpdateAccountPasswordPolicy = operation('UpdateAccountPasswordPolicy', {
  access: () => ({ action: 'iam:UpdateAccountPasswordPolicy', resource: '*' }),
  // AWS: there are no partial updates; what is not given goes back to its default.
  handle(input, context) {
    passwordPolicies.put(context.transaction, {
      account: context.account,
      lengthMin: input.MinimumPasswordLength ?? defaultLengthMin,
      needsSymbol: input.RequireSymbols ?? false,
      needsNumber: input.RequireNumbers ?? false,
      needsUpper: input.RequireUppercaseCharacters ?? false,
      needsLower: input.RequireLowercaseCharacters ?? false,
      mayUsersChange: input.AllowUsersToChangePassword ?? false,
      ageDaysMax: input.MaxPasswordAge,
      remembered: input.PasswordReusePrevention,
      isHardExpiry: input.HardExpiry ?? false,
    });
    permissionsChanged(context);
    return {};
  },
});

export const GetAccountPasswordPolicy = operation('GetAccountPasswordPolicy', {
  access: () => ({ action: 'iam:GetAccountPasswordPolicy', resource: '*' }),
  async handle(_input, context) {
    const policy = await requirePasswordPolicy(context);
    return {
      PasswordPolicy: {
        MinimumPasswordLength: policy.lengthMin,
        RequireSymbols: policy.needsSymbol,
        RequireNumbers: policy.needsNumber,
        RequireUppercaseCharacters: policy.needsUpper,
        RequireLowercaseCharacters: policy.needsLower,
        AllowUsersToChangePassword: policy.mayUsersChange,
        ExpirePasswords: policy.ageDaysMax !== undefined,
        ...(policy.ageDaysMax === undefined ? {} : { MaxPasswordAge: policy.ageDaysMax }),
        ...(policy.remembered === undefined ? {} : { PasswordReusePrevention: policy.remembered }),
        HardExpiry: policy.isHardExpiry,
      },
    };
  },
});

export const DeleteAccountPasswordPolicy = operation('DeleteAccountPasswordPolicy', {
  access: () => ({ action: 'iam:DeleteAccountPasswordPolicy', resource: '*' }),
  async handle(_input, context) {
    passwordPolicies.remove(context.transaction, await requirePasswordPolicy(context));
    permissionsChanged(context);
    return {};
  },
});

export const passwordPolicyOperations = [UpdateAccountPasswordPolicy, GetAccountPasswordPolicy, DeleteAccountPasswordPolicy];
