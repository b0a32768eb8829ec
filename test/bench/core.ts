// The cost of a request as such: identity (read, recorded), a durable write, and a refusal.
import { createClient } from '../client.ts';
import { type Key, queryRequest, type Scenario, type ScenarioGroup, type Target } from './scenario.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 3);

export const core: ScenarioGroup = {
  async scenarios({ name, port, key }) {
    const identity = () => [queryRequest(port, key, 'sts', 'Action=GetCallerIdentity&Version=2011-06-15')];
    const create = (as: Key, prefix: string) => (round: number) => createUserRequests(port, as, `${prefix}${round}`);
    const both: readonly Scenario[] = [
      { name: `${name} GetCallerIdentity (signed, recorded)`, port, requests: identity },
      { name: `${name} CreateUser (signed, durable)`, port, requests: create(key, 'user'), once: true },
    ];
    if (name === 'moto_server') return both;
    const user = await newUser({ name, port, key });
    return [...both, { name: `${name} CreateUser refused`, port, requests: create(user, 'refused'), refused: true }];
  },
};

async function newUser({ port, key }: Target): Promise<Key> {
  const client = createClient(port, key);
  await client.query('iam', { Action: 'CreateUser', UserName: 'nobody' });
  const { body } = await client.query('iam', { Action: 'CreateAccessKey', UserName: 'nobody' });
  client.close();
  const member = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(body)?.[1] ?? '';
  return { accessKeyId: member('AccessKeyId'), secretAccessKey: member('SecretAccessKey') };
}

function createUserRequests(port: number, key: Key, prefix: string): readonly string[] {
  const count = 8_000 * seconds;
  return Array.from({ length: count }, (_each, index) =>
    queryRequest(port, key, 'iam', `Action=CreateUser&Version=2010-05-08&UserName=${prefix}-${index}`),
  );
}
