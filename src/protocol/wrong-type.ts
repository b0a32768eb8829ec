// AWS's sentences for JSON and CBOR values of the wrong type, in the tokens of its own parser.

/** Where a scalar is expected: `STRING_VALUE cannot be converted to Integer`. */
export function notScalar(raw: unknown, wanted: string): string {
  if (Array.isArray(raw)) return `Unrecognized collection type class java.lang.${wanted}`;
  if (typeof raw === 'object' && raw !== null && !(raw instanceof Uint8Array)) return 'Start of structure or map found where not expected.';
  return `${tokenOf(raw)} cannot be converted to ${wanted}`;
}

/** Where a list, a map or a structure is expected. */
export function notCollection(raw: unknown): string {
  if (Array.isArray(raw)) return 'Start of list found where not expected';
  if (typeof raw === 'object' && raw !== null && !(raw instanceof Uint8Array)) return 'Start of structure or map found where not expected.';
  return 'Unexpected field type';
}

function tokenOf(raw: unknown): string {
  switch (typeof raw) {
    case 'string':
      return 'STRING_VALUE';
    case 'number':
      return Number.isInteger(raw) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
    case 'boolean':
      return raw ? 'TRUE_VALUE' : 'FALSE_VALUE';
    default:
      return raw instanceof Uint8Array ? 'BINARY_VALUE' : 'NULL_VALUE';
  }
}
