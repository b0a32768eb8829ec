// What can be tagged: each service says which of its resources carry tags, how they are listed, and which of its own operations change their tags.
// The tagging API and resource groups work on all of them through the directory. See docs/adr/0019-taggables.md.
import { type ArnParts, parseArn } from '../base/arn.ts';
import type { Transaction } from '../store/store.ts';
import type { Collection, ListRange } from './collection.ts';
import type { Context } from './context.ts';
import type { ServiceDefinition } from './service.ts';

export type Tags = Readonly<Record<string, string>>;

/** Where resources are looked for. */
export interface TagPlace {
  readonly transaction: Transaction;
  readonly partition: string;
  readonly account: string;
  /** Undefined: in all regions of the account. */
  readonly region: string | undefined;
}

export interface TaggedResource {
  readonly arn: string;
  readonly tags: Tags;
}

/** A record that was looked at; `resource` is undefined when there is nothing in it that could be tagged. */
export interface TaggableItem {
  readonly cursor: string;
  readonly resource: TaggedResource | undefined;
}

/** One type of resource. */
export interface Taggable {
  /** As the tagging API names it: `kms:key`. https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html */
  readonly type: string;
  /** Told apart from `type` only where two collections hold resources of one type. */
  readonly key: string;
  /** As resource groups name it: `AWS::KMS::Key`. Undefined: they do not know it. */
  readonly cloudFormationType: string | undefined;
  /** What the last part of its ARNs begins with: `key/`. */
  readonly prefix: string;
  /** Its resources are the whole account's, and are found in us-east-1. */
  readonly isGlobal: boolean;
  /** AWS: users and roles can be tagged through the tagging API, but it does not list them. */
  readonly isListed: boolean;
  /** The next records in key order, tagged or not: a bounded batch. */
  readonly list: (place: TagPlace, range: ListRange) => Promise<readonly TaggableItem[]>;
  /** The first account, from this one on, that has any. Undefined where every account must be asked. */
  readonly accountFrom?: (transaction: Transaction, account: string) => Promise<string | undefined>;
  readonly find: (place: TagPlace, arn: ArnParts) => Promise<TaggedResource | undefined>;
  /** The service's own operation, called as the caller. @throws Fault of that service */
  readonly tag: (context: Context, arn: string, tags: Tags) => Promise<unknown>;
  readonly untag: (context: Context, arn: string, keys: readonly string[]) => Promise<unknown>;
}

interface RecordsDeclaration<Value extends object> extends Pick<Taggable, 'type' | 'prefix' | 'tag' | 'untag'> {
  readonly key?: string;
  readonly cloudFormationType?: string;
  readonly isGlobal?: boolean;
  readonly isListed?: boolean;
  /** Keyed by account, then region unless the resources are global. */
  readonly records: Collection<Value>;
  /** Undefined for a record that is not such a resource. */
  readonly resourceOf: (place: TagPlace, value: Value) => TaggedResource | undefined | Promise<TaggedResource | undefined>;
  /** What follows account and region in the key of the record behind an ARN. */
  readonly keyOf: (arn: ArnParts) => readonly string[];
}

/** A type whose resources are the records of one collection. */
export function taggableRecords<Value extends object>(declaration: RecordsDeclaration<Value>): Taggable {
  const { records, resourceOf, keyOf, isGlobal = false, isListed = true, type, key = type, ...rest } = declaration;
  return {
    ...rest,
    type,
    key,
    cloudFormationType: declaration.cloudFormationType,
    isGlobal,
    isListed,
    async list(place, range) {
      const under = isGlobal || place.region === undefined ? [place.account] : [place.account, place.region];
      const listed = await records.list(place.transaction, under, range);
      return Promise.all(listed.map(async ({ cursor, value }) => ({ cursor, resource: await resourceOf(place, value) })));
    },
    accountFrom: (transaction, account) => records.firstPartFrom(transaction, account),
    async find(place, arn) {
      const where = isGlobal ? [arn.account] : [arn.account, arn.region];
      const value = await records.get(place.transaction, ...where, ...keyOf(arn));
      return value && (await resourceOf(place, value));
    },
  };
}

/** All that can be tagged in this installation, by key. */
export interface TaggableDirectory {
  all(): Promise<readonly Taggable[]>;
}

/** `definitions` loads the services; they are loaded once. */
export function createTaggableDirectory(definitions: () => Promise<readonly ServiceDefinition[]>): TaggableDirectory {
  let sorted: Promise<readonly Taggable[]> | undefined;
  return {
    all() {
      sorted ??= definitions().then((all) =>
        all.flatMap(({ taggables = [] }) => taggables).toSorted((left, right) => (left.key < right.key ? -1 : 1)),
      );
      return sorted;
    },
  };
}

/** The types to which an ARN may belong. */
export function taggablesOf(all: readonly Taggable[], arn: ArnParts): readonly Taggable[] {
  return all.filter(({ type, prefix }) => type.startsWith(`${arn.service}:`) && arn.resource.startsWith(prefix));
}

/** What follows the prefix in an ARN's last part. */
export function resourceIdOf(arn: string, { prefix }: Pick<Taggable, 'prefix'>): string {
  return (parseArn(arn)?.resource ?? '').slice(prefix.length);
}
