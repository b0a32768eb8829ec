// Trust policies. AWS keeps users and roles in them by their unique ids, so that a later namesake does not inherit the trust.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import { awsPrincipals, withAwsPrincipals } from '../../policy/positions.ts';
import { checkTrustDocument } from '../../policy/validate-document.ts';
import { quotas } from './quotas.ts';
import { principalIds } from './records.ts';
import { fault } from './service.ts';
import { idOf, withArns, withIds } from './stored-principals.ts';

/** The document as it is stored. @throws Fault MalformedPolicyDocument, LimitExceeded */
export async function storedTrustPolicy(scope: Scope, text: string): Promise<string> {
  const check = checkTrustDocument(text);
  if ('message' in check) throw fault('MalformedPolicyDocument', check.message);
  if (text.replace(/\s+/g, '').length > quotas.ACLSizePerRole) {
    throw fault('LimitExceeded', `Cannot exceed quota for ACLSizePerRole: ${quotas.ACLSizePerRole}`);
  }
  for (const { principals } of check.document.statements) {
    for (const { kind, value } of principals?.entries ?? []) {
      const isKnown = kind !== 'AWS' || (await isValidPrincipal(scope, value));
      if (!isKnown) throw fault('MalformedPolicyDocument', `Invalid principal in policy: "${kind.toUpperCase()}":"${value}"`);
    }
  }
  // AWS: an account's number is kept as the ARN of its root.
  const rootArns = awsPrincipals(text).flatMap((value): readonly (readonly [string, string])[] =>
    /^\d{12}$/.test(value) ? [[value, `arn:${scope.partition}:iam::${value}:root`]] : [],
  );
  return withIds(scope, withAwsPrincipals(text, new Map(rootArns)));
}

/** The document as it is shown: ids that still exist as ARNs, others as they are. */
export async function shownTrustPolicy(scope: Scope, stored: string): Promise<string> {
  return withArns(scope, stored);
}

async function isValidPrincipal({ transaction, partition }: Scope, value: string): Promise<boolean> {
  if (value === '*' || /^\d{12}$/.test(value)) return true;
  if (/^A(?:IDA|ROA)[A-Z2-7]{17}$/.test(value)) return (await principalIds.get(transaction, value)) !== undefined;
  const arn = parseArn(value);
  if (arn === undefined || arn.partition !== partition || !/^\d{12}$/.test(arn.account)) return false;
  if (arn.service === 'sts') return /^(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+)$/.test(arn.resource);
  if (arn.service !== 'iam') return false;
  if (arn.resource === 'root') return true;
  return (await idOf(transaction, value)) !== undefined;
}
