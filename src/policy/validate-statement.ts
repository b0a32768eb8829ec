// Checks of single elements that policies of several types share.
import { parseOperatorName } from './conditions/condition.ts';
import { parseInstant } from './conditions/dates.ts';
import { operators } from './conditions/operators.ts';
import type { PolicyDocument, PrincipalElement, Statement } from './document.ts';

/** What AWS lets into a policy: tab, line feed, carriage return, and U+0020 to U+00FF. */
export function hasOnlyPolicyCharacters(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that AWS lets into a policy
  return /^[\u0009\u000a\u000d\u0020-\u00ff]+$/.test(text);
}

/** The first sentence that a check has about any of the items. */
export function firstMessage<Item>(items: readonly Item[], check: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const message = check(item);
    if (message !== undefined) return message;
  }
  return undefined;
}

export function hasKnownOperators({ conditions }: Statement): boolean {
  return conditions.every(({ operator }) => isOperator(operator));
}

/** Whether it names a condition operator, with its qualifiers. */
export function isOperator(text: string): boolean {
  const { name, ifExists } = parseOperatorName(text);
  return name === 'null' ? !ifExists : operators.has(name);
}

/** A date that AWS cannot read. Other types of values are not looked at when a policy is saved. */
export function hasUnreadableDate({ conditions }: Statement): boolean {
  return conditions.some(
    ({ operator, values }) =>
      parseOperatorName(operator).name.startsWith('date') && values.some((value) => parseInstant(value) === undefined),
  );
}

export function hasUniqueSids({ statements }: PolicyDocument): boolean {
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]));
  return new Set(sids).size === sids.length;
}

/** `service:Name`, with wildcards in the name. */
export function isActionPattern(action: string): boolean {
  return /^[A-Za-z0-9-]+:[A-Za-z0-9*?._-]+$/.test(action);
}

/** `*`, or an ARN of at least three parts. */
export function isResourcePattern(resource: string): boolean {
  return resource === '*' || (resource.startsWith('arn:') && resource.indexOf(':', 5) > 0);
}

/** The first value of a Principal element that names no principal, with its kind; whether it exists is the service's to know. */
export function malformedPrincipal({ entries }: PrincipalElement): { readonly kind: string; readonly value: string } | undefined {
  return entries.find(({ kind, value }) => !principalForms[kind].some((form) => form.test(value)));
}

const name = '[\\w+=,.@-]+';
const path = `(?:[\\x21-\\x7e]+/)?${name}`;

/** AWS: nobody can be named with a wildcard but everybody, and groups are no principals. */
const principalForms: Readonly<Record<'AWS' | 'Service' | 'Federated' | 'CanonicalUser', readonly RegExp[]>> = {
  AWS: [
    /^\*$/,
    /^\d{12}$/,
    /^A(?:IDA|ROA)[A-Z2-7]{17}$/,
    new RegExp(`^arn:aws[a-z-]*:iam::\\d{12}:(?:root|user/${path}|role/${path})$`),
    new RegExp(`^arn:aws[a-z-]*:sts::\\d{12}:(?:assumed-role/${name}/${name}|federated-user/${name})$`),
  ],
  Service: [/^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/, /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazon\.com|aws\.internal|aws)$/],
  Federated: [
    /^\*$/,
    /^(?:cognito-identity\.amazonaws\.com|www\.amazon\.com|graph\.facebook\.com|accounts\.google\.com)$/,
    /^arn:aws[a-z-]*:iam::\d{12}:(?:saml-provider|oidc-provider)\/[\x21-\x7e]+$/,
  ],
  CanonicalUser: [/^[0-9a-f]{64}$/],
};
