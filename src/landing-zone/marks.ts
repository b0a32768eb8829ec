// How a landing zone knows what it made: two tags on everything that takes tags, and a path on what does not.

/** Its value is the zone's name. */
export const zoneMark = 'castellan:landing-zone';
/** Its value is the address of the item in the zone, which survives a change of name. */
export const itemMark = 'castellan:landing-zone-item';
/** The role of the management account's people in every member account, and of the landing zone. */
export const builderRole = 'OrganizationAccountAccessRole';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export function marksOf(zone: string, address: string): readonly [Tag, Tag] {
  return [
    { Key: zoneMark, Value: zone },
    { Key: itemMark, Value: address },
  ];
}

/** The address in the zone, or undefined for what the zone did not make. */
export function addressIn(zone: string, tags: ReadonlyMap<string, string>): string | undefined {
  return tags.get(zoneMark) === zone ? tags.get(itemMark) : undefined;
}
