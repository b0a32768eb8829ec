// The port of what changes credentials: a rotation has four steps, each of which may be repeated.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
import type { Secret } from '../../../base/secret.ts';
import type { Outside } from '../../../kit/jobs.ts';

export type RotationStep = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';

/** One rotation of one secret. */
export interface RotationItem {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly arn: string;
  /** The version that is to become current: the ClientRequestToken of every step. */
  readonly versionId: string;
  /** The RotationToken of every step, the same in every attempt. */
  readonly token: Secret;
  readonly kind: 'rotation' | 'test';
  readonly functionArn: string;
  readonly masterArn: string | undefined;
  readonly leaseUntilMs: number;
}

/** @throws RotationFailure, and Fault of services that are called */
export type RunStep = (step: RotationStep, item: RotationItem, outside: Outside) => Promise<void>;

/** Why a step failed, in words that may be recorded. */
export class RotationFailure extends Error {}
