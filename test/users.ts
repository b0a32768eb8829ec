// A user with a policy and a key, for tests that need somebody to act.
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import type { ClientCredentials, InProcess } from './in-process.ts';

/** Without statements the user has no policy. `as` is the root of the account in which the user is made; by default the home account's. */
export async function testUser(
  castellan: InProcess,
  name: string,
  statements: readonly object[],
  as?: ClientCredentials,
): Promise<ClientCredentials> {
  const iam = castellan.iam(as);
  await iam.send(new CreateUserCommand({ UserName: name }));
  if (statements.length > 0) {
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'p', PolicyDocument }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}
