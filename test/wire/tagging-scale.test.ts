// Ten thousand tagged resources in one account, paged through by boto3 while some of them go and others come. The figures are printed.
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { clientEnvironment, isInstalled, run } from './command.ts';

const total = 10_000;
const atOnce = 32;
const hasBoto = isInstalled('python3', ['-c', 'import boto3']);
if (!hasBoto) console.warn('skipped: boto3 is not installed (`pip install boto3`)');

let server: ServerProcess;
let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = temporaryDirectory('tagging-scale');
  server = await startServerProcess({ dataDir: directory.path });
});
afterAll(async () => {
  await server?.stop();
  directory?.remove();
});

const script = `
import boto3, json, threading, time
tag, sm = boto3.client('resourcegroupstaggingapi'), boto3.client('secretsmanager')
def names(**query):
    pages = tag.get_paginator('get_resources').paginate(**query)
    return [mapping['ResourceARN'].split(':')[6][:-7] for page in pages for mapping in page['ResourceTagMappingList']]
out, began = {}, time.time()
every = names(PaginationConfig={'PageSize': 100})
out['all'], out['distinct'], out['seconds of all'] = len(every), len(set(every)), time.time() - began
began = time.time()
out['rare'], out['seconds of rare'] = sorted(names(TagFilters=[{'Key': 'rare'}])), time.time() - began
out['blue'] = len(names(TagFilters=[{'Key': 'team', 'Values': ['blue']}]))
out['keys'] = [key for page in tag.get_paginator('get_tag_keys').paginate() for key in page['TagKeys']]
out['values'] = len([value for page in tag.get_paginator('get_tag_values').paginate(Key='number') for value in page['TagValues']])
goes, isDone = ['resource/%05d' % n for n in range(7, 10000, 50)], threading.Event()
def change():
    for n, name in enumerate(goes):
        sm.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        sm.create_secret(Name='resource/%05d-came' % (n * 50), SecretString='x', Tags=[{'Key': 'number', 'Value': 'new'}])
    isDone.set()
thread = threading.Thread(target=change); thread.start()
rounds = []
while not rounds or not isDone.is_set():
    rounds.append(names(PaginationConfig={'PageSize': 100}))
thread.join()
stayed = set(every) - set(goes)
out['rounds'] = len(rounds)
out['missed'] = sum(len(stayed - set(seen)) for seen in rounds)
out['repeated'] = sum(len(seen) - len(set(seen)) for seen in rounds)
out['afterwards'] = len(set(names()))
print(json.dumps(out))
`;

test.skipIf(!hasBoto)('boto3 finds each of ten thousand resources once, also while others come and go', { timeout: 240_000 }, async () => {
  const client = new SecretsManager({ endpoint: server.endpoint, region: 'us-east-1', credentials: server.credentials });
  const numbers = Array.from({ length: total }, (_, number) => number).values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const number of numbers) {
        const Tags = [
          { Key: 'number', Value: String(number) },
          { Key: 'team', Value: number % 2 === 0 ? 'blue' : 'red' },
          ...(number % 4_000 === 3_999 ? [{ Key: 'rare', Value: 'yes' }] : []),
        ];
        await client.createSecret({ Name: `resource/${String(number).padStart(5, '0')}`, SecretString: 'x', Tags });
      }
    }),
  );
  const finished = await run('python3', ['-c', script], clientEnvironment(server));
  expect(finished.stderr).toBe('');
  const { rounds, 'seconds of all': all, 'seconds of rare': rare, ...counted } = JSON.parse(finished.stdout);
  console.info(JSON.stringify({ 'paging through all, s': all, 'finding two by a tag, s': rare, rounds }));
  expect(counted).toEqual({
    all: total,
    distinct: total,
    rare: ['resource/03999', 'resource/07999'],
    blue: total / 2,
    keys: ['number', 'rare', 'team'],
    values: total,
    missed: 0,
    repeated: 0,
    afterwards: total,
  });
});
