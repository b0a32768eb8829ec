// The BinaryEquals operator: both sides are base64.
import type { Template } from '../template.ts';

export function binaryEquals(policyValue: Template, requestValue: string): boolean {
  const wanted = decode(policyValue.text);
  const value = decode(requestValue);
  return wanted !== undefined && value !== undefined && wanted.equals(value);
}

function decode(text: string): Buffer | undefined {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
