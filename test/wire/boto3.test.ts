// boto3 against a fresh server: every language's client reads errors by code, so the codes and the paging are what is checked.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
if (!hasBoto) console.warn('skipped: boto3 is not installed (`apt-get install python3-boto3` or `pip install boto3`)');

const script = `
import boto3, json
from botocore.exceptions import ClientError
iam = boto3.client('iam'); sts = boto3.client('sts'); trail = boto3.client('cloudtrail')
def code(call):
    try:
        call(); return 'ok'
    except ClientError as error:
        return error.response['Error']['Code']
out = {}
for n in range(7): iam.create_user(UserName='user-%d' % n, Path='/team/')
out['pages'] = [len(p['Users']) for p in iam.get_paginator('list_users').paginate(PathPrefix='/team/', PaginationConfig={'PageSize': 3})]
out['again'] = code(lambda: iam.create_user(UserName='USER-1'))
out['missing'] = code(lambda: iam.get_user(UserName='nobody'))
out['invalid'] = code(lambda: iam.create_user(UserName='no spaces allowed'))
out['malformed'] = code(lambda: iam.put_user_policy(UserName='user-1', PolicyName='p', PolicyDocument='{'))
arn = iam.create_policy(PolicyName='list', PolicyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'iam:List*', 'Resource': '*'}]}))['Policy']['Arn']
iam.attach_user_policy(UserName='user-1', PolicyArn=arn)
out['conflict'] = code(lambda: iam.delete_user(UserName='user-1'))
key = iam.create_access_key(UserName='user-1')['AccessKey']
user = boto3.session.Session(aws_access_key_id=key['AccessKeyId'], aws_secret_access_key=key['SecretAccessKey'])
out['allowed'] = code(lambda: user.client('iam').list_users())
out['denied'] = code(lambda: user.client('iam').create_user(UserName='x'))
out['trail denied'] = code(lambda: user.client('cloudtrail').lookup_events())
iam.update_access_key(UserName='user-1', AccessKeyId=key['AccessKeyId'], Status='Inactive')
out['inactive'] = code(lambda: user.client('iam').list_users())
token = sts.get_session_token()['Credentials']
temporary = boto3.session.Session(token['AccessKeyId'], token['SecretAccessKey'], token['SessionToken'])
out['session'] = temporary.client('sts').get_caller_identity()['Arn'].split(':')[-1]
out['account'] = sts.get_access_key_info(AccessKeyId=key['AccessKeyId'])['Account'] == sts.get_caller_identity()['Account']
out['events'] = sorted(set(e['EventName'] for p in trail.get_paginator('lookup_events').paginate(LookupAttributes=[{'AttributeKey': 'EventName', 'AttributeValue': 'CreateUser'}]) for e in p['Events']))
url = sts.generate_presigned_url('get_caller_identity', HttpMethod='GET')
import urllib.request
out['presigned'] = urllib.request.urlopen(url).status
print(json.dumps(out))
`;

describe.skipIf(!hasBoto)('boto3', () => {
  let server: ServerProcess;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = temporaryDirectory('boto3');
    server = await startServerProcess({ dataDir: directory.path });
  });
  afterAll(async () => {
    await server?.stop();
    directory?.remove();
  });

  test('pages, reads AWS’s error codes, and is refused where AWS refuses', async () => {
    const finished = await run('python3', ['-c', script], clientEnvironment(server));
    expect(finished.stderr).toBe('');
    expect(JSON.parse(finished.stdout)).toEqual({
      pages: [3, 3, 1],
      again: 'EntityAlreadyExists',
      missing: 'NoSuchEntity',
      invalid: 'ValidationError',
      malformed: 'MalformedPolicyDocument',
      conflict: 'DeleteConflict',
      allowed: 'ok',
      denied: 'AccessDenied',
      'trail denied': 'AccessDeniedException',
      inactive: 'InvalidClientTokenId',
      session: 'root',
      account: true,
      events: ['CreateUser'],
      presigned: 200,
    });
  });
});
