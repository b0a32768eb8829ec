// Service-specific credentials: a name and a secret that one service alone accepts from a user.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_service-specific-creds.html
import { createHash } from 'node:crypto';
import { wholeSeconds } from '../../base/clock.ts';
import type { Ids } from '../../base/ids.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import type { Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import { type ServiceCredentialRecord, serviceCredentials } from './credential-records.ts';
import { entityAccess, requireUser, userNameOf } from './entities.ts';
import { listPage } from './listing.ts';
import { nameOfOwner } from './owners.ts';
import { quotas } from './quotas.ts';
import { lower, type UserRecord, users } from './records.ts';
import { fault, operation } from './service.ts';

const dayMs = 86_400_000;
/** What each service takes: a name and a password, or one API key, which begins as AWS's do. */
const kinds: Readonly<Record<string, 'password' | { readonly keyPrefix: string }>> = {
  'codecommit.amazonaws.com': 'password',
  'cassandra.amazonaws.com': 'password',
  'bedrock.amazonaws.com': { keyPrefix: 'ABSK' },
  'logs.amazonaws.com': { keyPrefix: 'ACWL' },
};

/** @throws Fault NotSupportedService */
function requireService(serviceName: string): 'password' | { readonly keyPrefix: string } {
  const kind = Object.hasOwn(kinds, serviceName) ? kinds[serviceName] : undefined;
  if (kind === undefined)
    throw fault('NotSupportedService', `No such service ${serviceName} is supported for Service Specific Credentials`);
  return kind;
}

interface MadeSecret {
  readonly digest: string;
  /** The members of the response in which it is told, this once. */
  readonly shown: { readonly ServicePassword?: string; readonly ServiceCredentialSecret?: string };
}

function makeSecret(ids: Ids, serviceName: string, alias: string): MadeSecret {
  const kind = requireService(serviceName);
  const random = Buffer.from(ids.bytes(32)).toString('base64');
  const secret = kind === 'password' ? random : kind.keyPrefix + Buffer.from(`${alias}:${random}`).toString('base64');
  const digest = createHash('sha256').update(secret).digest('base64');
  return { digest, shown: kind === 'password' ? { ServicePassword: secret } : { ServiceCredentialSecret: secret } };
}

function metadataOf(record: ServiceCredentialRecord, userName: string, now: number) {
  const isPassword = requireService(record.serviceName) === 'password';
  const isExpired = record.expiresAtMs !== undefined && record.expiresAtMs <= now;
  return {
    UserName: userName,
    Status: isExpired ? ('Expired' as const) : record.status,
    CreateDate: record.createdAtMs,
    ...(record.expiresAtMs === undefined ? {} : { ExpirationDate: record.expiresAtMs }),
    ServiceSpecificCredentialId: record.id,
    ServiceName: record.serviceName,
    ...(isPassword ? { ServiceUserName: record.alias } : { ServiceCredentialAlias: record.alias }),
  };
}

/** The credential and its user, if it is the named user's or else the caller's. @throws Fault NoSuchEntity */
async function requireCredential(
  scope: Scope,
  input: Named,
): Promise<{ readonly user: UserRecord; readonly record: ServiceCredentialRecord }> {
  const user = await requireUser(scope, userNameOf(scope, input.UserName));
  const record = await serviceCredentials.get(scope.transaction, scope.account, user.userId, input.ServiceSpecificCredentialId);
  if (record === undefined) throw fault('NoSuchEntity', `No such credential ${input.ServiceSpecificCredentialId} exists`);
  return { user, record };
}

interface Named {
  readonly UserName?: string | undefined;
  readonly ServiceSpecificCredentialId: string;
}

function onCredential(action: Access['action']) {
  return async (input: Named, scope: Scope): Promise<Access> => {
    const userName = userNameOf(scope, input.UserName);
    const user = await users.get(scope.transaction, scope.account, lower(userName));
    const record = await serviceCredentials.get(scope.transaction, scope.account, user?.userId ?? '', input.ServiceSpecificCredentialId);
    const context = { 'iam:ServiceSpecificCredentialServiceName': record?.serviceName };
    return entityAccess(scope, action, 'user', userName, { context });
  };
}

export const CreateServiceSpecificCredential = operation('CreateServiceSpecificCredential', {
  // No service of this installation takes them yet.
  coverage: 'stored',
  access: (input, scope) =>
    entityAccess(scope, 'iam:CreateServiceSpecificCredential', 'user', input.UserName, {
      context: {
        'iam:ServiceSpecificCredentialServiceName': input.ServiceName,
        'iam:ServiceSpecificCredentialAgeDays': input.CredentialAgeDays === undefined ? undefined : String(input.CredentialAgeDays),
      },
    }),
  async handle(input, context) {
    const { transaction, account, ids, now } = context;
    const user = await requireUser(context, input.UserName);
    if (requireService(input.ServiceName) === 'password' && input.CredentialAgeDays !== undefined)
      throw commonFault('ValidationError', `CredentialAgeDays is not supported for service ${input.ServiceName}`);
    const all = await serviceCredentials.all(transaction, account, user.userId);
    const sameService = all.filter(({ serviceName }) => serviceName === input.ServiceName);
    if (sameService.length >= quotas.ServiceSpecificCredentialsPerUser)
      throw fault(
        'LimitExceeded',
        `Cannot exceed quota for ServiceSpecificCredentialsPerUser: ${quotas.ServiceSpecificCredentialsPerUser}`,
      );
    const plain = `${user.userName}-at-${account}`;
    const alias = sameService.some((each) => each.alias === plain) ? `${user.userName}+1-at-${account}` : plain;
    const { digest, shown } = makeSecret(ids, input.ServiceName, alias);
    const record: ServiceCredentialRecord = {
      account,
      ownerId: user.userId,
      id: uniqueId(ids, 'ACCA'),
      serviceName: input.ServiceName,
      alias,
      digest,
      status: 'Active',
      createdAtMs: wholeSeconds(now),
      expiresAtMs: input.CredentialAgeDays === undefined ? undefined : wholeSeconds(now) + input.CredentialAgeDays * dayMs,
    };
    serviceCredentials.put(transaction, record);
    return { ServiceSpecificCredential: { ...metadataOf(record, user.userName, now), ...shown } };
  },
});

export const ListServiceSpecificCredentials = operation('ListServiceSpecificCredentials', {
  access: (input, scope) =>
    input.AllUsers === true
      ? { action: 'iam:ListServiceSpecificCredentials', resource: '*' }
      : entityAccess(scope, 'iam:ListServiceSpecificCredentials', 'user', userNameOf(scope, input.UserName)),
  async handle(input, context) {
    if (input.AllUsers === true && input.UserName !== undefined)
      throw commonFault('ValidationError', 'UserName and AllUsers cannot be specified together.');
    if (input.ServiceName !== undefined) requireService(input.ServiceName);
    const under = input.AllUsers === true ? [] : [(await requireUser(context, userNameOf(context, input.UserName))).userId];
    const page = await listPage(
      context,
      serviceCredentials,
      [context.account, ...under],
      input,
      ({ serviceName }) => input.ServiceName === undefined || serviceName === input.ServiceName,
    );
    const shapes = page.items.map(async (record) => metadataOf(record, (await nameOfOwner(context, record.ownerId)) ?? '', context.now));
    return { ServiceSpecificCredentials: await Promise.all(shapes), ...page.state };
  },
});

export const UpdateServiceSpecificCredential = operation('UpdateServiceSpecificCredential', {
  coverage: 'stored',
  access: onCredential('iam:UpdateServiceSpecificCredential'),
  async handle(input, context) {
    const { record } = await requireCredential(context, input);
    if (input.Status === 'Expired') throw commonFault('ValidationError', 'The status of a credential can be set to Active or Inactive.');
    serviceCredentials.put(context.transaction, { ...record, status: input.Status });
    return {};
  },
});

export const ResetServiceSpecificCredential = operation('ResetServiceSpecificCredential', {
  coverage: 'stored',
  access: onCredential('iam:ResetServiceSpecificCredential'),
  async handle(input, context) {
    const { user, record } = await requireCredential(context, input);
    const { digest, shown } = makeSecret(context.ids, record.serviceName, record.alias);
    serviceCredentials.put(context.transaction, { ...record, digest });
    return { ServiceSpecificCredential: { ...metadataOf(record, user.userName, context.now), ...shown } };
  },
});

export const DeleteServiceSpecificCredential = operation('DeleteServiceSpecificCredential', {
  access: onCredential('iam:DeleteServiceSpecificCredential'),
  async handle(input, context) {
    serviceCredentials.remove(context.transaction, (await requireCredential(context, input)).record);
    return {};
  },
});

export const serviceCredentialOperations = [
  CreateServiceSpecificCredential,
  ListServiceSpecificCredentials,
  UpdateServiceSpecificCredential,
  ResetServiceSpecificCredential,
  DeleteServiceSpecificCredential,
];
