// Session policies: their validation, and the packed size that they share with session tags.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
import { deflateRawSync } from 'node:zlib';
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { checkDocument } from '../../policy/validate-document.ts';
import type { PolicyDescriptorType } from './api.gen.ts';
import { fault } from './service.ts';

export interface SessionPolicies {
  readonly document: string | undefined;
  readonly arns: readonly string[];
}

export const noSessionPolicies: SessionPolicies = { document: undefined, arns: [] };

interface PolicyInput {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly PolicyDescriptorType[] | undefined;
}

const arnsMax = 10;
const plaintextCharactersMax = 2_048;

/** The session policies of a request. `account`: the one whose managed policies may be named, next to AWS's own. */
export async function sessionPoliciesOf(input: PolicyInput, account: string, scope: Scope): Promise<SessionPolicies> {
  const descriptors = input.PolicyArns ?? [];
  if (descriptors.length > arnsMax) {
    throw constraintFault('policyArns', `Member must have length less than or equal to ${arnsMax}`);
  }
  const arns = descriptors.map(({ arn }, index) => {
    if (arn === undefined) throw constraintFault(`policyArns.${index + 1}.member.arn`, 'Member must not be null');
    return arn;
  });
  const characters = arns.reduce((sum, arn) => sum + arn.length, input.Policy?.length ?? 0);
  if (characters > plaintextCharactersMax) {
    throw constraintFault(
      input.Policy === undefined ? 'policyArns' : 'policy',
      `Member must have length less than or equal to ${plaintextCharactersMax}`,
    );
  }
  if (input.Policy !== undefined) {
    const check = checkDocument('session', input.Policy);
    if ('message' in check) throw fault('MalformedPolicyDocument', check.message);
  }
  for (const arn of arns) await requireManagedPolicy(arn, account, scope);
  return { document: input.Policy, arns };
}

async function requireManagedPolicy(arn: string, account: string, scope: Scope): Promise<void> {
  const owner = parseArn(arn)?.account;
  const found = owner === account || owner === 'aws' ? await scope.principals.managedPolicy(scope.transaction, arn) : undefined;
  if (!found) throw commonFault('ValidationError', `Policy ${arn} does not exist or is not attachable.`);
}

function constraintFault(place: string, constraint: string) {
  return commonFault('ValidationError', `1 validation error detected: Value at '${place}' failed to satisfy constraint: ${constraint}`);
}

/** Words that nearly every policy and ARN has, so that they weigh almost nothing, as in AWS's binary form. */
const commonWords = Buffer.from(
  'arn:aws:iam::aws:policy/arn:aws:iam::kms:s3:GetObjectPutObjectListBucketec2:Describe*dynamodb:sts:secretsmanager:arn:aws:' +
    '"StringLike":{"Bool":{"aws:"},"NotAction":[,"NotResource":["Condition":{"StringEquals":{"Effect":"Deny","Sid":"Stmt1",' +
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["Resource":["Action":"*","Resource":"*"}]}',
);
/** AWS publishes neither its packed form nor its limit; this budget takes what AWS's examples take. */
const packedBytesMax = 700;

/** The percentage of the allotted space that policies and tags take; undefined when there are none. Refuses more than 100. */
export function packedPolicySize(policies: SessionPolicies, tags: Readonly<Record<string, string>>): number | undefined {
  const hasPolicies = policies.document !== undefined || policies.arns.length > 0;
  if (!hasPolicies && Object.keys(tags).length === 0) return undefined;
  const text = JSON.stringify([minified(policies.document), policies.arns, Object.entries(tags).flat()]);
  const percent = Math.ceil((deflateRawSync(text, { level: 9, dictionary: commonWords }).length * 100) / packedBytesMax);
  if (percent > 100) {
    throw fault(
      'PackedPolicyTooLarge',
      hasPolicies
        ? `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`
        : `Packed size of session tags consumes ${percent}% of allotted space.`,
    );
  }
  return percent;
}

/** White space is free. The document has been parsed before. */
function minified(document: string | undefined): unknown {
  return document === undefined ? undefined : JSON.parse(document);
}
