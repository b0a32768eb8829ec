// Rotation functions as people package them for AWS, unchanged: with the SDK of the runtime, with node_modules in the archive, or in one bundled file.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
if (!hasBoto) console.warn('skipped: boto3 is not installed (`apt-get install python3-boto3` or `pip install boto3`)');

/** The steps of AWS's template for a secret of one value, as a CommonJS module: its endpoint is in the environment, as in AWS's templates. */
const rotationFunction = `
const { SecretsManagerClient, DescribeSecretCommand, GetRandomPasswordCommand, GetSecretValueCommand, PutSecretValueCommand,
  UpdateSecretVersionStageCommand } = require('@aws-sdk/client-secrets-manager');
const client = new SecretsManagerClient({ endpoint: process.env.SECRETS_MANAGER_ENDPOINT });

exports.handler = async (event) => {
  const { SecretId, ClientRequestToken: token, Step } = event;
  const metadata = await client.send(new DescribeSecretCommand({ SecretId }));
  if (!metadata.RotationEnabled) throw new Error('Secret ' + SecretId + ' is not enabled for rotation');
  const versions = metadata.VersionIdsToStages;
  if (!(token in versions)) throw new Error('Secret version ' + token + ' has no stage for rotation of secret ' + SecretId);
  if (versions[token].includes('AWSCURRENT')) return;
  if (!versions[token].includes('AWSPENDING')) throw new Error('Secret version ' + token + ' not set as AWSPENDING');
  switch (Step) {
    case 'createSecret': return createSecret(SecretId, token);
    case 'setSecret': return;
    case 'testSecret': return;
    case 'finishSecret': return finishSecret(SecretId, token);
    default: throw new Error('Invalid step parameter');
  }
};

async function createSecret(SecretId, token) {
  await client.send(new GetSecretValueCommand({ SecretId, VersionStage: 'AWSCURRENT' }));
  try {
    await client.send(new GetSecretValueCommand({ SecretId, VersionId: token, VersionStage: 'AWSPENDING' }));
  } catch (error) {
    if (error.name !== 'ResourceNotFoundException') throw error;
    const password = await client.send(new GetRandomPasswordCommand({ ExcludeCharacters: '/@"\\'\\\\' }));
    const put = { SecretId, ClientRequestToken: token, SecretString: password.RandomPassword, VersionStages: ['AWSPENDING'] };
    await client.send(new PutSecretValueCommand(put));
  }
}

async function finishSecret(SecretId, token) {
  const metadata = await client.send(new DescribeSecretCommand({ SecretId }));
  for (const [version, labels] of Object.entries(metadata.VersionIdsToStages)) {
    if (!labels.includes('AWSCURRENT') || version === token) continue;
    const move = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: token, RemoveFromVersionId: version };
    await client.send(new UpdateSecretVersionStageCommand(move));
  }
}
`;

const script = `
import base64, boto3, json, sys, time
name, archive = sys.argv[1], base64.b64decode(sys.stdin.read())
iam = boto3.client('iam'); functions = boto3.client('lambda'); secrets = boto3.client('secretsmanager')
trust = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'lambda.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]})
role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)['Role']['Arn']
iam.put_role_policy(RoleName=name, PolicyName='rotate', PolicyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [
    {'Effect': 'Allow', 'Action': ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue', 'secretsmanager:UpdateSecretVersionStage'], 'Resource': '*'},
    {'Effect': 'Allow', 'Action': 'secretsmanager:GetRandomPassword', 'Resource': '*'}]}))
environment = {'Variables': {'SECRETS_MANAGER_ENDPOINT': 'https://secretsmanager.us-east-1.amazonaws.com'}}
function = functions.create_function(FunctionName=name, Runtime='nodejs22.x', Role=role, Handler='index.handler', Code={'ZipFile': archive}, Timeout=30, MemorySize=256, Environment=environment)['FunctionArn']
functions.add_permission(FunctionName=name, StatementId='s', Action='lambda:InvokeFunction', Principal='secretsmanager.amazonaws.com')
first = secrets.create_secret(Name=name, SecretString='start')
if name == 'unbundled':
    event = {'SecretId': first['ARN'], 'ClientRequestToken': first['VersionId'], 'Step': 'createSecret'}
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event), LogType='Tail')
    print(json.dumps([answer['FunctionError'], json.loads(answer['Payload'].read())['errorMessage'], base64.b64decode(answer['LogResult']).decode()]))
    sys.exit(0)
rotated = []
for n in range(3):
    version = secrets.rotate_secret(SecretId=name, RotationLambdaARN=function, RotationRules={'AutomaticallyAfterDays': 30})['VersionId']
    for n in range(150):
        described = secrets.describe_secret(SecretId=name)
        if 'AWSCURRENT' in described['VersionIdsToStages'].get(version, []) and described.get('LastRotatedDate') and described['LastRotatedDate'].timestamp() > time.time() - 60: break
        time.sleep(0.1)
    rotated.append(secrets.get_secret_value(SecretId=name)['SecretString'])
    for n in range(50):
        try: secrets.update_secret_version_stage(SecretId=name, VersionStage='AWSPENDING', RemoveFromVersionId=version); break
        except secrets.exceptions.ClientError: time.sleep(0.1)
print(json.dumps([len(set(rotated)), [len(value) for value in rotated]]))
`;

/** The package and everything that it needs. */
function closureOf(name: string, found: Set<string> = new Set()): ReadonlySet<string> {
  if (found.has(name)) return found;
  found.add(name);
  const manifest = JSON.parse(readFileSync(join(projectRoot, 'node_modules', name, 'package.json'), 'utf8'));
  for (const dependency of Object.keys(manifest.dependencies ?? {})) closureOf(dependency, found);
  return found;
}

function zipped(folder: string): Buffer {
  const files: Record<string, Uint8Array> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1)] = readFileSync(path);
  }
  return Buffer.from(zipSync(files));
}

const work = temporaryDirectory('rotation-functions');
const folderWith = (text: string): string => {
  const folder = mkdtempSync(join(work.path, 'function-'));
  writeFileSync(join(folder, 'index.js'), text);
  return folder;
};

const packages: Readonly<Record<string, () => Promise<Buffer>>> = {
  unbundled: async () => zipped(folderWith(rotationFunction)),
  'node-modules': async () => {
    const folder = folderWith(rotationFunction);
    for (const name of closureOf('@aws-sdk/client-secrets-manager')) {
      // As `npm prune` and packaging plug-ins do: neither types nor the second build.
      const wanted = (path: string): boolean => !/dist-types|\.d\.ts$|\.map$/.test(path);
      cpSync(join(projectRoot, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true, filter: wanted });
    }
    return zipped(folder);
  },
  bundled: async () => {
    const folder = folderWith(rotationFunction);
    const source = join(folder, 'source.cjs');
    writeFileSync(source, rotationFunction);
    // The bundler that comes with the test runner.
    const resolve = createRequire(createRequire(import.meta.url).resolve('vitest/package.json'));
    const { build } = await import(createRequire(resolve.resolve('vite/package.json')).resolve('rolldown'));
    await build({
      input: source,
      platform: 'node',
      resolve: { modules: [join(projectRoot, 'node_modules')] },
      output: { file: join(folder, 'out', 'index.js'), format: 'cjs', minify: true, codeSplitting: false },
      logLevel: 'silent',
    });
    return zipped(join(folder, 'out'));
  },
};

describe.skipIf(!hasBoto)('a rotation function', () => {
  let withSdk: ServerProcess;
  let without: ServerProcess;
  beforeAll(async () => {
    const [one, other] = ['with', 'without'].map((name) => join(work.path, name));
    // An operator's own folder of modules, with nothing in it, stands before what the installation has.
    mkdirSync(join(other ?? '', 'functions', 'node_modules'), { recursive: true });
    [withSdk, without] = await Promise.all([startServerProcess({ dataDir: one ?? '' }), startServerProcess({ dataDir: other ?? '' })]);
  });
  afterAll(async () => {
    await Promise.all([withSdk?.stop(), without?.stop()]);
    work.remove();
  });

  const rotate = async (server: ServerProcess, kind: string, name: string): Promise<unknown> => {
    const archive = await packages[kind]?.();
    const finished = await run('python3', ['-c', script, name], clientEnvironment(server), archive?.toString('base64'));
    expect(finished.stderr).toBe('');
    return JSON.parse(finished.stdout);
  };

  test('uses the SDK of the runtime', async () => {
    expect(await rotate(withSdk, 'unbundled', 'runtime-sdk')).toEqual([3, [32, 32, 32]]);
  });

  test.each(['node-modules', 'bundled'])('brings its own SDK: %s', async (kind) => {
    expect(await rotate(without, kind, kind)).toEqual([3, [32, 32, 32]]);
  });

  test('says what to do when nothing offers the SDK', async () => {
    const advice =
      "This installation of Castellan does not offer @aws-sdk/client-secrets-manager to functions: put it into the function's archive, or install it for all functions with `npm install @aws-sdk/client-secrets-manager` in the folder `functions` of the data directory.";
    const [error, message, log] = Array.from((await rotate(without, 'unbundled', 'unbundled')) as string[]);
    expect(error).toBe('Unhandled');
    expect(message).toMatch(/^Error: Cannot find module '@aws-sdk\/client-secrets-manager'\nRequire stack:\n- \/var\/task\/index.js\n/);
    expect(message).toContain(advice);
    expect(log).toContain('Runtime.ImportModuleError');
  });
});
