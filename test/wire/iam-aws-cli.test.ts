// The whole life of each IAM resource through the AWS CLI as it comes, with its paginators (--page-size, --max-items) and waiters.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';
import { credentials } from './credentials-of-test.ts';

const hasCli = isInstalled('aws');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed (`apt-get install awscli` or `pip install awscli`)');

const directory = temporaryDirectory('iam-aws-cli');
let server: ServerProcess;
beforeAll(async () => {
  server = await startServerProcess({ dataDir: join(directory.path, 'data') });
});
afterAll(async () => {
  await server?.stop();
  directory.remove();
});

/** `aws iam …`, in words: what it printed as text. @throws Error with what it printed instead. */
async function iam(line: string, ...more: readonly string[]): Promise<string> {
  const finished = await run('aws', ['iam', ...line.split(' '), ...more, '--output', 'text'], clientEnvironment(server));
  if (finished.status !== 0) throw new Error(finished.stderr.trim());
  return finished.stdout.trim();
}

const lines = async (line: string, query: string) => (await iam(line, '--query', query)).split(/\s+/);

function file(name: string, content: string): string {
  writeFileSync(join(directory.path, name), content);
  return `file://${join(directory.path, name)}`;
}

const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
const policy = file('policy.json', document({ Action: 's3:*', Resource: '*' }));
const trust = file('trust.json', document({ Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } }));

describe.skipIf(!hasCli)('the AWS CLI lives through', () => {
  test.concurrent('users, their keys, tags and inline policies', async () => {
    for (const name of ['c-ann', 'c-bob', 'c-cat']) await iam(`create-user --user-name ${name} --path /cli/ --tags Key=k,Value=v`);
    await iam('wait user-exists --user-name c-cat');
    expect(await lines('list-users --path-prefix /cli/ --page-size 1', 'Users[].UserName')).toEqual(['c-ann', 'c-bob', 'c-cat']);
    const part = await run('aws', ['iam', ...'list-users --path-prefix /cli/ --max-items 2'.split(' ')], clientEnvironment(server));
    const { Users: first, NextToken: token } = JSON.parse(part.stdout);
    expect(first.map(({ UserName }: { readonly UserName: string }) => UserName)).toEqual(['c-ann', 'c-bob']);
    expect(await lines(`list-users --path-prefix /cli/ --starting-token ${token}`, 'Users[].UserName')).toEqual(['c-cat']);
    await iam('tag-user --user-name c-ann --tags Key=a,Value=1 Key=b,Value=2');
    await iam('untag-user --user-name c-ann --tag-keys a k');
    expect(await lines('list-user-tags --user-name c-ann', 'Tags[].Key')).toEqual(['b']);
    const key = await iam('create-access-key --user-name c-ann', '--query', 'AccessKey.AccessKeyId');
    await iam(`update-access-key --user-name c-ann --access-key-id ${key} --status Inactive`);
    expect(await iam(`get-access-key-last-used --access-key-id ${key}`, '--query', 'AccessKeyLastUsed.Region')).toBe('N/A');
    await iam(`put-user-policy --user-name c-ann --policy-name p --policy-document ${policy}`);
    expect(await iam('get-user-policy --user-name c-ann --policy-name p', '--query', 'PolicyDocument.Statement[0].Action')).toBe('s3:*');
    await expect(iam('delete-user --user-name c-ann')).rejects.toThrow('(DeleteConflict)');
    await iam('delete-user-policy --user-name c-ann --policy-name p');
    await iam(`delete-access-key --user-name c-ann --access-key-id ${key}`);
    for (const name of ['c-ann', 'c-bob', 'c-cat']) await iam(`delete-user --user-name ${name}`);
    await expect(iam('get-user --user-name c-ann')).rejects.toThrow('(NoSuchEntity)');
  });

  test.concurrent('groups, managed policies and their versions', async () => {
    await iam('create-user --user-name g-ann');
    await iam('create-group --group-name g-crew');
    await iam('update-group --group-name g-crew --new-group-name g-team');
    await iam('add-user-to-group --group-name g-team --user-name g-ann');
    expect(await lines('get-group --group-name g-team --page-size 1', 'Users[].UserName')).toEqual(['g-ann']);
    expect(await lines('list-groups-for-user --user-name g-ann', 'Groups[].GroupName')).toEqual(['g-team']);
    const arn = await iam(`create-policy --policy-name g-policy --policy-document ${policy}`, '--query', 'Policy.Arn');
    await iam(`wait policy-exists --policy-arn ${arn}`);
    await iam(`create-policy-version --policy-arn ${arn} --policy-document ${policy} --set-as-default`);
    expect(await lines(`list-policy-versions --policy-arn ${arn} --page-size 1`, 'Versions[].VersionId')).toEqual(['v2', 'v1']);
    await iam(`attach-group-policy --group-name g-team --policy-arn ${arn}`);
    expect(await lines(`list-entities-for-policy --policy-arn ${arn}`, 'PolicyGroups[].GroupName')).toEqual(['g-team']);
    expect(await lines('list-policies --scope Local --only-attached', 'Policies[].PolicyName')).toEqual(['g-policy']);
    await expect(iam(`delete-policy --policy-arn ${arn}`)).rejects.toThrow('(DeleteConflict)');
    await iam(`detach-group-policy --group-name g-team --policy-arn ${arn}`);
    await iam(`delete-policy-version --policy-arn ${arn} --version-id v1`);
    await iam(`delete-policy --policy-arn ${arn}`);
    await iam('remove-user-from-group --group-name g-team --user-name g-ann');
    await iam('delete-group --group-name g-team');
    await iam('delete-user --user-name g-ann');
  });

  test.concurrent('roles, instance profiles and service-linked roles', async () => {
    await iam(`create-role --role-name r-server --assume-role-policy-document ${trust} --max-session-duration 7200`);
    await iam('wait role-exists --role-name r-server');
    await iam('attach-role-policy --role-name r-server --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess');
    await iam('put-role-permissions-boundary --role-name r-server --permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess');
    await iam(`update-assume-role-policy --role-name r-server --policy-document ${trust}`);
    await iam('create-instance-profile --instance-profile-name r-web');
    await iam('wait instance-profile-exists --instance-profile-name r-web');
    await iam('add-role-to-instance-profile --instance-profile-name r-web --role-name r-server');
    expect(await lines('list-instance-profiles-for-role --role-name r-server', 'InstanceProfiles[].InstanceProfileName')).toEqual([
      'r-web',
    ]);
    await expect(iam('delete-role --role-name r-server')).rejects.toThrow('must remove roles from instance profile first');
    await iam('remove-role-from-instance-profile --instance-profile-name r-web --role-name r-server');
    await iam('delete-instance-profile --instance-profile-name r-web');
    await iam('detach-role-policy --role-name r-server --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess');
    await iam('delete-role-permissions-boundary --role-name r-server');
    await iam('delete-role --role-name r-server');
    const linked = await iam('create-service-linked-role --aws-service-name autoscaling.amazonaws.com', '--query', 'Role.RoleName');
    const task = await iam(`delete-service-linked-role --role-name ${linked}`, '--query', 'DeletionTaskId');
    let status = '';
    for (let attempt = 0; attempt < 20 && status !== 'SUCCEEDED'; attempt += 1)
      status = await iam(`get-service-linked-role-deletion-status --deletion-task-id ${task}`, '--query', 'Status');
    expect(status).toBe('SUCCEEDED');
  });

  test.concurrent('passwords, second factors, keys and certificates, and the account’s own settings', async () => {
    const given = await credentials();
    const [certificate, key, ssh] = ['TEST_CERTIFICATE', 'TEST_PRIVATE_KEY', 'TEST_SSH_KEY'].map((name) => file(name, given[name] ?? ''));
    await iam('create-user --user-name s-sue');
    await iam('update-account-password-policy --minimum-password-length 12 --require-numbers');
    await expect(iam('create-login-profile --user-name s-sue --password short')).rejects.toThrow('(PasswordPolicyViolation)');
    await iam('create-login-profile --user-name s-sue --password Correct-Horse-1');
    const seed = join(directory.path, 'seed');
    const created = `create-virtual-mfa-device --virtual-mfa-device-name s-phone --bootstrap-method Base32StringSeed --outfile ${seed}`;
    const serial = await iam(created, '--query', 'VirtualMFADevice.SerialNumber');
    const totp = new TOTP({ secret: readFileSync(seed, 'utf8').trim() });
    const code = (later: number) => totp.generate({ timestamp: Date.now() + later });
    const codes = `--authentication-code1 ${code(-30_000)} --authentication-code2 ${code(0)}`;
    await iam(`enable-mfa-device --user-name s-sue --serial-number ${serial} ${codes}`);
    expect(await lines('list-mfa-devices --user-name s-sue', 'MFADevices[].SerialNumber')).toEqual([serial]);
    const sshId = await iam(
      `upload-ssh-public-key --user-name s-sue --ssh-public-key-body ${ssh}`,
      '--query',
      'SSHPublicKey.SSHPublicKeyId',
    );
    const upload = `upload-signing-certificate --user-name s-sue --certificate-body ${certificate}`;
    const certificateId = await iam(upload, '--query', 'Certificate.CertificateId');
    await iam(`upload-server-certificate --server-certificate-name s-site --certificate-body ${certificate} --private-key ${key}`);
    await expect(iam('delete-user --user-name s-sue')).rejects.toThrow('(DeleteConflict)');
    await iam('delete-server-certificate --server-certificate-name s-site');
    await iam(`delete-signing-certificate --user-name s-sue --certificate-id ${certificateId}`);
    await iam(`delete-ssh-public-key --user-name s-sue --ssh-public-key-id ${sshId}`);
    await iam(`deactivate-mfa-device --user-name s-sue --serial-number ${serial}`);
    await iam(`delete-virtual-mfa-device --serial-number ${serial}`);
    await iam('delete-login-profile --user-name s-sue');
    await iam('delete-user --user-name s-sue');
    await iam('delete-account-password-policy');
    await iam('create-account-alias --account-alias cli-life');
    expect(await iam('list-account-aliases', '--query', 'AccountAliases[0]')).toBe('cli-life');
    await iam('delete-account-alias --account-alias cli-life');
  });
});
