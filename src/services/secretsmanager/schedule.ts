// When a secret rotates: windows in UTC, from a number of days, a rate, or a cron expression. Pure.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
import type { RotationRules } from './records.ts';
import { fault } from './service.ts';

/** Rotation starts at `startMs`, and should have happened before `endMs`. */
export interface RotationWindow {
  readonly startMs: number;
  readonly endMs: number;
}

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
/** AWS: no more often than every four hours. */
const hoursMin = 4;
const daysMax = 1_000;

/** The first window after a moment. @throws Fault InvalidParameterException */
export async function nextWindow(rules: RotationRules, afterMs: number): Promise<RotationWindow> {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression, Duration } = rules;
  if (days !== undefined && expression !== undefined) {
    throw invalid('You cannot specify both rotation frequency and schedule expression together.');
  }
  if (days === undefined && expression === undefined) {
    throw invalid('You must specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules.');
  }
  const schedule = days === undefined ? await scheduleOf(expression ?? '') : everyDays(days);
  const startMs = schedule.next(afterMs);
  const endMs = Duration === undefined ? schedule.defaultEnd(startMs) : startMs + hoursOf(Duration) * hourMs;
  if (endMs > nextMidnight(startMs) || endMs > schedule.next(startMs)) {
    throw invalid('The rotation window must not extend into the next UTC day or into the next rotation window.');
  }
  return { startMs, endMs };
}

interface Schedule {
  /** Start of the first window after a moment. */
  readonly next: (afterMs: number) => number;
  readonly defaultEnd: (startMs: number) => number;
}

const oneHour = (startMs: number): number => startMs + hourMs;

/** The window is the UTC day, so many days after the last rotation. */
function everyDays(days: number): Schedule {
  return { next: (afterMs) => afterMs - (afterMs % dayMs) + days * dayMs, defaultEnd: nextMidnight };
}

async function scheduleOf(expression: string): Promise<Schedule> {
  const [, kind, body = ''] = /^(rate|cron)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'rate') return rate(body);
  if (kind === 'cron') return cron(body);
  throw badExpression();
}

function rate(body: string): Schedule {
  const [, digits = '', unit] = /^([0-9]{1,4}) (hours?|days?)$/.exec(body) ?? [];
  const count = Number(digits);
  if (unit?.startsWith('day') && count >= 1 && count <= daysMax) return everyDays(count);
  if (unit?.startsWith('hour') && count >= hoursMin && count <= daysMax * 24) {
    return { next: (afterMs) => afterMs - (afterMs % hourMs) + count * hourMs, defaultEnd: oneHour };
  }
  throw badExpression();
}

/** AWS: six fields, on the hour, every year; one of the two days is `?`. */
async function cron(body: string): Promise<Schedule> {
  const fields = body.trim().split(/ +/);
  const [minutes = '', hours = '', dayOfMonth = '', month = '', dayOfWeek = '', year] = fields;
  const isDayGivenOnce = (dayOfMonth === '?') !== (dayOfWeek === '?');
  if (fields.length !== 6 || minutes !== '0' || year !== '*' || !isDayGivenOnce || !/^[0-9,*/-]+$/.test(hours)) throw badExpression();
  const days = dayOfMonth === '?' ? `* ${month} ${fromSunday(dayOfWeek)}` : `${dayOfMonth} ${month} *`;
  // It is only needed where a rotation is configured.
  const { Cron } = await import('croner');
  const pattern = parsed(() => new Cron(`0 0 ${hours} ${days}`, { timezone: 'UTC', paused: true, sloppyRanges: true }));
  const next = (afterMs: number): number => {
    const found = pattern.nextRun(new Date(afterMs));
    if (found === null) throw badExpression();
    return found.getTime();
  };
  const isHourly = /[,*/-]/.test(hours);
  if (isHourly) requireRarity(next);
  return { next, defaultEnd: isHourly ? oneHour : nextMidnight };
}

/** AWS counts the days of the week from 1, Sunday; cron elsewhere from 0. */
function fromSunday(dayOfWeek: string): string {
  return dayOfWeek.replace(/(?<![#\d])[1-7](?!\d)/g, (day) => String(Number(day) - 1));
}

function parsed<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch {
    throw badExpression();
  }
}

/** Two days hold every distance between the hours of a day. */
function requireRarity(next: (afterMs: number) => number): void {
  let last = next(0);
  for (let count = 0; count < 48; count += 1) {
    const start = next(last);
    if (start - last < hoursMin * hourMs) throw invalid(`You can rotate a secret as often as every ${hoursMin} hours.`);
    last = start;
  }
}

function hoursOf(duration: string): number {
  const hours = Number(/^([0-9]{1,2})h$/.exec(duration)?.[1] ?? 0);
  if (hours < 1 || hours > 24) throw invalid('The Duration must be a number of hours from 1h to 24h.');
  return hours;
}

function nextMidnight(ms: number): number {
  return ms - (ms % dayMs) + dayMs;
}

function badExpression() {
  return invalid('Invalid ScheduleExpression. It must be a rate() of days or of at least four hours, or a cron() expression on the hour.');
}

function invalid(message: string) {
  return fault('InvalidParameterException', message);
}
