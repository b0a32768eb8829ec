// The server is killed with SIGKILL at random moments under concurrent writers. After each restart every acknowledged write and its ledger
// entry is there, and no request is half done: the users that exist are exactly those that the ledger says were made and not deleted.
import { expect, test } from 'vitest';
import { seededIds } from '../../src/base/ids.ts';
import { type Answer, type Client, createClient } from '../client.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';

const kills = Number(process.env['CRASH_KILLS'] ?? 200);
const writers = 8;
const seed = process.env['CRASH_SEED'] ?? 'crash';

/** What was acknowledged, over all lives of the server. */
interface Acknowledged {
  readonly requestId: string;
  readonly action: 'CreateUser' | 'DeleteUser';
  readonly userName: string;
}

test(
  `keeps every acknowledged write and nothing half done over ${kills} kills`,
  async () => {
    const directory = temporaryDirectory('crash');
    const chance = seededIds(seed);
    const acknowledged: Acknowledged[] = [];
    let unchecked: Acknowledged[] = [];
    let names = 0;
    for (let life = 0; life < kills; life += 1) {
      const server = await startServerProcess({ dataDir: directory.path });
      const client = createClient(server.port, server.credentials, writers);
      await checkLedger(client, unchecked);
      unchecked = [];
      const [low = 0] = chance.bytes(1);
      const killed = new Promise<void>((resolve) => {
        setTimeout(
          () => {
            server.child.kill('SIGKILL');
            resolve();
          },
          10 + (low % 90),
        );
      });
      let isAlive = true;
      void killed.then(() => {
        isAlive = false;
      });
      const writer = async (): Promise<void> => {
        while (isAlive) {
          names += 1;
          const userName = `u${names}`;
          const created = await attempt(client, 'CreateUser', userName);
          if (created === undefined) return;
          unchecked.push({ requestId: created.requestId, action: 'CreateUser', userName });
          if (names % 2 === 0) continue;
          const deleted = await attempt(client, 'DeleteUser', userName);
          if (deleted === undefined) return;
          unchecked.push({ requestId: deleted.requestId, action: 'DeleteUser', userName });
        }
      };
      await Promise.all(Array.from({ length: writers }, writer));
      await killed;
      await server.stop('SIGKILL');
      client.close();
      acknowledged.push(...unchecked);
    }
    const server = await startServerProcess({ dataDir: directory.path });
    await checkWhole(server, acknowledged);
    await server.stop();
    directory.remove();
    console.log(`${kills} kills, ${acknowledged.length} acknowledged writes`);
  },
  20 * 60_000,
);

async function attempt(client: Client, action: Acknowledged['action'], userName: string): Promise<Answer | undefined> {
  try {
    const answer = await client.query('iam', { Action: action, UserName: userName });
    expect(answer.status).toBe(200);
    return answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'AssertionError') throw error;
    return undefined;
  }
}

interface Event {
  readonly EventName: string;
  readonly CloudTrailEvent: string;
}

/** Newest events first, as many pages as `isEnough` wants. */
async function* events(client: Client): AsyncIterable<Event> {
  let token: string | undefined;
  do {
    const input = { MaxResults: 50, ...(token === undefined ? {} : { NextToken: token }) };
    const { status, body } = await client.json('com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents', 'cloudtrail', input);
    expect(status).toBe(200);
    const page: { readonly Events: readonly Event[]; readonly NextToken?: string } = JSON.parse(body);
    yield* page.Events;
    token = page.NextToken;
  } while (token !== undefined);
}

/** Every write that was acknowledged in the last life has its entry. */
async function checkLedger(client: Client, wanted: readonly Acknowledged[]): Promise<void> {
  const missing = new Set(wanted.map(({ requestId }) => requestId));
  let seen = 0;
  for await (const { CloudTrailEvent } of events(client)) {
    if (missing.size === 0 || seen > wanted.length + 1_000) break;
    seen += 1;
    missing.delete(String(JSON.parse(CloudTrailEvent).requestID));
  }
  expect([...missing]).toEqual([]);
}

/** State and ledger tell the same story, and it holds everything that was acknowledged. */
async function checkWhole(server: ServerProcess, acknowledged: readonly Acknowledged[]): Promise<void> {
  const client = createClient(server.port, server.credentials);
  const fromLedger = new Map<string, boolean>();
  for await (const { EventName, CloudTrailEvent } of events(client)) {
    const { errorCode, requestParameters }: { errorCode?: string; requestParameters: { userName: string } } = JSON.parse(CloudTrailEvent);
    const isChange = (EventName === 'CreateUser' || EventName === 'DeleteUser') && errorCode === undefined;
    // The newest event of a name decides.
    if (isChange && !fromLedger.has(requestParameters.userName)) fromLedger.set(requestParameters.userName, EventName === 'CreateUser');
  }
  const existing = new Set<string>();
  let marker: string | undefined;
  do {
    const { body } = await client.query('iam', {
      Action: 'ListUsers',
      MaxItems: '1000',
      ...(marker === undefined ? {} : { Marker: marker }),
    });
    for (const [, name = ''] of body.matchAll(/<UserName>([^<]+)</g)) existing.add(name);
    marker = /<Marker>([^<]+)</.exec(body)?.[1];
  } while (marker !== undefined);
  expect([...existing].sort()).toEqual([...fromLedger].flatMap(([name, exists]) => (exists ? [name] : [])).sort());
  const last = new Map(acknowledged.map(({ userName, action }) => [userName, action]));
  for (const [userName, action] of last) if (action === 'DeleteUser') expect(existing.has(userName)).toBe(false);
  for (const [userName, action] of last) {
    // A deletion that was sent and not acknowledged may have happened.
    if (action === 'CreateUser' && fromLedger.get(userName) === true) expect(existing.has(userName)).toBe(true);
    if (action === 'CreateUser') expect(fromLedger.has(userName)).toBe(true);
  }
  client.close();
}
