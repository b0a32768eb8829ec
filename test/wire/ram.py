# What an owner shares through one node, another account uses through another one; environment: ONE, TWO (endpoints), OWNER, OTHER (credentials),
# OTHER_ACCOUNT, ORGANIZATION (its ARN). Prints what it saw as JSON.
import json
import os
import time

import boto3
from botocore.exceptions import ClientError

one, two = os.environ['ONE'], os.environ['TWO']
other_account = os.environ['OTHER_ACCOUNT']


def clients(name, endpoint):
    key = json.loads(os.environ[name])
    session = boto3.session.Session(key['accessKeyId'], key['secretAccessKey'], key.get('sessionToken'), region_name='us-east-1')
    return lambda service: session.client(service, endpoint_url=endpoint)


owner, other = clients('OWNER', one), clients('OTHER', two)
ram, ram2 = owner('ram'), other('ram')
groups, groups2 = owner('resource-groups'), other('resource-groups')
out = {}


def code(call):
    try:
        call()
        return 'ok'
    except ClientError as error:
        return error.response['Error']['Code']


def new_group(name):
    return groups.create_group(Name=name)['Group']['GroupArn']


def pages(client, operation, members, size=2, **parameters):
    found = [page[members] for page in client.get_paginator(operation).paginate(PaginationConfig={'PageSize': size}, **parameters)]
    assert all(len(page) <= size for page in found), found
    return [item for page in found for item in page]


# By invitation, as long as sharing in the organisation is off.
group = new_group('invited')
share = ram.create_resource_share(name='invited', resourceArns=[group], principals=[other_account])['resourceShare']['resourceShareArn']
out['before'] = code(lambda: groups2.get_group(Group=group))
invitation = pages(ram2, 'get_resource_share_invitations', 'resourceShareInvitations')[0]
out['invitation'] = [invitation['status'], invitation['receiverAccountId'] == other_account, invitation['invitationTimestamp'].year > 2000]
arn = invitation['resourceShareInvitationArn']
out['pending'] = [each['type'] for each in ram2.list_pending_invitation_resources(resourceShareInvitationArn=arn)['resources']]
ram2.accept_resource_share_invitation(resourceShareInvitationArn=arn)
out['accepted'] = code(lambda: groups2.get_group(Group=group))
out['again'] = code(lambda: ram2.accept_resource_share_invitation(resourceShareInvitationArn=arn))
ram2.disassociate_resource_share(resourceShareArn=share, principals=[other_account])
out['left'] = code(lambda: groups2.get_group(Group=group))

# Inside the organisation, at the very next request through the other node, over and over.
ram.enable_sharing_with_aws_organization()
wrong = []
for index in range(15):
    arn = new_group('round-%d' % index)
    made = ram.create_resource_share(name='round', resourceArns=[arn], principals=[os.environ['ORGANIZATION']], clientToken='round-%d' % index)
    seen = [code(lambda: groups2.get_group(Group=arn))]
    ram.disassociate_resource_share(resourceShareArn=made['resourceShare']['resourceShareArn'], resourceArns=[arn])
    seen.append(code(lambda: groups2.get_group(Group=arn)))
    ram.associate_resource_share(resourceShareArn=made['resourceShare']['resourceShareArn'], resourceArns=[arn])
    seen.append(code(lambda: groups2.list_group_resources(Group=arn)))
    ram.delete_resource_share(resourceShareArn=made['resourceShare']['resourceShareArn'])
    seen.append(code(lambda: groups2.get_group(Group=arn)))
    if seen != ['ok', 'AccessDeniedException', 'ok', 'AccessDeniedException']:
        wrong.append(seen)
out['wrong rounds'] = wrong

# Both sides page through what there is.
members = [new_group('listed-%d' % index) for index in range(5)]
tags = [{'key': 'list', 'value': 'yes'}]
listed = [
    ram.create_resource_share(name='listed', resourceArns=[each], principals=[other_account], tags=tags)['resourceShare']['resourceShareArn']
    for each in members
]
tagged = {'resourceOwner': 'SELF', 'tagFilters': [{'tagKey': 'list', 'tagValues': ['yes']}]}
out['own shares'] = sorted(each['resourceShareArn'] for each in pages(ram, 'get_resource_shares', 'resourceShares', **tagged)) == sorted(listed)
seen = pages(ram2, 'get_resource_shares', 'resourceShares', resourceOwner='OTHER-ACCOUNTS')
out['shares of others'] = [sorted(each['resourceShareArn'] for each in seen) == sorted(listed), 'tags' in seen[0]]
out['resources of others'] = sorted(each['arn'] for each in pages(ram2, 'list_resources', 'resources', resourceOwner='OTHER-ACCOUNTS')) == sorted(members)
out['principals'] = [each['id'] for each in pages(ram, 'list_principals', 'principals', resourceOwner='SELF')] == [other_account] * 5
named = {'associationType': 'RESOURCE', 'resourceShareArns': listed}
out['associations'] = [each['status'] for each in pages(ram, 'get_resource_share_associations', 'resourceShareAssociations', **named)]
policies = pages(ram, 'get_resource_policies', 'policies', resourceArns=members)
out['policies'] = sorted(json.loads(each)['Statement'][0]['Resource'] for each in policies) == sorted(members)
out['token'] = code(lambda: ram.list_resources(resourceOwner='SELF', nextToken='x'))

# A customer managed permission with two versions, put in the place of AWS's.
template = lambda *actions: json.dumps({'Effect': 'Allow', 'Action': ['resource-groups:' + action for action in actions]})
permission = ram.create_permission(name='Look', resourceType='resource-groups:Group', policyTemplate=template('GetGroup'))['permission']['arn']
version = ram.create_permission_version(permissionArn=permission, policyTemplate=template('ListGroupResources'))['permission']
out['version'] = [version['version'], version['defaultVersion'], version['status']]
managed = 'arn:aws:ram::aws:permission/AWSRAMDefaultPermissionResourceGroup'
work = ram.replace_permission_associations(fromPermissionArn=managed, toPermissionArn=permission)['replacePermissionAssociationsWork']
deadline = time.time() + 60
while work['status'] == 'IN_PROGRESS' and time.time() < deadline:
    time.sleep(0.2)
    work = ram.list_replace_permission_associations_work(workIds=[work['id']])['replacePermissionAssociationsWorks'][0]
out['replaced'] = [work['status'], code(lambda: groups2.get_group(Group=members[0])), code(lambda: groups2.list_group_resources(Group=members[0]))]
out['in use'] = code(lambda: ram.delete_permission(permissionArn=permission))

# Who has to be found is, and what cannot be is said.
out['role'] = code(lambda: ram.create_resource_share(name='x', resourceArns=[members[0]], principals=['arn:aws:iam::%s:role/OrganizationAccountAccessRole' % other_account]))
out['too long'] = code(lambda: ram.create_permission(name='x' * 37, resourceType='resource-groups:Group', policyTemplate=template('GetGroup')))
out['mismatch'] = code(lambda: ram.create_resource_share(name='other', clientToken='round-0'))
out['malformed'] = code(lambda: ram.get_resource_shares(resourceOwner='SELF', resourceShareArns=['x']))
out['not mine'] = code(lambda: ram2.delete_resource_share(resourceShareArn=listed[0]))
groups.delete_group(GroupName='listed-0')
out['deleted'] = code(lambda: groups2.list_group_resources(Group=members[0]))
print(json.dumps(out))
