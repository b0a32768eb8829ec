// Policy documents compiled once, by their text: bounded, and shared by everything that evaluates stored policies.
import { createHash } from 'node:crypto';
import { limits } from '../base/limits.ts';
import { type CompiledPolicy, createPolicyCompiler } from '../policy/compile.ts';

/** @throws Error when the text is no policy document: what is stored has been validated. */
export type Compile = (document: string) => CompiledPolicy;

export function createCompiler(): Compile {
  const cache = new Map<string, CompiledPolicy>();
  const compilePolicy = createPolicyCompiler();
  return (document) => {
    const id = createHash('sha256').update(document).digest('base64');
    let compiled = cache.get(id);
    if (compiled === undefined) {
      compiled = compilePolicy(document);
      cache.set(id, compiled);
      if (cache.size > limits.compiledPoliciesMax) cache.delete(cache.keys().next().value ?? id);
    }
    return compiled;
  };
}
