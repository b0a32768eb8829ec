// What tags of groups must be like.
import { badRequest } from './service.ts';

const tagsMax = 50;

/** @throws Fault BadRequestException */
export function requireTags(added: Readonly<Record<string, string>>, before: Readonly<Record<string, string>> = {}): void {
  const reserved = Object.keys(added).find((key) => /^aws:/i.test(key));
  if (reserved !== undefined) throw badRequest(`The tag key ${reserved} is reserved: tag keys cannot start with aws:.`);
  if (Object.keys({ ...before, ...added }).length > tagsMax) throw badRequest(`A group can have up to ${tagsMax} tags.`);
}
