// How an operation waits for the world outside: it never does so inside its unit of work.

/**
 * Thrown by what an operation asks when the answer has to be fetched first. The pipeline gives the unit of work up, lets the answer be brought,
 * and runs the operation again, which then finds it. Not a failure, so nothing is recorded.
 */
export class Awaited extends Error {
  readonly bring: () => Promise<void>;

  constructor(bring: () => Promise<void>) {
    super('the operation waits for an answer from outside');
    this.bring = bring;
  }
}
