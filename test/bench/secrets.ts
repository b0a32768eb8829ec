// Secrets Manager: reading and writing a value, and what the encryption in it costs by itself.
import { createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { createClient } from '../client.ts';
import { jsonForm, jsonRequest, type ScenarioGroup } from './scenario.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 3);
/** So many that none gets more versions than a secret may have in a day. */
const writtenCount = 200;
const value = JSON.stringify({ engine: 'postgres', host: 'db.example.com', port: 5432, username: 'app', password: 'x'.repeat(32) });

export const secrets: ScenarioGroup = {
  async scenarios({ name, port, key }) {
    const client = createClient(port, key);
    const create = { Name: 'bench', SecretString: value, ClientRequestToken: token(0, 0) };
    await client.json('secretsmanager.CreateSecret', 'secretsmanager', create);
    client.close();
    const call = (operation: string, input: object) => jsonRequest(port, key, 'secretsmanager', `secretsmanager.${operation}`, input);
    const puts = (round: number) =>
      Array.from({ length: 3_000 * seconds }, (_each, index) =>
        call('PutSecretValue', {
          SecretId: `write-${index % writtenCount}`,
          SecretString: value,
          ClientRequestToken: token(round + 1, index),
        }),
      );
    await Promise.all(Array.from({ length: writtenCount }, (_each, index) => createFor(port, key, `write-${index}`)));
    return [
      { name: `${name} GetSecretValue`, port, requests: () => [call('GetSecretValue', { SecretId: 'bench' })] },
      { name: `${name} DescribeSecret`, port, requests: () => [call('DescribeSecret', { SecretId: 'bench' })] },
      { name: `${name} PutSecretValue`, port, requests: puts, once: true },
    ];
  },
  async inProcess(castellan) {
    await castellan.secretsManager().send(new CreateSecretCommand({ Name: 'bench', SecretString: value }));
    return { GetSecretValue: jsonForm('secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: 'bench' }) };
  },
  bare() {
    const key = createSecretKey(randomBytes(32));
    const sealed = { nonce: randomBytes(12), text: randomBytes(200) };
    const decrypt = () => createDecipheriv('aes-256-gcm', key, sealed.nonce).update(sealed.text);
    return { 'bare AES-256-GCM, two openings as in GetSecretValue': perSecond(() => [decrypt(), decrypt()]) };
  },
};

async function createFor(port: number, key: Parameters<typeof createClient>[1], Name: string): Promise<void> {
  const client = createClient(port, key);
  await client.json('secretsmanager.CreateSecret', 'secretsmanager', { Name });
  client.close();
}

function perSecond(work: () => unknown): number {
  const count = 100_000;
  const began = performance.now();
  for (let done = 0; done < count; done += 1) work();
  return Math.round((count / (performance.now() - began)) * 1000);
}

function token(round: number, index: number): string {
  return `${String(round).padStart(8, '0')}-0000-4000-8000-${String(index).padStart(12, '0')}`;
}
