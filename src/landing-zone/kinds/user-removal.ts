// Removes a user: AWS deletes none that still has credentials, policies or groups.
import { type Api, ifExists, listAll, textIn, valuesIn } from '../api.ts';

/** What a user may have: how it is listed, what tells one, and how it is taken away. */
const belongings = [
  { list: 'ListAccessKeys', member: 'AccessKeyMetadata', id: 'AccessKeyId', remove: 'DeleteAccessKey', as: 'AccessKeyId' },
  { list: 'ListMFADevices', member: 'MFADevices', id: 'SerialNumber', remove: 'DeactivateMFADevice', as: 'SerialNumber' },
  { list: 'ListSSHPublicKeys', member: 'SSHPublicKeys', id: 'SSHPublicKeyId', remove: 'DeleteSSHPublicKey', as: 'SSHPublicKeyId' },
  { list: 'ListSigningCertificates', member: 'Certificates', id: 'CertificateId', remove: 'DeleteSigningCertificate', as: 'CertificateId' },
  {
    list: 'ListServiceSpecificCredentials',
    member: 'ServiceSpecificCredentials',
    id: 'ServiceSpecificCredentialId',
    remove: 'DeleteServiceSpecificCredential',
    as: 'ServiceSpecificCredentialId',
  },
  { list: 'ListGroupsForUser', member: 'Groups', id: 'GroupName', remove: 'RemoveUserFromGroup', as: 'GroupName' },
  { list: 'ListAttachedUserPolicies', member: 'AttachedPolicies', id: 'PolicyArn', remove: 'DetachUserPolicy', as: 'PolicyArn' },
] as const;

export async function removeUserWithCredentials(api: Api, UserName: string): Promise<void> {
  for (const { list, member, id, remove, as } of belongings) {
    for (const each of await listAll(api, { service: 'iam', operation: list, input: { UserName } }, member)) {
      await api({ service: 'iam', operation: remove, input: { UserName, [as]: textIn(each, id) } });
      if (remove !== 'DeactivateMFADevice' || !textIn(each, id).startsWith('arn:')) continue;
      await ifExists(api({ service: 'iam', operation: 'DeleteVirtualMFADevice', input: { SerialNumber: textIn(each, id) } }));
    }
  }
  const policies = valuesIn(await api({ service: 'iam', operation: 'ListUserPolicies', input: { UserName } }), 'PolicyNames');
  for (const PolicyName of policies) await api({ service: 'iam', operation: 'DeleteUserPolicy', input: { UserName, PolicyName } });
  await ifExists(api({ service: 'iam', operation: 'DeleteLoginProfile', input: { UserName } }));
  await api({ service: 'iam', operation: 'DeleteUser', input: { UserName } });
}
