// Session policies and session tags: what a caller may add to the credentials that it asks for, and their common limit.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
import type { Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { checkIdentityDocument } from '../../policy/validate-document.ts';
import type { Tag } from './api.gen.ts';
import { fault } from './service.ts';

const policyCharactersMax = 2_048;
const policyArnsMax = 10;
const tagsMax = 50;
/** What AWS packs session policies and tags into; it does not say how, so the plain size is counted. */
const packedBytesMax = 4_096;

export interface SessionPolicies {
  readonly policy: string | undefined;
  readonly policyArns: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Percent of the allowed size. */
  readonly packedSize: number | undefined;
}

export interface SessionPolicyInput {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
  readonly Tags?: readonly Tag[] | undefined;
}

/** @throws Fault MalformedPolicyDocument, PackedPolicyTooLarge, ValidationError */
export async function readSessionPolicies(scope: Scope, input: SessionPolicyInput, policyAccount: string): Promise<SessionPolicies> {
  const { Policy: policy } = input;
  if (policy !== undefined) {
    const check = checkIdentityDocument(policy);
    if ('message' in check) throw fault('MalformedPolicyDocument', check.message);
    if (policy.length > policyCharactersMax) throw fault('PackedPolicyTooLarge', tooLarge((policy.length / policyCharactersMax) * 100));
  }
  const policyArns = (input.PolicyArns ?? []).flatMap(({ arn }) => (arn === undefined ? [] : [arn]));
  if (policyArns.length > policyArnsMax)
    throw commonFault('ValidationError', `The number of session policies must be ${policyArnsMax} or fewer.`);
  for (const arn of policyArns) {
    const isForeign = !arn.includes(`::${policyAccount}:`) && !arn.includes('::aws:');
    if (isForeign || (await scope.principals.managedPolicy(scope.transaction, arn)) === undefined) {
      throw commonFault('ValidationError', `Session policy ${arn} does not exist or is not in the account of the session.`);
    }
  }
  const tags = readTags(input.Tags);
  const packed = (policy?.length ?? 0) + policyArns.join('').length + JSON.stringify(tags).length - 2;
  if (packed > packedBytesMax) throw fault('PackedPolicyTooLarge', tooLarge((packed / packedBytesMax) * 100));
  return { policy, policyArns, tags, packedSize: packed === 0 ? undefined : Math.ceil((packed / packedBytesMax) * 100) };
}

function tooLarge(percent: number): string {
  return `Packed policy consumes ${Math.ceil(percent)}% of allotted space, please use smaller policy.`;
}

function readTags(tags: readonly Tag[] | undefined): Readonly<Record<string, string>> {
  const record: Record<string, string> = {};
  const seen = new Set<string>();
  for (const { Key: key, Value: value } of tags ?? []) {
    if (seen.has(key.toLowerCase()))
      throw commonFault('InvalidInput', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.');
    if (/^aws:/i.test(key)) throw commonFault('ValidationError', 'Tag keys must not start with aws:.');
    seen.add(key.toLowerCase());
    record[key] = value;
  }
  if (seen.size > tagsMax) throw commonFault('ValidationError', `The number of session tags must be ${tagsMax} or fewer.`);
  return record;
}
