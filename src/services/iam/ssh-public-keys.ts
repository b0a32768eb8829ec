// SSH public keys of users. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_ssh-keys.html
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import type { Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { type SshKeyRecord, sshKeys } from './credential-records.ts';
import { onEntity, requireUser } from './entities.ts';
import { listPage } from './listing.ts';
import { onOwner, requireOwner } from './owners.ts';
import { readPublicKey } from './public-keys.ts';
import { withinQuota } from './quotas.ts';
import { fault, operation } from './service.ts';

/** @throws Fault NoSuchEntity */
async function requireKey(scope: Scope, userName: string, id: string): Promise<SshKeyRecord> {
  const user = await requireUser(scope, userName);
  const key = await sshKeys.get(scope.transaction, scope.account, user.userId, id);
  if (key === undefined) throw fault('NoSuchEntity', `The Public Key with id ${id} cannot be found.`);
  return key;
}

export const UploadSSHPublicKey = operation('UploadSSHPublicKey', {
  access: onEntity('iam:UploadSSHPublicKey', 'user', (input) => input.UserName),
  async handle(input, context) {
    const { transaction, account, ids, now } = context;
    const user = await requireUser(context, input.UserName);
    const { ssh, fingerprint } = readPublicKey(input.SSHPublicKeyBody);
    const owned = await sshKeys.all(transaction, account, user.userId);
    if (owned.some((each) => each.fingerprint === fingerprint))
      throw fault('DuplicateSSHPublicKey', `The SSH public key is already associated with the user ${user.userName}.`);
    withinQuota('SSHPublicKeysPerUser', owned.length + 1);
    const key: SshKeyRecord = {
      account,
      ownerId: user.userId,
      id: uniqueId(ids, 'APKA'),
      body: ssh,
      fingerprint,
      status: 'Active',
      uploadedAtMs: wholeSeconds(now),
    };
    sshKeys.put(transaction, key);
    return { SSHPublicKey: shapeOf(key, user.userName, input.SSHPublicKeyBody) };
  },
});

function shapeOf(key: SshKeyRecord, userName: string, body: string) {
  return {
    UserName: userName,
    SSHPublicKeyId: key.id,
    Fingerprint: key.fingerprint,
    SSHPublicKeyBody: body,
    Status: key.status,
    UploadDate: key.uploadedAtMs,
  };
}

export const GetSSHPublicKey = operation('GetSSHPublicKey', {
  access: onEntity('iam:GetSSHPublicKey', 'user', (input) => input.UserName),
  async handle(input, context) {
    const key = await requireKey(context, input.UserName, input.SSHPublicKeyId);
    const { userName } = await requireUser(context, input.UserName);
    return { SSHPublicKey: shapeOf(key, userName, input.Encoding === 'PEM' ? readPublicKey(key.body).pem : key.body) };
  },
});

export const ListSSHPublicKeys = operation('ListSSHPublicKeys', {
  access: onOwner('iam:ListSSHPublicKeys'),
  async handle(input, context) {
    const owner = await requireOwner(context, input.UserName);
    const page = await listPage(context, sshKeys, [context.account, owner.id], input);
    return {
      SSHPublicKeys: page.items.map((key) => ({
        UserName: owner.userName ?? 'root',
        SSHPublicKeyId: key.id,
        Status: key.status,
        UploadDate: key.uploadedAtMs,
      })),
      ...page.state,
    };
  },
});

export const UpdateSSHPublicKey = operation('UpdateSSHPublicKey', {
  access: onEntity('iam:UpdateSSHPublicKey', 'user', (input) => input.UserName),
  async handle(input, context) {
    const key = await requireKey(context, input.UserName, input.SSHPublicKeyId);
    if (input.Status === 'Expired') throw commonFault('ValidationError', 'The status of a public key can be set to Active or Inactive.');
    sshKeys.put(context.transaction, { ...key, status: input.Status });
    return {};
  },
});

export const DeleteSSHPublicKey = operation('DeleteSSHPublicKey', {
  access: onEntity('iam:DeleteSSHPublicKey', 'user', (input) => input.UserName),
  async handle(input, context) {
    sshKeys.remove(context.transaction, await requireKey(context, input.UserName, input.SSHPublicKeyId));
    return {};
  },
});

export const sshPublicKeyOperations = [UploadSSHPublicKey, GetSSHPublicKey, ListSSHPublicKeys, UpdateSSHPublicKey, DeleteSSHPublicKey];
