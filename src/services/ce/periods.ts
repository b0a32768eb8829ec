// Days, months and the periods of requests, as text that sorts: `2026-11-25`, `2026-11`. All of it in UTC, as bills are.
import { isoSeconds } from '../../base/clock.ts';
import type { DateInterval, Granularity } from './api.gen.ts';
import { invalid } from './service.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

export function dayOf(ms: number): string {
  return isoSeconds(ms).slice(0, 10);
}

export function dayAfter(day: string, days = 1): string {
  return dayOf(Date.parse(day) + days * dayMs);
}

/** The first day of the month that lies so many months after the day's. */
export function monthStart(day: string, months = 0): string {
  const date = new Date(Date.parse(day));
  return dayOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
}

export function daysOf(from: string, to: string): readonly string[] {
  const days: string[] = [];
  for (let day = from; day < to; day = dayAfter(day)) days.push(day);
  return days;
}

interface Month {
  /** `2026-11`. */
  readonly month: string;
  readonly start: string;
  readonly end: string;
}

/** The months that a period touches, whole. */
export function monthsOf(from: string, to: string): readonly Month[] {
  const months: Month[] = [];
  for (let start = monthStart(from); start < to; start = monthStart(start, 1)) {
    months.push({ month: start.slice(0, 7), start, end: monthStart(start, 1) });
  }
  return months;
}

/** One result of a query: days, or for hours the two ends with their times. */
export interface Slot {
  readonly start: string;
  readonly end: string;
}

export interface Period {
  /** Days that must be read; the end is exclusive. */
  readonly from: string;
  readonly to: string;
  readonly slots: readonly Slot[];
}

/** AWS: history without further settings. */
const historyMonths = 14;
const hourlyDays = 14;

/** @throws Fault ValidationException */
export function readPeriod({ Start, End }: DateInterval, granularity: Granularity, now: number): Period {
  const isHourly = granularity === 'HOURLY';
  const start = readTime('Start', Start, isHourly);
  const end = readTime('End', End, isHourly);
  if (start >= end) throw invalid('Start date (and hour) should be before end date (and hour)');
  const today = dayOf(now);
  if (end > Date.parse(monthStart(today, 1))) throw invalid('end date past the beginning of next month');
  if (start < Date.parse(monthStart(today, -historyMonths))) throw invalid("You haven't enabled historical data beyond 14 months.");
  if (isHourly && start < Date.parse(dayAfter(today, -hourlyDays))) {
    throw invalid(`Hourly data is available for the last ${hourlyDays} days only.`);
  }
  const [from, to] = [dayOf(start), dayOf(end + dayMs - 1)];
  return { from, to, slots: isHourly ? hourSlots(start, end) : slotsOf(from, to, granularity) };
}

/** @throws Fault ValidationException */
export function readDays({ Start, End }: DateInterval, now: number): { readonly from: string; readonly to: string } {
  return readPeriod({ Start, End }, 'DAILY', now);
}

function readTime(name: 'Start' | 'End', text: string, isHourly: boolean): number {
  const form = isHourly ? /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/ : /^\d{4}-\d{2}-\d{2}$/;
  const ms = form.test(text) ? Date.parse(text) : Number.NaN;
  // A day that its month does not have is another day when it is printed.
  if (Number.isNaN(ms) || !isoSeconds(ms).startsWith(text.slice(0, 10))) {
    throw invalid(`${name} time ${text} is invalid. Valid format is: ${isHourly ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : 'yyyy-MM-dd'}.`);
  }
  return isHourly ? Math.floor(ms / hourMs) * hourMs : ms;
}

function hourSlots(start: number, end: number): readonly Slot[] {
  const slots: Slot[] = [];
  for (let ms = start; ms < end; ms += hourMs) slots.push({ start: isoSeconds(ms), end: isoSeconds(ms + hourMs) });
  return slots;
}

/** Days, or months that are cut off where the period begins and ends. */
export function slotsOf(from: string, to: string, granularity: 'DAILY' | 'MONTHLY'): readonly Slot[] {
  if (granularity === 'DAILY') return daysOf(from, to).map((day) => ({ start: day, end: dayAfter(day) }));
  return monthsOf(from, to).map(({ start, end }) => ({ start: start < from ? from : start, end: end > to ? to : end }));
}
