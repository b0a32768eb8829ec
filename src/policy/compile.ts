// A policy document, checked and made ready for evaluation.

export interface CompiledPolicy {
  readonly version: string;
}
