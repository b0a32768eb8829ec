# The examples in the AWS CLI's reference, each against a fresh account in which what it presumes is there. Prints as JSON what became of each one, and
# which members of AWS's answer ours does not have; test/wire/documented-examples.test.ts judges.
import base64, json, os, re, sys, time
from datetime import date, timedelta
from botocore import xform_name
from botocore.exceptions import ClientError
import examples
from examples import ACCOUNT, ANY, EC2, client, code, document, iam, kms, organizations, secrets, trust
from cli_documentation import asked, documented, output_of

budgets, groups = client('budgets'), client('resource-groups')
CERTIFICATE, PRIVATE_KEY = os.environ['TEST_CERTIFICATE'], os.environ['TEST_PRIVATE_KEY']
NOTIFICATION = {'NotificationType': 'ACTUAL', 'ComparisonOperator': 'GREATER_THAN', 'Threshold': 80.0, 'ThresholdType': 'PERCENTAGE'}
WEB_SERVERS = {'Type': 'TAG_FILTERS_1_0', 'Query': json.dumps({'ResourceTypeFilters': ['AWS::AllSupported'], 'TagFilters': [{'Key': 'Name', 'Values': ['WebServers']}]})}
METADATA = ('<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com"><!--' + 'x' * 600 + '-->'
    '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">'
    '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
    + ''.join(CERTIFICATE.strip().split('\n')[1:-1]) + '</X509Certificate></X509Data></KeyInfo></KeyDescriptor>'
    '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/></IDPSSODescriptor></EntityDescriptor>')


def replaced(value, changes):
    """Ids of the examples become real ones, wherever they stand."""
    if isinstance(value, str):
        for old, new in changes: value = re.sub(old, new, value)
        return value
    if isinstance(value, dict): return {key: replaced(each, changes) for key, each in value.items()}
    if isinstance(value, list): return [replaced(each, changes) for each in value]
    return value


def file_content(name):
    """Of files that an example names and does not show."""
    if re.search(r'(?i)private', name): return PRIVATE_KEY
    if re.search(r'(?i)ssh', name): return os.environ['TEST_SSH_KEY']
    if re.search(r'(?i)\.xml|saml', name): return METADATA
    if re.search(r'(?i)cert|\.pem', name): return CERTIFICATE
    if name == 'policy.txt': return document('kms:*', Resource='*', Principal={'AWS': f'arn:aws:iam::{ACCOUNT}:root'})
    return EC2 if re.search(r'(?i)trust', name) else ANY


def budgets_example(operation, given):
    given = replaced(given, [('111122223333', ACCOUNT)])
    if operation == 'CreateBudget': return given
    name = given.get('BudgetName', 'Example Budget')
    limit = {'Amount': '100', 'Unit': 'USD'}
    budgets.create_budget(AccountId=ACCOUNT, Budget={'BudgetName': name, 'BudgetType': 'COST', 'TimeUnit': 'MONTHLY', 'BudgetLimit': limit, 'CostFilters': {'AZ': ['us-east-1']}})
    if operation != 'CreateNotification':
        address = 'other@example.com' if operation == 'CreateSubscriber' else 'example@example.com'
        subscribers = [{'SubscriptionType': 'EMAIL', 'Address': each} for each in (address, 'third@example.com')]
        budgets.create_notification(AccountId=ACCOUNT, BudgetName=name, Notification=NOTIFICATION, Subscribers=subscribers)
    return given


def groups_example(operation, given):
    given = replaced(given, [(r'us-(west|east)-2:\d{12}:', f'us-east-1:{ACCOUNT}:')])
    name = given.get('GroupName') or given.get('Group') or given.get('Arn', '').split('/')[-1] or 'tbq-WebServer'
    kms.create_key(Tags=[{'TagKey': 'Name', 'TagValue': 'WebServers'}])
    if operation == 'PutGroupConfiguration':
        groups.create_group(Name=name, Configuration=given['Configuration'])
    elif operation == 'UpdateGroupQuery' and 'cbq' in name:
        groups.create_group(Name=name, ResourceQuery=given['ResourceQuery'])
    elif operation not in ('CreateGroup', 'SearchResources'):
        tags = {'QueryType': 'tags', 'QueryResources': 'ec2-instances'}
        groups.create_group(Name=name, Description='d', ResourceQuery=WEB_SERVERS, **({} if operation == 'Tag' else {'Tags': tags}))
    return given


def tagging_example(operation, given):
    arn = kms.create_key(Tags=[{'TagKey': 'Environment', 'TagValue': 'Production'}])['KeyMetadata']['Arn']
    return replaced(given, [('^arn:aws:s3:::.*', arn)])


def ce_example(operation, given):
    # The examples are of 2017 and of services that nobody uses here.
    today = date.today()
    if 'TimePeriod' in given: given['TimePeriod'] = {'Start': today.replace(day=1).isoformat(), 'End': (today + timedelta(days=1)).isoformat()}
    given = replaced(given, [('Amazon Simple Storage Service', 'AWS Key Management Service'), ('^Elastic$', 'Key')])
    kms.create_key()
    if operation == 'GetCostAndUsage': examples.awaited(lambda: client('ce').get_cost_and_usage(**given)['ResultsByTime'][0]['Groups'])
    if operation == 'GetDimensionValues': examples.awaited(lambda: client('ce').get_dimension_values(**given)['DimensionValues'])
    return given


# IAM: what an ARN or a name in the example stands for is there.
OWN_ARN = re.compile(r'^arn:aws:iam::\d{12}:(policy|saml-provider|oidc-provider|mfa|user|role)/(.+)$')


def iam_things(operation, given):
    """Makes them, and says which ids became others."""
    changes = [(r'arn:aws:iam::\d{12}:', f'arn:aws:iam::{ACCOUNT}:')]
    for value in [each for each in given.values() if isinstance(each, str)]:
        found = OWN_ARN.match(value)
        if not found: continue
        kind, name = found.groups()
        tags = [{'Key': 'DeptID', 'Value': '1'}, {'Key': 'Department', 'Value': 'x'}]
        if kind == 'policy': iam.create_policy(PolicyName=name, PolicyDocument=ANY, Tags=tags)
        if kind == 'saml-provider': iam.create_saml_provider(Name=name, SAMLMetadataDocument=METADATA, Tags=tags)
        if kind == 'oidc-provider': iam.create_open_id_connect_provider(Url='https://' + name, ClientIDList=['my-application-ID'], ThumbprintList=['a' * 40], Tags=tags)
        if kind == 'mfa': mfa_device(operation, given, name)
        if kind == 'user' and 'UserName' not in given:
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName='p', PolicyDocument=document(['codecommit:*', 'ec2:*'], Resource='*', Condition={'StringLike': {'aws:username': '*'}}))
    return changes


def mfa_device(operation, given, name):
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name, Tags=[{'Key': 'DeptID', 'Value': '1'}])['VirtualMFADevice']
    codes = [code(device['Base32StringSeed'], time.time() + 30 * step) for step in (-1, 0, 1)]
    if operation == 'EnableMFADevice': given.update(AuthenticationCode1=codes[0], AuthenticationCode2=codes[1])
    elif 'UserName' in given:
        iam.enable_mfa_device(UserName=given['UserName'], SerialNumber=device['SerialNumber'], AuthenticationCode1=codes[0], AuthenticationCode2=codes[1])
    if operation == 'ResyncMFADevice': given.update(AuthenticationCode1=codes[1], AuthenticationCode2=codes[2])


def named_things(operation, given):
    """Users, groups, roles and profiles that the example names; more than the other examples' preparation makes where it is by operation."""
    if given.get('RoleName', '').startswith('AWSServiceRole') or 'OpenIDConnectProviderArn' in given: return given
    return examples.iam_example(operation, given)


def iam_example(operation, given, index):
    who = None
    user = given.get('UserName')
    given = named_things(operation, given)
    if operation == 'ChangePassword':
        who = examples.user('Alice')
        iam.create_login_profile(UserName='Alice', Password=given['OldPassword'])
    changes = iam_things(operation, given)
    given = replaced(given, changes)
    name = next((each for each in ('UserName', 'GroupName', 'RoleName') if each in given), None)
    kind = {'UserName': 'user', 'GroupName': 'group', 'RoleName': 'role'}.get(name)
    call = lambda verb, more=kind, **given: getattr(iam, f'{verb}_{more}_policy')(**given)
    policy = given.get('PolicyArn', '')
    if operation.startswith('Detach'): call(f'attach', **{name: given[name], 'PolicyArn': policy})
    if operation.startswith('ListAttached'): call('attach', **{name: given[name], 'PolicyArn': 'arn:aws:iam::aws:policy/IAMFullAccess'})
    if operation in ('GetGroupPolicy', 'GetRolePolicy', 'GetUserPolicy'): call('put', **{name: given[name], 'PolicyName': given['PolicyName'], 'PolicyDocument': ANY})
    if operation in ('ListRolePolicies', 'ListUserPolicies'): call('put', **{name: given[name], 'PolicyName': 'Example', 'PolicyDocument': ANY})
    if operation.startswith('Delete') and operation.endswith('PermissionsBoundary'):
        getattr(iam, f'put_{kind}_permissions_boundary')(**{name: given[name], 'PermissionsBoundary': 'arn:aws:iam::aws:policy/IAMFullAccess'})
    if operation in ('DeletePolicyVersion', 'GetPolicyVersion', 'SetDefaultPolicyVersion') and given['VersionId'] != 'v1':
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=ANY, SetAsDefault=operation == 'GetPolicyVersion')
    if operation == 'ListEntitiesForPolicy':
        iam.create_role(RoleName='R', AssumeRolePolicyDocument=EC2), iam.create_group(GroupName='G'), iam.create_user(UserName='U')
        iam.attach_role_policy(RoleName='R', PolicyArn=policy), iam.attach_group_policy(GroupName='G', PolicyArn=policy), iam.attach_user_policy(UserName='U', PolicyArn=policy)
    if 'ServerCertificateName' in given and operation != 'UploadServerCertificate': server_certificate(given['ServerCertificateName'])
    if operation == 'ListServerCertificates': server_certificate('example')
    if 'SSHPublicKey' in operation and not operation.startswith('Upload'):
        key = iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=os.environ['TEST_SSH_KEY'])['SSHPublicKey']['SSHPublicKeyId']
        if 'SSHPublicKeyId' in given: given['SSHPublicKeyId'] = key
    if 'ServiceSpecificCredential' in operation:
        if user is None:
            user = 'sofia'
            who = examples.user(user)
        if not operation.startswith('Create'):
            made = iam.create_service_specific_credential(UserName=user, ServiceName='codecommit.amazonaws.com')['ServiceSpecificCredential']
            if 'ServiceSpecificCredentialId' in given: given['ServiceSpecificCredentialId'] = made['ServiceSpecificCredentialId']
    if 'OrganizationsRoot' in operation or operation == 'ListOrganizationsFeatures':
        organizations.create_organization()
        organizations.enable_aws_service_access(ServicePrincipal='iam.amazonaws.com')
        if not operation.startswith('Enable'): iam.enable_organizations_root_credentials_management(), iam.enable_organizations_root_sessions()
    before = {
        'ListInstanceProfiles': lambda: profile('P'),
        'ListInstanceProfilesForRole': lambda: (iam.create_instance_profile(InstanceProfileName='P'), iam.add_role_to_instance_profile(InstanceProfileName='P', RoleName=given['RoleName'])),
        'ListInstanceProfileTags': lambda: iam.tag_instance_profile(InstanceProfileName=given['InstanceProfileName'], Tags=[{'Key': 'DeptID', 'Value': '1'}]),
        'ListMFADevices': lambda: mfa_device(operation, given, 'Bob'),
        'ListOpenIDConnectProviders': lambda: iam.create_open_id_connect_provider(Url='https://example.com', ThumbprintList=['a' * 40]),
        'ListSAMLProviders': lambda: iam.create_saml_provider(Name='S', SAMLMetadataDocument=METADATA),
        'ListRoles': lambda: iam.create_role(RoleName='R', AssumeRolePolicyDocument=EC2),
        'ListPolicies': lambda: given.update(MaxItems=3),
        'GetCredentialReport': lambda: examples.awaited(lambda: iam.generate_credential_report()['State'] == 'COMPLETE'),
        'UpdateLoginProfile': lambda: given.update(Password='N3w-Passw0rd!'),
        'GetAccountAuthorizationDetails': everything,
        'GetRole': lambda: iam.update_role(RoleName=given['RoleName'], Description='d'),
        'GetServiceLinkedRoleDeletionStatus': lambda: given.update(DeletionTaskId=deletion_task()),
        'DeleteServiceLinkedRole': lambda: iam.create_service_linked_role(AWSServiceName='lex.amazonaws.com'),
        'GetAccessKeyLastUsed': lambda: given.update(AccessKeyId=used_key()),
    }
    if operation in before: before[operation]()
    return given, who


def deletion_task():
    iam.create_service_linked_role(AWSServiceName='lex.amazonaws.com')
    return iam.delete_service_linked_role(RoleName='AWSServiceRoleForLexBots')['DeletionTaskId']


def used_key():
    key = examples.user('Bob')
    client('iam', key).list_users()
    examples.awaited(lambda: iam.get_access_key_last_used(AccessKeyId=key['AccessKeyId'])['AccessKeyLastUsed'].get('LastUsedDate'))
    return key['AccessKeyId']


def server_certificate(name):
    iam.upload_server_certificate(ServerCertificateName=name, CertificateBody=CERTIFICATE, PrivateKey=PRIVATE_KEY, Tags=[{'Key': 'DeptID', 'Value': '1'}])


def profile(name):
    iam.create_instance_profile(InstanceProfileName=name)
    iam.create_role(RoleName='R', AssumeRolePolicyDocument=EC2)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName='R')


def everything():
    profile('P')
    iam.put_role_policy(RoleName='R', PolicyName='p', PolicyDocument=ANY)
    iam.attach_role_policy(RoleName='R', PolicyArn='arn:aws:iam::aws:policy/IAMFullAccess')
    iam.create_group(GroupName='G')
    iam.create_user(UserName='U')
    iam.add_user_to_group(GroupName='G', UserName='U')
    made = iam.create_policy(PolicyName='own', PolicyDocument=ANY)['Policy']['Arn']
    iam.attach_group_policy(GroupName='G', PolicyArn=made)


def sts_example(operation, given, index):
    roles = {'AssumeRole': trust({'AWS': ACCOUNT}), 'AssumeRoleWithWebIdentity': trust({'Federated': 'www.amazon.com'}, 'sts:AssumeRoleWithWebIdentity')}
    if operation == 'AssumeRole':
        iam.create_role(RoleName=given['RoleArn'].split('/')[-1], AssumeRolePolicyDocument=roles[operation])
        return given, examples.user('Alice')
    if operation == 'AssumeRoot':
        organizations.create_organization()
        organizations.enable_aws_service_access(ServicePrincipal='iam.amazonaws.com')
        iam.enable_organizations_root_sessions()
        account = examples.new_account()['AccountId']
        return dict(given, TargetPrincipal=account), examples.user('Alice')
    if operation == 'GetFederationToken':
        for each in given.get('PolicyArns', []): each['arn'] = 'arn:aws:iam::aws:policy/IAMFullAccess'
    return examples.sts_example(operation, given, index)


def secrets_example(operation, given, index):
    if operation in ('PutResourcePolicy', 'ValidateResourcePolicy'):
        iam.create_role(RoleName='MyRole', AssumeRolePolicyDocument=EC2)
    if operation in ('BatchGetSecretValue', 'ListSecrets', 'ValidateResourcePolicy'):
        for name in ('MySecret1', 'MySecret2', 'MySecret3', 'MyTestSecret', 'Test2'): secrets.create_secret(Name=name, SecretString='{}')
        return given, None
    given = replaced(given, [('arn:aws:iam::\\d+:', f'arn:aws:iam::{ACCOUNT}:')])
    if 'RemoveFromVersionId' in given: given['RemoveFromVersionId'] = 'EXAMPLE1-90ab-cdef-fedc-ba987SECRET1'
    if 'MoveToVersionId' in given: given['MoveToVersionId'] = 'EXAMPLE1-90ab-cdef-fedc-ba987SECRET1' if 'RemoveFromVersionId' not in given else 'EXAMPLE2-90ab-cdef-fedc-ba987SECRET2'
    name = given.get('SecretId')
    # Rotated once, where the example does not say with which function.
    given = examples.secrets_example(operation, given, 1 if 'RotationLambdaARN' not in given else 0)
    if operation == 'GetSecretValue' and 'VersionStage' in given: secrets.put_secret_value(SecretId=name, SecretString='later')
    if operation == 'DescribeSecret': secrets.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=[{'Region': 'eu-west-3'}])
    if operation == 'ListSecretVersionIds': secrets.get_secret_value(SecretId=name)
    if operation == 'RemoveRegionsFromReplication': secrets.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=[{'Region': 'eu-west-3'}])
    return given, None


def organizations_example(operation, given, index):
    if operation == 'DeleteOrganization':
        organizations.create_organization()
        return given, None
    if operation == 'CreatePolicy': given['Content'] = json.dumps({'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Action': 's3:*', 'Resource': '*'}})
    given, who = examples.organizations_example(operation, given, index)
    if operation == 'DescribeCreateAccountStatus':
        given['CreateAccountRequestId'] = organizations.list_create_account_status()['CreateAccountStatuses'][0]['Id']
    return given, who


def kms_example(operation, given, index):
    """Bytes become text on the way through the other examples' preparation, and are made anew after it."""
    binary = {name: value for name, value in given.items() if isinstance(value, bytes)}
    given = examples.kms_example(operation, {name: value for name, value in given.items() if name not in binary} | ({'Message': 'm'} if 'Message' in binary else {}), index)
    for name, value in binary.items(): given.setdefault(name, value)
    algorithm = given.get('SigningAlgorithm') or given.get('EncryptionAlgorithm') or given.get('KeyAgreementAlgorithm') or ''
    if algorithm.startswith('RSA') and operation in ('Encrypt', 'Decrypt', 'Verify'):
        given['KeyId'] = kms.create_key(KeySpec='RSA_2048', KeyUsage='SIGN_VERIFY' if operation == 'Verify' else 'ENCRYPT_DECRYPT')['KeyMetadata']['KeyId']
        if operation == 'Verify': given['Signature'] = kms.sign(KeyId=given['KeyId'], Message=given['Message'], SigningAlgorithm=algorithm, MessageType=given.get('MessageType', 'RAW'))['Signature']
        if operation == 'Decrypt': given['CiphertextBlob'] = kms.encrypt(KeyId=given['KeyId'], Plaintext=b'text', EncryptionAlgorithm=algorithm)['CiphertextBlob']
    if operation == 'DeriveSharedSecret':
        ours, theirs = (kms.create_key(KeySpec='ECC_NIST_P256', KeyUsage='KEY_AGREEMENT')['KeyMetadata']['KeyId'] for _ in range(2))
        given.update(KeyId=ours, PublicKey=kms.get_public_key(KeyId=theirs)['PublicKey'])
    if operation == 'ImportKeyMaterial' and 'ValidTo' in given: given['ValidTo'] = time.time() + 86_400
    if operation == 'ListGrants':
        kms.create_grant(KeyId=given['KeyId'], GranteePrincipal=f'arn:aws:iam::{ACCOUNT}:role/ExampleRole', RetiringPrincipal=f'arn:aws:iam::{ACCOUNT}:role/ExampleRole', Name='n',
            Operations=['Decrypt'], Constraints={'EncryptionContextSubset': {'aws:dynamodb:subscriberId': ACCOUNT, 'aws:dynamodb:tableName': 'Services'}})
    alias = given.get('AliasName', '')
    if operation in ('DeleteAlias', 'UpdateAlias'): kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()['KeyMetadata']['KeyId'])
    if operation == 'ListKeyRotations': kms.rotate_key_on_demand(KeyId=given['KeyId'])
    return given, None


PREPARED = {
    'budgets': lambda operation, given, index: (budgets_example(operation, given), None),
    'resource-groups': lambda operation, given, index: (groups_example(operation, given), None),
    'resourcegroupstaggingapi': lambda operation, given, index: (tagging_example(operation, given), None),
    'ce': lambda operation, given, index: (ce_example(operation, given), None),
    'iam': iam_example, 'sts': sts_example, 'kms': kms_example, 'secretsmanager': secrets_example, 'organizations': organizations_example,
}


def run(service, operation, given, output, index):
    examples.admin('POST', 'reset')
    for key in [each for each in examples.clients if each[1] != 'null']: del examples.clients[key]
    given, who = PREPARED[service](operation, given, index)
    caller = client(service, who) if who else client(service)
    try:
        answer = getattr(caller, xform_name(operation))(**given)
    except ClientError as error:
        return {'refused': error.response['Error']['Code'], 'message': error.response['Error']['Message']}
    # What is in a policy is the example's own, or what was prepared.
    lacking = [each for each in examples.missing(output, answer) if 'PolicyDocument.' not in each]
    return {'missing': lacking} if lacking else {}


def main():
    out, total, unread = {}, 0, []
    for service in sys.argv[1:]:
        seen = {}
        for name, command, files, output in documented(service):
            try:
                operation, given = asked(command, files, file_content)
            except ValueError:
                unread.append(name)
                continue
            total += 1
            index = seen[operation] = seen.get(operation, -1) + 1
            try:
                result = run(service, operation, given, output_of(output), index)
            except Exception as error:
                result = {'broken': f'{type(error).__name__}: {error}'}
            if result: out[name] = result
    print(json.dumps({'total': total, 'differences': out, 'unread': unread}))


if __name__ == '__main__':
    main()
