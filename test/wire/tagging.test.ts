// The AWS CLI and boto3 tag and find resources of several services, and group them, through a real server: paginators, failures, errors.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
const hasCli = isInstalled('aws');
if (!hasBoto) console.warn('skipped: boto3 is not installed (`pip install boto3`)');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed (`apt-get install awscli` or `pip install awscli`)');

const script = `
import boto3, json
from botocore.exceptions import ClientError
tag = boto3.client('resourcegroupstaggingapi'); rg = boto3.client('resource-groups')
kms = boto3.client('kms'); sm = boto3.client('secretsmanager'); iam = boto3.client('iam')
out = {}
def code(call):
    try:
        call(); return 'ok'
    except ClientError as error:
        return '%s %d' % (error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode'])
key = kms.create_key()['KeyMetadata']['Arn']
secrets = [sm.create_secret(Name='s/%d' % n, SecretString='x', Tags=[{'Key': 'n', 'Value': str(n % 3)}])['ARN'] for n in range(7)]
trust = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'resource-groups.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]})
role = iam.create_role(RoleName='r', AssumeRolePolicyDocument=trust)['Role']['Arn']
missing = role + '-missing'
failed = tag.tag_resources(ResourceARNList=[key, secrets[0], role, missing], Tags={'team': 'blue'})['FailedResourcesMap']
out['failed'] = {arn.split('/')[-1]: [info['StatusCode'], info['ErrorCode']] for arn, info in failed.items()}
out['role'] = iam.list_role_tags(RoleName='r')['Tags']
pages = tag.get_paginator('get_resources').paginate(PaginationConfig={'PageSize': 3})
out['pages'] = [len(p['ResourceTagMappingList']) for p in pages]
out['blue'] = sorted(m['ResourceARN'].split(':')[2] for p in tag.get_paginator('get_resources').paginate(TagFilters=[{'Key': 'team', 'Values': ['blue']}]) for m in p['ResourceTagMappingList'])
out['keys'] = [k for p in tag.get_paginator('get_tag_keys').paginate() for k in p['TagKeys']]
out['values'] = [v for p in tag.get_paginator('get_tag_values').paginate(Key='n') for v in p['TagValues']]
out['too many'] = code(lambda: tag.tag_resources(ResourceARNList=[role + str(n) for n in range(21)], Tags={'a': 'b'}))
out['no organisation'] = code(lambda: tag.get_compliance_summary())
query = {'Type': 'TAG_FILTERS_1_0', 'Query': json.dumps({'ResourceTypeFilters': ['AWS::AllSupported'], 'TagFilters': [{'Key': 'n', 'Values': ['0', '1']}]})}
out['group'] = rg.create_group(Name='g', ResourceQuery=query, Tags={'stage': 'live'})['Group']['Name']
arn = rg.get_group(Group='g')['Group']['GroupArn']
out['again'] = code(lambda: rg.create_group(Name='g', ResourceQuery=query))
out['members'] = [len(p['Resources']) for p in rg.get_paginator('list_group_resources').paginate(Group='g', PaginationConfig={'PageSize': 2})]
out['found'] = sum(len(p['ResourceIdentifiers']) for p in rg.get_paginator('search_resources').paginate(ResourceQuery=query))
out['groups'] = [g['GroupName'] for p in rg.get_paginator('list_groups').paginate() for g in p['GroupIdentifiers']]
rg.tag(Arn=arn, Tags={'more': 'tags'}); rg.untag(Arn=arn, Keys=['stage'])
out['tags'] = rg.get_tags(Arn=arn)['Tags']
out['nowhere'] = code(lambda: rg.get_group(Group='nowhere'))
out['no configuration'] = code(lambda: rg.get_group_configuration(Group='g'))
app = rg.create_group(Name='app', Configuration=[{'Type': 'AWS::ResourceGroups::ApplicationGroup'}])['Group']
out['application'] = app['ApplicationTag']['awsApplication'] == app['GroupArn']
out['grouped'] = len(rg.group_resources(Group='app', ResourceArns=secrets[:2])['Succeeded'])
out['statuses'] = [s['Status'] for p in rg.get_paginator('list_grouping_statuses').paginate(Group='app') for s in p['GroupingStatuses']]
task = rg.start_tag_sync_task(Group=app['GroupArn'], TagKey='n', TagValue='2', RoleArn=role)['TaskArn']
out['task'] = rg.get_tag_sync_task(TaskArn=task)['Status']
rg.cancel_tag_sync_task(TaskArn=task)
out['deleted'] = rg.delete_group(Group='app')['Group']['Name']
print(json.dumps(out))
`;

describe('tagging', () => {
  let server: ServerProcess;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = temporaryDirectory('tagging-wire');
    server = await startServerProcess({ dataDir: directory.path });
  });
  afterAll(async () => {
    await server?.stop();
    directory?.remove();
  });

  test.skipIf(!hasBoto)('boto3 tags, finds, pages and groups', async () => {
    const finished = await run('python3', ['-c', script], clientEnvironment(server));
    expect(finished.stderr).toBe('');
    expect(JSON.parse(finished.stdout)).toEqual({
      failed: { 'r-missing': [404, 'NoSuchEntity'] },
      role: [{ Key: 'team', Value: 'blue' }],
      pages: [3, 3, 2],
      blue: ['kms', 'secretsmanager'],
      keys: ['n', 'team'],
      values: ['0', '1', '2'],
      'too many': 'InvalidParameterException 400',
      'no organisation': 'ConstraintViolationException 400',
      group: 'g',
      again: 'BadRequestException 400',
      members: [2, 2, 1],
      found: 5,
      groups: ['g'],
      tags: { more: 'tags' },
      nowhere: 'NotFoundException 404',
      'no configuration': 'BadRequestException 400',
      application: true,
      grouped: 2,
      statuses: ['SUCCESS', 'SUCCESS'],
      task: 'ACTIVE',
      deleted: 'app',
    });
  });

  test.skipIf(!hasCli)('the AWS CLI tags, untags and finds', async () => {
    const aws = async (...parameters: readonly string[]) => {
      const finished = await run('aws', parameters, clientEnvironment(server));
      expect(finished.stderr).toBe('');
      return JSON.parse(finished.stdout);
    };
    const { KeyMetadata } = await aws('kms', 'create-key');
    const arn: string = KeyMetadata.Arn;
    const tagging = (...parameters: readonly string[]) => aws('resourcegroupstaggingapi', ...parameters);
    const none = { FailedResourcesMap: {} };
    expect(await tagging('tag-resources', '--resource-arn-list', arn, '--tags', 'Cli=yes,Other=too')).toEqual(none);
    expect(await tagging('untag-resources', '--resource-arn-list', arn, '--tag-keys', 'Other')).toEqual(none);
    expect(await tagging('get-resources', '--tag-filters', 'Key=Cli,Values=yes')).toEqual({
      ResourceTagMappingList: [{ ResourceARN: arn, Tags: [{ Key: 'Cli', Value: 'yes' }] }],
    });
    const query = { ResourceTypeFilters: ['AWS::KMS::Key'], TagFilters: [{ Key: 'Cli', Values: ['yes'] }] };
    const ResourceQuery = JSON.stringify({ Type: 'TAG_FILTERS_1_0', Query: JSON.stringify(query) });
    const groups = (...parameters: readonly string[]) => aws('resource-groups', ...parameters);
    await groups('create-group', '--name', 'cli', '--resource-query', ResourceQuery);
    expect(await groups('list-group-resources', '--group', 'cli')).toMatchObject({
      ResourceIdentifiers: [{ ResourceArn: arn, ResourceType: 'AWS::KMS::Key' }],
    });
  });
});
