// A question as plain JSON: the policies as documents, the request's context as an object. What case files, tests and tools write, made ready
// for evaluation.
import { compilePolicy } from './compile.ts';
import type { AuthorizationRequest, ConditionValue, PolicySource, Principal, ResourcePolicy } from './policy.ts';
import { type PolicyList, policyList } from './policy-list.ts';

export interface PlainRequest {
  readonly principal: Principal;
  readonly action: string;
  /** `*` when absent: an action without resource-level permissions. */
  readonly resource?: string | undefined;
  readonly resourceAccount?: string | undefined;
  /** Keys in any case. */
  readonly context?: Readonly<Record<string, ConditionValue>> | undefined;
  readonly policies?: PlainPolicies | undefined;
  /** A KMS grant lets the caller do this. */
  readonly isGranted?: boolean | undefined;
  readonly isServiceOwned?: boolean | undefined;
}

/** Policy documents by layer, as JSON values. */
export interface PlainPolicies {
  readonly identity?: readonly object[] | undefined;
  readonly boundary?: object | undefined;
  readonly session?: readonly object[] | undefined;
  readonly resource?: object | undefined;
  /** `optional` when absent. With `trust` and `key` the resource has a policy even if none is given. */
  readonly resourceMode?: ResourcePolicy['mode'] | undefined;
  readonly serviceControl?: readonly (readonly object[])[] | undefined;
  readonly resourceControl?: readonly (readonly object[])[] | undefined;
  readonly vpcEndpoint?: object | undefined;
}

/** @throws Error when one of the documents is no policy document */
export function authorizationRequest(plain: PlainRequest): AuthorizationRequest {
  const { identity, boundary, session, resource, resourceMode, serviceControl, resourceControl, vpcEndpoint } = plain.policies ?? {};
  const hasResourcePolicy = resource !== undefined || resourceMode !== undefined;
  return {
    principal: plain.principal,
    action: plain.action,
    resource: plain.resource ?? '*',
    resourceAccount: plain.resourceAccount,
    context: new Map(Object.entries(plain.context ?? {}).map(([key, value]) => [key.toLowerCase(), value])),
    identity: sources('identity', identity ?? []),
    boundary: source('boundary', boundary),
    session: session === undefined ? undefined : sources('session', session),
    resourcePolicy: hasResourcePolicy ? { source: source('resource', resource), mode: resourceMode ?? 'optional' } : undefined,
    serviceControl: serviceControl?.map((level, index) => sources(`service control, level ${index + 1}`, level)),
    resourceControl: resourceControl?.map((level, index) => sources(`resource control, level ${index + 1}`, level)),
    vpcEndpoint: source('VPC endpoint', vpcEndpoint),
    ...(plain.isGranted === true ? { granted: { name: 'grant' } } : {}),
    ...(plain.isServiceOwned === true ? { isServiceOwned: true } : {}),
  };
}

function sources(layer: string, documents: readonly object[]): PolicyList {
  return policyList(
    documents.map((document, index) => ({ name: `${layer} policy ${index + 1}`, policy: compilePolicy(JSON.stringify(document)) })),
  );
}

function source(layer: string, document: object | undefined): PolicySource | undefined {
  return document === undefined ? undefined : { name: `${layer} policy`, policy: compilePolicy(JSON.stringify(document)) };
}
