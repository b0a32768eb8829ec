// Access keys of users and of the account's root. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
import { wholeSeconds } from '../../base/clock.ts';
import { base64Id } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import { accessKeyIdFor } from '../../kit/account-ids.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { accessKeyLastUsed } from './access-key-use.ts';
import { entityAccess, permissionsChanged, requireUser, userNameOf } from './entities.ts';
import { listPage } from './listing.ts';
import { quotas } from './quotas.ts';
import { type AccessKeyRecord, accessKeys, keysOfUser, lower } from './records.ts';
import { fault, operation } from './service.ts';

const secretLength = 40;

/** Whose keys a request is about: a user's, or the calling root's own. */
function ownerOf(scope: Scope, userName: string | undefined): string | undefined {
  return userName === undefined && scope.caller.principal.kind === 'root' ? undefined : userNameOf(scope, userName);
}

/** Keys of root are filed under a name that no user can have. */
function fileName(owner: string | undefined): string {
  return owner === undefined ? '<root>' : lower(owner);
}

function keyAccess(action: Access['action']) {
  return (input: { readonly UserName?: string | undefined }, scope: Scope): Access | Promise<Access> => {
    const owner = ownerOf(scope, input.UserName);
    if (owner === undefined) return { action, resource: `arn:${scope.partition}:iam::${scope.account}:root` };
    return entityAccess(scope, action, 'user', owner);
  };
}

/** The key, if it is this owner's. @throws Fault NoSuchEntity */
async function requireKey(scope: Scope, userName: string | undefined, accessKeyId: string): Promise<AccessKeyRecord> {
  const owner = ownerOf(scope, userName);
  if (owner !== undefined) await requireUser(scope, owner);
  const key = await accessKeys.get(scope.transaction, accessKeyId);
  const isOwners =
    key?.account === scope.account && (key.userName === undefined ? owner === undefined : lower(key.userName) === fileName(owner));
  if (key === undefined || !isOwners) throw fault('NoSuchEntity', `The Access Key with id ${accessKeyId} cannot be found.`);
  return key;
}

export const CreateAccessKey = operation('CreateAccessKey', {
  access: keyAccess('iam:CreateAccessKey'),
  async handle(input, context) {
    const { transaction, account, now, ids } = context;
    const owner = ownerOf(context, input.UserName);
    const userName = owner === undefined ? undefined : (await requireUser(context, owner)).userName;
    const owned = await keysOfUser.all(transaction, account, fileName(userName));
    if (owned.length >= quotas.AccessKeysPerUser)
      throw fault('LimitExceeded', `Cannot exceed quota for AccessKeysPerUser: ${quotas.AccessKeysPerUser}`);
    const secret = base64Id(ids, secretLength);
    const accessKeyId = accessKeyIdFor(ids, 'AKIA', account);
    accessKeys.put(transaction, {
      accessKeyId,
      secret: new Secret(secret),
      account,
      userName,
      status: 'Active',
      createdAtMs: wholeSeconds(now),
    });
    keysOfUser.put(transaction, { account, userName: userName ?? '<root>', accessKeyId });
    return {
      AccessKey: {
        UserName: userName ?? '',
        AccessKeyId: accessKeyId,
        Status: 'Active',
        SecretAccessKey: secret,
        CreateDate: wholeSeconds(now),
      },
    };
  },
});

export const UpdateAccessKey = operation('UpdateAccessKey', {
  access: keyAccess('iam:UpdateAccessKey'),
  async handle(input, context) {
    const key = await requireKey(context, input.UserName, input.AccessKeyId);
    if (input.Status === 'Expired') throw fault('InvalidInput', 'The status of an access key can be set to Active or Inactive.');
    accessKeys.put(context.transaction, { ...key, status: input.Status });
    permissionsChanged(context);
    return {};
  },
});

export const DeleteAccessKey = operation('DeleteAccessKey', {
  access: keyAccess('iam:DeleteAccessKey'),
  async handle(input, context) {
    const key = await requireKey(context, input.UserName, input.AccessKeyId);
    accessKeys.remove(context.transaction, key);
    keysOfUser.remove(context.transaction, { account: key.account, userName: key.userName ?? '<root>', accessKeyId: key.accessKeyId });
    permissionsChanged(context);
    return {};
  },
});

export const ListAccessKeys = operation('ListAccessKeys', {
  access: keyAccess('iam:ListAccessKeys'),
  async handle(input, context) {
    const owner = ownerOf(context, input.UserName);
    const userName = owner === undefined ? undefined : (await requireUser(context, owner)).userName;
    const page = await listPage(context, keysOfUser, [context.account, fileName(userName)], input);
    const keys = await Promise.all(page.items.map(({ accessKeyId }) => accessKeys.get(context.transaction, accessKeyId)));
    return {
      AccessKeyMetadata: keys.flatMap((key) =>
        key === undefined
          ? []
          : [
              {
                ...(key.userName === undefined ? {} : { UserName: key.userName }),
                AccessKeyId: key.accessKeyId,
                Status: key.status,
                CreateDate: key.createdAtMs,
              },
            ],
      ),
      ...page.state,
    };
  },
});

export const GetAccessKeyLastUsed = operation('GetAccessKeyLastUsed', {
  access: async (input, scope) => {
    const key = await accessKeys.get(scope.transaction, input.AccessKeyId);
    if (key?.userName === undefined) return { action: 'iam:GetAccessKeyLastUsed', resource: '*' };
    return entityAccess(scope, 'iam:GetAccessKeyLastUsed', 'user', key.userName);
  },
  async handle(input, context) {
    const key = await accessKeys.get(context.transaction, input.AccessKeyId);
    if (key === undefined || key.account !== context.account)
      throw fault('NoSuchEntity', `The Access Key with id ${input.AccessKeyId} cannot be found.`);
    const last = await accessKeyLastUsed(context.transaction, key);
    const used =
      last === undefined
        ? { ServiceName: 'N/A', Region: 'N/A' }
        : { LastUsedDate: last.timeMs, ServiceName: last.serviceName, Region: last.region };
    return { ...(key.userName === undefined ? {} : { UserName: key.userName }), AccessKeyLastUsed: used };
  },
});

export const accessKeyOperations = [CreateAccessKey, UpdateAccessKey, DeleteAccessKey, ListAccessKeys, GetAccessKeyLastUsed];
