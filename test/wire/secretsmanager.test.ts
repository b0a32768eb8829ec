// Secrets Manager through boto3, AWS's caching library, a rotation function in Lambda, and the command line, against fresh servers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
if (!hasBoto) console.warn('skipped: boto3 is not installed (`apt-get install python3-boto3` or `pip install boto3`)');
const hasCache = hasBoto && isInstalled('python3', ['-c', 'import aws_secretsmanager_caching']);
if (!hasCache) console.warn('skipped: the caching library is not installed (`pip install aws-secretsmanager-caching`)');

const prelude = `
import boto3, io, json, sys, time, zipfile
from botocore.exceptions import ClientError
secrets = boto3.client('secretsmanager')
out = {}
def error(call):
    try:
        call(); return 'ok'
    except ClientError as error:
        return error.response['Error']['Code'] + ': ' + error.response['Error']['Message']
`;

const everyOperation = `
made = secrets.create_secret(Name='app/db', SecretString='one', Description='d', Tags=[{'Key': 'a', 'Value': 'b'}], AddReplicaRegions=[{'Region': 'eu-west-1'}])
one, arn = made['VersionId'], made['ARN']
out['replica'] = [r['Status'] for r in made['ReplicationStatus']]
two = secrets.put_secret_value(SecretId=arn, SecretBinary=b'\\x00\\xff', VersionStages=['AWSPENDING'])['VersionId']
out['binary'] = secrets.get_secret_value(SecretId='app/db', VersionStage='AWSPENDING')['SecretBinary'] == b'\\x00\\xff'
secrets.update_secret_version_stage(SecretId='app/db', VersionStage='AWSCURRENT', RemoveFromVersionId=one, MoveToVersionId=two)
out['stages'] = sorted(secrets.describe_secret(SecretId='app/db')['VersionIdsToStages'][two])
secrets.update_secret(SecretId='app/db', SecretString='three', Description='other')
out['versions'] = len(secrets.list_secret_version_ids(SecretId='app/db', IncludeDeprecated=True)['Versions'])
out['value'] = secrets.get_secret_value(SecretId='app/db')['SecretString']
out['abroad'] = boto3.client('secretsmanager', region_name='eu-west-1').get_secret_value(SecretId='app/db')['SecretString']
secrets.tag_resource(SecretId='app/db', Tags=[{'Key': 'c', 'Value': ''}])
secrets.untag_resource(SecretId='app/db', TagKeys=['a'])
out['tags'] = secrets.describe_secret(SecretId='app/db')['Tags']
policy = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'AWS': arn.split(':')[4]}, 'Action': 'secretsmanager:GetSecretValue', 'Resource': '*'}]})
secrets.put_resource_policy(SecretId='app/db', ResourcePolicy=policy, BlockPublicPolicy=True)
out['policy'] = json.loads(secrets.get_resource_policy(SecretId='app/db')['ResourcePolicy']) == json.loads(policy)
out['valid'] = secrets.validate_resource_policy(SecretId='app/db', ResourcePolicy=policy.replace('"AWS": "%s"' % arn.split(':')[4], '"AWS": "*"'))['PolicyValidationPassed']
secrets.delete_resource_policy(SecretId='app/db')
for n in range(5): secrets.create_secret(Name='page/%d' % n, SecretString=str(n))
out['pages'] = [len(p['SecretList']) for p in secrets.get_paginator('list_secrets').paginate(Filters=[{'Key': 'name', 'Values': ['page/']}], PaginationConfig={'PageSize': 2})]
out['batch'] = [v['SecretString'] for v in secrets.batch_get_secret_value(SecretIdList=['page/1', 'page/3'])['SecretValues']]
out['password'] = len(secrets.get_random_password(PasswordLength=20)['RandomPassword'])
out['no function'] = error(lambda: secrets.rotate_secret(SecretId='app/db'))
secrets.cancel_rotate_secret(SecretId='app/db')
out['replicated'] = error(lambda: secrets.delete_secret(SecretId='app/db'))
secrets.remove_regions_from_replication(SecretId='app/db', RemoveReplicaRegions=['eu-west-1'])
secrets.replicate_secret_to_regions(SecretId='app/db', AddReplicaRegions=[{'Region': 'eu-west-2'}])
boto3.client('secretsmanager', region_name='eu-west-2').stop_replication_to_replica(SecretId='app/db')
out['again'] = error(lambda: secrets.create_secret(Name='app/db', SecretString='x'))
secrets.delete_secret(SecretId='app/db', RecoveryWindowInDays=7)
out['deleted'] = error(lambda: secrets.get_secret_value(SecretId='app/db'))
out['create deleted'] = error(lambda: secrets.create_secret(Name='app/db', SecretString='x'))
secrets.restore_secret(SecretId='app/db')
secrets.delete_secret(SecretId='app/db', ForceDeleteWithoutRecovery=True)
out['gone'] = error(lambda: secrets.describe_secret(SecretId='app/db'))
out['no value'] = error(lambda: secrets.put_secret_value(SecretId='page/1'))
out['two values'] = error(lambda: secrets.put_secret_value(SecretId='page/1', SecretString='x', SecretBinary=b'x'))
out['bad name'] = error(lambda: secrets.create_secret(Name='no spaces', SecretString='x'))
out['window'] = error(lambda: secrets.delete_secret(SecretId='page/1', RecoveryWindowInDays=5))
print(json.dumps(out))
`;

const caching = `
from aws_secretsmanager_caching import SecretCache, SecretCacheConfig, InjectKeywordedSecretString
secrets.create_secret(Name='cached', SecretString=json.dumps({'user': 'u', 'password': 'p'}))
cache = SecretCache(config=SecretCacheConfig(secret_refresh_interval=4), client=secrets)
@InjectKeywordedSecretString(secret_id='cached', cache=cache, name='user', word='password')
def connect(name, word): return [name, word]
out['injected'] = connect()
secrets.put_secret_value(SecretId='cached', SecretString=json.dumps({'user': 'u', 'password': 'q'}))
out['cached'] = json.loads(cache.get_secret_string('cached'))['password']
time.sleep(4.5)
out['refreshed'] = json.loads(cache.get_secret_string('cached'))['password']
out['previous'] = json.loads(cache.get_secret_string('cached', 'AWSPREVIOUS'))['password']
def reads():
    pages = boto3.client('cloudtrail').get_paginator('lookup_events').paginate(LookupAttributes=[{'AttributeKey': 'EventName', 'AttributeValue': 'GetSecretValue'}])
    return sum(len(p['Events']) for p in pages)
before = reads()
for n in range(100): cache.get_secret_string('cached')
out['reads for a hundred'] = reads() - before <= 2
print(json.dumps(out))
`;

/** The shape of AWS's rotation template, in JavaScript. */
const rotationFunction = `
import { DescribeSecretCommand, GetRandomPasswordCommand, GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient,
  UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
const client = new SecretsManagerClient({});
export const handler = async ({ Step, SecretId, ClientRequestToken: token, RotationToken }) => {
  const { RotationEnabled, VersionIdsToStages: versions } = await client.send(new DescribeSecretCommand({ SecretId }));
  if (!RotationEnabled) throw new Error('rotation is not enabled');
  if (!(token in versions)) throw new Error('no such version');
  if (versions[token].includes('AWSCURRENT')) return;
  if (!versions[token].includes('AWSPENDING')) throw new Error('the version is not pending');
  const pending = () => client.send(new GetSecretValueCommand({ SecretId, VersionId: token, VersionStage: 'AWSPENDING' }));
  if (Step === 'createSecret') {
    await client.send(new GetSecretValueCommand({ SecretId, VersionStage: 'AWSCURRENT' }));
    try { await pending(); } catch (error) {
      if (error.name !== 'ResourceNotFoundException') throw error;
      const { RandomPassword: SecretString } = await client.send(new GetRandomPasswordCommand({ ExcludePunctuation: true }));
      const put = { SecretId, ClientRequestToken: token, SecretString, VersionStages: ['AWSPENDING'] };
      const forged = new PutSecretValueCommand({ ...put, RotationToken: '00000000-0000-4000-8000-000000000000' });
      const refusal = await client.send(forged).then(() => 'none', (error) => error.name);
      if (refusal !== 'InvalidParameterException') throw new Error('a forged token was taken');
      await client.send(new PutSecretValueCommand({ ...put, RotationToken }));
    }
  } else if (Step === 'testSecret') {
    if (!/^[A-Za-z0-9]{32}$/.test((await pending()).SecretString)) throw new Error('not a password');
  } else if (Step === 'finishSecret') {
    const [current] = Object.entries(versions).find(([, labels]) => labels.includes('AWSCURRENT'));
    await client.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: token, RemoveFromVersionId: current }));
  }
};
`;

const rotation = `
iam = boto3.client('iam'); functions = boto3.client('lambda')
trust = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'lambda.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]})
role = iam.create_role(RoleName='rotator', AssumeRolePolicyDocument=trust)['Role']['Arn']
iam.put_role_policy(RoleName='rotator', PolicyName='p', PolicyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'secretsmanager:*', 'Resource': '*'}]}))
file = io.BytesIO()
with zipfile.ZipFile(file, 'w') as z: z.writestr('index.mjs', sys.stdin.read())
function = functions.create_function(FunctionName='rotate', Runtime='nodejs22.x', Role=role, Handler='index.handler', Code={'ZipFile': file.getvalue()}, Timeout=30)['FunctionArn']
first = secrets.create_secret(Name='by-function', SecretString='start')
rotate = lambda: secrets.rotate_secret(SecretId='by-function', RotationLambdaARN=function, RotationRules={'AutomaticallyAfterDays': 30})
out['not permitted'] = error(rotate)
out['missing'] = error(lambda: secrets.rotate_secret(SecretId='by-function', RotationLambdaARN=function + 'x'))
functions.add_permission(FunctionName='rotate', StatementId='s', Action='lambda:InvokeFunction', Principal='secretsmanager.amazonaws.com', SourceAccount=first['ARN'].split(':')[4])
version = rotate()['VersionId']
for n in range(100):
    described = secrets.describe_secret(SecretId='by-function')
    if 'AWSCURRENT' in described['VersionIdsToStages'].get(version, []) and 'LastRotatedDate' in described: break
    time.sleep(0.2)
out['stages'] = [sorted(described['VersionIdsToStages'][v]) for v in (first['VersionId'], version)]
out['rotated'] = len(secrets.get_secret_value(SecretId='by-function')['SecretString'])
out['next'] = described['NextRotationDate'] > described['LastRotatedDate']
names = [e['EventName'] for p in boto3.client('cloudtrail').get_paginator('lookup_events').paginate(LookupAttributes=[{'AttributeKey': 'ResourceName', 'AttributeValue': first['ARN']}]) for e in p['Events']]
out['events'] = [names.count('RotationStarted'), names.count('RotationSucceeded')]
put = [json.loads(e['CloudTrailEvent'])['requestParameters'] for p in boto3.client('cloudtrail').get_paginator('lookup_events').paginate(LookupAttributes=[{'AttributeKey': 'EventName', 'AttributeValue': 'PutSecretValue'}]) for e in p['Events']]
out['token in ledger'] = any('4000-8000-000000000000' in json.dumps(p) for p in put)
out['late token'] = error(lambda: secrets.put_secret_value(SecretId='by-function', SecretString='x', RotationToken='a' * 36))
print(json.dumps(out))
`;

describe.skipIf(!hasBoto)('boto3', () => {
  let server: ServerProcess;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = temporaryDirectory('secretsmanager');
    server = await startServerProcess({ dataDir: directory.path });
  });
  afterAll(async () => {
    await server?.stop();
    directory?.remove();
  });

  const python = async (script: string, input = ''): Promise<unknown> => {
    const finished = await run('python3', ['-c', prelude + script], clientEnvironment(server), input);
    expect(finished.stderr).toBe('');
    return JSON.parse(finished.stdout);
  };

  test('runs every operation, and reads AWS’s sentences', async () => {
    const name = 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!';
    expect(await python(everyOperation)).toEqual({
      replica: ['InSync'],
      binary: true,
      stages: ['AWSCURRENT', 'AWSPENDING'],
      versions: 3,
      value: 'three',
      abroad: 'three',
      tags: [{ Key: 'c', Value: '' }],
      policy: true,
      valid: false,
      pages: [2, 2, 1],
      batch: ['1', '3'],
      password: 20,
      'no function': 'InvalidRequestException: No Lambda rotation function ARN is associated with this secret.',
      replicated: expect.stringMatching(
        /^InvalidParameterException: You can't delete secret arn:aws:secretsmanager:us-east-1:\d+:secret:app\/db-\w{6} that still has replica regions \[eu-west-1\]$/,
      ),
      again: 'ResourceExistsException: The operation failed because the secret app/db already exists.',
      deleted: "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.",
      'create deleted':
        "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion.",
      gone: "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
      'no value': 'InvalidRequestException: You must provide either SecretString or SecretBinary.',
      'two values': "InvalidParameterException: You can't specify both a binary secret value and a string secret value in the same secret.",
      'bad name': `ValidationException: ${name}`,
      window: 'InvalidParameterException: The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    });
  });

  test.skipIf(!hasCache)('AWS’s caching library serves from its cache and refreshes it', async () => {
    expect(await python(caching)).toEqual({
      injected: ['u', 'p'],
      cached: 'p',
      refreshed: 'q',
      previous: 'p',
      'reads for a hundred': true,
    });
  });

  test('a rotation function in Lambda rotates with its role’s credentials, when it may be invoked', async () => {
    const refusal =
      'AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.';
    expect(await python(rotation, rotationFunction)).toEqual({
      'not permitted': refusal,
      missing: refusal,
      stages: [['AWSPREVIOUS'], ['AWSCURRENT', 'AWSPENDING']],
      rotated: 32,
      next: true,
      events: [1, 1],
      'token in ledger': false,
      'late token': 'InvalidParameterException: The RotationToken is not the token of a rotation of this version that is in progress.',
    });
  });

  test('people read secrets with `castellan secret get`, and give them to a command with `castellan exec`', async () => {
    await python(`
secrets.create_secret(Name='people/db', SecretString=json.dumps({'username': 'u', 'pass-word': 'p w'}))
secrets.create_secret(Name='people/api-token', SecretString='token')
print(1)`);
    const castellan = (...parameters: string[]) =>
      run('node', ['bin/castellan.js', ...parameters], { ...clientEnvironment(server), CASTELLAN_DATA_DIR: directory.path });
    expect((await castellan('secret', 'get', 'people/api-token')).stdout).toBe('token\n');
    expect((await castellan('secret', 'get', 'people/db', '--key', 'pass-word')).stdout).toBe('p w\n');
    expect(await castellan('secret', 'get', 'nobody')).toMatchObject({
      status: 1,
      stderr: "castellan: ResourceNotFoundException: Secrets Manager can't find the specified secret.\n",
    });
    const printing = [
      '--secret',
      'people/db',
      '--secret',
      'people/api-token',
      '--',
      'sh',
      '-c',
      'echo "$username $pass_word $API_TOKEN"; exit 7',
    ];
    expect(await castellan('exec', ...printing)).toMatchObject({ status: 7, stdout: 'u p w token\n' });
    expect((await castellan('exec', '--', 'true')).status).toBe(2);
  });
});
