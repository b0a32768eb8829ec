// What IAM knows of a service: its actions, resource types and condition keys. The form of services/*/authz.json, which is generated.
// https://docs.aws.amazon.com/service-authorization/latest/reference/

export interface ServiceAuthz {
  /** By IAM prefix; the service's own prefix is the first. */
  readonly prefixes: Readonly<Record<string, PrefixAuthz>>;
}

export interface PrefixAuthz {
  readonly actions: Readonly<Record<string, ActionAuthz>>;
  readonly resources: Readonly<Record<string, ResourceAuthz>>;
  /** Condition keys and the type of their values: `String`, `ARN`, `ArrayOfString`… */
  readonly keys: Readonly<Record<string, string>>;
}

export interface ActionAuthz {
  /** AWS's access levels, joined with a comma where an action has several: `Permissions management, Write`. */
  readonly level: string;
  readonly resources?: Readonly<Record<string, ActionResource>>;
  /** Condition keys of the action, whatever the resource. */
  readonly keys?: readonly string[];
  /** Further actions that the caller needs, with their prefix. */
  readonly dependent?: readonly string[];
}

export interface ActionResource {
  readonly required?: true;
  readonly keys?: readonly string[];
  readonly dependent?: readonly string[];
}

export interface ResourceAuthz {
  /** With `${Partition}`, `${Region}`, `${Account}` and names of its own. */
  readonly arn: string;
  readonly keys?: readonly string[];
}
