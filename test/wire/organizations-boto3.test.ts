// boto3 builds an organisation, puts a guardrail on it and meets it, through a real server: life cycle, paginators, error codes, explain.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
if (!hasBoto) console.warn('skipped: boto3 is not installed (`pip install boto3`)');

const script = `
import boto3, json
from botocore.exceptions import ClientError
org = boto3.client('organizations'); iam = boto3.client('iam')
out = {}
def code(call):
    try:
        call(); return 'ok'
    except ClientError as error:
        return error.response['Error']['Code'] + (' ' + error.response['Reason'] if 'Reason' in error.response else '')
out['before'] = code(org.describe_organization)
out['features'] = org.create_organization(FeatureSet='ALL')['Organization']['FeatureSet']
root = org.list_roots()['Roots'][0]
out['root'] = root['Name']
unit = org.create_organizational_unit(ParentId=root['Id'], Name='Workloads')['OrganizationalUnit']['Id']
for n in range(5):
    status = org.create_account(AccountName='team %d' % n, Email='team%d@example.org' % n)['CreateAccountStatus']
    status = org.describe_create_account_status(CreateAccountRequestId=status['Id'])['CreateAccountStatus']
account = status['AccountId']
out['created'] = status['State']
org.move_account(AccountId=account, SourceParentId=root['Id'], DestinationParentId=unit)
out['pages'] = [len(p['Accounts']) for p in org.get_paginator('list_accounts').paginate(PaginationConfig={'PageSize': 4})]
out['under the unit'] = [a['Name'] for p in org.get_paginator('list_accounts_for_parent').paginate(ParentId=unit) for a in p['Accounts']]
iam.create_user(UserName='admin')
iam.put_user_policy(UserName='admin', PolicyName='p', PolicyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': '*', 'Resource': '*'}]}))
key = iam.create_access_key(UserName='admin')['AccessKey']
admin = boto3.session.Session(aws_access_key_id=key['AccessKeyId'], aws_secret_access_key=key['SecretAccessKey'])
token = admin.client('sts').assume_role(RoleArn='arn:aws:iam::%s:role/OrganizationAccountAccessRole' % account, RoleSessionName='inside')['Credentials']
inside = boto3.session.Session(token['AccessKeyId'], token['SecretAccessKey'], token['SessionToken'])
out['inside'] = inside.client('sts').get_caller_identity()['Account'] == account
out['allowed'] = code(lambda: inside.client('iam').list_users())
policy = org.create_policy(Name='no users', Description='d', Type='SERVICE_CONTROL_POLICY', Content=json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Deny', 'Action': 'iam:ListUsers', 'Resource': '*'}]}))['Policy']['PolicySummary']['Id']
org.attach_policy(PolicyId=policy, TargetId=unit)
try:
    inside.client('iam').list_users()
except ClientError as error:
    out['denied'] = 'explicit deny in a service control policy: arn:aws:organizations::' in error.response['Error']['Message']
    out['request'] = error.response['ResponseMetadata']['RequestId']
out['member asks'] = code(lambda: inside.client('organizations').list_accounts())
out['leaves'] = code(lambda: inside.client('organizations').leave_organization())
out['targets'] = [t['Type'] for p in org.get_paginator('list_targets_for_policy').paginate(PolicyId=policy) for t in p['Targets']]
out['policies'] = [p['Name'] for page in org.get_paginator('list_policies').paginate(Filter='SERVICE_CONTROL_POLICY') for p in page['Policies']]
out['in use'] = code(lambda: org.delete_policy(PolicyId=policy))
out['not empty'] = code(lambda: org.delete_organizational_unit(OrganizationalUnitId=unit))
out['pattern'] = code(lambda: org.describe_account(AccountId='1'))
org.enable_policy_type(RootId=root['Id'], PolicyType='TAG_POLICY')
tags = org.create_policy(Name='tags', Description='d', Type='TAG_POLICY', Content=json.dumps({'tags': {'team': {'tag_key': {'@@assign': 'Team'}, 'tag_value': {'@@assign': ['red']}, 'enforced_for': {'@@assign': ['iam:user']}}}}))['Policy']['PolicySummary']['Id']
org.attach_policy(PolicyId=tags, TargetId=account)
out['effective'] = json.loads(org.describe_effective_policy(PolicyType='TAG_POLICY', TargetId=account)['EffectivePolicy']['PolicyContent'])['tags']['team']['tag_value']
out['tag refused'] = code(lambda: inside.client('iam').create_user(UserName='x', Tags=[{'Key': 'Team', 'Value': 'blue'}]))
out['invited'] = org.invite_account_to_organization(Target={'Type': 'EMAIL', 'Id': 'someone@example.org'})['Handshake']['State']
org.close_account(AccountId=account)
out['closing'] = org.describe_account(AccountId=account)['Account']['Status']
acct = boto3.client('account')
acct.put_alternate_contact(AlternateContactType='SECURITY', Name='n', Title='t', EmailAddress='a@example.org', PhoneNumber='+1555')
out['contact'] = acct.get_alternate_contact(AlternateContactType='SECURITY')['AlternateContact']['Name']
out['regions'] = sum(len(p['Regions']) for p in acct.get_paginator('list_regions').paginate())
print(json.dumps(out))
`;

describe.skipIf(!hasBoto)('boto3 and organizations', () => {
  let server: ServerProcess;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = temporaryDirectory('organizations-boto3');
    server = await startServerProcess({ dataDir: directory.path });
  });
  afterAll(async () => {
    await server?.stop();
    directory?.remove();
  });

  test('an organisation lives its life, and its guardrail is met and explained', async () => {
    const finished = await run('python3', ['-c', script], clientEnvironment(server));
    expect(finished.stderr).toBe('');
    const { request, ...out } = JSON.parse(finished.stdout);
    expect(out).toEqual({
      before: 'AWSOrganizationsNotInUseException',
      features: 'ALL',
      root: 'Root',
      created: 'SUCCEEDED',
      pages: [4, 2],
      'under the unit': ['team 4'],
      inside: true,
      allowed: 'ok',
      denied: true,
      'member asks': 'AccessDeniedException',
      leaves: 'ConstraintViolationException WAIT_PERIOD_ACTIVE',
      targets: ['ORGANIZATIONAL_UNIT'],
      policies: ['FullAWSAccess', 'no users'],
      'in use': 'PolicyInUseException',
      'not empty': 'OrganizationalUnitNotEmptyException',
      pattern: 'InvalidInputException INVALID_PATTERN',
      effective: ['red'],
      'tag refused': 'TagPolicyViolation',
      invited: 'OPEN',
      closing: 'PENDING_CLOSURE',
      contact: 'n',
      regions: 34,
    });
    const explained = await run(process.execPath, ['bin/castellan.js', 'explain', request, '--data-dir', directory.path], {});
    expect(explained.stdout).toContain('on organizational unit Workloads');
  });
});
