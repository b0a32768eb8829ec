// What sessions of callers whom an identity provider vouches for have in common: the tags, names and identities that the provider may give them.
import { type Access, commonFault } from '../../kit/operation.ts';
import type { RoleFacts } from '../../kit/ports.ts';
import { defaultSessionSeconds, withinRole } from './role-session.ts';
import { invalidToken } from './saml-response.ts';
import { type SessionTags, sessionTagsOf } from './session-tags.ts';

const tagsMax = 50;
const tagCharacters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const identity = /^[\w+=,.@-]{2,64}$/;

export interface GivenTags {
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly transitiveTagKeys: readonly string[];
}

/** The tags of an assertion or token, held to the limits of those in a request. @throws Fault */
export function givenSessionTags({ tags, transitiveTagKeys }: GivenTags): SessionTags {
  if (tags.length > tagsMax) throw invalidToken(`The number of session tags must not exceed ${tagsMax}`);
  for (const { Key, Value } of tags) {
    if (Key.length < 1 || Key.length > 128 || !tagCharacters.test(Key)) throw invalidToken('A session tag key is invalid');
    if (Value.length > 256 || !tagCharacters.test(Value)) throw invalidToken(`The value of the session tag ${Key} is invalid`);
  }
  return sessionTagsOf({ Tags: tags, TransitiveTagKeys: transitiveTagKeys }, undefined);
}

/** @throws Fault InvalidIdentityToken with AWS's sentence */
export function requireSourceIdentity(value: string | undefined): string | undefined {
  if (value === undefined || (identity.test(value) && !value.toLowerCase().startsWith('aws:'))) return value;
  throw invalidToken('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"');
}

export function isSessionName(value: string): boolean {
  return identity.test(value);
}

/** The actions of a caller that an identity provider gave tags or a source identity. */
export function federatedActions(
  action: Access['action'],
  tags: SessionTags,
  sourceIdentity: string | undefined,
): readonly Access['action'][] {
  return [
    action,
    ...(Object.keys(tags.tags).length > 0 ? ['sts:TagSession' as const] : []),
    ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity' as const]),
  ];
}

export function federatedSeconds(asked: number | undefined, role: RoleFacts): number {
  return withinRole(asked ?? defaultSessionSeconds, role);
}

/** AWS: roles that IAM Identity Center manages are not assumed directly. */
export function refuseManagedRole(roleArn: string, action: string): void {
  if (/\/AWSReservedSSO_[^/]*$/.test(roleArn)) throw commonFault('AccessDenied', `Not authorized to perform ${action}`);
}
