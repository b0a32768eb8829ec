// Usage is counted once, whatever happens: two nodes on one PostgreSQL under load, one of which is killed in the middle of it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, createClient } from '../client.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import type { ServerProcess } from '../server-process.ts';
import { startTwoNodes, type TwoNodes } from '../two-nodes.ts';

const postgres: TestPostgres | undefined = await startPostgres();

describe.skipIf(postgres === undefined)('metering on two nodes', () => {
  let nodes: TwoNodes | undefined;
  let one: ServerProcess;
  let two: ServerProcess;

  beforeAll(async () => {
    nodes = await startTwoNodes('metering', (await postgres?.database()) ?? '');
    ({ one, two } = nodes);
  });
  afterAll(async () => {
    await nodes?.stop();
    await postgres?.stop();
  });

  const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

  /** Calls that the ledger has, by its own operation. */
  async function recorded(client: Client): Promise<number> {
    let count = 0;
    let NextToken: string | undefined;
    do {
      const LookupAttributes = [{ AttributeKey: 'EventName', AttributeValue: 'ListAliases' }];
      const input = { LookupAttributes, MaxResults: 50, ...(NextToken === undefined ? {} : { NextToken }) };
      const answer = await client.json('com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents', 'cloudtrail', input);
      const page: { readonly Events: readonly unknown[]; readonly NextToken?: string } = JSON.parse(answer.body);
      count += page.Events.length;
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return count;
  }

  async function metered(client: Client): Promise<number> {
    const answer = await client.json('AWSInsightsIndexService.GetCostAndUsage', 'ce', {
      TimePeriod: { Start: day(-1), End: day(1) },
      Granularity: 'DAILY',
      Metrics: ['UsageQuantity'],
      Filter: { Dimensions: { Key: 'OPERATION', Values: ['ListAliases'] } },
    });
    const {
      ResultsByTime,
    }: { readonly ResultsByTime: readonly { readonly Total: { readonly UsageQuantity: { readonly Amount: string } } }[] } = JSON.parse(
      answer.body,
    );
    return ResultsByTime.reduce((sum, { Total }) => sum + Number(Total.UsageQuantity.Amount), 0);
  }

  test('every recorded call is counted once, though a node dies', async () => {
    const [a, b] = [createClient(one.port, one.credentials), createClient(two.port, two.credentials)];
    const load = async (client: Client, calls: number): Promise<void> => {
      for (let call = 0; call < calls; call += 1) await client.json('TrentService.ListAliases', 'kms', {});
    };
    // Long enough for several batches of the reader, and for the nodes to take turns.
    const dying = Promise.all(Array.from({ length: 4 }, () => load(b, 2_000).catch(() => undefined)));
    const living = Promise.all(Array.from({ length: 4 }, () => load(a, 250)));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await two.stop('SIGKILL');
    await Promise.all([dying, living]);
    const expected = await recorded(a);
    expect(expected).toBeGreaterThan(1_000);
    let counted = 0;
    for (let attempt = 0; attempt < 80 && counted !== expected; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      counted = await metered(a);
      expect(counted).toBeLessThanOrEqual(expected);
    }
    expect(counted).toBe(expected);
    a.close();
    b.close();
  }, 60_000);
});
