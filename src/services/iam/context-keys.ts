// Which condition keys policies ask for: in their conditions, and in the variables of their resources and values.

import { commonFault } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { PolicyDocument, Statement } from '../../policy/document.ts';
import { parseDocument } from '../../policy/document.ts';
import type { ContextEntry } from './api.gen.ts';
import { fault, operation } from './service.ts';
import { inputPolicies, principalOf } from './simulation-sources.ts';

export const GetContextKeysForCustomPolicy = operation('GetContextKeysForCustomPolicy', {
  access: () => ({ action: 'iam:GetContextKeysForCustomPolicy', resource: '*' }),
  handle(input, scope) {
    return { ContextKeyNames: keysOf(inputPolicies(scope, input.PolicyInputList, 'PolicyInputList').map(({ text }) => text)) };
  },
});

export const GetContextKeysForPrincipalPolicy = operation('GetContextKeysForPrincipalPolicy', {
  access: (input) => ({
    action: 'iam:GetContextKeysForPrincipalPolicy',
    resource: resourceNamed<'iam:user' | 'iam:group' | 'iam:role'>(input.PolicySourceArn),
  }),
  async handle(input, scope) {
    const { policies } = await principalOf(scope, input.PolicySourceArn);
    const given = inputPolicies(scope, input.PolicyInputList, 'PolicyInputList');
    return { ContextKeyNames: keysOf([...policies, ...given].map(({ text }) => text)) };
  },
});

/** Each key once, as the first policy spells it. */
export function keysOf(texts: readonly string[]): readonly string[] {
  const found = new Map<string, string>();
  for (const text of texts) {
    const parsed = parseDocument(text);
    if ('problem' in parsed) continue;
    for (const statement of parsed.document.statements) {
      for (const key of statementKeys(parsed.document, statement)) if (!found.has(key.toLowerCase())) found.set(key.toLowerCase(), key);
    }
  }
  return [...found.values()];
}

function statementKeys({ version }: PolicyDocument, { conditions, resources }: Statement): readonly string[] {
  const own = conditions.map(({ key }) => key);
  if (version !== '2012-10-17') return own;
  const values = [...(resources?.values ?? []), ...conditions.flatMap((condition) => condition.values)];
  return [...own, ...values.flatMap(variablesIn)];
}

/** `${aws:username}`, with or without a default; not the escapes `${*}`, `${?}` and `${$}`. */
function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$\{\s*([^},\s]+)\s*(?:,[^}]*)?\}/g)].map(([, name = '']) => name).filter((name) => name.includes(':'));
}

const parsers: Readonly<Record<string, RegExp>> = {
  numeric: /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/,
  boolean: /^(?:true|false)$/i,
  ip: /^[0-9a-fA-F.:]+(?:\/\d{1,3})?$/,
  binary: /^[A-Za-z0-9+/]*={0,2}$/,
  date: /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$|^\d+$/,
  string: /^[\s\S]*$/,
};

/** The request's context by key in lower case. @throws Fault InvalidInput for values that are not of their type */
export function contextOf(entries: readonly ContextEntry[] | undefined): Map<string, string | readonly string[]> {
  const context = new Map<string, string | readonly string[]>();
  for (const { ContextKeyName: name, ContextKeyValues: values = [], ContextKeyType: type = 'string' } of entries ?? []) {
    if (name === undefined) throw commonFault('ValidationError', 'A context entry needs a ContextKeyName.');
    const isList = type.endsWith('List');
    const base = isList ? type.slice(0, -'List'.length) : type;
    const wrong = values.find((value) => parsers[base]?.test(value) !== true);
    if (wrong !== undefined)
      throw fault('InvalidInput', `Invalid value for context key ${name}: \`${wrong.slice(0, 128)}\` is not of type ${type}.`);
    if (!isList && values.length > 1) throw fault('InvalidInput', `Context key ${name} of type ${type} takes one value.`);
    const [only] = values;
    if (isList) context.set(name.toLowerCase(), values);
    else if (only !== undefined) context.set(name.toLowerCase(), only);
  }
  return context;
}

export const contextKeyOperations = [GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy];
