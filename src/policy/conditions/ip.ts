// IP operators: an address in a CIDR block of the same family. https://www.rfc-editor.org/rfc/rfc4632 · https://www.rfc-editor.org/rfc/rfc4291
import type { Template } from '../template.ts';
import type { ValuesTest } from './operators.ts';

/** Groups of 16 bits: two for IPv4, eight for IPv6. */
export type Address = readonly number[];

interface Range {
  readonly address: Address;
  readonly prefixLength: number;
}

export function ipInRange(templates: readonly Template[]): ValuesTest {
  const ranges = templates.map(({ text }) => parseRange(text)).filter((range) => range !== undefined);
  return (value) => {
    const address = parseSingle(value);
    return address !== undefined && ranges.some((range) => isInside(range, address));
  };
}

/** Whether the address is in the CIDR block. */
export function isInRange(block: string, address: string): boolean {
  const [range, single] = [parseRange(block), parseAddress(address)];
  return range !== undefined && single !== undefined && isInside(range, single);
}

function isInside({ address: base, prefixLength }: Range, address: Address): boolean {
  if (base.length !== address.length) return false;
  for (let index = 0; index < base.length; index += 1) {
    const bits = Math.min(16, prefixLength - index * 16);
    if (bits <= 0) return true;
    const shift = 16 - bits;
    if ((base[index] ?? 0) >> shift !== (address[index] ?? 0) >> shift) return false;
  }
  return true;
}

export function parseRange(text: string): Range | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.length * 16;
  const suffix = slash < 0 ? String(bits) : text.slice(slash + 1);
  const prefixLength = /^\d{1,3}$/.test(suffix) ? Number(suffix) : -1;
  return prefixLength < 0 || prefixLength > bits ? undefined : { address, prefixLength };
}

/** AWS prints addresses of requests as blocks of one address (`192.0.2.1/32`), so those are read too. */
function parseSingle(text: string): Address | undefined {
  const range = parseRange(text);
  return range !== undefined && range.prefixLength === range.address.length * 16 ? range.address : undefined;
}

export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Address | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const [a = 256, b = 256, c = 256, d = 256] = match.slice(1).map(Number);
  return a > 255 || b > 255 || c > 255 || d > 255 ? undefined : [(a << 8) | b, (c << 8) | d];
}

function parseIpv6(text: string): Address | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** An IPv4 address may stand at the end of the whole text. */
function groups(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const values: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (isEnd && part.includes('.') && index === parts.length - 1) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === undefined) return undefined;
      values.push(...ipv4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) values.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return values;
}
