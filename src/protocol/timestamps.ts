// Timestamps on the wire: ISO 8601, HTTP dates, or epoch seconds; epoch milliseconds in memory.
import { httpDate, isoSeconds } from '../base/clock.ts';
import type { Member, TimestampFormat } from '../model/model.ts';

export function formatOf(member: Member, fallback: TimestampFormat): TimestampFormat {
  const shapeFormat = member.shape.kind === 'timestamp' ? member.shape.timestampFormat : undefined;
  return member.timestampFormat ?? shapeFormat ?? fallback;
}

export function timestampText(ms: number, format: TimestampFormat): string {
  switch (format) {
    case 'iso8601':
      return ms % 1000 === 0 ? isoSeconds(ms) : `${isoSeconds(ms).slice(0, -1)}.${String(((ms % 1000) + 1000) % 1000).padStart(3, '0')}Z`;
    case 'rfc822':
      return httpDate(ms);
    case 'unixTimestamp':
      return String(ms / 1000);
  }
}

/** Any of the three forms, since clients differ; undefined when it is none. */
export function parseTimestamp(text: string): number | undefined {
  if (text.length > textLengthMax) return undefined;
  if (secondsPattern.test(text)) return inRange(Number(text) * 1000);
  const ms = parseIso(text) ?? parseHttpDate(text);
  return ms === undefined ? undefined : inRange(ms);
}

/** The years 0000 to 9999: what every one of the forms can print. */
export function inRange(ms: number): number | undefined {
  return ms >= -62_167_219_200_000 && ms <= 253_402_300_799_999 ? Math.round(ms) : undefined;
}

const textLengthMax = 64;
const secondsPattern = /^-?\d{1,13}(?:\.\d{1,9})?(?:[eE][+-]?\d{1,2})?$/;
const isoPattern = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d))$/;
const httpPattern = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? GMT$/;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function parseIso(text: string): number | undefined {
  const match = isoPattern.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHours, offsetMinutes] = match;
  const ms = timeOf({ year, month: Number(month) - 1, day, hour, minute, second, fraction });
  if (ms === undefined || sign === undefined) return ms;
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return sign === '-' ? ms + offsetMs : ms - offsetMs;
}

function parseHttpDate(text: string): number | undefined {
  const match = httpPattern.exec(text);
  if (!match) return undefined;
  const [, day, month = '', year, hour, minute, second, fraction] = match;
  return timeOf({ year, month: months.indexOf(month), day, hour, minute, second, fraction });
}

interface TimeParts {
  readonly year: string | undefined;
  readonly month: number;
  readonly day: string | undefined;
  readonly hour: string | undefined;
  readonly minute: string | undefined;
  readonly second: string | undefined;
  readonly fraction: string | undefined;
}

function timeOf(parts: TimeParts): number | undefined {
  const [year, day, hour, minute, second] = [parts.year, parts.day, parts.hour, parts.minute, parts.second].map(Number);
  if (year === undefined || day === undefined || hour === undefined || minute === undefined || second === undefined) return undefined;
  if (parts.month < 0 || parts.month > 11 || day < 1 || day > daysOf(year, parts.month) || hour > 23 || minute > 59 || second > 60) {
    return undefined;
  }
  // Date.UTC reads years below 100 as 19xx; counting from 400 years later, a whole Gregorian cycle, avoids that.
  const ms = Date.UTC(year + 400, parts.month, day, hour, minute, second) - gregorianCycleMs;
  return ms + Math.floor(Number(`0.${parts.fraction ?? '0'}`) * 1000);
}

const gregorianCycleMs = 146_097 * 86_400_000;

function daysOf(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 1) return isLeap ? 29 : 28;
  return [3, 5, 8, 10].includes(month) ? 30 : 31;
}
