// The names of members in XML and in form parameters.
import type { Member } from '../model/model.ts';

export function isFlattened(member: Member): boolean {
  const { shape } = member;
  return (shape.kind === 'list' || shape.kind === 'map') && (member.flattened || shape.flattened);
}

/** A list that is flattened where it is used keeps the name it has there; one that is flattened by itself is named after its items. */
export function wireNameOf(name: string, member: Member): string {
  const { shape, locationName } = member;
  if (locationName !== undefined) return locationName;
  return shape.kind === 'list' && shape.flattened ? (shape.member.locationName ?? name) : name;
}
