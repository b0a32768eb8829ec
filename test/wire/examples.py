# AWS's own examples (botocore's examples-1.json), each against a fresh account in which what it presumes is there. Prints as JSON what became of
# each one, and which members of AWS's answer ours does not have; test/wire/examples.test.ts judges.
import base64, hashlib, hmac, io, json, os, re, struct, sys, time, urllib.request, zipfile
import boto3, botocore, botocore.loaders
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = 'us-east-1'
ACCOUNT = '123456789012'
ADMIN = {'Authorization': 'Bearer ' + os.environ['TEST_ADMIN_TOKEN']}
loader = botocore.loaders.Loader()
clients = {}


def client(service, credentials=None):
    key = (service, json.dumps(credentials, default=str))
    if key not in clients:
        given = {} if credentials is None else dict(
            aws_access_key_id=credentials['AccessKeyId'], aws_secret_access_key=credentials['SecretAccessKey'],
            aws_session_token=credentials.get('SessionToken'))
        config = Config(retries={'max_attempts': 0}, parameter_validation=True)
        clients[key] = boto3.client(service, region_name=REGION, config=config, **given)
    return clients[key]


iam, sts, kms, secrets, organizations, functions = (client(name) for name in ('iam', 'sts', 'kms', 'secretsmanager', 'organizations', 'lambda'))


def admin(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ['AWS_ENDPOINT_URL'] + '/_castellan/' + path, data, ADMIN, method=method)
    return json.loads(urllib.request.urlopen(request).read() or '{}')


def document(action='s3:*', **more):
    return json.dumps({'Version': '2012-10-17', 'Statement': [dict({'Effect': 'Allow', 'Action': action}, **more)]})


def trust(principal, action='sts:AssumeRole'):
    return document(action, Principal=principal)


ANY = document('*', Resource='*')
EC2 = trust({'Service': 'ec2.amazonaws.com'})


def code(seed, moment):
    digest = hmac.new(base64.b32decode(seed), struct.pack('>Q', int(moment) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return '%06d' % ((struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1000000)


def user(name, policy=ANY):
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName='p', PolicyDocument=policy)
    return iam.create_access_key(UserName=name)['AccessKey']


# IAM: the users, groups, roles and profiles that an example names are there, unless it makes them; and what follows.
MAKES = {'CreateUser', 'CreateGroup', 'CreateRole', 'CreateInstanceProfile'}
TAGS = [{'Key': 'Dept', 'Value': '12345'}, {'Key': 'Team', 'Value': 'Accounting'}]


def iam_example(operation, given):
    if operation not in MAKES:
        if 'UserName' in given: iam.create_user(UserName=given['UserName'])
        if 'GroupName' in given: iam.create_group(GroupName=given['GroupName'])
        if 'RoleName' in given: iam.create_role(RoleName=given['RoleName'], AssumeRolePolicyDocument=EC2)
        if 'InstanceProfileName' in given: iam.create_instance_profile(InstanceProfileName=given['InstanceProfileName'])
    name = {'UserName': given.get('UserName')}
    profile = dict(name, Password='0ld-Passw0rd!')
    before = {
        'AddClientIDToOpenIDConnectProvider': lambda: iam.create_open_id_connect_provider(Url='https://server.example.com', ThumbprintList=['a' * 40]),
        'AddUserToGroup': lambda: iam.get_group(GroupName='Admins'),
        'CreateRole': lambda: {'AssumeRolePolicyDocument': EC2},
        'DeleteAccessKey': lambda: {'AccessKeyId': iam.create_access_key(**name)['AccessKey']['AccessKeyId']},
        'UpdateAccessKey': lambda: {'AccessKeyId': iam.create_access_key(**name)['AccessKey']['AccessKeyId']},
        'ListAccessKeys': lambda: iam.create_access_key(**name),
        'DeleteAccountAlias': lambda: iam.create_account_alias(AccountAlias='mycompany'),
        'ListAccountAliases': lambda: iam.create_account_alias(AccountAlias='mycompany'),
        'DeleteAccountPasswordPolicy': lambda: iam.update_account_password_policy(MinimumPasswordLength=8),
        'GetAccountPasswordPolicy': lambda: iam.update_account_password_policy(MinimumPasswordLength=8, MaxPasswordAge=90, PasswordReusePrevention=12),
        'DeleteGroupPolicy': lambda: iam.put_group_policy(GroupName='Admins', PolicyName='ExamplePolicy', PolicyDocument=ANY),
        'ListGroupPolicies': lambda: iam.put_group_policy(GroupName='Admins', PolicyName='KeyPolicy', PolicyDocument=ANY),
        'DeleteRolePolicy': lambda: iam.put_role_policy(RoleName='Test-Role', PolicyName='ExamplePolicy', PolicyDocument=ANY),
        'DeleteUserPolicy': lambda: iam.put_user_policy(PolicyName='ExamplePolicy', PolicyDocument=ANY, **name),
        'DeleteLoginProfile': lambda: iam.create_login_profile(**profile),
        'GetLoginProfile': lambda: iam.create_login_profile(**profile),
        'UpdateLoginProfile': lambda: iam.create_login_profile(**profile),
        'DeleteSigningCertificate': lambda: certificate(name),
        'UpdateSigningCertificate': lambda: certificate(name),
        'ListSigningCertificates': lambda: certificate(name) and None,
        'UploadSigningCertificate': lambda: {'CertificateBody': os.environ['TEST_CERTIFICATE']},
        'UploadServerCertificate': lambda: {'CertificateBody': os.environ['TEST_CERTIFICATE'], 'PrivateKey': os.environ['TEST_PRIVATE_KEY']},
        'DeleteVirtualMFADevice': lambda: iam.create_virtual_mfa_device(VirtualMFADeviceName='ExampleName'),
        'ListVirtualMFADevices': lambda: iam.create_virtual_mfa_device(VirtualMFADeviceName='Juan'),
        'GenerateOrganizationsAccessReport': lambda: {'EntityPath': entity_path()},
        'GetOrganizationsAccessReport': lambda: {'JobId': organization_job(), 'MaxItems': 1000},
        'GenerateServiceLastAccessedDetails': lambda: iam.create_policy(PolicyName='ExamplePolicy1', PolicyDocument=ANY),
        'GetServiceLastAccessedDetails': lambda: {'JobId': access_job(), 'MaxItems': 1000},
        'GetServiceLastAccessedDetailsWithEntities': lambda: {'JobId': access_job()},
        'ListGroups': lambda: iam.create_group(GroupName='Admins'),
        'ListUsers': lambda: iam.create_user(UserName='Juan'),
        'ListGroupsForUser': lambda: (iam.create_group(GroupName='Test'), iam.add_user_to_group(GroupName='Test', **name)),
        'ListPoliciesGrantingServiceAccess': lambda: (user('ExampleUser01', None), iam.attach_user_policy(UserName='ExampleUser01', PolicyArn='arn:aws:iam::aws:policy/IAMFullAccess')),
        'GetRole': lambda: use_role(given['RoleName']),
        'ListRoleTags': lambda: iam.tag_role(RoleName=given['RoleName'], Tags=TAGS),
        'UntagRole': lambda: iam.tag_role(RoleName=given['RoleName'], Tags=TAGS),
        'ListUserTags': lambda: iam.tag_user(Tags=TAGS, **name),
        'UntagUser': lambda: iam.tag_user(Tags=TAGS, **name),
        'GetInstanceProfile': lambda: (iam.create_role(RoleName='Test-Role', AssumeRolePolicyDocument=EC2), put_in_profile()),
        'RemoveRoleFromInstanceProfile': lambda: put_in_profile(),
        'RemoveUserFromGroup': lambda: iam.add_user_to_group(GroupName='Admins', **name),
    }
    changed = before[operation]() if operation in before else None
    return dict(given, **changed) if isinstance(changed, dict) and set(changed) <= {'AssumeRolePolicyDocument', 'AccessKeyId', 'CertificateId', 'CertificateBody', 'PrivateKey', 'EntityPath', 'JobId', 'MaxItems'} else given


def use_role(name):
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust({'AWS': ACCOUNT}))
    session = client('sts', user('Alice')).assume_role(RoleArn=f'arn:aws:iam::{ACCOUNT}:role/{name}', RoleSessionName='use')['Credentials']
    client('sts', session).get_caller_identity()
    awaited(lambda: iam.get_role(RoleName=name)['Role']['RoleLastUsed'])


def put_in_profile():
    iam.add_role_to_instance_profile(InstanceProfileName='ExampleInstanceProfile', RoleName='Test-Role')


def certificate(name):
    return {'CertificateId': iam.upload_signing_certificate(CertificateBody=os.environ['TEST_CERTIFICATE'], **name)['Certificate']['CertificateId']}


def access_job():
    key = user('AWSExampleUser01')
    client('iam', key).list_users()

    def report():
        job = iam.generate_service_last_accessed_details(Arn=f'arn:aws:iam::{ACCOUNT}:user/AWSExampleUser01')['JobId']
        services = iam.get_service_last_accessed_details(JobId=job, MaxItems=1000)['ServicesLastAccessed']
        return job if any('LastAuthenticated' in service for service in services) else None
    return awaited(report)


def organization_job():
    path = entity_path()
    # The management account is not in these reports.
    client('iam', inside(new_account()['AccountId'])).list_users()

    def report():
        job = iam.generate_organizations_access_report(EntityPath=path)['JobId']
        details = iam.get_organizations_access_report(JobId=job, MaxItems=1000)['AccessDetails']
        return job if any('LastAuthenticatedTime' in detail for detail in details) else None
    return awaited(report)


def awaited(seen):
    """Last uses are read from the ledger every now and then."""
    for _ in range(100):
        found = seen()
        if found: return found
        time.sleep(0.1)


def entity_path():
    organization = organizations.create_organization()['Organization']['Id']
    organizations.enable_aws_service_access(ServicePrincipal='iam.amazonaws.com')
    return '/'.join([organization, root_id()])


# STS: who calls matters.
def sts_example(operation, given, index):
    if operation == 'AssumeRole':
        iam.create_role(RoleName='demo', AssumeRolePolicyDocument=trust({'AWS': ACCOUNT}, ['sts:AssumeRole', 'sts:TagSession']))
        return given, user('Alice')
    if operation == 'AssumeRoleWithWebIdentity':
        iam.create_role(RoleName='FederatedWebIdentityRole', AssumeRolePolicyDocument=trust({'Federated': 'www.amazon.com'}, 'sts:AssumeRoleWithWebIdentity'))
    if operation == 'DecodeAuthorizationMessage':
        try:
            client('iam', user('eve', None)).list_users()
        except ClientError as error:
            refused = error.response['ResponseMetadata']['RequestId']
        return {'EncodedMessage': admin('GET', 'explain/' + refused)['encodedMessage']}, None
    if operation == 'GetCallerIdentity' and index == 1:
        iam.create_role(RoleName='my-role-name', AssumeRolePolicyDocument=trust({'AWS': ACCOUNT}))
        session = dict(RoleArn=f'arn:aws:iam::{ACCOUNT}:role/my-role-name', RoleSessionName='my-role-session-name')
        return given, client('sts', user('Alice')).assume_role(**session)['Credentials']
    if operation == 'GetCallerIdentity' and index == 2:
        return given, client('sts', user('Alice')).get_federation_token(Name='my-federated-user-name')['Credentials']
    if operation in ('GetCallerIdentity', 'GetFederationToken'):
        return given, user('Alice')
    if operation == 'GetSessionToken':
        key = user('Alice')
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName='Alice')['VirtualMFADevice']
        seed, now = device['Base32StringSeed'], time.time()
        iam.enable_mfa_device(UserName='Alice', SerialNumber=device['SerialNumber'], AuthenticationCode1=code(seed, now - 30), AuthenticationCode2=code(seed, now))
        return dict(given, SerialNumber=device['SerialNumber'], TokenCode=code(seed, now + 30)), key
    return given, None


# KMS: the ids of the examples become those of a key that is fit for the operation.
def kms_example(operation, given, index):
    fit = {
        'GenerateMac': dict(KeySpec='HMAC_384', KeyUsage='GENERATE_VERIFY_MAC'), 'VerifyMac': dict(KeySpec='HMAC_384', KeyUsage='GENERATE_VERIFY_MAC'),
        'Sign': dict(KeySpec='ECC_NIST_P384', KeyUsage='SIGN_VERIFY'), 'Verify': dict(KeySpec='ECC_NIST_P384', KeyUsage='SIGN_VERIFY'),
        'GetPublicKey': dict(KeySpec='RSA_2048', KeyUsage='ENCRYPT_DECRYPT'), 'ReplicateKey': dict(MultiRegion=True),
        'GetParametersForImport': dict(Origin='EXTERNAL'), 'ImportKeyMaterial': dict(Origin='EXTERNAL'), 'DeleteImportedKeyMaterial': dict(Origin='EXTERNAL'),
    }.get(operation, {})
    if operation == 'DescribeKey':
        fit = ({}, dict(KeySpec='RSA_2048', KeyUsage='SIGN_VERIFY'), dict(MultiRegion=True), dict(KeySpec='HMAC_256', KeyUsage='GENERATE_VERIFY_MAC'))[index]
    key, other = (kms.create_key(**each)['KeyMetadata'] for each in (fit, {}))
    iam.create_role(RoleName='ExampleRole', AssumeRolePolicyDocument=EC2)
    text = json.dumps(given)
    text = re.sub(r'arn:aws:kms:[^:]+:\d+:key/[\w-]+', key['Arn'], text)
    text = text.replace('1234abcd-12ab-34cd-56ef-1234567890ab', key['KeyId']).replace('0987dcba-09fe-87dc-65ba-ab0987654321', other['KeyId'])
    text = re.sub(r'arn:aws:iam::\d+:(role|user)/[\w-]+', f'arn:aws:iam::{ACCOUNT}:role/ExampleRole', text).replace('111122223333', ACCOUNT)
    given = json.loads(text)
    if operation not in ('CreateAlias', 'CreateKey'):
        for alias in ('alias/ExampleAlias', 'alias/ECC_signing_key'):
            kms.create_alias(AliasName=alias, TargetKeyId=key['KeyId'])
    if operation in ('Decrypt', 'ReEncrypt'):
        given['CiphertextBlob'] = kms.encrypt(KeyId=key['KeyId'], Plaintext=b'text')['CiphertextBlob']
    if operation == 'Verify':
        given['Signature'] = kms.sign(KeyId=key['KeyId'], Message=given['Message'], SigningAlgorithm='ECDSA_SHA_384')['Signature']
    if operation == 'VerifyMac':
        given['Mac'] = kms.generate_mac(KeyId=key['KeyId'], Message=given['Message'], MacAlgorithm='HMAC_SHA_384')['Mac']
    if operation == 'DescribeKey' and index == 2: kms.replicate_key(KeyId=key['KeyId'], ReplicaRegion='us-west-2')
    if operation == 'CancelKeyDeletion': kms.schedule_key_deletion(KeyId=key['KeyId'])
    if operation == 'EnableKey': kms.disable_key(KeyId=key['KeyId'])
    if operation in ('GetKeyRotationStatus', 'DisableKeyRotation'): kms.enable_key_rotation(KeyId=key['KeyId'])
    if operation in ('ListResourceTags', 'UntagResource'): kms.tag_resource(KeyId=key['KeyId'], Tags=[{'TagKey': 'CostCenter', 'TagValue': '1'}])
    if operation in ('ListGrants', 'ListRetirableGrants', 'RetireGrant', 'RevokeGrant'):
        role = f'arn:aws:iam::{ACCOUNT}:role/ExampleRole'
        grant = kms.create_grant(KeyId=key['KeyId'], GranteePrincipal=role, RetiringPrincipal=role, Operations=['Decrypt', 'RetireGrant'])['GrantId']
        if 'GrantId' in given: given['GrantId'] = grant
    if operation == 'ImportKeyMaterial':
        given.update(import_parameters(key['KeyId']))
    if operation == 'DeleteImportedKeyMaterial':
        kms.import_key_material(KeyId=key['KeyId'], ExpirationModel='KEY_MATERIAL_DOES_NOT_EXPIRE', **import_parameters(key['KeyId']))
    return given


def import_parameters(key):
    made = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm='RSAES_OAEP_SHA_256', WrappingKeySpec='RSA_2048')
    return {'EncryptedKeyMaterial': oaep(made['PublicKey'], b'k' * 32), 'ImportToken': made['ImportToken']}


def oaep(public, message):
    """RSAES-OAEP with SHA-256 under a key of 2048 bits; the DER of such a key ends with its modulus, 02 03 and 65537."""
    modulus = int.from_bytes(public[-261:-5], 'big')
    mask = lambda seed, length: b''.join(hashlib.sha256(seed + struct.pack('>I', n)).digest() for n in range(8))[:length]
    xor = lambda left, right: bytes(a ^ b for a, b in zip(left, right))
    block = hashlib.sha256(b'').digest() + b'\0' * (190 - len(message)) + b'\1' + message
    seed = os.urandom(32)
    block = xor(block, mask(seed, len(block)))
    padded = b'\0' + xor(seed, mask(block, 32)) + block
    return pow(int.from_bytes(padded, 'big'), 65537, modulus).to_bytes(256, 'big')


# Secrets Manager.
def secrets_example(operation, given, index):
    if operation == 'CreateSecret':
        return given
    name = given.get('SecretId', 'MyTestDatabaseSecret')
    first = 'EXAMPLE1-90ab-cdef-fedc-ba987SECRET1'
    secrets.create_secret(Name=name, SecretString='{}', ClientRequestToken=first, Description='d', Tags=[{'Key': 'FirstTag', 'Value': 'v'}])
    if operation in ('GetResourcePolicy', 'DeleteResourcePolicy'):
        secrets.put_resource_policy(SecretId=name, ResourcePolicy=document('secretsmanager:GetSecretValue', Principal={'AWS': f'arn:aws:iam::{ACCOUNT}:root'}, Resource='*'))
    if operation == 'RestoreSecret': secrets.delete_secret(SecretId=name)
    if operation == 'UpdateSecret' and 'KmsKeyId' in given: given = dict(given, KmsKeyId=kms.create_key()['KeyMetadata']['Arn'])
    if operation == 'UpdateSecretVersionStage':
        if 'AWSCURRENT' in given.values():
            secrets.put_secret_value(SecretId=name, SecretString='{}', ClientRequestToken='EXAMPLE2-90ab-cdef-fedc-ba987SECRET2', VersionStages=['later'])
        elif 'RemoveFromVersionId' in given:
            secrets.update_secret_version_stage(SecretId=name, VersionStage=given['VersionStage'], MoveToVersionId=first)
    if operation in ('RotateSecret', 'CancelRotateSecret', 'DescribeSecret'):
        rotation = dict(RotationLambdaARN=rotation_function(), RotationRules={'AutomaticallyAfterDays': 30})
        if operation == 'DescribeSecret':
            rotation['RotationRules'] = {'ScheduleExpression': 'rate(30 days)', 'Duration': '2h'}
            secrets.update_secret(SecretId=name, KmsKeyId=kms.create_key()['KeyMetadata']['Arn'])
            secrets.get_secret_value(SecretId=name)
        if operation != 'RotateSecret' or index == 1:
            secrets.rotate_secret(SecretId=name, RotateImmediately=operation == 'DescribeSecret', **rotation)
            settle(name)
        if 'RotationLambdaARN' in given: given = dict(given, RotationLambdaARN=rotation['RotationLambdaARN'])
    return given


def settle(name):
    awaited(lambda: not any('AWSPENDING' in stages for stages in secrets.describe_secret(SecretId=name)['VersionIdsToStages'].values()))


def rotation_function():
    role = iam.create_role(RoleName='rotation', AssumeRolePolicyDocument=trust({'Service': 'lambda.amazonaws.com'}))['Role']['Arn']
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, 'w') as file: file.writestr('index.js', 'exports.handler = async () => ({});')
    made = functions.create_function(FunctionName='MyTestDatabaseRotationLambda', Runtime='nodejs22.x', Handler='index.handler', Role=role, Code={'ZipFile': archive.getvalue()})
    functions.add_permission(FunctionName='MyTestDatabaseRotationLambda', StatementId='s', Action='lambda:InvokeFunction', Principal='secretsmanager.amazonaws.com')
    return made['FunctionArn']


# Organizations: the ids of the examples become real ones.
def root_id():
    return organizations.list_roots()['Roots'][0]['Id']


def new_account(name='Production Account'):
    status = organizations.create_account(Email=f'{name.replace(" ", ".")}@example.com', AccountName=name)['CreateAccountStatus']
    for _ in range(50):
        status = organizations.describe_create_account_status(CreateAccountRequestId=status['Id'])['CreateAccountStatus']
        if status['State'] != 'IN_PROGRESS': break
        time.sleep(0.1)
    return status


def inside(account):
    arn = f'arn:aws:iam::{account}:role/OrganizationAccountAccessRole'
    return client('sts', user('operator')).assume_role(RoleArn=arn, RoleSessionName='operator')['Credentials']


def organizations_example(operation, given, index):
    if operation == 'CreateOrganization':
        return given, None
    organizations.create_organization(FeatureSet='CONSOLIDATED_BILLING' if operation == 'EnableAllFeatures' else 'ALL')
    root, who = root_id(), None
    if operation == 'EnablePolicyType' or operation == 'EnableAllFeatures':
        return dict(given, **({'RootId': root} if given else {})), None
    if operation not in ('DisablePolicyType',):
        organizations.enable_policy_type(RootId=root, PolicyType='SERVICE_CONTROL_POLICY')
    else:
        organizations.enable_policy_type(RootId=root, PolicyType='SERVICE_CONTROL_POLICY')
        return dict(given, RootId=root), None
    unit = organizations.create_organizational_unit(ParentId=root, Name='Unit')['OrganizationalUnit']['Id']
    request = new_account()
    account = request['AccountId']
    text = json.dumps(given)
    text = re.sub(r'ou-examplerootid111-exampleouid111', unit, text).replace('r-examplerootid111', root)
    text = re.sub(r'[345]{12}', account, text).replace('car-exampleaccountcreationrequestid', request['Id'])
    if 'p-examplepolicyid111' in text:
        policy = organizations.create_policy(Name='Old', Description='d', Type='SERVICE_CONTROL_POLICY', Content=document('s3:*', Resource='*'))['Policy']['PolicySummary']['Id']
        text = text.replace('p-examplepolicyid111', policy)
        if operation == 'DetachPolicy': organizations.attach_policy(PolicyId=policy, TargetId=unit)
    given = json.loads(text)
    if operation in ('CreatePolicy', 'UpdatePolicy') and 'Content' in given:
        # The examples have their quotes escaped once too often, and one leaves out what every policy must have.
        content = json.loads(given['Content'].replace('\\"', '"'))
        content['Statement'].setdefault('Resource', '*')
        given['Content'] = json.dumps(content)
    if operation == 'InviteAccountToOrganization':
        given['Target'] = {'Type': 'ACCOUNT', 'Id': alone(account)[0]}
    if 'HandshakeId' in given or operation.startswith('ListHandshakes'):
        account, session = alone(account)
        made = organizations.invite_account_to_organization(Target={'Type': 'ACCOUNT', 'Id': account}, Notes='n')['Handshake']['Id']
        if 'HandshakeId' in given: given['HandshakeId'] = made
        who = session if operation in ('AcceptHandshake', 'DeclineHandshake', 'ListHandshakesForAccount') else None
    if operation in ('LeaveOrganization', 'RemoveAccountFromOrganization'):
        admin('POST', 'time/advance', {'ms': 5 * 86_400_000})
        who = inside(account) if operation == 'LeaveOrganization' else None
    if operation in ('ListAccountsForParent',): organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    if operation == 'ListChildren': organizations.create_organizational_unit(ParentId=unit, Name='Child')
    if operation == 'DeleteOrganizationalUnit': pass
    if operation == 'ListPolicies': organizations.create_policy(Name='Old', Description='d', Type='SERVICE_CONTROL_POLICY', Content=document('s3:*', Resource='*'))
    return given, who


def alone(account):
    # AWS: an account that was made in an organisation may leave it after four days.
    admin('POST', 'time/advance', {'ms': 5 * 86_400_000})
    session = inside(account)
    organizations.remove_account_from_organization(AccountId=account)
    return account, session


def missing(wanted, got, path=''):
    """Members of AWS's answer that ours does not have."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        if path.endswith('sToStages'): return []  # Keys are the caller's ids.
        return [each for name, value in wanted.items() for each in ([f'{path}.{name}'] if name not in got else missing(value, got[name], f'{path}.{name}'))]
    if isinstance(wanted, list) and isinstance(got, list):
        if not wanted: return []
        return min((missing(wanted[0], each, path + '[]') for each in got), key=len, default=[path + '[]'])
    return []


def run(service, operation, example, index):
    admin('POST', 'reset')
    clients_of_sessions = [key for key in clients if key[1] != 'null']
    for key in clients_of_sessions: del clients[key]
    given, who = example.get('input') or {}, None
    if service == 'iam':
        given = iam_example(operation, given)
        if operation == 'ChangePassword':
            who = user('Alice')
            iam.create_login_profile(UserName='Alice', Password=given['OldPassword'])
    elif service == 'sts': given, who = sts_example(operation, given, index)
    elif service == 'kms': given = kms_example(operation, given, index)
    elif service == 'secretsmanager': given = secrets_example(operation, given, index)
    else: given, who = organizations_example(operation, given, index)
    caller = client(service, who) if who else client(service)
    try:
        answer = getattr(caller, xform_name(operation))(**given)
    except ClientError as error:
        return {'refused': error.response['Error']['Code'], 'message': error.response['Error']['Message']}
    lacking = missing(example.get('output') or {}, answer)
    return {'missing': lacking} if lacking else {}


def main():
    out, total = {}, 0
    for service in sys.argv[1:]:
        version = client(service).meta.service_model.api_version
        for operation, examples in loader.load_data(f'{service}/{version}/examples-1')['examples'].items():
            for index, example in enumerate(examples):
                total += 1
                try:
                    result = run(service, operation, example, index)
                except Exception as error:
                    result = {'broken': f'{type(error).__name__}: {error}'}
                if result: out[f'{service} {operation} {index}'] = result
    print(json.dumps({'total': total, 'differences': out}))


if __name__ == '__main__':
    main()
