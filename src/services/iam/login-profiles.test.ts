// Passwords through the whole pipeline: the account's policy is enforced, and what is stored cannot be turned back.
import type { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { createIdentityPort } from './identity.ts';

let castellan: InProcess;
let iam: IAM;
beforeAll(async () => {
  castellan = await startInProcess('passwords');
  iam = castellan.iam();
});
afterAll(async () => {
  await castellan.stop();
});

const good = 'Correct-Horse-1';

async function userWithKey(UserName: string): Promise<ClientCredentials> {
  await iam.createUser({ UserName });
  const { AccessKey: key } = await iam.createAccessKey({ UserName });
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

const signIn = (userName: string, password: string) =>
  castellan.store.transact((transaction) =>
    createIdentityPort().checkPassword(transaction, { account: castellan.account, userName, password, now: castellan.clock.now() }),
  );

test('a login profile is made once, changed, and deleted before its user', async () => {
  await iam.createUser({ UserName: 'person' });
  await expect(iam.getLoginProfile({ UserName: 'person' })).rejects.toThrow('Login Profile for User person cannot be found.');
  const { LoginProfile: made } = await iam.createLoginProfile({ UserName: 'person', Password: good, PasswordResetRequired: true });
  expect(made).toMatchObject({ UserName: 'person', PasswordResetRequired: true });
  await expect(iam.createLoginProfile({ UserName: 'person', Password: good })).rejects.toThrow(
    'Login Profile for user person already exists.',
  );
  expect(await signIn('person', good)).toMatchObject({ kind: 'must-change' });
  await iam.updateLoginProfile({ UserName: 'person', PasswordResetRequired: false });
  expect(await signIn('PERSON', good)).toMatchObject({ kind: 'right', userName: 'person' });
  expect(await signIn('person', 'wrong')).toEqual({ kind: 'wrong' });
  expect(await signIn('nobody', good)).toEqual({ kind: 'wrong' });
  await expect(iam.deleteUser({ UserName: 'person' })).rejects.toThrow('Cannot delete entity, must delete login profile first.');
  await iam.deleteLoginProfile({ UserName: 'person' });
  await iam.deleteUser({ UserName: 'person' });
});

test('what is stored of a password does not hold it', async () => {
  const documents = [];
  await iam.createUser({ UserName: 'sealed' });
  await iam.createLoginProfile({ UserName: 'sealed', Password: good });
  for await (const entry of castellan.store.dump()) if (entry.collection.startsWith('iam.')) documents.push(JSON.stringify(entry));
  expect(documents.some((text) => text.includes('iam.login-profile'))).toBe(true);
  expect(documents.filter((text) => text.includes(good))).toEqual([]);
});

test.each([
  ['short1A', 'Password should have a minimum length of 8'],
  ['onlyletters', 'at least three of the following character types'],
])('without a policy %s is refused as too weak', async (Password, sentence) => {
  await iam.createUser({ UserName: `weak-${Password}` });
  await expect(iam.createLoginProfile({ UserName: `weak-${Password}`, Password })).rejects.toMatchObject({
    name: 'PasswordPolicyViolationException',
    message: expect.stringContaining(sentence),
  });
});

test('the policy of the account takes the place of the default, member by member', async () => {
  await expect(iam.getAccountPasswordPolicy({})).rejects.toThrow('The Password Policy with domain name 111122223333 cannot be found.');
  await iam.createUser({ UserName: 'ruled' });
  const refused = (Password: string, sentence: string) =>
    expect(iam.createLoginProfile({ UserName: 'ruled', Password })).rejects.toThrow(sentence);
  await iam.updateAccountPasswordPolicy({
    MinimumPasswordLength: 10,
    RequireSymbols: true,
    RequireNumbers: true,
    RequireUppercaseCharacters: true,
    RequireLowercaseCharacters: true,
  });
  await refused('Aa1!', 'minimum length of 10');
  await refused('aaaaaaaa1!', 'at least one uppercase letter');
  await refused('AAAAAAAA1!', 'at least one lowercase letter');
  await refused('AAAAaaaaa!', 'at least one number');
  await refused('AAAAaaaaa1', 'at least one symbol');
  await iam.updateAccountPasswordPolicy({ MaxPasswordAge: 90, HardExpiry: true });
  expect((await iam.getAccountPasswordPolicy({})).PasswordPolicy).toEqual({
    MinimumPasswordLength: 6,
    RequireSymbols: false,
    RequireNumbers: false,
    RequireUppercaseCharacters: false,
    RequireLowercaseCharacters: false,
    AllowUsersToChangePassword: false,
    ExpirePasswords: true,
    MaxPasswordAge: 90,
    HardExpiry: true,
  });
  await iam.createLoginProfile({ UserName: 'ruled', Password: 'simple' });
  castellan.clock.advance(91 * 86_400_000);
  expect(await signIn('ruled', 'simple')).toEqual({ kind: 'locked' });
  await iam.updateAccountPasswordPolicy({ MaxPasswordAge: 90 });
  expect(await signIn('ruled', 'simple')).toMatchObject({ kind: 'must-change' });
  await iam.deleteAccountPasswordPolicy({});
  expect(await signIn('ruled', 'simple')).toMatchObject({ kind: 'right' });
});

test('a user changes the own password where the policy lets users, and never to a remembered one', async () => {
  const key = await userWithKey('changer');
  await iam.createLoginProfile({ UserName: 'changer', Password: good });
  const change = (OldPassword: string, NewPassword: string) => castellan.iam(key).changePassword({ OldPassword, NewPassword });
  await expect(change(good, 'Other-Horse-2')).rejects.toThrow('is not authorized to perform: iam:ChangePassword');
  await iam.updateAccountPasswordPolicy({ AllowUsersToChangePassword: true, PasswordReusePrevention: 2 });
  await expect(change('wrong', 'Other-Horse-2')).rejects.toMatchObject({
    name: 'AccessDenied',
    message: 'The old password was incorrect.',
  });
  await expect(change(good, good)).rejects.toMatchObject({ name: 'PasswordPolicyViolationException' });
  await change(good, 'Other-Horse-2');
  await expect(change('Other-Horse-2', good)).rejects.toMatchObject({ name: 'PasswordPolicyViolationException' });
  await change('Other-Horse-2', 'Third-Horse-3');
  await change('Third-Horse-3', good);
  expect(await signIn('changer', good)).toMatchObject({ kind: 'right' });
  await expect(castellan.iam(key).getLoginProfile({ UserName: 'changer' })).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(iam.changePassword({ OldPassword: good, NewPassword: 'Other-Horse-2' })).rejects.toMatchObject({
    name: 'InvalidUserTypeException',
  });
});
