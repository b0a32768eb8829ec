// Aliases: friendly names that can be moved from key to key. https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { commonFault } from '../../kit/operation.ts';
import { keyAccess } from './key-access.ts';
import { aliasArn, keyArn, requireKeyById } from './key-names.ts';
import { requireState } from './key-states.ts';
import { type AliasRecord, aliases, aliasesOfKey, type KeyRecord, keys } from './records.ts';
import { pageFor } from './requests.ts';
import { fault, operation } from './service.ts';

const aliasesPerKeyMax = 50;
const limits = { limit: 50, limitMax: 100 };

function aliasAccess(scope: Scope, action: Access['action'], aliasName: string): Access {
  return { action, resource: aliasArn(scope, scope.account, scope.region, aliasName), context: { 'kms:CallerAccount': scope.account } };
}

export const CreateAlias = operation('CreateAlias', {
  access: async (input, scope) => [
    aliasAccess(scope, 'kms:CreateAlias', input.AliasName),
    await keyAccess(scope, input.TargetKeyId, { action: 'kms:CreateAlias', context: { 'kms:RequestAlias': input.AliasName } }),
  ],
  async handle(input, context) {
    const { transaction, account, region, now } = context;
    requireAliasName(input.AliasName);
    const key = await requireTarget(context, input.TargetKeyId);
    if ((await aliases.get(transaction, account, region, input.AliasName)) !== undefined) {
      throw fault('AlreadyExistsException', `An alias with the name ${aliasArn(context, account, region, input.AliasName)} already exists`);
    }
    await requireRoom(context, key);
    write(context, { account, region, aliasName: input.AliasName, keyId: key.keyId, createdAtMs: now, updatedAtMs: now });
    note(context, input.AliasName, key);
    return {};
  },
});

export const UpdateAlias = operation('UpdateAlias', {
  access: async (input, scope) => {
    const alias = await aliases.get(scope.transaction, scope.account, scope.region, input.AliasName);
    return [
      aliasAccess(scope, 'kms:UpdateAlias', input.AliasName),
      ...(alias === undefined ? [] : [await keyAccess(scope, alias.keyId, { action: 'kms:UpdateAlias' })]),
      await keyAccess(scope, input.TargetKeyId, { action: 'kms:UpdateAlias' }),
    ];
  },
  async handle(input, context) {
    requireAliasName(input.AliasName);
    const alias = await requireAlias(context, input.AliasName);
    const key = await requireTarget(context, input.TargetKeyId);
    const current = await keys.get(context.transaction, alias.account, alias.region, alias.keyId);
    if (current !== undefined && (current.usage !== key.usage || isSymmetric(current) !== isSymmetric(key))) {
      throw commonFault('ValidationException', 'The current and new KMS key must be the same type and have the same key usage.');
    }
    if (alias.keyId !== key.keyId) await requireRoom(context, key);
    aliasesOfKey.remove(context.transaction, alias);
    write(context, { ...alias, keyId: key.keyId, updatedAtMs: context.now });
    note(context, input.AliasName, key);
    return {};
  },
});

export const DeleteAlias = operation('DeleteAlias', {
  access: async (input, scope) => {
    const alias = await aliases.get(scope.transaction, scope.account, scope.region, input.AliasName);
    return [
      aliasAccess(scope, 'kms:DeleteAlias', input.AliasName),
      ...(alias === undefined ? [] : [await keyAccess(scope, alias.keyId, { action: 'kms:DeleteAlias' })]),
    ];
  },
  async handle(input, context) {
    requireAliasName(input.AliasName);
    const alias = await requireAlias(context, input.AliasName);
    aliases.remove(context.transaction, alias);
    aliasesOfKey.remove(context.transaction, alias);
    return {};
  },
});

export const ListAliases = operation('ListAliases', {
  access: () => ({ action: 'kms:ListAliases', resource: '*' }),
  async handle(input, context) {
    const { account, region } = context;
    const keyId = input.KeyId === undefined ? undefined : (await requireKeyById(context, input.KeyId)).keyId;
    const { items, page } =
      keyId === undefined
        ? await pageFor(context, aliases, [account, region], input, limits)
        : await pageFor(context, aliasesOfKey, [account, region, keyId], input, limits);
    const shown = items.map((alias) => ({
      AliasName: alias.aliasName,
      AliasArn: aliasArn(context, account, region, alias.aliasName),
      TargetKeyId: alias.keyId,
      CreationDate: alias.createdAtMs,
      LastUpdatedDate: alias.updatedAtMs,
    }));
    return { Aliases: shown, ...page };
  },
});

/** @throws Fault InvalidAliasNameException, ValidationException, NotAuthorized in AWS's sentence for reserved names */
function requireAliasName(name: string): void {
  if (!name.startsWith('alias/')) throw commonFault('ValidationException', 'Invalid identifier');
  if (name.startsWith('alias/aws/')) throw fault('InvalidAliasNameException', 'Alias must not begin with alias/aws/.');
  if (!/^alias\/[A-Za-z0-9/_-]+$/.test(name)) {
    throw fault('InvalidAliasNameException', 'Alias contains invalid characters. Alias must be in the form alias/[a-zA-Z0-9/_-]+.');
  }
}

/** @throws Fault NotFoundException, KMSInvalidStateException */
async function requireTarget(context: Context, keyId: string): Promise<KeyRecord> {
  if (/(?:^|:)alias\//.test(keyId)) throw commonFault('ValidationException', 'Aliases must refer to keys. Not aliases');
  const key = await requireKeyById(context, keyId);
  if (key.account !== context.account) throw fault('NotFoundException', `Key '${keyArn(context, key)}' does not exist`);
  requireState(context, key, 'Enabled', 'Disabled', 'PendingImport', 'Unavailable');
  return key;
}

async function requireAlias(context: Context, aliasName: string): Promise<AliasRecord> {
  const { transaction, account, region } = context;
  const alias = await aliases.get(transaction, account, region, aliasName);
  if (alias === undefined) throw fault('NotFoundException', `Alias ${aliasArn(context, account, region, aliasName)} is not found.`);
  return alias;
}

async function requireRoom({ transaction }: Context, { account, region, keyId }: KeyRecord): Promise<void> {
  const present = await aliasesOfKey.list(transaction, [account, region, keyId], { limit: aliasesPerKeyMax });
  if (present.length >= aliasesPerKeyMax) throw fault('LimitExceededException', `A key can have at most ${aliasesPerKeyMax} aliases.`);
}

function write({ transaction }: Context, alias: AliasRecord): void {
  aliases.put(transaction, alias);
  aliasesOfKey.put(transaction, alias);
}

function note(context: Context, aliasName: string, key: KeyRecord): void {
  context.note({
    resources: [
      { type: 'AWS::KMS::Key', name: keyArn(context, key) },
      { type: 'AWS::KMS::Alias', name: aliasArn(context, context.account, context.region, aliasName) },
    ],
  });
}

function isSymmetric({ spec }: KeyRecord): boolean {
  return spec === 'SYMMETRIC_DEFAULT';
}

export const aliasOperations = [CreateAlias, UpdateAlias, DeleteAlias, ListAliases];
