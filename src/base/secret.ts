// Secrets have a type, so that logs, JSON, string templates and inspection print `[secret]` and never the value.
// A Secret inside a stored document is sealed by the store (store/seal.ts); everywhere else it must be revealed by name.
import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

export class Secret {
  readonly #bytes: Uint8Array;
  #made: Map<unknown, unknown> | undefined;

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

  /**
   * What `make`, the same function every time, makes of the value: made once and kept as long as this Secret and no longer. For keys of node:crypto,
   * which are costly to make. Every call is a place to review.
   */
  once<Made>(make: (bytes: Uint8Array) => Made): Made {
    this.#made ??= new Map();
    // Decoding boundary: what stands under a function was made by it.
    const known = this.#made.get(make) as Made | undefined;
    if (known !== undefined) return known;
    const made = make(this.#bytes);
    this.#made.set(make, made);
    return made;
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
