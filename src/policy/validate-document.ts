// What AWS checks when a policy is saved, with its sentences, in its order: one function for every type of policy; and how large each may be.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html · …/reference_iam-quotas.html ·
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
import type { PolicyDocument } from './document.ts';
import { checkIdentity } from './validate-identity.ts';
import { checkResourceControl, checkServiceControl } from './validate-organization.ts';
import { checkResource } from './validate-resource.ts';
import { checkTrust } from './validate-trust.ts';

/** What a document is written for: the elements that it may have depend on it, and so do AWS's sentences about it. */
export type DocumentType =
  | 'identity'
  | 'boundary'
  | 'session'
  | 'trust'
  | 'resource'
  | 'key'
  | 'service-control'
  | 'resource-control'
  | 'vpc-endpoint';

/** The document, or AWS's sentence about what is wrong with it. The code is MalformedPolicyDocument or the service's word for it. */
export type DocumentCheck = { readonly document: PolicyDocument } | { readonly message: string };

export function checkDocument(type: DocumentType, text: string): DocumentCheck {
  switch (type) {
    case 'identity':
    case 'boundary':
      return checkIdentity(text);
    case 'session':
      return checkIdentity(text, true);
    case 'trust':
      return checkTrust(text);
    case 'service-control':
      return checkServiceControl(text);
    case 'resource-control':
      return checkResourceControl(text);
    case 'resource':
    case 'key':
    case 'vpc-endpoint':
      return checkResource(type, text);
  }
}

/** An identity policy, a boundary or a session policy. */
export function checkIdentityDocument(text: string): DocumentCheck {
  return checkDocument('identity', text);
}

/** A role's trust policy. */
export function checkTrustDocument(text: string): DocumentCheck {
  return checkDocument('trust', text);
}

interface SizeQuota {
  readonly charactersMax: number;
  /** IAM leaves white space out when it counts. */
  readonly countsWhiteSpace: boolean;
}

/** Of one document. What several inline policies of a user, group or role may have together is IAM's to check. */
export const sizeQuotas: Readonly<Record<DocumentType, SizeQuota>> = {
  identity: { charactersMax: 6_144, countsWhiteSpace: false },
  boundary: { charactersMax: 6_144, countsWhiteSpace: false },
  session: { charactersMax: 2_048, countsWhiteSpace: true },
  trust: { charactersMax: 2_048, countsWhiteSpace: false },
  resource: { charactersMax: 20_480, countsWhiteSpace: true },
  key: { charactersMax: 32_768, countsWhiteSpace: true },
  'service-control': { charactersMax: 10_240, countsWhiteSpace: true },
  'resource-control': { charactersMax: 5_120, countsWhiteSpace: true },
  'vpc-endpoint': { charactersMax: 20_480, countsWhiteSpace: true },
};

/** Characters that count against IAM's size limits: white space does not. */
export function countedSize(text: string): number {
  return text.replace(/\s+/g, '').length;
}

/** By how many characters the text is too long for its type; 0 when it is not. */
export function sizeExcess(type: DocumentType, text: string): number {
  const { charactersMax, countsWhiteSpace } = sizeQuotas[type];
  return Math.max(0, (countsWhiteSpace ? text.length : countedSize(text)) - charactersMax);
}
