# IAM through boto3's resource API: every kind of resource with its attributes, collections, sub-resources, actions and waiters.
import json

import boto3
from botocore.exceptions import ClientError

iam = boto3.resource('iam')
client = boto3.client('iam')
account = boto3.client('sts').get_caller_identity()['Account']
trust = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'AWS': account}, 'Action': 'sts:AssumeRole'}]})
document = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:*', 'Resource': '*'}]})
audit = 'arn:aws:iam::aws:policy/SecurityAudit'
out = {}


def names(collection, attribute='name'):
    return [getattr(each, attribute) for each in collection]


user = iam.create_user(UserName='rita', Path='/a/', Tags=[{'Key': 'k', 'Value': 'v'}])
client.get_waiter('user_exists').wait(UserName='rita')
pair = user.create_access_key_pair()
pair.deactivate()
user.create_policy(PolicyName='inline', PolicyDocument=document)
user.attach_policy(PolicyArn=audit)
out['user'] = [user.path, user.tags, names(user.access_keys.all(), 'status'), names(user.policies.all()), names(user.attached_policies.all(), 'arn')]
out['inline'] = user.Policy('inline').policy_document['Statement'][0]['Action']
user.update(NewUserName='rosa', NewPath='/b/')
user = iam.User('rosa')
out['renamed'] = [user.path, user.password_last_used, names(iam.users.filter(PathPrefix='/b/'))]

group = iam.create_group(GroupName='readers')
group.add_user(UserName='rosa')
out['group'] = [names(group.users.all()), names(user.groups.all())]

role = iam.create_role(RoleName='reader', AssumeRolePolicyDocument=trust, MaxSessionDuration=7200)
client.get_waiter('role_exists').wait(RoleName='reader')
role.AssumeRolePolicy().update(PolicyDocument=trust)
role.Policy('inline').put(PolicyDocument=document)
profile = iam.create_instance_profile(InstanceProfileName='machines')
client.get_waiter('instance_profile_exists').wait(InstanceProfileName='machines')
profile.add_role(RoleName='reader')
profile.load()
role.load()
out['role'] = [role.max_session_duration, names(role.policies.all()), names(role.instance_profiles.all()), profile.roles[0].name]

policy = iam.create_policy(PolicyName='own', PolicyDocument=document)
client.get_waiter('policy_exists').wait(PolicyArn=policy.arn)
policy.create_version(PolicyDocument=document, SetAsDefault=True)
out['versions'] = [names(policy.versions.all(), 'version_id'), policy.default_version.version_id]
iam.PolicyVersion(policy.arn, 'v1').set_as_default()
iam.PolicyVersion(policy.arn, 'v2').delete()
policy.attach_user(UserName='rosa')
policy.attach_group(GroupName='readers')
policy.attach_role(RoleName='reader')
policy.load()
out['policy'] = [policy.attachment_count, names(policy.attached_users.all()), names(policy.attached_groups.all()), names(policy.attached_roles.all())]

rules = iam.create_account_password_policy(MinimumPasswordLength=10)
out['rules'] = [rules.minimum_password_length, rules.expire_passwords, rules.max_password_age]
rules.delete()
try:
    rules.load()
except ClientError as error:
    out['no rules'] = error.response['Error']['Code']
out['pages'] = [len(list(iam.policies.limit(150))), [len(page) for page in iam.policies.page_size(40).pages()][0]]

profile.remove_role(RoleName='reader')
profile.delete()
group.remove_user(UserName='rosa')
for key in user.access_keys.all():
    key.delete()
for holder, kind in ((user, 'user'), (group, 'group'), (role, 'role')):
    for inline in holder.policies.all():
        inline.delete()
    for attached in holder.attached_policies.all():
        getattr(attached, f'detach_{kind}')(**{f'{kind.title()}Name': holder.name})
    holder.delete()
policy.delete()
out['left'] = [names(iam.users.all()), names(iam.groups.all()), names(iam.roles.all())]

# What inventories ask first, and of each function.
out['regions'] = [each['RegionName'] for each in boto3.client('ec2').describe_regions(Filters=[{'Name': 'region-name', 'Values': ['us-*']}])['Regions']]
out['mappings'] = boto3.client('lambda').list_event_source_mappings()['EventSourceMappings']
print(json.dumps(out))
