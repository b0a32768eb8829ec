// Functions through boto3 against a fresh server: the code runs with its role's credentials, calls back, fails, times out, and waits in the queue.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
if (!hasBoto) console.warn('skipped: boto3 is not installed (`apt-get install python3-boto3` or `pip install boto3`)');

const script = `
import base64, boto3, io, json, time, zipfile
from botocore.config import Config
from botocore.exceptions import ClientError
iam = boto3.client('iam'); functions = boto3.client('lambda', config=Config(retries={'max_attempts': 0}))
def code(call):
    try:
        call(); return 'ok'
    except ClientError as error:
        return error.response['Error']['Code'] + ': ' + error.response['Error']['Message']
def archive(text, name='index.mjs'):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as z: z.writestr(name, text)
    return file.getvalue()
def trust(service):
    return json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': service}, 'Action': 'sts:AssumeRole'}]})
role = iam.create_role(RoleName='runner', AssumeRolePolicyDocument=trust('lambda.amazonaws.com'))['Role']['Arn']
other = iam.create_role(RoleName='other', AssumeRolePolicyDocument=trust('ec2.amazonaws.com'))['Role']['Arn']
iam.put_role_policy(RoleName='runner', PolicyName='list', PolicyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'iam:ListRoles', 'Resource': '*'}]}))
who = '''
import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { IAMClient, ListRolesCommand, CreateUserCommand } from '@aws-sdk/client-iam';
export const handler = async (event) => {
  console.log('event', event.n);
  const { Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  const iam = new IAMClient({});
  const { Roles } = await iam.send(new ListRolesCommand({}));
  const refused = await iam.send(new CreateUserCommand({ UserName: 'x' })).then(() => 'created', (error) => error.name);
  return { Arn, roles: Roles.map((role) => role.RoleName), refused, n: event.n + 1, stage: process.env.STAGE };
};
'''
def make(name, text, **more):
    arguments = dict(FunctionName=name, Runtime='nodejs22.x', Role=role, Handler='index.handler', Code={'ZipFile': archive(text)})
    return functions.create_function(**{**arguments, **more})
out = {}
made = make('who', who, Environment={'Variables': {'STAGE': 'test'}}, Timeout=30, Publish=True)
out['made'] = [made['FunctionArn'].split(':', 4)[4], made['State'], made['Version'], made['CodeSize'] > 0]
functions.get_waiter('function_active_v2').wait(FunctionName='who')
result = functions.invoke(FunctionName='who', Payload=json.dumps({'n': 1}), LogType='Tail')
out['result'] = [result['StatusCode'], json.loads(result['Payload'].read()), result['ExecutedVersion']]
out['log'] = 'event 1' in base64.b64decode(result['LogResult']).decode()
out['again'] = code(lambda: make('who', who))
out['untrusted'] = code(lambda: make('untrusted', who, Role=other))
out['python'] = code(lambda: make('python', who, Runtime='python3.12'))
out['no zip'] = code(lambda: make('nozip', who, Code={'ZipFile': b'none'}))
out['missing'] = code(lambda: functions.invoke(FunctionName='nobody'))
out['not json'] = code(lambda: functions.invoke(FunctionName='who', Payload='{'))
make('fails', 'export const handler = async () => { throw new Error("no"); };')
failed = functions.invoke(FunctionName='fails')
out['failed'] = [failed['FunctionError'], json.loads(failed['Payload'].read())['errorMessage']]
make('slow', 'export const handler = () => new Promise((done) => setTimeout(done, 60000));', Timeout=1)
out['slow'] = json.loads(functions.invoke(FunctionName='slow')['Payload'].read())['errorType']
functions.update_function_code(FunctionName='fails', ZipFile=archive('export const handler = async () => "version two";'), Publish=True)
functions.create_alias(FunctionName='fails', Name='live', FunctionVersion='1')
out['alias'] = json.loads(functions.invoke(FunctionName='fails', Qualifier='live')['Payload'].read())
out['in use'] = code(lambda: functions.delete_function(FunctionName='fails', Qualifier='1')).split(':')[0]
out['versions'] = [v['Version'] for v in functions.list_versions_by_function(FunctionName='fails')['Versions']]
functions.put_function_concurrency(FunctionName='fails', ReservedConcurrentExecutions=0)
out['throttled'] = code(lambda: functions.invoke(FunctionName='fails'))
functions.delete_function_concurrency(FunctionName='fails')
iam.create_user(UserName='caller')
key = iam.create_access_key(UserName='caller')['AccessKey']
caller = boto3.session.Session(key['AccessKeyId'], key['SecretAccessKey']).client('lambda')
out['refused'] = code(lambda: caller.invoke(FunctionName='fails'))
account = made['FunctionArn'].split(':')[4]
functions.add_permission(FunctionName='fails', StatementId='one', Action='lambda:InvokeFunction', Principal='arn:aws:iam::%s:user/caller' % account)
out['permitted'] = code(lambda: caller.invoke(FunctionName='fails'))
out['policy'] = [s['Sid'] for s in json.loads(functions.get_policy(FunctionName='fails')['Policy'])['Statement']]
functions.remove_permission(FunctionName='fails', StatementId='one')
out['taken away'] = code(lambda: caller.invoke(FunctionName='fails')).split(':')[0]
make('tags', '''
import { IAMClient, TagRoleCommand } from '@aws-sdk/client-iam';
export const handler = async (event) => { await new IAMClient({}).send(new TagRoleCommand({ RoleName: 'other', Tags: [{ Key: 'seen', Value: event.v }] })); };
''', Timeout=30)
iam.put_role_policy(RoleName='runner', PolicyName='tag', PolicyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'iam:TagRole', 'Resource': '*'}]}))
out['queued'] = functions.invoke(FunctionName='tags', InvocationType='Event', Payload=json.dumps({'v': 'yes'}))['StatusCode']
for _ in range(100):
    tags = iam.list_role_tags(RoleName='other')['Tags']
    if tags: break
    time.sleep(0.1)
out['tags'] = tags
for name in ['who', 'fails', 'slow', 'tags']: functions.delete_function(FunctionName=name)
out['left'] = functions.list_functions()['Functions']
print(json.dumps(out))
`;

describe.skipIf(!hasBoto)('lambda', () => {
  let server: ServerProcess;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = temporaryDirectory('lambda');
    server = await startServerProcess({ dataDir: directory.path, arguments: ['--root-account', '111122223333'] });
  });
  afterAll(async () => {
    await server?.stop();
    directory?.remove();
  });

  test('functions run with the credentials of their role, and answer, fail, time out and wait as AWS’s do', async () => {
    const finished = await run('python3', ['-c', script], clientEnvironment(server));
    expect(finished.stderr).toBe('');
    expect(JSON.parse(finished.stdout)).toEqual({
      made: ['111122223333:function:who:1', 'Active', '1', true],
      result: [
        200,
        {
          Arn: 'arn:aws:sts::111122223333:assumed-role/runner/who',
          roles: ['other', 'runner'],
          refused: 'AccessDenied',
          n: 2,
          stage: 'test',
        },
        '$LATEST',
      ],
      log: true,
      again: 'ResourceConflictException: Function already exist: who',
      untrusted: 'InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.',
      python: 'InvalidParameterValueException: Castellan runs functions of the Node.js runtimes; it does not have python3.12.',
      'no zip': 'InvalidParameterValueException: Could not unzip uploaded file. Please check your file, then try to upload again.',
      missing: 'ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:111122223333:function:nobody',
      'not json': 'InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json',
      failed: ['Unhandled', 'no'],
      slow: 'Sandbox.Timedout',
      alias: 'version two',
      'in use': 'ResourceConflictException',
      versions: ['$LATEST', '1'],
      throttled: 'TooManyRequestsException: Rate Exceeded.',
      refused:
        'AccessDeniedException: User: arn:aws:iam::111122223333:user/caller is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:111122223333:function:fails because no identity-based policy allows the lambda:InvokeFunction action',
      permitted: 'ok',
      policy: ['one'],
      'taken away': 'AccessDeniedException',
      queued: 202,
      tags: [{ Key: 'seen', Value: 'yes' }],
      left: [],
    });
  });
});
