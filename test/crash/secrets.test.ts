// The server is killed with SIGKILL while secrets get new values. After each restart every acknowledged value is there and can be read, and
// AWSCURRENT and AWSPREVIOUS are each on one version.
import { expect, test } from 'vitest';
import { seededIds } from '../../src/base/ids.ts';
import { type Client, createClient } from '../client.ts';
import { startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';

const kills = Number(process.env['CRASH_KILLS'] ?? 25);
const secretsCount = 8;

interface Acknowledged {
  readonly SecretId: string;
  readonly VersionId: string;
  readonly value: string;
}

test(
  `keeps every acknowledged value of a secret over ${kills} kills`,
  async () => {
    const directory = temporaryDirectory('crash-secrets');
    const chance = seededIds(process.env['CRASH_SEED'] ?? 'crash');
    let lastLife: Acknowledged[] = [];
    let number = 0;
    let total = 0;
    for (let life = 0; life <= kills; life += 1) {
      const server = await startServerProcess({ dataDir: directory.path });
      const client = createClient(server.port, server.credentials, secretsCount);
      if (life === 0) for (let index = 0; index < secretsCount; index += 1) await call(client, 'CreateSecret', { Name: `s${index}` });
      for (const { SecretId, VersionId, value } of lastLife) {
        expect(await call(client, 'GetSecretValue', { SecretId, VersionId })).toMatchObject({ SecretString: value });
      }
      for (let index = 0; index < secretsCount; index += 1) await checkLabels(client, `s${index}`);
      total += lastLife.length;
      lastLife = [];
      const writer = async (index: number): Promise<void> => {
        for (;;) {
          number += 1;
          const written = { SecretId: `s${index}`, VersionId: token(number), value: `value ${number}` };
          const input = { SecretId: written.SecretId, ClientRequestToken: written.VersionId, SecretString: written.value };
          if ((await call(client, 'PutSecretValue', input).catch(onlyWhenKilled)) === undefined) return;
          lastLife.push(written);
        }
      };
      const [low = 0] = chance.bytes(1);
      setTimeout(() => server.child.kill('SIGKILL'), 20 + (low % 80));
      await Promise.all(Array.from({ length: secretsCount }, (_each, index) => writer(index)));
      await server.stop('SIGKILL');
      client.close();
    }
    directory.remove();
    console.log(`${kills} kills, ${total} acknowledged values`);
    expect(total).toBeGreaterThan(kills);
  },
  10 * 60_000,
);

async function call(client: Client, operation: string, input: object): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await client.json(`secretsmanager.${operation}`, 'secretsmanager', input);
  expect(`${status} ${status === 200 ? '' : body}`).toBe('200 ');
  return JSON.parse(body);
}

function onlyWhenKilled(error: unknown): undefined {
  if (error instanceof Error && error.name === 'AssertionError') throw error;
}

async function checkLabels(client: Client, SecretId: string): Promise<void> {
  const { VersionIdsToStages = {} } = await call(client, 'DescribeSecret', { SecretId });
  const labels = Object.values(VersionIdsToStages as Readonly<Record<string, readonly string[]>>).flat();
  expect(['', 'AWSCURRENT', 'AWSCURRENT AWSPREVIOUS']).toContain(labels.toSorted().join(' '));
}

function token(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
