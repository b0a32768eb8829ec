// Timestamps on the wire: ISO 8601, HTTP dates, or epoch seconds; epoch milliseconds in memory.
import { httpDate, isoSeconds, parseDate } from '../base/clock.ts';
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
  if (/^-?\d{1,12}(?:\.\d{1,9})?(?:[eE][+-]?\d{1,2})?$/.test(text)) return inRange(Number(text) * 1000);
  if (!/^(?:\d{4}-\d{2}-\d{2}T|[A-Z][a-z]{2}, \d)/.test(text) || text.length > 40) return undefined;
  const ms = parseDate(text);
  return ms === undefined ? undefined : inRange(ms);
}

/** The range of dates that JavaScript can hold. */
export function inRange(ms: number): number | undefined {
  return Math.abs(ms) <= 8.64e15 ? Math.round(ms) : undefined;
}
