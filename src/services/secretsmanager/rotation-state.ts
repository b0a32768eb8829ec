// What is stored about a secret's rotation: how, when, and how far the one that runs has come.

export interface RotationRecord {
  readonly isEnabled: boolean;
  /** The Lambda function, or the ARN of a built-in rotator. */
  readonly functionArn?: string | undefined;
  readonly rules?: RotationRules | undefined;
  readonly lastRotatedAtMs?: number | undefined;
  /** The end of the next rotation window. */
  readonly nextRotationAtMs?: number | undefined;
  readonly externalMetadata?: readonly ExternalMetadata[] | undefined;
  readonly externalRoleArn?: string | undefined;
  /** When the job looks at the secret; stands in the due index too. */
  readonly dueAtMs?: number | undefined;
}

export interface RotationRules {
  readonly AutomaticallyAfterDays?: number | undefined;
  readonly Duration?: string | undefined;
  readonly ScheduleExpression?: string | undefined;
}

/** What a partner of managed external secrets needs to know. */
export interface ExternalMetadata {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}
