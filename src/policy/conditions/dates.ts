// Date operators: ISO 8601 in the W3C profile, or epoch seconds. https://www.w3.org/TR/NOTE-datetime
import type { Prepare } from './operators.ts';

export function dateTest(compare: (value: number, limit: number) => boolean): Prepare {
  return (templates) => {
    const limits = templates.map(({ text }) => parseInstant(text)).filter((limit) => limit !== undefined);
    return (value) => {
      const instant = parseInstant(value);
      return instant !== undefined && limits.some((limit) => compare(instant, limit));
    };
  };
}

const w3c = /^(\d{4})-(\d{2})(?:-(\d{2})(?:[Tt](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|z|[+-]\d{2}:?\d{2})?)?)?$/;

/** Epoch milliseconds. AWS: digits alone are epoch seconds, even four of them. */
export function parseInstant(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1000;
  const match = w3c.exec(text);
  if (match === null) return undefined;
  const [, year, month, day = '01', hour = '00', minute = '00', second = '00', fraction = '0', zone = 'Z'] = match;
  const [m, d, h, min, s] = [month, day, hour, minute, second].map(Number);
  if (m === undefined || d === undefined || h === undefined || min === undefined || s === undefined) return undefined;
  if (m < 1 || m > 12 || d < 1 || d > 31 || h > 23 || min > 59 || s > 59) return undefined;
  const ms = Date.UTC(Number(year), m - 1, d, h, min, s) + Math.floor(Number(`0.${fraction}`) * 1000);
  return ms - zoneMinutes(zone) * 60_000;
}

function zoneMinutes(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)));
}
