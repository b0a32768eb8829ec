// What AWS's documentation leaves open, as one constant each, so that it can be changed in one place. docs/adr/0008-policy-decisions.md
import type { PolicyLayer } from './policy.ts';

export interface Choices {
  /** A value that cannot be read (`abc` as a number, as an address, as an ARN) matches nothing, so that the negated operator holds. */
  readonly negationHoldsForUnreadable: boolean;
  /** Several values of a key under an operator without ForAllValues or ForAnyValue: the condition fails, negated or not. */
  readonly severalValuesWithoutSetOperatorHold: boolean;
  /** `ForAnyValue:…IfExists` of an absent key holds: IfExists is looked at first. */
  readonly ifExistsComesFirst: boolean;
  /** A single empty string is an empty set to ForAllValues. */
  readonly emptyStringIsEmptySet: boolean;
  /** `any`: NotPrincipal spares a caller of whom one name is listed. `all`: its account, its role and its session must all be listed. */
  readonly notPrincipalSpares: 'any' | 'all';
  /** A KMS grant is limited by no boundary, session policy or missing identity policy, in any account. */
  readonly grantsStandAlone: boolean;
  /** The order in which the layers are looked through for an explicit deny; the first one is named in the refusal. */
  readonly denyOrder: readonly PolicyLayer[];
  /** Actions by which the root user can always undo a policy of its own account's resource that locks everybody out. */
  readonly rootUnlocks: ReadonlySet<string>;
  /** Actions that every authenticated caller may call, whatever policies say. */
  readonly neverDenied: ReadonlySet<string>;
}

export const choices: Choices = {
  negationHoldsForUnreadable: true,
  severalValuesWithoutSetOperatorHold: false,
  ifExistsComesFirst: true,
  emptyStringIsEmptySet: true,
  notPrincipalSpares: 'any',
  grantsStandAlone: true,
  denyOrder: ['service-control', 'resource-control', 'vpc-endpoint', 'boundary', 'session', 'identity', 'resource'],
  rootUnlocks: new Set([
    's3:getbucketpolicy',
    's3:putbucketpolicy',
    's3:deletebucketpolicy',
    'sqs:getqueueattributes',
    'sqs:setqueueattributes',
  ]),
  neverDenied: new Set(['sts:getcalleridentity', 'sts:getsessiontoken']),
};
