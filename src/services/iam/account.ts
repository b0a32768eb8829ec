// The account's own settings: its alias, and which tokens the global endpoint of STS issues.
import type { Context } from '../../kit/context.ts';
import { type AccountRecord, accounts, aliases } from './records.ts';
import { fault, operation } from './service.ts';

async function accountOf({ transaction, account, now }: Context): Promise<AccountRecord> {
  return (await accounts.get(transaction, account)) ?? { account, createdAtMs: now, rootKeyId: '' };
}

// AWS: an account has one alias at most, and a new one replaces it; no two accounts have the same.
export const CreateAccountAlias = operation('CreateAccountAlias', {
  access: () => ({ action: 'iam:CreateAccountAlias', resource: '*' }),
  async handle(input, context) {
    const { transaction, account } = context;
    const taken = await aliases.get(transaction, input.AccountAlias);
    if (taken !== undefined && taken.account !== account)
      throw fault('EntityAlreadyExists', `The account alias ${input.AccountAlias} already exists.`);
    const record = await accountOf(context);
    if (record.alias !== undefined) aliases.remove(transaction, { alias: record.alias, account });
    aliases.put(transaction, { alias: input.AccountAlias, account });
    accounts.put(transaction, { ...record, alias: input.AccountAlias });
    return {};
  },
});

export const DeleteAccountAlias = operation('DeleteAccountAlias', {
  access: () => ({ action: 'iam:DeleteAccountAlias', resource: '*' }),
  async handle(input, context) {
    const { transaction, account } = context;
    const { alias, ...rest } = await accountOf(context);
    if (alias !== input.AccountAlias) throw fault('NoSuchEntity', `The account alias ${input.AccountAlias} cannot be found.`);
    aliases.remove(transaction, { alias, account });
    accounts.put(transaction, rest);
    return {};
  },
});

export const ListAccountAliases = operation('ListAccountAliases', {
  access: () => ({ action: 'iam:ListAccountAliases', resource: '*' }),
  async handle(_input, { transaction, account }) {
    const alias = (await accounts.get(transaction, account))?.alias;
    return { AccountAliases: alias === undefined ? [] : [alias], IsTruncated: false };
  },
});

export const SetSecurityTokenServicePreferences = operation('SetSecurityTokenServicePreferences', {
  // Tokens of either version are valid in every region here, since none has to be enabled first; the preference is what GetAccountSummary tells.
  coverage: 'stored',
  access: () => ({ action: 'iam:SetSecurityTokenServicePreferences', resource: '*' }),
  async handle(input, context) {
    const globalTokenVersion = input.GlobalEndpointTokenVersion === 'v2Token' ? 2 : 1;
    accounts.put(context.transaction, { ...(await accountOf(context)), globalTokenVersion });
    return {};
  },
});

export const accountOperations = [CreateAccountAlias, DeleteAccountAlias, ListAccountAliases, SetSecurityTokenServicePreferences];
