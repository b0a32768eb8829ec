// From a presented access key to a caller with all its policies, compiled: what the pipeline evaluates every request against.
import { parseArn } from '../../base/arn.ts';
import { Secret } from '../../base/secret.ts';
import { isClosed } from '../../kit/account-directory.ts';
import { type Compile, createCompiler } from '../../kit/compiler.ts';
import type { Caller } from '../../kit/context.ts';
import type {
  Identification,
  Identity,
  IdentityLookup,
  IdentityPort,
  PastCaller,
  PresentedCredential,
  PrincipalDirectory,
  RoleFacts,
} from '../../kit/ports.ts';
import { openSessionToken, type SessionToken } from '../../kit/session-token.ts';
import type { PolicySource } from '../../policy/policy.ts';
import { policyList } from '../../policy/policy-list.ts';
import type { Transaction } from '../../store/store.ts';
import { passwordPolicies } from './credential-records.ts';
import { findManagedPolicy } from './managed-policies.ts';
import { mfaSerials, verifyMfaCode } from './mfa-verification.ts';
import { outboundIssuerId } from './outbound-federation.ts';
import { checkPassword } from './passwords.ts';
import { provisioning } from './provisioning.ts';
import {
  accessKeys,
  attachments,
  type EntityKind,
  groupsOfUser,
  inlinePolicies,
  lower,
  type RoleRecord,
  roles,
  type UserRecord,
  users,
} from './records.ts';
import { rootFeaturesOf } from './root-access.ts';
import { arnOfId, idOf, withArns, withIds } from './stored-principals.ts';

export function createIdentityPort(compile: Compile = createCompiler()): IdentityPort & PrincipalDirectory {
  return {
    async identify(presented, lookup) {
      if (presented.sessionToken !== undefined) return identifySession(compile, presented, lookup);
      return identifyKey(compile, presented.accessKeyId, lookup);
    },
    role: (transaction, roleArn) => roleFacts(compile, transaction, roleArn),
    present: (transaction, partition, past) => presentIdentity(compile, { transaction, partition }, past),
    managedPolicy: (transaction, policyArn) => managedSource(compile, transaction, policyArn),
    verifyMfaCode,
    ...provisioning,
    mfaSerials,
    checkPassword,
    principalId: idOf,
    principalArn: arnOfId,
    keptPolicy: withIds,
    shownPolicy: withArns,
    rootFeatures: rootFeaturesOf,
    outboundIssuerId,
  };
}

const invalid: Identification = { kind: 'invalid', account: undefined };

async function identifyKey(compile: Compile, accessKeyId: string, lookup: IdentityLookup): Promise<Identification> {
  const key = await accessKeys.get(lookup.transaction, accessKeyId);
  if (key === undefined || key.status !== 'Active' || (await isClosed(lookup.transaction, key.account))) return invalid;
  if (key.userName === undefined) return found(rootIdentity(key.account, lookup.partition, { accessKeyId, secretAccessKey: key.secret }));
  const user = await users.get(lookup.transaction, key.account, lower(key.userName));
  return user === undefined ? invalid : found(await userIdentity(compile, lookup, user, { accessKeyId, secretAccessKey: key.secret }));
}

function found(identity: Identity): Identification {
  return { kind: 'identity', identity };
}

type Key = Pick<Identity, 'secretAccessKey'> & { readonly accessKeyId: string };
type Lookup = Pick<IdentityLookup, 'partition' | 'transaction'>;
type HeldSession = Pick<SessionToken, 'accessKeyId' | 'secretAccessKey' | 'facts'>;

function rootIdentity(account: string, partition: string, { accessKeyId, secretAccessKey }: Key): Identity {
  return {
    caller: {
      principal: { kind: 'root', arn: `arn:${partition}:iam::${account}:root`, account },
      userId: account,
      accessKeyId,
      userName: undefined,
      tags: {},
      session: undefined,
    },
    secretAccessKey,
    identityPolicies: [],
    boundary: undefined,
    sessionPolicies: undefined,
    expiresAtMs: undefined,
  };
}

async function userIdentity(compile: Compile, lookup: Lookup, user: UserRecord, key: Key): Promise<Identity> {
  const { account, userName, userId, path, tags } = user;
  const own = await entityPolicies(compile, lookup.transaction, account, 'user', userName);
  const memberships = await groupsOfUser.all(lookup.transaction, account, lower(userName));
  const ofGroups = await Promise.all(
    memberships.map(({ groupName }) => entityPolicies(compile, lookup.transaction, account, 'group', groupName)),
  );
  const arn = `arn:${lookup.partition}:iam::${account}:user${path}${userName}`;
  return {
    caller: {
      principal: { kind: 'user', arn, account, uniqueId: userId },
      userId,
      accessKeyId: key.accessKeyId,
      userName,
      tags,
      session: undefined,
    },
    secretAccessKey: key.secretAccessKey,
    identityPolicies: policyList([...own, ...ofGroups.flat(), ...(await passwordSources(compile, lookup.transaction, account, arn))]),
    boundary: await boundarySource(compile, lookup.transaction, user.boundaryArn),
    sessionPolicies: undefined,
    expiresAtMs: undefined,
  };
}

/** AWS: where the password policy lets users change their passwords, they need no other permission for it. */
async function passwordSources(
  compile: Compile,
  transaction: Transaction,
  account: string,
  userArn: string,
): Promise<readonly PolicySource[]> {
  if ((await passwordPolicies.get(transaction, account))?.mayUsersChange !== true) return [];
  const statements = [
    { Effect: 'Allow', Action: 'iam:ChangePassword', Resource: userArn },
    { Effect: 'Allow', Action: 'iam:GetAccountPasswordPolicy', Resource: '*' },
  ];
  return [{ name: 'account password policy', policy: compile(JSON.stringify({ Version: '2012-10-17', Statement: statements })) }];
}

async function identifySession(compile: Compile, presented: PresentedCredential, lookup: IdentityLookup): Promise<Identification> {
  const token = openSessionToken(lookup.sealer, presented.sessionToken ?? '');
  if (token === undefined || token.accessKeyId !== presented.accessKeyId) return invalid;
  if (await isClosed(lookup.transaction, token.account)) return invalid;
  const holder = await holderIdentity(compile, token, lookup);
  if (holder === undefined) return invalid;
  const { facts } = token;
  const caller: Caller = { ...holder.caller, session: facts, tags: overlaid(holder.caller.tags, facts.tags) };
  return found({
    ...holder,
    caller,
    secretAccessKey: token.secretAccessKey,
    sessionPolicies: await sessionSources(compile, lookup.transaction, token),
    expiresAtMs: facts.expiresAtMs,
  });
}

/** The session's holder as it is now; undefined when it is gone, or another one bears its name. */
async function holderIdentity(compile: Compile, token: SessionToken, lookup: IdentityLookup): Promise<Identity | undefined> {
  const { holder, account } = token;
  const key = { accessKeyId: token.accessKeyId, secretAccessKey: token.secretAccessKey };
  switch (holder.kind) {
    case 'root':
      return rootIdentity(account, lookup.partition, key);
    case 'user':
      return userHolder(compile, lookup, account, holder, key);
    case 'role': {
      const role = await roleByArn(lookup.transaction, holder.roleArn);
      return role?.roleId === holder.roleId ? roleIdentity(compile, lookup, role, token) : undefined;
    }
    case 'federated-user': {
      const issuer =
        holder.issuer === 'root'
          ? rootIdentity(account, lookup.partition, key)
          : await userHolder(compile, lookup, account, holder.issuer, key);
      return issuer === undefined ? undefined : federatedIdentity(compile, issuer, holder.name, account, lookup.partition);
    }
  }
}

async function userHolder(
  compile: Compile,
  lookup: IdentityLookup,
  account: string,
  holder: { readonly userName: string; readonly userId: string },
  key: Key,
): Promise<Identity | undefined> {
  const user = await users.get(lookup.transaction, account, lower(holder.userName));
  return user?.userId === holder.userId ? userIdentity(compile, lookup, user, key) : undefined;
}

async function roleIdentity(compile: Compile, lookup: Lookup, role: RoleRecord, token: HeldSession): Promise<Identity> {
  const { account, roleName, roleId, path, tags } = role;
  return {
    caller: {
      principal: {
        kind: 'role-session',
        arn: `arn:${lookup.partition}:sts::${account}:assumed-role/${roleName}/${token.facts.name}`,
        account,
        roleArn: `arn:${lookup.partition}:iam::${account}:role${path}${roleName}`,
        uniqueId: roleId,
        isServiceLinkedRole: path.startsWith('/aws-service-role/'),
      },
      userId: `${roleId}:${token.facts.name}`,
      accessKeyId: token.accessKeyId,
      userName: undefined,
      tags,
      session: undefined,
    },
    secretAccessKey: token.secretAccessKey,
    identityPolicies: policyList(await entityPolicies(compile, lookup.transaction, account, 'role', roleName)),
    boundary: await boundarySource(compile, lookup.transaction, role.boundaryArn),
    sessionPolicies: undefined,
    expiresAtMs: token.facts.expiresAtMs,
  };
}

function federatedIdentity(compile: Compile, issuer: Identity, name: string, account: string, partition: string): Identity {
  const arn = `arn:${partition}:sts::${account}:federated-user/${name}`;
  const { principal: by } = issuer.caller;
  const principal = { kind: 'federated-user' as const, arn, account, issuerArn: by.arn, uniqueId: by.uniqueId ?? account };
  // Root may do everything, and so may whom it vouches for, as far as the session policies go.
  const identityPolicies = by.kind === 'root' ? [{ name: 'permissions of root', policy: compile(everything) }] : issuer.identityPolicies;
  return { ...issuer, identityPolicies, caller: { ...issuer.caller, principal, userId: `${account}:${name}`, userName: undefined } };
}

/** Who called once, as it is now, by its name: a user or role of the same name that was made since is the one that would call today. */
async function presentIdentity(compile: Compile, lookup: Lookup, past: PastCaller): Promise<Identity | undefined> {
  const { principal, session, sessionPolicies } = past;
  if (principal.account === undefined || (await isClosed(lookup.transaction, principal.account))) return undefined;
  const holder = await presentHolder(compile, lookup, past, principal.account);
  if (holder === undefined || session === undefined) return holder;
  const sources = sessionPolicies && (await Promise.all(sessionPolicies.map((each) => pastSource(compile, lookup.transaction, each))));
  return {
    ...holder,
    caller: { ...holder.caller, session, tags: overlaid(holder.caller.tags, session.tags) },
    sessionPolicies: sources?.filter((source) => source !== undefined),
  };
}

async function presentHolder(
  compile: Compile,
  lookup: Lookup,
  { principal, session }: PastCaller,
  account: string,
): Promise<Identity | undefined> {
  const key = { accessKeyId: '', secretAccessKey: new Secret('') };
  const userNamed = async (arn: string): Promise<Identity | undefined> => {
    const user = await users.get(lookup.transaction, account, lower(arn.slice(arn.lastIndexOf('/') + 1)));
    return user && userIdentity(compile, lookup, user, key);
  };
  switch (principal.kind) {
    case 'root':
      return rootIdentity(account, lookup.partition, key);
    case 'user':
      return userNamed(principal.arn);
    case 'role-session': {
      const role = await roleByArn(lookup.transaction, principal.roleArn ?? '');
      return role && session && roleIdentity(compile, lookup, role, { ...key, facts: session });
    }
    case 'federated-user': {
      const { arn, issuerArn = '' } = principal;
      const issuer = issuerArn.endsWith(':root') ? rootIdentity(account, lookup.partition, key) : await userNamed(issuerArn);
      return issuer && federatedIdentity(compile, issuer, arn.slice(arn.lastIndexOf('/') + 1), account, lookup.partition);
    }
    case 'anonymous':
    case 'saml':
    case 'service':
    case 'web-identity':
      return undefined;
  }
}

async function pastSource(
  compile: Compile,
  transaction: Transaction,
  { name, arn, text }: NonNullable<PastCaller['sessionPolicies']>[number],
): Promise<PolicySource | undefined> {
  if (arn !== undefined) return managedSource(compile, transaction, arn);
  return text === undefined ? undefined : { name, policy: compile(text) };
}

/** Session tags win over the tags of the role, without regard to the case of their keys. */
function overlaid(tags: Readonly<Record<string, string>>, over: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const keys = new Set(Object.keys(over).map((key) => key.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.has(key.toLowerCase()))), ...over };
}

async function sessionSources(
  compile: Compile,
  transaction: Transaction,
  token: SessionToken,
): Promise<readonly PolicySource[] | undefined> {
  if (token.policy === undefined && token.policyArns.length === 0) return undefined;
  const inline = token.policy === undefined ? [] : [{ name: 'session policy', policy: compile(token.policy) }];
  const managed = await Promise.all(token.policyArns.map((arn) => managedSource(compile, transaction, arn)));
  return [...inline, ...managed.filter((source) => source !== undefined)];
}

async function entityPolicies(
  compile: Compile,
  transaction: Transaction,
  account: string,
  kind: EntityKind,
  name: string,
): Promise<readonly PolicySource[]> {
  const inline = await inlinePolicies.all(transaction, account, kind, lower(name));
  const attached = await attachments.all(transaction, account, kind, lower(name));
  const managed = await Promise.all(attached.map(({ policyArn }) => managedSource(compile, transaction, policyArn)));
  return [
    ...inline.map(({ policyName, document }) => ({ name: `inline policy ${policyName} of ${kind} ${name}`, policy: compile(document) })),
    ...managed.filter((source) => source !== undefined),
  ];
}

async function managedSource(compile: Compile, transaction: Transaction, arn: string): Promise<PolicySource | undefined> {
  const managed = await findManagedPolicy(transaction, arn);
  return managed === undefined
    ? undefined
    : { name: `managed policy ${managed.record.policyName}`, arn, policy: compile(managed.document) };
}

/** A boundary whose policy is gone allows nothing. */
async function boundarySource(compile: Compile, transaction: Transaction, arn: string | undefined): Promise<PolicySource | undefined> {
  if (arn === undefined) return undefined;
  return (await managedSource(compile, transaction, arn)) ?? { name: `deleted policy ${arn}`, arn, policy: compile(nothing) };
}

const everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
const nothing = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}';

async function roleByArn(transaction: Transaction, arn: string): Promise<RoleRecord | undefined> {
  const parts = parseArn(arn);
  if (parts?.service !== 'iam' || !parts.resource.startsWith('role/')) return undefined;
  const slash = parts.resource.lastIndexOf('/');
  const role = await roles.get(transaction, parts.account, lower(parts.resource.slice(slash + 1)));
  const isSame = role?.path === parts.resource.slice('role'.length, slash + 1) && role.roleName === parts.resource.slice(slash + 1);
  return isSame ? role : undefined;
}

async function roleFacts(compile: Compile, transaction: Transaction, roleArn: string): Promise<RoleFacts | undefined> {
  const role = await roleByArn(transaction, roleArn);
  if (role === undefined || (await isClosed(transaction, role.account))) return undefined;
  return {
    arn: roleArn,
    account: role.account,
    name: role.roleName,
    roleId: role.roleId,
    trust: { name: `trust policy of role ${role.roleName}`, policy: compile(role.trustPolicy) },
    maxSessionSeconds: role.maxSessionSeconds,
    tags: role.tags,
  };
}
