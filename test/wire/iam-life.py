# The whole life of every IAM resource through boto3, with its paginators and waiters. Prints what it saw as JSON; test/wire/iam.test.ts judges.
import base64, hashlib, hmac, json, os, struct, time
import boto3
from botocore.exceptions import ClientError

iam = boto3.client('iam')
account = boto3.client('sts').get_caller_identity()['Account']
out = {}


def refused(call, **parameters):
    try:
        call(**parameters)
        return 'ok'
    except ClientError as error:
        return error.response['Error']['Code']


def document(action, **more):
    return json.dumps({'Version': '2012-10-17', 'Statement': [dict({'Effect': 'Allow', 'Action': action}, **more)]})


def code(seed, moment):
    digest = hmac.new(base64.b32decode(seed), struct.pack('>Q', int(moment) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return '%06d' % ((struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1000000)


def names(operation, key, member, **parameters):
    pages = iam.get_paginator(operation).paginate(PaginationConfig={'PageSize': 2}, **parameters)
    return [item[member] if member else item for page in pages for item in page[key]]


policy = document('s3:*', Resource='*')
trust = document('sts:AssumeRole', Principal={'Service': 'ec2.amazonaws.com'})

# Users, groups and their policies.
for name in ('ann', 'bob', 'cat'):
    iam.create_user(UserName=name, Path='/life/', Tags=[{'Key': 'life', 'Value': name}])
iam.get_waiter('user_exists').wait(UserName='cat', WaiterConfig={'Delay': 1, 'MaxAttempts': 2})
out['users'] = names('list_users', 'Users', 'UserName', PathPrefix='/life/')
iam.tag_user(UserName='ann', Tags=[{'Key': 'a', 'Value': '1'}, {'Key': 'z', 'Value': '2'}])
iam.untag_user(UserName='ann', TagKeys=['z'])
out['tags'] = [tag['Key'] for page in iam.get_paginator('list_user_tags').paginate(UserName='ann', PaginationConfig={'PageSize': 1}) for tag in page['Tags']]
out['duplicate tags'] = refused(iam.tag_user, UserName='ann', Tags=[{'Key': 'a', 'Value': '1'}, {'Key': 'A', 'Value': '2'}])
iam.create_group(GroupName='crew')
iam.update_group(GroupName='crew', NewGroupName='team', NewPath='/life/')
for name in ('ann', 'bob', 'cat'):
    iam.add_user_to_group(GroupName='team', UserName=name)
out['members'] = [user['UserName'] for page in iam.get_paginator('get_group').paginate(GroupName='team', PaginationConfig={'PageSize': 2}) for user in page['Users']]
out['groups'] = names('list_groups', 'Groups', 'GroupName') + names('list_groups_for_user', 'Groups', 'GroupName', UserName='ann')
for owner, put, listing in (('user', iam.put_user_policy, 'list_user_policies'), ('group', iam.put_group_policy, 'list_group_policies')):
    key = {'UserName': 'ann'} if owner == 'user' else {'GroupName': 'team'}
    for name in ('p1', 'p2', 'p3'):
        put(PolicyName=name, PolicyDocument=policy, **key)
    out['inline of ' + owner] = names(listing, 'PolicyNames', None, **key)
out['inline document'] = iam.get_user_policy(UserName='ann', PolicyName='p1')['PolicyDocument']['Statement'][0]['Action']

# Managed policies.
arn = iam.create_policy(PolicyName='managed', PolicyDocument=policy, Description='d', Tags=[{'Key': 'k', 'Value': 'v'}])['Policy']['Arn']
iam.get_waiter('policy_exists').wait(PolicyArn=arn, WaiterConfig={'Delay': 1, 'MaxAttempts': 2})
for _ in range(4):
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy, SetAsDefault=True)
out['sixth version'] = refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=policy)
out['versions'] = names('list_policy_versions', 'Versions', 'VersionId', PolicyArn=arn)
iam.attach_user_policy(UserName='ann', PolicyArn=arn)
iam.attach_group_policy(GroupName='team', PolicyArn=arn)
out['attached'] = names('list_attached_user_policies', 'AttachedPolicies', 'PolicyName', UserName='ann')
entities = iam.get_paginator('list_entities_for_policy').paginate(PolicyArn=arn, PaginationConfig={'PageSize': 1}).build_full_result()
out['entities'] = [entities['PolicyUsers'][0]['UserName'], entities['PolicyGroups'][0]['GroupName']]
out['local policies'] = names('list_policies', 'Policies', 'PolicyName', Scope='Local')

# Roles and instance profiles.
iam.create_role(RoleName='server', AssumeRolePolicyDocument=trust, MaxSessionDuration=7200, Path='/life/')
iam.get_waiter('role_exists').wait(RoleName='server', WaiterConfig={'Delay': 1, 'MaxAttempts': 2})
out['trust'] = iam.get_role(RoleName='server')['Role']['AssumeRolePolicyDocument']['Statement'][0]['Principal']
iam.put_role_policy(RoleName='server', PolicyName='p', PolicyDocument=policy)
iam.put_role_permissions_boundary(RoleName='server', PermissionsBoundary=arn)
iam.create_instance_profile(InstanceProfileName='web')
iam.get_waiter('instance_profile_exists').wait(InstanceProfileName='web', WaiterConfig={'Delay': 1, 'MaxAttempts': 2})
iam.add_role_to_instance_profile(InstanceProfileName='web', RoleName='server')
out['profiles'] = names('list_instance_profiles', 'InstanceProfiles', 'InstanceProfileName') + names('list_instance_profiles_for_role', 'InstanceProfiles', 'InstanceProfileName', RoleName='server')
task = iam.delete_service_linked_role(RoleName=iam.create_service_linked_role(AWSServiceName='ecs.amazonaws.com')['Role']['RoleName'])['DeletionTaskId']

# Credentials.
iam.update_account_password_policy(MinimumPasswordLength=8, RequireNumbers=True)
out['weak'] = refused(iam.create_login_profile, UserName='ann', Password='short')
iam.create_login_profile(UserName='ann', Password='Correct-Horse-1', PasswordResetRequired=True)
out['reset'] = iam.get_login_profile(UserName='ann')['LoginProfile']['PasswordResetRequired']
iam.update_login_profile(UserName='ann', Password='Correct-Horse-2', PasswordResetRequired=False)
key = iam.create_access_key(UserName='ann')['AccessKey']
iam.create_access_key(UserName='ann')
out['third key'] = refused(iam.create_access_key, UserName='ann')
out['keys'] = len(names('list_access_keys', 'AccessKeyMetadata', 'AccessKeyId', UserName='ann'))
out['unused'] = iam.get_access_key_last_used(AccessKeyId=key['AccessKeyId'])['AccessKeyLastUsed']
device = iam.create_virtual_mfa_device(VirtualMFADeviceName='phone')['VirtualMFADevice']
seed, serial = device['Base32StringSeed'].decode(), device['SerialNumber']
out['picture'] = device['QRCodePNG'][:4].hex()
out['wrong codes'] = refused(iam.enable_mfa_device, UserName='ann', SerialNumber=serial, AuthenticationCode1='000000', AuthenticationCode2='000001')
now = time.time()
iam.enable_mfa_device(UserName='ann', SerialNumber=serial, AuthenticationCode1=code(seed, now - 60), AuthenticationCode2=code(seed, now - 30))
out['devices'] = names('list_mfa_devices', 'MFADevices', 'SerialNumber', UserName='ann') == [serial]
out['assigned'] = [each['User']['UserName'] for page in iam.get_paginator('list_virtual_mfa_devices').paginate(AssignmentStatus='Assigned') for each in page['VirtualMFADevices']]
ann = boto3.session.Session(key['AccessKeyId'], key['SecretAccessKey']).client('sts')
session = ann.get_session_token(SerialNumber=serial, TokenCode=code(seed, time.time()))['Credentials']
out['session'] = session['AccessKeyId'][:4]
out['code again'] = refused(ann.get_session_token, SerialNumber=serial, TokenCode=code(seed, now))
ssh = iam.upload_ssh_public_key(UserName='ann', SSHPublicKeyBody=os.environ['TEST_SSH_KEY'])['SSHPublicKey']
out['ssh'] = iam.get_ssh_public_key(UserName='ann', SSHPublicKeyId=ssh['SSHPublicKeyId'], Encoding='SSH')['SSHPublicKey']['SSHPublicKeyBody'][:8]
out['ssh keys'] = len(names('list_ssh_public_keys', 'SSHPublicKeys', 'SSHPublicKeyId', UserName='ann'))
certificate = iam.upload_signing_certificate(UserName='ann', CertificateBody=os.environ['TEST_CERTIFICATE'])['Certificate']['CertificateId']
out['signing'] = names('list_signing_certificates', 'Certificates', 'CertificateId', UserName='ann') == [certificate]
iam.upload_server_certificate(ServerCertificateName='site', CertificateBody=os.environ['TEST_CERTIFICATE'], PrivateKey=os.environ['TEST_PRIVATE_KEY'])
out['server'] = names('list_server_certificates', 'ServerCertificateMetadataList', 'ServerCertificateName')
git = iam.create_service_specific_credential(UserName='ann', ServiceName='codecommit.amazonaws.com')['ServiceSpecificCredential']
out['git'] = git['ServiceUserName'] == 'ann-at-' + account

# The account.
iam.create_account_alias(AccountAlias='life-of-iam')
out['alias'] = iam.list_account_aliases()['AccountAliases']
summary = iam.get_account_summary()['SummaryMap']
out['summary'] = [summary[name] for name in ('Users', 'Groups', 'Policies', 'InstanceProfiles', 'ServerCertificates', 'MFADevicesInUse')]
details = iam.get_paginator('get_account_authorization_details').paginate(PaginationConfig={'PageSize': 2}).build_full_result()
out['details'] = sorted(user['UserName'] for user in details['UserDetailList'])
out['detail document'] = next(user for user in details['UserDetailList'] if user['UserName'] == 'ann')['UserPolicyList'][0]['PolicyDocument']['Statement'][0]['Action']
for _ in range(50):
    if iam.generate_credential_report()['State'] == 'COMPLETE':
        break
    time.sleep(0.2)
report = iam.get_credential_report()['Content'].decode().splitlines()
out['report'] = [line.split(',')[0] for line in report]
out['report of ann'] = report[2].split(',')[7:9]

# Nothing is deleted before what hangs on it.
out['conflicts'] = [
    refused(iam.delete_user, UserName='ann'),
    refused(iam.delete_group, GroupName='team'),
    refused(iam.delete_role, RoleName='server'),
    refused(iam.delete_policy, PolicyArn=arn),
    refused(iam.delete_instance_profile, InstanceProfileName='web'),
    refused(iam.delete_virtual_mfa_device, SerialNumber=serial),
]
iam.delete_login_profile(UserName='ann')
for each in names('list_access_keys', 'AccessKeyMetadata', 'AccessKeyId', UserName='ann'):
    iam.update_access_key(UserName='ann', AccessKeyId=each, Status='Inactive')
    iam.delete_access_key(UserName='ann', AccessKeyId=each)
iam.deactivate_mfa_device(UserName='ann', SerialNumber=serial)
iam.delete_virtual_mfa_device(SerialNumber=serial)
iam.delete_ssh_public_key(UserName='ann', SSHPublicKeyId=ssh['SSHPublicKeyId'])
iam.delete_signing_certificate(UserName='ann', CertificateId=certificate)
iam.delete_service_specific_credential(UserName='ann', ServiceSpecificCredentialId=git['ServiceSpecificCredentialId'])
for name in ('p1', 'p2', 'p3'):
    iam.delete_user_policy(UserName='ann', PolicyName=name)
    iam.delete_group_policy(GroupName='team', PolicyName=name)
iam.detach_user_policy(UserName='ann', PolicyArn=arn)
iam.detach_group_policy(GroupName='team', PolicyArn=arn)
for name in ('ann', 'bob', 'cat'):
    iam.remove_user_from_group(GroupName='team', UserName=name)
    iam.delete_user(UserName=name)
iam.delete_group(GroupName='team')
iam.remove_role_from_instance_profile(InstanceProfileName='web', RoleName='server')
iam.delete_instance_profile(InstanceProfileName='web')
iam.delete_role_policy(RoleName='server', PolicyName='p')
iam.delete_role_permissions_boundary(RoleName='server')
iam.delete_role(RoleName='server')
for version in names('list_policy_versions', 'Versions', 'VersionId', PolicyArn=arn)[1:]:
    iam.delete_policy_version(PolicyArn=arn, VersionId=version)
iam.delete_policy(PolicyArn=arn)
iam.delete_server_certificate(ServerCertificateName='site')
iam.delete_account_password_policy()
iam.delete_account_alias(AccountAlias='life-of-iam')
for _ in range(50):
    status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)['Status']
    if status == 'SUCCEEDED':
        break
    time.sleep(0.2)
out['deletion'] = status
summary = iam.get_account_summary()['SummaryMap']
out['left'] = [summary[name] for name in ('Users', 'Groups', 'Roles', 'Policies', 'InstanceProfiles', 'ServerCertificates', 'MFADevices')]
print(json.dumps(out))
