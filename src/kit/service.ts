// A service as data: its operations and the few facts about it that the pipeline needs.
import type { Fault } from '../base/fault.ts';
import type { Job, LedgerReader, OutsideJob } from './jobs.ts';
import type { Metering } from './metering.ts';
import type { OperationDefinition } from './operation.ts';
import type { ShareableType } from './shareables.ts';
import type { Taggable } from './taggables.ts';

export interface ServiceDefinition {
  /** The folder's name under src/services. */
  readonly name: string;
  readonly operations: readonly OperationDefinition[];
  readonly quirks?: ServiceQuirks;
  readonly jobs?: readonly (Job | OutsideJob)[];
  readonly readers?: readonly LedgerReader[];
  /** Types of its resources that resource shares (ram) may share with other accounts. */
  readonly shareables?: readonly ShareableType[];
  /** How its use stands in bills; without one every request counts as one. */
  readonly metering?: Metering;
  /** Its types of resources that carry tags. */
  readonly taggables?: readonly Taggable[];
}

export interface ValidationProblem {
  readonly operation: string;
  readonly path: string;
  readonly constraint: string;
}

/** Declared deviations from the common behaviour; each names AWS's own oddity. */
export interface ServiceQuirks {
  /** One endpoint for all regions: signatures are scoped to us-east-1, and the ledger says us-east-1. */
  readonly isGlobal?: boolean;
  /** Code of a refusal, where it is not the protocol's usual one. */
  readonly accessDeniedCode?: string;
  /** Code of a failed validation, where it is not the protocol's usual one. */
  readonly validationCode?: string;
  /** The answer to a broken constraint of the model, where it is none of the usual ones. `constraint` is AWS's sentence for it. */
  readonly validationFault?: (problem: ValidationProblem) => Fault | undefined;
  /** What is said of a member that breaks its pattern and nothing else, where AWS looks at it last and in a sentence of its own (IAM's names). */
  readonly patternSentence?: (path: string) => string | undefined;
  /** The refusal of tags that the account's tag policy does not allow, where it is not the usual one. */
  readonly tagPolicyFault?: (message: string) => Fault;
  /** `eventSource` where it is not `<endpoint prefix>.amazonaws.com`. */
  readonly eventSource?: string;
  /** Refusals carry an encoded message for sts:DecodeAuthorizationMessage (EC2). */
  readonly encodedRefusals?: boolean;
}
