// How an operation is declared: its name in the model, what IAM must allow before it runs, and what it does.
import { Fault, type FaultOptions } from '../base/fault.ts';
import type { ConditionValue, ResourcePolicy } from '../policy/policy.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { Action, ConditionKey } from './actions.gen.ts';
import type { AfterCommit } from './after-commit.ts';
import type { Caller, Context, Scope } from './context.ts';
import type { ResourceArn } from './resources.gen.ts';

/** One entry of a service's generated `Operations`. */
export interface OperationTypes {
  readonly input: object;
  readonly output: object;
  readonly errors: string;
}

/** One action on one resource that must be allowed. https://docs.aws.amazon.com/service-authorization/latest/reference/ */
export interface Access {
  readonly action: Action;
  /** ARN, or `*` for actions without resource-level permissions. */
  readonly resource: '*' | ResourceArn;
  /** Owner of the resource when it is not the caller's account. */
  readonly resourceAccount?: string;
  readonly resourceTags?: Readonly<Record<string, string>>;
  readonly requestTags?: Readonly<Record<string, string>>;
  readonly resourcePolicy?: ResourcePolicy;
  /** A KMS grant that covers exactly this: an Allow that only an explicit deny beats. */
  readonly granted?: { readonly name: string };
  /** Service-specific condition keys (`iam:PolicyARN`), as AWS spells them. */
  readonly context?: { readonly [Key in ConditionKey]?: ConditionValue | undefined };
  /** The resource belongs to AWS, such as an AWS managed key: resource control policies do not reach it. */
  readonly isServiceOwned?: boolean;
  /** A second factor came with the request itself, as it may for AssumeRole. */
  readonly hasSecondFactor?: boolean;
  /** AWS: some services print a name instead of the ARN in their refusals (`user alice`). */
  readonly shownAs?: string;
}

/** No permission is needed, and none can be denied: GetCallerIdentity, GetSessionToken. */
export const anyCaller = 'any-caller';
/** No signature is asked for: the request itself proves who calls. Declared with `selfProving`. */
export const unsigned = 'unsigned';

/** What an operation without a signature has found out about its request: a caller whom an identity provider vouches for, and what it asks. */
export interface Proof<Output> {
  readonly caller: Caller;
  /** In which the caller acts, and whose ledger gets the event. */
  readonly account: string;
  readonly access: readonly Access[];
  /** Runs once all of `access` is allowed. */
  readonly handle: (context: Context) => Promise<Output> | Output;
}

type AccessResult = Access | readonly Access[];
export type AccessRule<Input> = typeof anyCaller | typeof unsigned | ((input: Input, scope: Scope) => AccessResult | Promise<AccessResult>);

/** An operation's output, at once or later; or what to do for it once the unit of work has committed. */
type MaybeLater<Output> = Promise<Output | AfterCommit<Output>> | Output | AfterCommit<Output>;

export interface OperationDefinition {
  readonly name: string;
  readonly access: AccessRule<Structure>;
  readonly handle: (input: Structure, context: Context) => Promise<Structure> | Structure;
  /** Of operations whose access is `unsigned`. @throws Fault when the request proves nothing. */
  readonly prove?: (input: Structure, scope: Scope) => Promise<Proof<Structure>>;
  readonly readOnly: boolean;
  readonly recordsResponse: boolean;
  readonly coverage: Coverage;
  /** Of the stand-in for an operation that is not implemented. */
  readonly isAbsent?: true;
}

/** What the generated coverage table says: `enforced` means enforced and executed; `stored` means kept and returned, without effect. */
export type Coverage = 'enforced' | 'stored';

interface Declaration<Types extends OperationTypes> {
  readonly access: AccessRule<Types['input']>;
  readonly handle: (input: Types['input'], context: Context) => MaybeLater<Types['output']>;
  /** For the ledger; by default told by the verb. */
  readonly readOnly?: boolean;
  /** The ledger keeps the response (without secrets) though the operation is read-only, as CloudTrail does for AssumeRole. */
  readonly recordsResponse?: boolean;
  readonly coverage?: Coverage;
}

/** The two functions that a service's operations are written with, typed by its generated `Operations`. */
export function serviceKit<Operations extends { readonly [Name in keyof Operations]: OperationTypes }>() {
  type Codes = Operations[keyof Operations]['errors'];
  return {
    operation<Name extends keyof Operations & string>(name: Name, declaration: Declaration<Operations[Name]>): OperationDefinition {
      const readOnly = declaration.readOnly ?? isReadVerb(name);
      return {
        name,
        readOnly,
        recordsResponse: declaration.recordsResponse ?? !readOnly,
        coverage: declaration.coverage ?? 'enforced',
        // Decoding boundary: the pipeline has decoded and validated the input by the model from which these types are generated.
        access: declaration.access as AccessRule<Structure>,
        handle: declaration.handle as OperationDefinition['handle'],
      };
    },
    /** An operation that AWS's clients do not sign, because a token or assertion in it says who they are. */
    selfProving<Name extends keyof Operations & string>(
      name: Name,
      prove: (input: Operations[Name]['input'], scope: Scope) => Promise<Proof<Operations[Name]['output']>>,
      options: { readonly readOnly: boolean; readonly recordsResponse: boolean },
    ): OperationDefinition {
      return {
        ...options,
        name,
        access: unsigned,
        coverage: 'enforced',
        handle: () => {
          throw new Error(`${name} is handled by its proof`);
        },
        // Decoding boundary, as above.
        prove: prove as NonNullable<OperationDefinition['prove']>,
      };
    },
    /** A fault that the service's model declares. */
    fault: (code: Codes & string, message: string, options?: FaultOptions): Fault => new Fault(code, message, options),
  };
}

/** AWS's common errors that no model declares. https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html */
type CommonCode = 'ValidationError' | 'ValidationException' | 'AccessDenied' | 'InvalidInput' | 'InvalidParameterValue';
export function commonFault(code: CommonCode, message: string): Fault {
  return new Fault(code, message, { status: code === 'AccessDenied' ? 403 : 400 });
}

function isReadVerb(name: string): boolean {
  return /^(Get|List|Describe|Lookup|Head|Search|Simulate|Verify|Check|Preview|BatchGet|Query|Scan|Select|Test|Validate)/.test(name);
}
