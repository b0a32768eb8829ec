// IP operators: an address in a CIDR block of the same family. https://www.rfc-editor.org/rfc/rfc4632 · https://www.rfc-editor.org/rfc/rfc4291
import type { Template } from '../template.ts';

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export function ipInRange(policyValue: Template, requestValue: string): boolean {
  const range = parseRange(policyValue.text);
  const address = parseAddress(requestValue);
  if (range === undefined || address === undefined || range.address.bits !== address.bits) return false;
  const shift = BigInt(address.bits - range.prefixLength);
  return range.address.value >> shift === address.value >> shift;
}

export function parseRange(text: string): { readonly address: Address; readonly prefixLength: number } | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const suffix = slash < 0 ? String(address.bits) : text.slice(slash + 1);
  const prefixLength = /^\d{1,3}$/.test(suffix) ? Number(suffix) : -1;
  return prefixLength < 0 || prefixLength > address.bits ? undefined : { address, prefixLength };
}

export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return { bits: 32, value };
}

function parseIpv6(text: string): Address | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '');
  const tail = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...new Array<number>(missing).fill(0), ...tail]) value = (value << 16n) | BigInt(group);
  return { bits: 128, value };
}

function groups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const values: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && index === parts.length - 1) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === undefined) return undefined;
      values.push(Number(ipv4.value >> 16n), Number(ipv4.value & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) values.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return values;
}
