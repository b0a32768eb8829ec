// What the token vending machine keeps: how it is set up, and the people who registered with it. Of devices it keeps nothing.
import type { Secret } from '../base/secret.ts';
import { type Collection, collection } from '../kit/collection.ts';

/** What one way of vending hands out. */
export interface Vending {
  /** The role whose sessions are handed out. */
  readonly roleArn: string;
  readonly durationSeconds: number;
  /** Laid over the role's permissions; may use `${aws:PrincipalTag/DeviceId}` and `${aws:PrincipalTag/UserId}`. */
  readonly sessionPolicy?: string | undefined;
}

export interface TvmConfiguration {
  readonly id: 'tvm';
  /** The IAM user that assumes the roles: its key can be deactivated, its policy narrowed, like anybody's. */
  readonly brokerAccessKeyId: string;
  readonly anonymous?: Vending | undefined;
  readonly identity?: Vending | undefined;
}

export interface TvmUserRecord {
  readonly userName: string;
  readonly userId: string;
  /** A scrypt verifier (verifier.ts). */
  readonly verifier: Secret;
  readonly createdAtMs: number;
  /** Changes with the password; ends the sign-ins before. */
  readonly generation: number;
}

export const configurations: Collection<TvmConfiguration> = collection('tvm.configuration', ({ id }) => [id]);
export const tvmUsers: Collection<TvmUserRecord> = collection('tvm.user', ({ userName }) => [userName.toLowerCase()]);
