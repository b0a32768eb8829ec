// Secrets have a type, so that logs, JSON, string templates and inspection print `[secret]` and never the value.
// A Secret inside a stored document is sealed by the store (store/seal.ts); everywhere else it must be revealed by name.
import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

export class Secret {
  readonly #bytes: Uint8Array;

  constructor(value: string | Uint8Array) {
    this.#bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  }

  /** The value as bytes. Every call is a place to review. */
  revealBytes(): Uint8Array {
    return this.#bytes;
  }

  /** The value as UTF-8 text. Every call is a place to review. */
  reveal(): string {
    return Buffer.from(this.#bytes).toString('utf8');
  }

  /** Constant-time comparison of equal-length values. */
  equals(other: Secret): boolean {
    const theirs = other.revealBytes();
    return theirs.length === this.#bytes.length && timingSafeEqual(theirs, this.#bytes);
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
