// Trust policies. AWS keeps users and roles in them by their unique ids, so that a later namesake does not inherit the trust.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import { parseArn } from '../../base/arn.ts';
import { isRecord } from '../../base/record.ts';
import type { Scope } from '../../kit/context.ts';
import { checkTrustDocument } from '../../policy/validate-document.ts';
import type { Transaction } from '../../store/store.ts';
import { quotas } from './quotas.ts';
import { lower, principalIds, roles, users } from './records.ts';
import { fault } from './service.ts';

type Lookup = (transaction: Transaction, value: string) => Promise<string | undefined>;

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
  return withPrincipals(scope.transaction, text, (transaction, value) => keptAs(transaction, scope, value));
}

/** The document as it is shown: ids that still exist as ARNs, others as they are. */
export async function shownTrustPolicy(scope: Scope, stored: string): Promise<string> {
  return withPrincipals(scope.transaction, stored, (transaction, value) => arnOfId(transaction, scope, value));
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

/** AWS: an account's number is kept as the ARN of its root. */
async function keptAs(transaction: Transaction, { partition }: Scope, value: string): Promise<string | undefined> {
  return /^\d{12}$/.test(value) ? `arn:${partition}:iam::${value}:root` : idOf(transaction, value);
}

/** The unique id of a user's or role's ARN. */
const idOf: Lookup = async (transaction, value) => {
  const arn = parseArn(value);
  const match = arn?.service === 'iam' ? /^(user|role)(\/(?:.*\/)?)([^/]+)$/.exec(arn.resource) : null;
  if (arn === undefined || match === null) return undefined;
  const [, kind, path, name = ''] = match;
  if (kind === 'user') {
    const user = await users.get(transaction, arn.account, lower(name));
    return user?.path === path && user?.userName === name ? user.userId : undefined;
  }
  const role = await roles.get(transaction, arn.account, lower(name));
  return role?.path === path && role?.roleName === name ? role.roleId : undefined;
};

async function arnOfId(transaction: Transaction, scope: Scope, value: string): Promise<string | undefined> {
  const known = await principalIds.get(transaction, value);
  if (known === undefined) return undefined;
  const { account, name, kind } = known;
  const record = kind === 'user' ? await users.get(transaction, account, lower(name)) : await roles.get(transaction, account, lower(name));
  if (record === undefined) return undefined;
  const isSame = 'userId' in record ? record.userId === value : record.roleId === value;
  return isSame ? `arn:${scope.partition}:iam::${account}:${kind}${record.path}${name}` : undefined;
}

/** Rewrites the AWS principals of a document, and nothing else of it. */
async function withPrincipals(transaction: Transaction, text: string, lookup: Lookup): Promise<string> {
  const document: unknown = JSON.parse(text);
  let isChanged = false;
  const replace = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map(replace));
    const found = typeof value === 'string' ? await lookup(transaction, value) : undefined;
    if (found !== undefined) isChanged = true;
    return found ?? value;
  };
  const statement = isRecord(document) ? document['Statement'] : undefined;
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement];
  const rewritten = await Promise.all(
    statements.map(async (each) => {
      const principal = isRecord(each) ? each['Principal'] : undefined;
      if (!isRecord(each) || !isRecord(principal) || principal['AWS'] === undefined) return each;
      return { ...each, Principal: { ...principal, AWS: await replace(principal['AWS']) } };
    }),
  );
  if (!isChanged || !isRecord(document)) return text;
  return JSON.stringify({ ...document, Statement: Array.isArray(statement) ? rewritten : rewritten[0] });
}
