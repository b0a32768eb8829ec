// A copy of a structure for the ledger: whatever is secret by the model, or by the list below, is replaced; so is bulk data.
import { getOwn, isRecord, setOwn } from '../base/record.ts';
import type { Member, StructureShape } from './model.ts';

export const redacted = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/** Members that hold secrets though AWS's models do not mark them everywhere. In lower case. */
const secretMembers: ReadonlySet<string> = new Set([
  'secretaccesskey',
  'sessiontoken',
  'secretstring',
  'secretbinary',
  'plaintext',
  'privatekeyplaintext',
  'password',
  'oldpassword',
  'newpassword',
  'previouspassword',
  'proposedpassword',
  'temporarypassword',
  'privatekey',
  'tokencode',
  'authenticationcode1',
  'authenticationcode2',
  'base32stringseed',
  'qrcodepng',
  'servicepassword',
  'clientsecret',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'webidentitytoken',
  'samlassertion',
  'sharedsecret',
  'keymaterial',
  'encryptedkeymaterial',
  'passphrase',
  'addprivatekey',
  'tradeintoken',
  'contextassertion',
  'mac',
]);

export function redact(shape: StructureShape, value: unknown): Readonly<Record<string, unknown>> {
  const copy: Record<string, unknown> = {};
  if (!isRecord(value)) return copy;
  for (const [name, member] of shape.members) {
    const item = getOwn(value, name);
    if (item !== undefined && item !== null) copy[name] = isSecret(name, member) ? redacted : redactValue(member, item);
  }
  return copy;
}

function isSecret(name: string, member: Member): boolean {
  return member.sensitive || member.shape.sensitive || secretMembers.has(name.toLowerCase());
}

function redactValue(member: Member, value: unknown): unknown {
  const { shape } = member;
  switch (shape.kind) {
    case 'structure':
      return shape.document ? redacted : redact(shape, value);
    case 'list':
      return Array.isArray(value) ? value.map((item) => (isSecret('', shape.member) ? redacted : redactValue(shape.member, item))) : value;
    case 'map': {
      const copy = {};
      if (isRecord(value)) {
        for (const [key, item] of Object.entries(value))
          setOwn(copy, key, isSecret(key, shape.value) ? redacted : redactValue(shape.value, item));
      }
      return copy;
    }
    case 'blob':
      return redacted;
    default:
      return value;
  }
}
