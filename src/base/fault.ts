// A Fault is the answer "no" in AWS's words: code, sentence, status. It is data for the wire, thrown so that handlers stay straight.

export interface FaultOptions {
  /** HTTP status; by default the one that the service's model declares for the code, or 400. */
  readonly status?: number;
  /** Further members of the error shape. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class Fault extends Error {
  readonly code: string;
  readonly status: number | undefined;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.status = options.status;
    this.fields = options.fields ?? {};
  }
}
