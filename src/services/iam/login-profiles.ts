// Passwords for signing in: made and changed by administrators, changed by their users.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_admin-change-user.html
import { wholeSeconds } from '../../base/clock.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { type LoginProfileRecord, loginProfiles } from './credential-records.ts';
import { requireUser } from './entities.ts';
import { type Owner, onOwner, requireOwner, rootArn } from './owners.ts';
import { formerMax, isPassword, requireConforming, requireNew, verifierOf } from './passwords.ts';
import { accounts } from './records.ts';
import { fault, operation } from './service.ts';

const nameOf = (owner: Owner) => owner.userName ?? 'root';

function shapeOf(owner: Owner, profile: LoginProfileRecord) {
  return { UserName: nameOf(owner), CreateDate: profile.createdAtMs, PasswordResetRequired: profile.isResetRequired };
}

/** @throws Fault NoSuchEntity */
async function requireProfile(scope: Scope, owner: Owner): Promise<LoginProfileRecord> {
  const profile = await loginProfiles.get(scope.transaction, scope.account, owner.id);
  if (profile === undefined) throw fault('NoSuchEntity', `Login Profile for User ${nameOf(owner)} cannot be found.`);
  return profile;
}

/** What a password may not be. */
async function forbiddenNames({ transaction, account }: Scope): Promise<readonly string[]> {
  const alias = (await accounts.get(transaction, account))?.alias;
  return alias === undefined ? [account] : [account, alias];
}

export const CreateLoginProfile = operation('CreateLoginProfile', {
  access: onOwner('iam:CreateLoginProfile'),
  async handle(input, context) {
    const { transaction, account, now, ids } = context;
    const owner = await requireOwner(context, input.UserName);
    if ((await loginProfiles.get(transaction, account, owner.id)) !== undefined)
      throw fault('EntityAlreadyExists', `Login Profile for user ${nameOf(owner)} already exists.`);
    // Root's password is not given but recovered by mail, so a session of AssumeRoot only opens the way to that.
    if (input.Password === undefined && owner.userName !== undefined) throw commonFault('ValidationError', 'Password must be specified.');
    const password = input.Password ?? Buffer.from(ids.bytes(32)).toString('base64');
    if (input.Password !== undefined) await requireConforming(transaction, account, password, await forbiddenNames(context));
    const profile: LoginProfileRecord = {
      account,
      ownerId: owner.id,
      verifier: await verifierOf(ids, password),
      former: [],
      createdAtMs: wholeSeconds(now),
      changedAtMs: wholeSeconds(now),
      isResetRequired: input.PasswordResetRequired ?? false,
    };
    loginProfiles.put(transaction, profile);
    return { LoginProfile: shapeOf(owner, profile) };
  },
});

export const GetLoginProfile = operation('GetLoginProfile', {
  access: onOwner('iam:GetLoginProfile'),
  async handle(input, context) {
    const owner = await requireOwner(context, input.UserName);
    return { LoginProfile: shapeOf(owner, await requireProfile(context, owner)) };
  },
});

export const UpdateLoginProfile = operation('UpdateLoginProfile', {
  access: onOwner('iam:UpdateLoginProfile'),
  async handle(input, context) {
    const owner = await requireOwner(context, input.UserName);
    const profile = await requireProfile(context, owner);
    const changed = input.Password === undefined ? profile : await withPassword(context, profile, input.Password);
    loginProfiles.put(context.transaction, { ...changed, isResetRequired: input.PasswordResetRequired ?? profile.isResetRequired });
    return {};
  },
});

export const DeleteLoginProfile = operation('DeleteLoginProfile', {
  access: onOwner('iam:DeleteLoginProfile'),
  async handle(input, context) {
    const owner = await requireOwner(context, input.UserName);
    loginProfiles.remove(context.transaction, await requireProfile(context, owner));
    return {};
  },
});

export const ChangePassword = operation('ChangePassword', {
  access: (_input, scope) => {
    const { userName } = scope.caller;
    if (userName === undefined) return { action: 'iam:ChangePassword', resource: rootArn(scope) };
    return onOwner('iam:ChangePassword')({ UserName: userName }, scope);
  },
  async handle(input, context) {
    const { transaction, caller } = context;
    if (caller.userName === undefined) throw fault('InvalidUserType', 'Only IAM Users can change their own password.');
    const user = await requireUser(context, caller.userName);
    const profile = await requireProfile(context, { id: user.userId, userName: user.userName, arn: '' });
    if (!(await isPassword(profile.verifier, input.OldPassword))) throw commonFault('AccessDenied', 'The old password was incorrect.');
    loginProfiles.put(transaction, { ...(await withPassword(context, profile, input.NewPassword)), isResetRequired: false });
    return {};
  },
});

/** @throws Fault PasswordPolicyViolation */
async function withPassword(context: Context, profile: LoginProfileRecord, password: string): Promise<LoginProfileRecord> {
  const { transaction, account, ids, now } = context;
  await requireConforming(transaction, account, password, await forbiddenNames(context));
  await requireNew(transaction, profile, password);
  return {
    ...profile,
    verifier: await verifierOf(ids, password),
    former: [profile.verifier, ...profile.former].slice(0, formerMax),
    changedAtMs: wholeSeconds(now),
  };
}

export const loginProfileOperations = [CreateLoginProfile, GetLoginProfile, UpdateLoginProfile, DeleteLoginProfile, ChangePassword];
