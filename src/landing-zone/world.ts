// What is known of the installation while a landing zone is planned or built: who calls, the organisation's ids, and sessions in its accounts.
// Kinds read it and, as they make things, add to it.
import { type Answer, type Api, type ApiCredentials, type Call, memberOf, textIn } from './api.ts';
import type { ZoneFile } from './file.ts';
import { builderRole } from './marks.ts';

export interface KnownAccount {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly parentId: string;
  /** Closed accounts stay for ninety days. */
  readonly isActive: boolean;
  readonly tags: ReadonlyMap<string, string>;
}

/** The credentials of the user with which root of the management account enters member accounts; AWS lets no root assume a role. */
export interface BuilderKey {
  read(): ApiCredentials | undefined;
  write(credentials: ApiCredentials | undefined): void;
}

export interface World {
  readonly file: ZoneFile;
  readonly api: Api;
  readonly builderKey: BuilderKey;
  readonly wait: (ms: number) => Promise<void>;
  readonly managementAccount: string;
  readonly isCallerRoot: boolean;
  /** Empty until there is an organisation. */
  organizationId: string;
  rootId: string;
  rootTags: ReadonlyMap<string, string>;
  policyTypes: readonly string[];
  /** Ids by path, of units that the zone made. `/` is the root. */
  readonly units: Map<string, string>;
  /** Ids by name, of active accounts that the zone made. */
  readonly accounts: Map<string, string>;
  /** Every account of the organisation. */
  allAccounts: readonly KnownAccount[];
  readonly sessions: Map<string, Promise<ApiCredentials>>;
}

export class ZoneError extends Error {}

export interface WorldParts {
  readonly api: Api;
  readonly builderKey: BuilderKey;
  readonly wait: (ms: number) => Promise<void>;
}

export async function openWorld({ api, builderKey, wait }: WorldParts, file: ZoneFile): Promise<World> {
  const identity = await api({ service: 'sts', operation: 'GetCallerIdentity' });
  return {
    file,
    api,
    builderKey,
    wait,
    managementAccount: textIn(identity, 'Account'),
    isCallerRoot: textIn(identity, 'Arn').endsWith(':root'),
    organizationId: '',
    rootId: '',
    rootTags: new Map(),
    policyTypes: [],
    units: new Map(),
    accounts: new Map(),
    allAccounts: [],
    sessions: new Map(),
  };
}

/** A call inside an account of the organisation. */
export async function callIn(world: World, account: string, call: Omit<Call, 'credentials'>): Promise<Answer> {
  return (await apiIn(world, account))(call);
}

/** The API as it is inside an account. */
export async function apiIn(world: World, account: string): Promise<Api> {
  if (account === world.managementAccount) return world.api;
  const credentials = await sessionIn(world, account);
  return (call) => world.api({ ...call, credentials });
}

function sessionIn(world: World, account: string): Promise<ApiCredentials> {
  const known = world.sessions.get(account);
  if (known !== undefined) return known;
  const session = openSession(world, account);
  world.sessions.set(account, session);
  return session;
}

async function openSession(world: World, account: string): Promise<ApiCredentials> {
  const credentials = world.isCallerRoot ? world.builderKey.read() : undefined;
  if (world.isCallerRoot && credentials === undefined) {
    throw new ZoneError(
      `the accounts cannot be looked into: AWS lets no root user assume a role, and the key of the landing zone's own user is not on this machine; ` +
        'run `castellan landing-zone apply`, which makes a new one, or call as an administrator of the management account',
    );
  }
  const RoleArn = `arn:aws:iam::${account}:role/${builderRole}`;
  const answer = await world.api({
    service: 'sts',
    operation: 'AssumeRole',
    input: { RoleArn, RoleSessionName: 'castellan-landing-zone' },
    credentials,
  });
  const session = memberOf(answer, 'Credentials') ?? {};
  return {
    accessKeyId: textIn(session, 'AccessKeyId'),
    secretAccessKey: textIn(session, 'SecretAccessKey'),
    sessionToken: textIn(session, 'SessionToken'),
  };
}

const wordPattern = /\{\{(organization|management|account:([^}]+))\}\}/g;

/** Ids in place of `{{account:NAME}}` and the like; what is not made yet stays as it is. */
export function resolved<Value>(world: World, value: Value): Value {
  const text = JSON.stringify(value);
  if (text === undefined || !text.includes('{{')) return value;
  return JSON.parse(
    text.replace(wordPattern, (word, name: string, account: string | undefined) => {
      if (name === 'organization') return world.organizationId === '' ? word : world.organizationId;
      if (name === 'management') return world.managementAccount;
      return world.accounts.get(account ?? '') ?? word;
    }),
  );
}

/** What was just made must be known by now. */
export function requireId(ids: ReadonlyMap<string, string>, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new ZoneError(`\`${name}\` is not there yet; apply again`);
  return id;
}
