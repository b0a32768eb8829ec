// ARNs of RAM's own things: putting them together and taking them apart.
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import type { Place, ShareId } from './records.ts';
import { malformedArn } from './service.ts';

type Partitioned = Pick<Scope, 'partition'>;

export function shareArn({ partition }: Partitioned, { account, region, shareId }: ShareId): string {
  return `arn:${partition}:ram:${region}:${account}:resource-share/${shareId}`;
}

export function invitationArn(
  { partition }: Partitioned,
  { account, region, invitationId }: Place & { readonly invitationId: string },
): string {
  return `arn:${partition}:ram:${region}:${account}:resource-share-invitation/${invitationId}`;
}

/** Of a customer managed permission. */
export function permissionArn({ partition }: Partitioned, { account, region, name }: Place & { readonly name: string }): string {
  return `arn:${partition}:ram:${region}:${account}:permission/${name}`;
}

export function managedPermissionArn({ partition }: Partitioned, name: string): string {
  return `arn:${partition}:ram::aws:permission/${name}`;
}

/** Where something is, and its name. */
export interface Named extends Place {
  readonly id: string;
}

/** What an ARN of RAM names, or undefined when it is none of this kind. */
export function namedBy(arn: string, kind: 'resource-share' | 'resource-share-invitation' | 'permission'): Named | undefined {
  const parts = parseArn(arn);
  if (parts?.service !== 'ram' || !parts.resource.startsWith(`${kind}/`)) return undefined;
  const id = parts.resource.slice(kind.length + 1);
  return id === '' || id.includes('/') ? undefined : { account: parts.account, region: parts.region, id };
}

/** @throws Fault MalformedArnException */
export function requireShareId(arn: string): ShareId {
  const named = namedBy(arn, 'resource-share');
  if (named === undefined) throw malformedArn('resource share');
  return { account: named.account, region: named.region, shareId: named.id };
}

/** @throws Fault MalformedArnException */
export function requireArn(arn: string): void {
  if (parseArn(arn) === undefined) throw malformedArn('resource');
}
