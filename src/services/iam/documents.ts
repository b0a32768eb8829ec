// Policy documents on their way in and out: checked when they are saved, percent-encoded when they are shown.
import { encode } from '../../base/percent.ts';
import { checkIdentityDocument } from '../../policy/validate-document.ts';
import { fault } from './service.ts';

/** @throws Fault MalformedPolicyDocument */
export function requireIdentityDocument(text: string): void {
  const check = checkIdentityDocument(text);
  if ('message' in check) throw fault('MalformedPolicyDocument', check.message);
}

/** AWS: documents are URL-encoded by RFC 3986 in responses. */
export function shownDocument(text: string): string {
  return encode(text);
}
