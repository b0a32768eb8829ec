// Ten thousand writes at once on fifty secrets: a staging label is never on two versions, and never on none.
import { expect, test } from 'vitest';
import { type Client, createClient } from '../client.ts';
import { startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';

const secretsCount = 50;
const writes = 10_000;
const writers = 64;

interface Described {
  readonly VersionIdsToStages: Readonly<Record<string, readonly string[]>>;
}

test('labels hold through ten thousand parallel PutSecretValue and UpdateSecretVersionStage', async () => {
  const directory = temporaryDirectory('labels');
  const server = await startServerProcess({ dataDir: directory.path });
  const client = createClient(server.port, server.credentials, writers);
  const names = Array.from({ length: secretsCount }, (_each, index) => `secret-${index}`);
  await Promise.all(
    names.map((Name, index) => call(client, 'CreateSecret', { Name, SecretString: 'first', ClientRequestToken: token(0, index) })),
  );
  const answers = new Map<string, number>();
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < writes) {
      next += 1;
      const number = next;
      const SecretId = names[number % secretsCount] ?? '';
      const { status, body } = number % 2 === 0 ? await put(client, SecretId, number) : await swap(client, SecretId);
      const outcome = status === 200 ? 'ok' : String(JSON.parse(body).__type);
      answers.set(outcome, (answers.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  console.log(Object.fromEntries(answers));
  // A swap may find that another one was faster, and is then told so; nothing else goes wrong.
  expect([...answers.keys()].filter((each) => each !== 'ok' && each !== 'InvalidParameterException')).toEqual([]);
  expect(answers.get('ok')).toBeGreaterThan(writes / 2);
  for (const SecretId of names) {
    const { VersionIdsToStages } = JSON.parse((await call(client, 'DescribeSecret', { SecretId })).body) as Described;
    expect(Object.values(VersionIdsToStages).flat().toSorted()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  }
  client.close();
  await server.stop();
  directory.remove();
}, 600_000);

const call = (client: Client, operation: string, input: object) => client.json(`secretsmanager.${operation}`, 'secretsmanager', input);

function put(client: Client, SecretId: string, number: number) {
  return call(client, 'PutSecretValue', { SecretId, SecretString: `value ${number}`, ClientRequestToken: token(1, number) });
}

/** Makes the previous version current again. */
async function swap(client: Client, SecretId: string) {
  const { VersionIdsToStages } = JSON.parse((await call(client, 'DescribeSecret', { SecretId })).body) as Described;
  const stages = Object.values(VersionIdsToStages).flat();
  // What a reader sees at any moment is whole, too.
  expect(stages.filter((stage) => stage === 'AWSCURRENT')).toEqual(['AWSCURRENT']);
  expect(new Set(stages).size).toBe(stages.length);
  const holder = (label: string) => Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes(label))?.[0];
  const [current, previous] = [holder('AWSCURRENT'), holder('AWSPREVIOUS')];
  if (previous === undefined) return put(client, SecretId, -Number(current?.slice(-12)) || 0);
  return call(client, 'UpdateSecretVersionStage', {
    SecretId,
    VersionStage: 'AWSCURRENT',
    RemoveFromVersionId: current,
    MoveToVersionId: previous,
  });
}

function token(kind: number, number: number): string {
  return `0000000${kind}-0000-4000-8000-${String(Math.abs(number)).padStart(12, '0')}`;
}
