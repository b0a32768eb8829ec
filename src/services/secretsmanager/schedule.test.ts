// Rotation windows, as AWS's page of schedule expressions describes them.
import { describe, expect, test } from 'vitest';
import { nextWindow } from './schedule.ts';

/** A Wednesday. */
const now = Date.parse('2026-11-25T07:30:00Z');
const window = async (rules: Parameters<typeof nextWindow>[0], after = now) => {
  const { startMs, endMs } = await nextWindow(rules, after);
  return [startMs, endMs].map((ms) => new Date(ms).toISOString().slice(0, 16)).join(' ');
};

describe('the next window', () => {
  test.each([
    [{ AutomaticallyAfterDays: 1 }, '2026-11-26T00:00 2026-11-27T00:00'],
    [{ AutomaticallyAfterDays: 30, Duration: '3h' }, '2026-12-25T00:00 2026-12-25T03:00'],
    [{ ScheduleExpression: 'rate(10 days)' }, '2026-12-05T00:00 2026-12-06T00:00'],
    [{ ScheduleExpression: 'rate(1 day)', Duration: '2h' }, '2026-11-26T00:00 2026-11-26T02:00'],
    [{ ScheduleExpression: 'rate(4 hours)' }, '2026-11-25T11:00 2026-11-25T12:00'],
    [{ ScheduleExpression: 'cron(0 8 * * ? *)' }, '2026-11-25T08:00 2026-11-26T00:00'],
    [{ ScheduleExpression: 'cron(0 8 1 * ? *)', Duration: '3h' }, '2026-12-01T08:00 2026-12-01T11:00'],
    [{ ScheduleExpression: 'cron(0 10 ? * 1 *)' }, '2026-11-29T10:00 2026-11-30T00:00'],
    [{ ScheduleExpression: 'cron(0 10 ? * SUN *)' }, '2026-11-29T10:00 2026-11-30T00:00'],
    [{ ScheduleExpression: 'cron(0 16 ? * 6L *)' }, '2026-11-27T16:00 2026-11-28T00:00'],
    [{ ScheduleExpression: 'cron(0 16 ? 1/3 2#1 *)' }, '2027-01-04T16:00 2027-01-05T00:00'],
    [{ ScheduleExpression: 'cron(0 0 L * ? *)' }, '2026-11-30T00:00 2026-12-01T00:00'],
    [{ ScheduleExpression: 'cron(0 /8 * * ? *)' }, '2026-11-25T08:00 2026-11-25T09:00'],
    [{ ScheduleExpression: 'cron(0 8,16 * * ? *)', Duration: '2h' }, '2026-11-25T08:00 2026-11-25T10:00'],
  ])('of %j is %s', async (rules, expected) => {
    expect(await window(rules)).toBe(expected);
  });
});

test.each([
  {},
  { AutomaticallyAfterDays: 1, ScheduleExpression: 'rate(1 day)' },
  { ScheduleExpression: 'rate(3 hours)' },
  { ScheduleExpression: 'rate(0 days)' },
  { ScheduleExpression: 'rate(1 week)' },
  { ScheduleExpression: 'every day' },
  { ScheduleExpression: 'cron(0 8 * * * *)' },
  { ScheduleExpression: 'cron(0 8 ? * ? *)' },
  { ScheduleExpression: 'cron(30 8 * * ? *)' },
  { ScheduleExpression: 'cron(0 8 * * ? 2027)' },
  { ScheduleExpression: 'cron(0 8 * * ?)' },
  { ScheduleExpression: 'cron(0 25 * * ? *)' },
  { ScheduleExpression: 'cron(0 8 31 2 ? *)' },
  { ScheduleExpression: 'cron(0 8,10 * * ? *)' },
  { ScheduleExpression: 'cron(0 * * * ? *)' },
  { ScheduleExpression: 'cron(0 20 * * ? *)', Duration: '5h' },
  { ScheduleExpression: 'rate(4 hours)', Duration: '5h' },
  { AutomaticallyAfterDays: 1, Duration: '25h' },
  { AutomaticallyAfterDays: 1, Duration: '0h' },
])('refuses %j', async (rules) => {
  await expect(nextWindow(rules, now)).rejects.toMatchObject({ code: 'InvalidParameterException' });
});
