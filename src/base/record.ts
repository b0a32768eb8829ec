// Plain objects that are keyed by what clients send.

/** Sets an own member under any name; a plain assignment to `__proto__` would change the prototype instead. */
export function setOwn(target: object, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else Reflect.set(target, name, value);
}

/** An own member, or undefined: never something inherited. */
export function getOwn(source: object, name: string): unknown {
  return Object.hasOwn(source, name) ? Reflect.get(source, name) : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
}
