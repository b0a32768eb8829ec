// Policy documents compiled once, by their text: bounded, and shared by everything that evaluates stored policies.
import { limits } from '../base/limits.ts';
import { type CompiledPolicy, createPolicyCompiler } from '../policy/compile.ts';

/** @throws Error when the text is no policy document: what is stored has been validated. */
export type Compile = (document: string) => CompiledPolicy;

export function createCompiler(): Compile {
  // The store's caches hold the same texts, so that the keys cost no memory of their own, and no request has to hash one.
  const cache = new Map<string, CompiledPolicy>();
  const compilePolicy = createPolicyCompiler();
  return (document) => {
    let compiled = cache.get(document);
    if (compiled === undefined) {
      compiled = compilePolicy(document);
      cache.set(document, compiled);
      if (cache.size > limits.compiledPoliciesMax) cache.delete(cache.keys().next().value ?? document);
    }
    return compiled;
  };
}
