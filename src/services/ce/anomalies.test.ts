// Monitors of unusual costs: what they call unusual, what they find in a month of spending, and how that is shown.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import type { Structure } from '../../protocol/protocol.ts';
import { judge } from './anomaly-model.ts';

const dayMs = 86_400_000;

describe('what is unusual', () => {
  test('a day like the others is not, and too few days say nothing', () => {
    expect(
      judge(
        Array.from({ length: 9 }, () => 1),
        100,
      ),
    ).toBeUndefined();
    expect(
      judge(
        Array.from({ length: 10 }, () => 1),
        1,
      ),
    ).toBeUndefined();
    expect(
      judge(
        Array.from({ length: 10 }, () => 1),
        2,
      ),
    ).toMatchObject({ actual: 2, expected: 1 });
  });

  test('costs that waver by themselves must rise further', () => {
    const wavering = [1, 3, 1, 3, 1, 3, 1, 3, 1, 3];
    expect(judge(wavering, 4)).toBeUndefined();
    expect(judge(wavering, 6)).toBeDefined();
  });

  test('more cost is never less unusual, and the score stays between 0 and 1', () => {
    const costs = fc.array(fc.double({ min: 0, max: 1_000, noNaN: true }), { minLength: 10, maxLength: 60 });
    fc.assert(
      fc.property(costs, fc.double({ min: 0, max: 5_000, noNaN: true }), (history, actual) => {
        const [less, more] = [judge(history, actual), judge(history, actual * 2)];
        if (less === undefined) return;
        expect(less.score).toBeGreaterThan(0);
        expect(less.score).toBeLessThanOrEqual(1);
        expect(more?.score ?? 0).toBeGreaterThanOrEqual(less.score);
      }),
    );
  });
});

describe('monitors', () => {
  let server: InProcess;
  let monitorArn: string;

  beforeAll(async () => {
    const prices = [{ service: 'awskms', usageType: 'KMS-Requests', tiers: [{ price: '1' }] }];
    server = await startInProcess('anomalies', { priceList: { seller: 'The test shop', currency: 'USD', prices } });
    const now = new Date(server.clock.now());
    server.clock.advance(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 2, 12, 20) - now.getTime());
    await server.work.settle();
    monitorArn = String((await ask('CreateAnomalyMonitor', services))['MonitorArn']);
    // Two calls a day for twelve days, then a day with twenty, one with thirty, and two quiet ones.
    for (const calls of [...Array.from({ length: 12 }, () => 2), 20, 30, 2, 2]) {
      for (let call = 0; call < calls; call += 1) await server.kms().listKeys({});
      server.clock.advance(dayMs);
      await server.work.settle();
    }
  });
  afterAll(() => server.stop());

  const services = { AnomalyMonitor: { MonitorName: 'services', MonitorType: 'DIMENSIONAL', MonitorDimension: 'SERVICE' } };
  const day = (offset: number): string => new Date(server.clock.now() + offset * dayMs).toISOString().slice(0, 10);

  async function ask(operation: string, input: Structure): Promise<Record<string, unknown>> {
    const { error, output } = await server.call('ce', operation, input);
    if (error !== undefined) throw new Error(`${error}: ${String(output['Message'] ?? output['message'])}`);
    return output;
  }
  const found = async (input: Structure = {}) =>
    (await ask('GetAnomalies', { DateInterval: { StartDate: day(-30) }, ...input }))['Anomalies'] as readonly Structure[];

  test('unusual days in a row are one anomaly, with what it cost more and where', async () => {
    expect(await found()).toMatchObject([
      {
        AnomalyStartDate: day(-4),
        AnomalyEndDate: day(-3),
        DimensionValue: 'AWS Key Management Service',
        MonitorArn: monitorArn,
        Impact: { MaxImpact: 28, TotalImpact: 46, TotalActualSpend: 50, TotalExpectedSpend: 4, TotalImpactPercentage: 1_150 },
        RootCauses: [{ Service: 'AWS Key Management Service', LinkedAccount: server.account, UsageType: 'us-east-1-KMS-Requests' }],
      },
    ]);
    expect((await ask('GetAnomalyMonitors', {}))['AnomalyMonitors']).toMatchObject([
      { MonitorArn: monitorArn, MonitorName: 'services', LastEvaluatedDate: day(-1) },
    ]);
  });

  test('anomalies are asked for by monitor, time, impact and feedback', async () => {
    const [anomaly] = await found({ MonitorArn: monitorArn });
    expect(await found({ DateInterval: { StartDate: day(-2) } })).toEqual([]);
    expect(await found({ TotalImpact: { NumericOperator: 'GREATER_THAN', StartValue: 46 } })).toEqual([]);
    expect(await found({ TotalImpact: { NumericOperator: 'BETWEEN', StartValue: 40, EndValue: 46 } })).toHaveLength(1);
    expect(await found({ Feedback: 'NO' })).toEqual([]);
    await ask('ProvideAnomalyFeedback', { AnomalyId: anomaly?.['AnomalyId'], Feedback: 'NO' });
    expect(await found({ Feedback: 'NO' })).toHaveLength(1);
  });

  test('a custom monitor looks at accounts together', async () => {
    const MonitorSpecification = { Dimensions: { Key: 'LINKED_ACCOUNT', Values: [server.account] } };
    const input = { AnomalyMonitor: { MonitorName: 'mine', MonitorType: 'CUSTOM', MonitorSpecification } };
    const { MonitorArn } = await ask('CreateAnomalyMonitor', { ...input, ResourceTags: [{ Key: 'a', Value: '1' }] });
    expect(await ask('ListTagsForResource', { ResourceArn: MonitorArn })).toEqual({ ResourceTags: [{ Key: 'a', Value: '1' }] });
    for (let call = 0; call < 60; call += 1) await server.kms().listKeys({});
    server.clock.advance(dayMs);
    await server.work.settle();
    expect(await found({ MonitorArn })).toMatchObject([{ DimensionValue: 'mine', AnomalyStartDate: day(-1) }]);
    await ask('UpdateAnomalyMonitor', { MonitorArn, MonitorName: 'ours' });
    expect(await ask('GetAnomalyMonitors', { MonitorArnList: [MonitorArn] })).toMatchObject({ AnomalyMonitors: [{ MonitorName: 'ours' }] });
    await ask('DeleteAnomalyMonitor', { MonitorArn });
    await expect(found({ MonitorArn })).rejects.toThrow('UnknownMonitorException');
  });

  const monitor = (more: Structure) => ({ AnomalyMonitor: { MonitorName: 'w', ...more } });
  const wrong: readonly (readonly [string, Structure, string])[] = [
    ['a second monitor of services', services, 'LimitExceededException: Limit exceeded on dimensional spend monitor creation'],
    ['a dimension that is missing', monitor({ MonitorType: 'DIMENSIONAL' }), 'A DIMENSIONAL monitor has a dimension'],
    ['a tag without a key', monitor({ MonitorType: 'DIMENSIONAL', MonitorDimension: 'TAG' }), 'has a specification with its key'],
    [
      'a custom monitor of services',
      monitor({ MonitorType: 'CUSTOM', MonitorSpecification: { Dimensions: { Key: 'SERVICE', Values: ['a'] } } }),
      'looks at LINKED_ACCOUNT',
    ],
  ];
  test.each(wrong)('refuses %s', async (_what, input, message) => {
    await expect(ask('CreateAnomalyMonitor', input)).rejects.toThrow(message);
  });
});
