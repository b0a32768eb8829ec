// The policy library by itself, for programs that only want decisions: `import { evaluate } from 'castellan/policy'`. Pure, and free of
// anything that a browser does not have.
// biome-ignore-all lint/performance/noBarrelFile: this is the package's one public door to the library, and nothing inside imports it.
export { type CompiledPolicy, compilePolicy, createPolicyCompiler } from './compile.ts';
export { evaluate } from './evaluate.ts';
export { type ConditionTrace, type Explanation, explain, type LayerTrace, type PolicyTrace, type StatementTrace } from './explain.ts';
export { refusalMessage } from './message.ts';
export { authorizationRequest, type PlainPolicies, type PlainRequest } from './plain-request.ts';
export type {
  AuthorizationRequest,
  ConditionContext,
  ConditionValue,
  Decision,
  Outcome,
  PolicyLayer,
  PolicySource,
  Principal,
  PrincipalKind,
  ResourcePolicy,
} from './policy.ts';
export { type PolicyList, policyList } from './policy-list.ts';
export type { Remedy } from './remedy.ts';
export { checkDocument, type DocumentCheck, type DocumentType, sizeExcess, sizeQuotas } from './validate-document.ts';
